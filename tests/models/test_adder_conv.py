"""The adder layer against brute-force formulas, on the C++ kernels and on plain torch."""

from dataclasses import dataclass
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")

from torch import Tensor

from addersr.models import AdderConv2d, adder_conv2d, generic


@dataclass(frozen=True)
class Case:
    """Shape and attributes of one layer."""

    x: tuple[int, int, int, int]
    filters: int
    kernel: tuple[int, int] = (3, 3)
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)
    dilation: tuple[int, int] = (1, 1)
    groups: int = 1


CASES = {
    "plain": Case((2, 4, 5, 6), 3),
    "padded": Case((1, 3, 4, 5), 5, padding=(1, 1)),
    "one_pixel": Case((1, 1, 1, 1), 1, kernel=(1, 1)),
    "one_pixel_padded": Case((2, 1, 1, 1), 2, padding=(1, 1)),
    "seventeen_channels": Case((1, 17, 2, 3), 3, padding=(1, 1)),
    "strided": Case((2, 3, 7, 8), 4, stride=(2, 2), padding=(1, 1)),
    "uneven_stride": Case((1, 2, 8, 7), 3, kernel=(2, 3), stride=(3, 2)),
    "dilated": Case((1, 2, 7, 8), 3, padding=(2, 2), dilation=(2, 2)),
    "grouped": Case((1, 6, 4, 4), 9, padding=(1, 1), groups=3),
    "depthwise": Case((2, 5, 4, 3), 5, padding=(1, 1), groups=5),
    "large_kernel": Case((1, 2, 3, 9), 2, kernel=(5, 7), padding=(2, 3)),
}


def tensors(case: Case, dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(7)
    shape = (case.filters, case.x[1] // case.groups, *case.kernel)
    return (
        torch.randn(case.x, generator=generator, dtype=torch.float64).to(dtype),
        torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype),
        torch.randn(case.filters, generator=generator, dtype=torch.float64).to(dtype),
    )


def apply(case: Case, x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    return adder_conv2d(x, w, b, case.stride, case.padding, case.dilation, case.groups)


def taps(case: Case, x: Tensor, w: Tensor, y: Tensor):
    """Every (output index, filter index, input index or None where padded) of a layer."""
    per_group = case.filters // case.groups
    for n, o, i, j in torch.cartesian_prod(*(torch.arange(s) for s in y.shape)).tolist():
        for c, u, v in torch.cartesian_prod(*(torch.arange(s) for s in w.shape[1:])).tolist():
            row = i * case.stride[0] - case.padding[0] + u * case.dilation[0]
            column = j * case.stride[1] - case.padding[1] + v * case.dilation[1]
            inside = 0 <= row < x.shape[2] and 0 <= column < x.shape[3]
            channel = o // per_group * w.shape[1] + c
            yield (n, o, i, j), (o, c, u, v), (n, channel, row, column) if inside else None


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["kernel", "generic"])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_forward_and_gradients_equal_the_papers_formulas(case: Case, dtype: torch.dtype) -> None:
    x, w, b = (t.requires_grad_() for t in tensors(case, dtype))
    y = apply(case, x, w, b)
    dy = torch.randn(y.shape, generator=torch.Generator().manual_seed(8), dtype=dtype)
    y.backward(dy)

    expected = b.detach().double().view(-1, 1, 1).expand(y.shape).clone()
    dx, dw = torch.zeros_like(x, dtype=torch.float64), torch.zeros_like(w, dtype=torch.float64)
    xd, wd, dyd = x.detach().double(), w.detach().double(), dy.double()
    for out, weight, source in taps(case, xd, wd, y):
        value = xd[source] if source else torch.zeros((), dtype=torch.float64)
        expected[out] -= (value - wd[weight]).abs()
        dw[weight] += dyd[out] * (value - wd[weight])  # AdderNet eq. 5
        if source:
            dx[source] += dyd[out] * (wd[weight] - value).clamp(-1, 1)  # AdderNet eq. 6
    # Rounding of sums of `terms` numbers of size `largest` each.
    terms = max(w[0].numel(), w.shape[0] * case.kernel[0] * case.kernel[1], y[0, 0].numel() * 2)
    largest = float(xd.abs().max() + wd.abs().max()) * max(1.0, float(dyd.abs().max()))
    tolerance = 2 * torch.finfo(dtype).eps * terms * largest
    assert y.dtype == dtype
    for got, want in ((y, expected), (x.grad, dx), (w.grad, dw), (b.grad, dyd.sum((0, 2, 3)))):
        assert got is not None
        assert torch.allclose(got.double(), want, rtol=0, atol=tolerance)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_small_pieces_of_the_generic_path_give_the_same(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    results, sizes = [], []
    unfold = torch.nn.functional.unfold

    def watched(*arguments: Any, **options: Any) -> Tensor:
        patches = unfold(*arguments, **options)
        sizes.append(patches.numel() * patches.element_size())
        return patches

    monkeypatch.setattr(torch.nn.functional, "unfold", watched)
    # One row of all channels of one image; what is asked for at least.
    row = case.x[1] * case.kernel[0] * case.kernel[1] * 8
    for limit in (1 << 26, 1, 30 * row):
        monkeypatch.setattr(generic, "_PIECE_BYTES", limit)
        sizes.clear()
        x, w, b = (t.requires_grad_() for t in tensors(case, torch.float64))
        y = apply(case, x, w, b)
        y.backward(torch.randn(y.shape, generator=torch.Generator().manual_seed(8)).double())
        results.append((y, x.grad, w.grad, b.grad))
        assert max(sizes) <= max(limit, row * y.shape[3])
        if limit == 1:
            assert len(sizes) == 2 * y.shape[0] * y.shape[2]  # forward and input gradient
    for other in results[1:]:
        for one, two in zip(results[0], other, strict=True):
            assert torch.allclose(one, two, rtol=0, atol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["kernel", "generic"])
def test_empty_batch(dtype: torch.dtype) -> None:
    layer = AdderConv2d(3, 4, 3, padding=1).to(dtype)
    y = layer(torch.zeros(0, 3, 5, 6, dtype=dtype))
    y.sum().backward()
    assert y.shape == (0, 4, 5, 6)
    assert layer.weight.grad is not None
    assert layer.weight.grad.abs().sum() == 0


def test_threads_share_the_batch_without_changing_it() -> None:
    torch.manual_seed(0)
    x = torch.randn(5, 8, 9, 10)
    layer = AdderConv2d(8, 8, 3, padding=1)
    threads = torch.get_num_threads()
    results = []
    try:
        for count in (1, 2, 3):
            torch.set_num_threads(count)
            results.append(layer(x))
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(results[0], results[1])
    assert torch.equal(results[0], results[2])


def test_plain_output_is_never_positive() -> None:
    torch.manual_seed(1)
    y = AdderConv2d(3, 8, 3, padding=1)(torch.randn(2, 3, 8, 8))
    assert y.max() < 0


def test_centred_layer_has_no_response_to_zero() -> None:
    torch.manual_seed(2)
    y = AdderConv2d(3, 8, 3, padding=1, centred=True)(torch.zeros(1, 3, 6, 6))
    # Rounding of two equal sums of 27 weights.
    assert y.abs().max() < 27 * 4 * torch.finfo(torch.float32).eps * 27


def test_centred_filter_gradient_is_the_convolutions() -> None:
    torch.manual_seed(3)
    layer = AdderConv2d(3, 4, 3, padding=1, centred=True).double()
    x = torch.randn(2, 3, 6, 5, dtype=torch.float64)
    dy = torch.randn(2, 4, 6, 5, dtype=torch.float64)
    layer(x).backward(dy)
    expected = torch.nn.grad.conv2d_weight(x, list(layer.weight.shape), dy, padding=1)
    assert layer.weight.grad is not None
    assert torch.allclose(layer.weight.grad, expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize(
    ("x", "w", "b", "groups", "message"),
    [
        ((1, 3, 4), (2, 3, 3, 3), 2, 1, r"Expected x \[N,C,H,W\]"),
        ((1, 4, 4, 4), (2, 3, 3, 3), 2, 1, "input channels"),
        ((1, 4, 4, 4), (3, 2, 3, 3), 3, 2, "equal groups"),
        ((1, 3, 4, 4), (2, 3, 3, 3), 3, 1, r"bias of \[2\]"),
        ((1, 3, 2, 4), (2, 3, 3, 3), 2, 1, "does not fit"),
    ],
)
def test_shapes_that_do_not_fit(
    x: tuple[int, ...], w: tuple[int, ...], b: int, groups: int, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        adder_conv2d(torch.zeros(x), torch.zeros(w), torch.zeros(b), groups=groups)


def test_layer_refuses_channels_that_groups_do_not_divide() -> None:
    with pytest.raises(ValueError, match="groups divide"):
        AdderConv2d(4, 6, 3, groups=4)
