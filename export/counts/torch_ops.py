"""What the counts know about each operation of torch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from addersr.errors import AdderSRError
from addersr.export.counts.graph import SAME, Layer, Reach, Reaches
from addersr.export.counts.onnx_ops import enlarged, interpolated, transposed_window, window


def _aten(names: str) -> frozenset[str]:
    return frozenset(f"aten::{name}" for name in names.split())


#: Each value comes from the values at its place.
ELEMENTWISE = _aten(
    "_prelu_kernel _to_copy abs add clamp clamp_max clamp_min clone div exp expm1 gelu hardsigmoid "
    "hardswish hardtanh leaky_relu log log1p maximum minimum mul native_batch_norm neg pow relu "
    "rsqrt sigmoid sign silu softplus sqrt sub tanh where"
)

#: Other views of the same memory; which pixels they see is not followed.
VIEWS = _aten("_unsafe_view detach expand permute squeeze transpose unsqueeze view")

#: The names that a convolution has in a file.
CONVOLUTIONS = {"aten::convolution": "Conv", "addersr::adder_conv2d": "AdderConv"}

_REDUCTIONS = _aten("_adaptive_avg_pool2d amax mean sum")
_PARTS = _aten("slice split split_with_sizes")
_PADDING = _aten("constant_pad_nd reflection_pad2d replication_pad2d")
_UPSAMPLING = {
    "aten::upsample_nearest2d": "nearest",
    "aten::upsample_bilinear2d": "linear",
    "aten::upsample_bicubic2d": "cubic",
}


@dataclass(frozen=True)
class _Convolution:
    """The arguments of a convolution."""

    x: Tensor
    weight: Tensor
    stride: Sequence[int]
    padding: Sequence[int]
    dilation: Sequence[int]
    groups: int
    transposed: bool

    @classmethod
    def of(cls, name: str, args: Sequence[Any]) -> "_Convolution":
        x, weight, _, stride, padding, dilation, *rest = args
        if x.dim() != 4:
            raise AdderSRError(f"A convolution of {x.dim() - 2} dimensions is not counted.")
        transposed = name == "aten::convolution" and rest[0]
        return cls(x, weight, stride, padding, dilation, rest[-1], transposed)


def layer(name: str, args: Sequence[Any], output: Tensor, parameters: int) -> Layer:
    """A convolution, named as in ``CONVOLUTIONS``, with the arguments that torch got.

    Raises:
        AdderSRError: it has other than two dimensions.
    """
    one = _Convolution.of(name, args)
    kernel = one.weight.shape[2:]
    return Layer(
        adder=name == "addersr::adder_conv2d",
        input_channels=one.x.shape[1],
        output_channels=output.shape[1],
        kernel=(kernel[0], kernel[1]),
        stride=(one.stride[0], one.stride[1]),
        dilation=(one.dilation[0], one.dilation[1]),
        groups=one.groups,
        output_size=(output.shape[2], output.shape[3]),
        parameters=parameters,
        pure_taps=None if name == "addersr::adder_conv2d" else 0,
        transposed_from=(one.x.shape[2], one.x.shape[3]) if one.transposed else None,
    )


def reaches(name: str, args: Sequence[Any], output: Tensor) -> Reaches | None:
    """Which pixels of its inputs an operation sees; None: all, or it is not followed.

    Args:
        name: with its namespace, ``aten::add``.
        args: what torch got.
        output: the first result.

    Raises:
        AdderSRError: the operation is not known.
    """
    if name in CONVOLUTIONS:
        return _window(_Convolution.of(name, args))
    if name in ELEMENTWISE:
        return SAME
    if name in VIEWS or name in _REDUCTIONS:
        return None
    if name == "aten::pixel_shuffle":
        return enlarged(args[1])
    if name in _UPSAMPLING:
        return _upsampling(_UPSAMPLING[name], args[0], output)
    if name == "aten::cat":
        return SAME if len(args) > 1 and args[1] == 1 else None
    if name in _PARTS:
        return SAME if args[0].shape[2:] == output.shape[2:] else None
    if name in _PADDING:
        left, _, top, *_ = args[1]
        return Reach(low=-top, high=-top), Reach(low=-left, high=-left)
    raise AdderSRError(f"It has the operation {name}, which is not known here.")


def _window(one: _Convolution) -> Reaches:
    reach = transposed_window if one.transposed else window
    vertical, horizontal = (
        reach(
            one.stride[axis],
            one.padding[axis],
            (one.weight.shape[axis + 2] - 1) * one.dilation[axis] + 1,
        )
        for axis in (0, 1)
    )
    return vertical, horizontal


def _upsampling(mode: str, x: Tensor, output: Tensor) -> Reaches | None:
    before, after = x.shape[2:], output.shape[2:]
    if any(large % small for small, large in zip(before, after, strict=True)):
        return None
    vertical, horizontal = (
        interpolated(large // small, mode) for small, large in zip(before, after, strict=True)
    )
    return vertical, horizontal
