"""Orders and forms of the adder block that the papers leave open."""

import itertools

import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")

from torch import Tensor
from torch.nn import functional

from addersr.models import AdderBlock, adder_conv2d, create
from addersr.models.block import ORDERS


def randomise(block: AdderBlock) -> None:
    """A value that matters for all that starts as a constant."""
    with torch.no_grad():
        for parameter in block.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
        block.norm.weight.abs_()  # so that what small filters make of x is negative


def written_out(block: AdderBlock, x: Tensor, z: Tensor, r: Tensor) -> Tensor:
    """The block from its parameters, each order as one formula."""
    w = block.adder.weight
    scaled = block.input_scales.weight * x if hasattr(block.input_scales, "weight") else x
    a = adder_conv2d(scaled, w, w.abs().sum((1, 2, 3)), padding=(1, 1))
    if hasattr(block.projection, "weight"):
        z = z + torch.einsum("oi,nihw->nohw", block.projection.weight[:, :, 0, 0], x)
    elif block.shortcut:
        z = z + x
    alpha = block.power.alpha.view(-1, 1, 1)
    slope = block.activation.weight

    def n(t: Tensor) -> Tensor:
        return block.norm.weight * t + block.norm.bias

    def p(t: Tensor) -> Tensor:
        return t.sign() * t.abs() ** alpha

    formulas = {
        "norm-shortcut-power-activation": lambda: functional.prelu(p(n(a) + z), slope),
        "norm-power-activation-shortcut": lambda: functional.prelu(p(n(a)), slope) + z,
        "norm-power-shortcut-activation": lambda: functional.prelu(p(n(a)) + z, slope),
        "power-norm-shortcut-activation": lambda: functional.prelu(n(p(a)) + z, slope),
    }
    return formulas[block.order]() + r


@pytest.mark.parametrize("order", ORDERS)
def test_orders_and_forms(order: str) -> None:
    torch.manual_seed(1)
    for shortcut, projection, scales, alpha in itertools.product(
        (True, False), (True, False), (True, False), ("channel", "layer")
    ):
        block = AdderBlock(
            3,
            shortcut=shortcut,
            order=order,  # type: ignore[arg-type]
            alpha=alpha,  # type: ignore[arg-type]
            projection=projection,
            input_scales=scales,
        )
        randomise(block)
        assert block.power.alpha.numel() == (3 if alpha == "channel" else 1)
        assert hasattr(block.projection, "weight") == (projection and shortcut)
        x, z, r = torch.randn(3, 2, 3, 4, 5)
        torch.testing.assert_close(block(x, z, r), written_out(block, x, z, r))
        block(x).square().sum().backward()
        for name, parameter in block.named_parameters():
            assert parameter.grad is not None, name
            assert parameter.grad.isfinite().all(), name
            assert parameter.grad.any(), name


def test_projection_starts_as_the_identity() -> None:
    x = torch.randn(1, 4, 5, 5)
    torch.manual_seed(2)
    plain = AdderBlock(4)
    torch.manual_seed(2)
    assert torch.equal(AdderBlock(4, projection=True, input_scales=True)(x), plain(x))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["kernel", "generic"])
@pytest.mark.parametrize("sharpness", [0.25, 1.0, 4.0, 1e6])
def test_sharpness_changes_the_gradient_of_the_input_alone(
    dtype: torch.dtype, sharpness: float
) -> None:
    torch.manual_seed(3)
    x = torch.randn(2, 3, 4, 5, dtype=dtype, requires_grad=True)
    w = torch.randn(4, 3, 1, 1, dtype=dtype, requires_grad=True)
    b = torch.zeros(4, dtype=dtype)
    plain, sharp = adder_conv2d(x, w, b), adder_conv2d(x, w, b, sharpness=sharpness)
    assert torch.equal(plain, sharp)
    dy = torch.randn_like(sharp)
    dx, dw = torch.autograd.grad(sharp, (x, w), dy)
    # [N, O, C, H, W]
    taps = (sharpness * (w.view(1, 4, 3, 1, 1) - x[:, None])).clamp(-1, 1)
    torch.testing.assert_close(dx, (dy[:, :, None] * taps).sum(1), rtol=1e-5, atol=1e-4)
    assert torch.equal(dw, torch.autograd.grad(plain, w, dy)[0])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"order": "power"}, "Expected order to be 'norm-shortcut-.* or 'power-norm-.*got 'power'"),
        ({"alpha": "block"}, "Expected alpha to be 'channel' or 'layer', got 'block'"),
        ({"sharpness": 0.0}, "finite sharpness above 0, got 0"),
        ({"sharpness": float("inf")}, "finite sharpness above 0, got inf"),
    ],
)
def test_bad_values(values: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        AdderBlock(4, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize("norm", ["centred", "batch"])
def test_fresh_weights_stay_what_they_were(norm: str) -> None:
    """The numbers that the first version drew for a seed, and its names: checkpoints load."""
    torch.manual_seed(0)
    state = create("mobile", "adder", channels=8, blocks=2, norm=norm).state_dict()
    torch.manual_seed(0)
    head = torch.nn.Conv2d(1, 8, 3, padding=1)
    assert torch.equal(state.pop("head.weight"), head.weight)
    assert torch.equal(state.pop("head.bias"), head.bias)
    for index in range(2):
        filters = state.pop(f"blocks.{index}.adder.weight")
        assert torch.equal(filters, torch.randn(8, 8, 3, 3) * 0.3)
    names = {"norm.weight", "norm.bias", "power.log_alpha", "activation.weight"}
    if norm == "batch":
        names |= {"norm.running_mean", "norm.running_var", "norm.num_batches_tracked"}
    expected = {f"blocks.{index}.{name}" for index in range(2) for name in names}
    assert set(state) == expected | {"tail.weight", "tail.bias"}
