"""The mobile architecture, its twin, the registry and the blocks."""

import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")

from torch import nn

from addersr.errors import AdderSRError
from addersr.models import AdderBlock, AdderConv2d, architectures, create
from addersr.models.registry import arguments, register
from addersr.models.super_resolution import SuperResolution


@pytest.mark.parametrize("kind", ["adder", "cnn"])
@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("size", [(1, 1), (5, 7)])
def test_output_size(kind: str, scale: int, size: tuple[int, int]) -> None:
    model = create("mobile", kind, scale, channels=8, blocks=2)
    y = model(torch.rand(2, 1, *size))
    assert y.shape == (2, 1, scale * size[0], scale * size[1])
    assert (model.kind, model.scale, model.colour) == (kind, scale, "y")


def test_twins_have_the_same_layers_and_taps() -> None:
    sizes = []
    for kind in ("adder", "cnn"):
        model = create("mobile", kind, channels=16, blocks=4)
        layers = [m for m in model.modules() if isinstance(m, (nn.Conv2d, AdderConv2d))]
        sizes.append([tuple(layer.weight.shape) for layer in layers])
    assert sizes[0] == sizes[1]
    adders = create("mobile", "adder", blocks=3).modules()
    assert sum(isinstance(m, AdderConv2d) for m in adders) == 3


def test_anchor_repeats_the_input() -> None:
    model = create("mobile", "adder", 2)
    nn.init.zeros_(model.tail.weight)
    nn.init.zeros_(model.tail.bias)
    x = torch.rand(1, 1, 3, 4)
    assert torch.equal(model(x), x.repeat_interleave(2, 2).repeat_interleave(2, 3))


@pytest.mark.parametrize("kind", ["adder", "cnn"])
def test_halo_is_the_reach_of_a_pixel(kind: str) -> None:
    torch.manual_seed(0)
    model = create("mobile", kind, channels=8, blocks=2).double()
    nn.init.normal_(model.tail.weight)  # a new model passes on the anchor alone
    x = torch.rand(1, 1, 21, 21, dtype=torch.float64)
    changed = x.clone()
    changed[0, 0, 10, 10] += 0.5
    touched = (model(x) != model(changed))[0, 0].nonzero() // 2
    assert touched.amin(0).tolist() == [10 - model.halo] * 2
    assert touched.amax(0).tolist() == [10 + model.halo] * 2


def test_block_options() -> None:
    x = torch.randn(2, 4, 5, 5)
    block = AdderBlock(4, 5, norm="batch", shortcut=False, power=False)
    assert block(x).shape == x.shape
    assert isinstance(block.norm, nn.BatchNorm2d)
    with pytest.raises(ValueError, match="odd kernel"):
        AdderBlock(4, 2)
    with pytest.raises(ValueError, match="'centred' or 'batch'"):
        AdderBlock(4, norm="layer")  # type: ignore[arg-type]


def test_registry() -> None:
    names = architectures()
    assert "mobile" in names
    assert set(arguments("mobile")) == {
        "channels",
        "blocks",
        "norm",
        "shortcut",
        "power",
        "slope",
        "spread",
        "order",
        "alpha",
        "projection",
        "input_scales",
        "sharpness",
    }
    with pytest.raises(ValueError, match="already registered"):
        register("mobile")(SuperResolution)
    with pytest.raises(ValueError, match="'kind' and 'scale'"):
        register("other")(SuperResolution)
    assert architectures() == names


@pytest.mark.parametrize(
    ("name", "kind", "values", "message"),
    [
        ("nothing", "adder", {}, "no architecture 'nothing'. Choose one of .*mobile"),
        ("mobile", "gan", {}, "kind to be one of adder, cnn"),
        ("mobile", "adder", {"depth": 3}, "no argument depth; it has channels"),
        ("mobile", "adder", {"scale": 5}, "scale of 2, 3 or 4, got 5"),
        ("mobile", "adder", {"channels": 0}, "1 or more channels"),
        ("mobile", "adder", {"channels": "many"}, "cannot be built"),
    ],
)
def test_create_errors(name: str, kind: str, values: dict[str, object], message: str) -> None:
    with pytest.raises(AdderSRError, match=message):
        create(name, kind, **values)  # type: ignore[arg-type]
