"""The epilogue in training against its formula in float64, and as part of a layer."""

import itertools
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")

from torch import Tensor, nn

from addersr.custom_ops import library_info
from addersr.custom_ops.library import FORCE_VARIABLE
from addersr.models import AdderBlock, PowerActivation
from addersr.models.epilogue import layer_epilogue

EPS = torch.finfo(torch.float32).eps
NAMES = ("a", "z", "scale", "bias", "alpha", "slope")
# Fewer values than any vector has, whole vectors, a rest of each, more than one flush of the sums.
SHAPES = [(1, 1, 1, 1), (2, 3, 1, 7), (2, 5, 4, 8), (1, 2, 5, 13), (3, 1, 33, 37)]
GIVEN = [
    {"z", "scale", "alpha", "slope"},  # a whole layer
    {"alpha"},
    {"z", "alpha"},
    {"scale", "alpha"},
    {"z", "scale", "slope"},
    {"slope"},
    set(),
]
ALPHAS = [0.3, 0.8, 1.0, 1.7, 4.0]


def problem(shape: tuple[int, ...], given: set[str], alpha: float) -> dict[str, Tensor | None]:
    generator = torch.Generator().manual_seed(11)
    channels = shape[1]

    def normal(*size: int, spread: float = 1.0) -> Tensor:
        return torch.randn(size, generator=generator) * spread

    tensors: dict[str, Tensor | None] = {
        "a": normal(*shape, spread=2.0),
        "z": normal(*shape),
        "scale": normal(channels),
        "bias": normal(channels, spread=0.3),
        "alpha": (alpha + 0.05 * normal(channels)).abs(),
        "slope": normal(channels, spread=0.4),
    }
    kept = {"a", *given} | ({"bias"} if "scale" in given else set())
    return {name: t if name in kept else None for name, t in tensors.items()}


def before_power(values: dict[str, Tensor | None]) -> Tensor:
    """T as the kernels round it, so that no tolerance must know how P enlarges an error of T."""
    t = values["a"]
    assert t is not None
    if values["scale"] is not None and values["bias"] is not None:
        t = values["scale"].view(-1, 1, 1) * t + values["bias"].view(-1, 1, 1)
    return t if values["z"] is None else t + values["z"]


def in_double(
    values: dict[str, Tensor | None], dy: Tensor
) -> tuple[Tensor, dict[str, Tensor], dict[str, Tensor]]:
    """Y, the gradients by name, and the sums of their terms' magnitudes, from the formulas."""
    channels = dy.shape[1]
    one = torch.ones(channels, dtype=torch.float64)

    def of(name: str, neutral: float) -> Tensor:
        value = values[name]
        return (one * neutral if value is None else value.double()).view(-1, 1, 1)

    t, gradient = before_power(values).double(), dy.double()
    alpha, slope, scale = of("alpha", 1.0), of("slope", 1.0), of("scale", 1.0)
    magnitude = t.abs().clamp_min(1e-12)
    power = t * magnitude ** (alpha - 1)
    dp = torch.where(power > 0, gradient, slope * gradient)
    dt = dp if values["alpha"] is None else dp * alpha * power.abs() / t.abs().clamp_min(1e-4)
    assert values["a"] is not None
    terms = {
        "scale": dt * values["a"].double(),
        "bias": dt,
        "alpha": dp * power * magnitude.log(),
        "slope": torch.where(power > 0, torch.zeros_like(power), gradient * power),
    }
    gradients = {"a": scale * dt, "z": dt} | {k: v.sum((0, 2, 3)) for k, v in terms.items()}
    sizes = {"a": (scale * dt).abs(), "z": dt.abs()}
    sizes |= {k: v.abs().sum((0, 2, 3)) for k, v in terms.items()}
    # ln|T| has an absolute error near 1, where it is 0.
    sizes["alpha"] += (dp * power).abs().sum((0, 2, 3))
    return torch.where(power > 0, power, slope * power), gradients, sizes


def differentiate(
    values: dict[str, Tensor | None], dy: Tensor
) -> tuple[Tensor, dict[str, Tensor | None]]:
    leaves = {k: None if v is None else v.clone().requires_grad_() for k, v in values.items()}
    others = {k: v for k, v in leaves.items() if k != "a"}
    y = layer_epilogue(leaves["a"], **others)  # type: ignore[arg-type]
    y.backward(dy)
    return y.detach(), {k: None if v is None else v.grad for k, v in leaves.items()}


def check(values: dict[str, Tensor | None]) -> None:
    assert values["a"] is not None
    dy = torch.randn(values["a"].shape, generator=torch.Generator().manual_seed(12))
    y, gradients = differentiate(values, dy)
    expected, truths, sizes = in_double(values, dy)
    # The power's error, see custom_ops/adder_conv/power.h; at most eight more roundings per value,
    # and the sums of 64 vectors.
    power = 0.0 if values["alpha"] is None else 3 + 2 * float((values["alpha"] - 1).abs().max())
    smallest = torch.finfo(torch.float32).tiny
    assert bool(((y - expected).abs() <= (power + 1) * EPS * expected.abs() + smallest).all())
    for name, gradient in gradients.items():
        if values[name] is None:
            continue
        assert gradient is not None
        roundings = power + 8 + (0 if name in "az" else 64)
        tolerance = roundings * EPS * sizes[name] + smallest
        assert bool(((gradient - truths[name]).abs() <= tolerance).all()), name


@pytest.mark.parametrize("alpha", ALPHAS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_values_and_gradients_equal_the_formulas(shape: tuple[int, ...], alpha: float) -> None:
    for given in GIVEN:
        check(problem(shape, given, alpha))


@pytest.mark.parametrize("alpha", ALPHAS)
def test_near_zero(alpha: float) -> None:
    values = problem((1, 1, 1, 16), {"alpha", "slope"}, alpha)
    near = [0.0, 1e-40, 1e-30, 1e-13, 0.99e-12, 1.01e-12, 1e-8, 0.99e-4, 1.01e-4]
    values["a"] = torch.tensor([*near, *(-v for v in near)]).reshape(1, 1, 1, -1)
    check(values)


def test_gradients_equal_those_of_autograd() -> None:
    values = problem((2, 3, 6, 7), {"z", "scale", "alpha", "slope"}, 1.4)
    dy = torch.randn(2, 3, 6, 7)
    _, gradients = differentiate(values, dy)
    doubles = {k: v.double().requires_grad_() for k, v in values.items() if v is not None}
    scale, bias, alpha, slope = (doubles[k].view(-1, 1, 1) for k in NAMES[2:])
    t = scale * doubles["a"] + bias + doubles["z"]
    power = t.sign() * t.abs() ** alpha
    torch.where(power > 0, power, slope * power).backward(dy.double())
    for name, leaf in doubles.items():
        assert leaf.grad is not None
        gradient = gradients[name]
        assert gradient is not None
        torch.testing.assert_close(gradient.double(), leaf.grad, rtol=1e-4, atol=1e-4)


def test_what_is_no_number_shows() -> None:
    a = torch.tensor([1.0, float("nan"), -1.0, float("inf")]).reshape(1, 1, 1, 4).requires_grad_()
    y = layer_epilogue(a, alpha=torch.ones(1) * 1.5, slope=torch.zeros(1))
    assert y.isnan().flatten().tolist() == [False, True, False, False]
    assert float(y.detach().flatten()[3]) == float("inf")


def test_one_parameter_for_all_channels() -> None:
    a = torch.randn(2, 5, 3, 4)
    alpha = torch.tensor([1.3], requires_grad=True)
    many = torch.full((5,), 1.3, requires_grad=True)
    one, each = layer_epilogue(a, alpha=alpha), layer_epilogue(a, alpha=many)
    assert torch.equal(one, each)
    one.sum().backward()
    each.sum().backward()
    assert alpha.grad is not None
    assert many.grad is not None
    torch.testing.assert_close(alpha.grad, many.grad.sum(0, keepdim=True))


def test_strided_and_empty_tensors() -> None:
    a = torch.randn(3, 4, 6, 5).transpose(0, 1)
    z = torch.randn(6, 5, 4, 3).permute(2, 3, 0, 1).requires_grad_()
    y = layer_epilogue(a, z, alpha=torch.ones(1) * 2)
    t = a + z
    torch.testing.assert_close(y, t * t.abs())
    y.sum().backward()
    assert z.grad is not None
    torch.testing.assert_close(z.grad, 2 * t.abs())
    empty = torch.zeros(0, 2, 3, 3, requires_grad=True)
    slope = torch.ones(2, requires_grad=True)
    layer_epilogue(empty, slope=slope).sum().backward()
    assert slope.grad is not None
    assert slope.grad.tolist() == [0, 0]


def test_threads_do_not_change_a_bit() -> None:
    values = problem((5, 3, 9, 11), {"z", "scale", "alpha", "slope"}, 1.2)
    dy = torch.randn(5, 3, 9, 11)
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        y, gradients = differentiate(values, dy)
        torch.set_num_threads(3)
        again, others = differentiate(values, dy)
    finally:
        torch.set_num_threads(before)
    assert torch.equal(y, again)
    for name, gradient in gradients.items():
        assert gradient is not None
        assert torch.equal(gradient, others[name]), name  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda a: layer_epilogue(a, torch.zeros(2, 3, 4, 4)), r"\(2, 3, 4, 5\), got \(2, 3, 4, 4"),
        (lambda a: layer_epilogue(a, scale=torch.ones(3)), "scale and bias"),
        (lambda a: layer_epilogue(a, alpha=torch.ones(2)), r"1 or 3 elements, got \[2\]"),
    ],
)
def test_shapes_that_do_not_fit(call: Callable[[Tensor], Tensor], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(torch.zeros(2, 3, 4, 5))


def _gradients(block: nn.Module, x: Tensor, z: Tensor, dy: Tensor) -> list[Tensor]:
    x, z = x.clone().requires_grad_(), z.clone().requires_grad_()
    block.zero_grad()
    y = block(x, z)
    y.backward(dy)
    grads = [x.grad, z.grad, *(p.grad for p in block.parameters())]
    assert all(g is not None for g in grads)
    return [y.detach(), *(g for g in grads if g is not None)]


def _is_one_operation(y: Tensor) -> bool:
    return y.grad_fn is not None and "layer_epilogue" in y.grad_fn.name()


@pytest.mark.parametrize("norm", ["centred", "batch"])
@pytest.mark.parametrize("activation", ["prelu", "relu", "none"])
def test_a_layer_is_the_same_with_and_without(norm: str, activation: str) -> None:
    for power, shortcut in itertools.product((False, True), repeat=2):
        torch.manual_seed(13)
        block = AdderBlock(
            4,
            norm=norm,  # type: ignore[arg-type]
            activation=activation,  # type: ignore[arg-type]
            power=power,
            shortcut=shortcut,
        )
        if isinstance(block.power, PowerActivation):
            nn.init.uniform_(block.power.log_alpha, -0.3, 0.5)
        x, z, dy = torch.randn(3, 2, 4, 6, 7).unbind()
        seen: list[Tensor] = []
        fused = _gradients(block, x, z, dy)
        # Somebody who looks at what lies between gets to see it.
        hook = block.power.register_forward_hook(lambda *call, to=seen: to.append(call[2]))
        apart = _gradients(block, x, z, dy)
        hook.remove()
        assert len(seen) == 1
        for one, other in zip(fused, apart, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)
        assert _is_one_operation(block(x, z))


ISAS = library_info().available_isas


@pytest.mark.skipif(FORCE_VARIABLE in os.environ, reason="an instruction set is forced already")
@pytest.mark.parametrize("isa", [isa for isa in ISAS if isa != library_info().isa])
def test_every_instruction_set(isa: str) -> None:
    # The library chooses once per process, hence another one.
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(Path(__file__))]
    environment = {**os.environ, FORCE_VARIABLE: isa}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_only_training_in_float32_sees_the_operation() -> None:
    block, x = AdderBlock(3), torch.randn(1, 3, 4, 4)
    assert _is_one_operation(block(x))
    assert _is_one_operation(PowerActivation(3)(x))
    with torch.no_grad():
        assert block(x).grad_fn is None
    for frozen in (block, PowerActivation(3)):
        assert not _is_one_operation(frozen.requires_grad_(False)(x))
    assert not _is_one_operation(AdderBlock(3).double()(x.double()))
    assert AdderBlock(3).to("meta")(x.to("meta")).shape == x.shape
