"""What holds for every architecture."""

import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")

from torch import nn

from addersr.errors import AdderSRError
from addersr.models import AdderConv2d, architectures, create
from addersr.models.registry import arguments
from addersr.models.super_resolution import SuperResolution

from ..architecture_cases import CASES, Case

CHANNELS = {"y": 1, "rgb": 3}

each = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
both = pytest.mark.parametrize("kind", ["adder", "cnn"])


def test_all_architectures_are_here() -> None:
    assert set(architectures()) == set(CASES)


@each
@both
@pytest.mark.parametrize("scale", [2, 3, 4])
def test_any_size_of_input(case: Case, kind: str, scale: int) -> None:
    model = case.build(kind, scale)
    assert (model.kind, model.scale) == (kind, scale)
    for height, width in ((1, 1), (3, 5)):
        y = model(torch.rand(2, CHANNELS[model.colour], height, width))
        assert y.shape == (2, CHANNELS[model.colour], scale * height, scale * width)
        assert y.isfinite().all()


@each
def test_adder_version_has_the_layers_of_its_twin(case: Case) -> None:
    def shapes(kind: str) -> list[tuple[int, ...]]:
        # In a CNN, SESR's linear blocks have an expanded form that adder layers cannot have.
        values = {"collapsed": True} if case.name == "sesr" else {}
        layers = (nn.Conv2d, nn.ConvTranspose2d, AdderConv2d)
        return [
            tuple(m.weight.shape)
            for m in case.build(kind, **values).modules()
            if isinstance(m, layers)
        ]

    assert shapes("adder") == shapes("cnn")
    adders = [m for m in case.build("adder").modules() if isinstance(m, AdderConv2d)]
    assert len(adders) == case.adders
    assert not any(isinstance(m, AdderConv2d) for m in case.build("cnn").modules())


@each
def test_head_and_tail_are_convolutions(case: Case) -> None:
    model = case.build("adder")
    for name in ("head", "tail"):
        assert not any(isinstance(m, AdderConv2d) for m in model.get_submodule(name).modules())


def without_dead_channels(model: SuperResolution) -> SuperResolution:
    """With slopes in place of flat parts: few channels die easily, and nothing flows through."""
    for module in list(model.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.ReLU):
                setattr(module, name, nn.LeakyReLU(0.5))
    return model


@each
@both
@pytest.mark.parametrize("scale", [2, 3, 4])
def test_halo_is_the_reach_of_a_pixel(case: Case, kind: str, scale: int) -> None:
    model = without_dead_channels(case.build(kind, scale)).double().eval()
    halo, centre = model.halo, model.halo + 3
    inside = slice(centre - halo, centre + halo + 1)
    channels, side = CHANNELS[model.colour], 2 * centre + 1
    x = torch.rand(1, channels, side, side, dtype=torch.float64, requires_grad=True)

    def pixels(image: torch.Tensor) -> torch.Tensor:
        of_centre = slice(scale * centre, scale * centre + scale)
        y: torch.Tensor = model(image)[0, :, of_centre, of_centre]
        return y

    pixels(x).sum().backward()
    assert x.grad is not None
    reached = (x.grad[0].abs().amax(0).nonzero() - centre).abs().amax(0)
    assert reached.tolist() == [halo, halo]
    changed = torch.rand_like(x)
    changed[..., inside, inside] = x.detach()[..., inside, inside]
    with torch.no_grad():
        assert torch.equal(pixels(changed), pixels(x))


@each
@both
def test_every_parameter_learns(case: Case, kind: str) -> None:
    model = without_dead_channels(case.build(kind, 3))
    model(torch.rand(1, CHANNELS[model.colour], 6, 7)).square().sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.any(), name


@each
@both
def test_signal_neither_dies_nor_explodes_in_a_new_model(case: Case, kind: str) -> None:
    """As large as the definition is by default."""
    torch.manual_seed(1)
    model = create(case.name, kind, 2).eval()
    sizes: dict[str, float] = {}
    for name, module in model.named_modules():
        if isinstance(module, (nn.Conv2d, AdderConv2d)):
            module.register_forward_pre_hook(
                lambda _, inputs, name=name: sizes.__setitem__(name, float(inputs[0].std()))
            )
    with torch.no_grad():
        model(torch.rand(1, CHANNELS[model.colour], 8, 8))
    assert min(sizes.values()) > 1e-4
    assert max(sizes.values()) < 1e2


@each
def test_options_of_the_adder_layers(case: Case) -> None:
    model = case.build("adder", norm="batch", power=False)
    assert any(isinstance(m, nn.BatchNorm2d) for m in model.modules())
    assert not any(name.endswith("log_alpha") for name, _ in model.named_parameters())
    channels = CHANNELS[model.colour]
    assert model(torch.rand(2, channels, 4, 4)).shape == (2, channels, 8, 8)


@pytest.mark.parametrize("name", ["edsr", "rdn", "carn"])
def test_upsampler_may_stay_a_convolution(name: str) -> None:
    def adders(**values: str) -> set[str]:
        model = CASES[name].build("adder", 4, **values)
        return {name for name, m in model.named_modules() if isinstance(m, AdderConv2d)}

    upsampler = {"upsampler.0.adder", "upsampler.2.adder"}
    assert adders() - adders(upsampler="conv") == upsampler


@each
def test_meta_device_needs_no_memory(case: Case) -> None:
    with torch.device("meta"):
        model = create(case.name, "adder", 2)
    channels = CHANNELS[model.colour]
    assert all(p.is_meta for p in model.parameters())
    with torch.no_grad():
        y = model(torch.zeros(1, channels, 360, 640, device="meta"))
    assert y.shape == (1, channels, 720, 1280)


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        *((name, {"scale": 5}, "scale of 2, 3 or 4, got 5") for name in CASES),
        *(
            (name, {"norm": "layer"}, "'centred' or 'batch', got 'layer'")
            for name, case in CASES.items()
        ),
        ("carn", {"width": 0.3}, "whole number of 64 channels"),
        ("carn", {"width": 0}, "whole number of 64 channels"),
        ("carn", {"upsampler": "bicubic"}, "'adder' or 'conv', got 'bicubic'"),
        ("edsr", {"size": "large"}, "'baseline' or 'full', got 'large'"),
        ("edsr", {"blocks": 0}, "1 or more blocks, got 0"),
        ("espcn", {"mapped": 0}, "1 or more mapped, got 0"),
        ("fsrcnn", {"shrunk": 0}, "1 or more shrunk, got 0"),
        ("rdn", {"growth": 0}, "1 or more growth, got 0"),
        ("sesr", {"size": "m3"}, "'m5', 'm11' or 'xl', got 'm3'"),
        ("sesr", {"expansion": 0}, "1 or more expansion, got 0"),
        ("srcnn", {"middle": 2}, "odd kernel size, got 2"),
        ("vdsr", {"depth": 2}, "depth of 3 or more, got 2"),
    ],
)
def test_refused_arguments(name: str, values: dict[str, object], message: str) -> None:
    with pytest.raises(AdderSRError, match=message):
        create(name, "adder", **values)  # type: ignore[arg-type]


@each
def test_arguments_have_defaults_and_are_json(case: Case) -> None:
    import json

    defaults = {key: parameter.default for key, parameter in arguments(case.name).items()}
    again = json.loads(json.dumps(defaults))
    assert again == defaults
    model: SuperResolution = create(case.name, "adder", 3, **{**again, **case.arguments})
    assert model.scale == 3
