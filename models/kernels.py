"""The C++ training kernels: the adder convolution and what follows it, on the CPU.

The images of a batch are shared among as many Python threads as torch uses; ctypes releases the
interpreter lock during a call. There is no second OpenMP runtime, which would fight torch's own.
"""

import ctypes
import functools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.resources import files
from itertools import pairwise
from typing import TypeVar

import torch
from torch import Tensor

from addersr.errors import AdderSRError

Pair = tuple[int, int]


class Call(ctypes.Structure):
    """Dimensions and attributes of one call; mirrors ``AddersrCall`` in custom_ops/training."""

    _fields_ = [
        ("x_dims", ctypes.c_int64 * 4),
        ("w_dims", ctypes.c_int64 * 4),
        ("strides", ctypes.c_int64 * 2),
        ("pads", ctypes.c_int64 * 4),
        ("dilations", ctypes.c_int64 * 2),
        ("group", ctypes.c_int64),
    ]


class EpilogueLayer(ctypes.Structure):
    """Sizes and parameters of one layer; mirrors ``AddersrEpilogue`` in custom_ops/training."""

    _fields_ = [
        ("channels", ctypes.c_int64),
        ("pixels", ctypes.c_int64),
        ("scale", ctypes.c_void_p),
        ("bias", ctypes.c_void_p),
        ("alpha", ctypes.c_void_p),
        ("slope", ctypes.c_void_p),
    ]


@dataclass(frozen=True)
class Geometry:
    """Attributes of one layer, as in ``torch.nn.Conv2d``: (height, width) pairs."""

    stride: Pair
    padding: Pair
    dilation: Pair
    groups: int

    def output_size(self, x: Tensor, weight: Tensor) -> Pair:
        """Height and width of the output for an input [N,C,H,W] and a filter [O,C/groups,kh,kw]."""
        height, width = (
            (
                x.shape[2 + i]
                + 2 * self.padding[i]
                - self.dilation[i] * (weight.shape[2 + i] - 1)
                - 1
            )
            // self.stride[i]
            + 1
            for i in range(2)
        )
        return height, width

    def call(self, x: Tensor, weight: Tensor) -> Call:
        """The C structure for these tensors."""
        return Call(
            tuple(x.shape),
            tuple(weight.shape),
            self.stride,
            (*self.padding, *self.padding),
            self.dilation,
            self.groups,
        )


def usable(*tensors: Tensor | None) -> bool:
    """Whether the kernels take these tensors: float32 on the CPU."""
    return all(t is None or (t.device.type == "cpu" and t.dtype == torch.float32) for t in tensors)


def forward(x: Tensor, weight: Tensor, bias: Tensor, geometry: Geometry) -> Tensor:
    """``Y = B - Σ|X - W|`` for float32 CPU tensors; shapes as in :func:`adder_conv2d`."""
    x, weight, bias = x.contiguous(), weight.contiguous(), bias.contiguous()
    y = torch.empty(x.shape[0], weight.shape[0], *geometry.output_size(x, weight))
    call = geometry.call(x, weight)
    _run(
        _library().AddersrForward,
        x.shape[0],
        (ctypes.byref(call), x.data_ptr(), weight.data_ptr(), bias.data_ptr(), y.data_ptr()),
    )
    return y


def input_gradient(dy: Tensor, x: Tensor, weight: Tensor, geometry: Geometry) -> Tensor:
    """``dX = Σ dY · clip(W - X, -1, 1)`` for float32 CPU tensors."""
    dy, x, weight = dy.contiguous(), x.contiguous(), weight.contiguous()
    dx = torch.empty_like(x)
    call = geometry.call(x, weight)
    _run(
        _library().AddersrInputGradient,
        x.shape[0],
        (ctypes.byref(call), dy.data_ptr(), x.data_ptr(), weight.data_ptr(), dx.data_ptr()),
    )
    return dx


def epilogue(a: Tensor, z: Tensor | None, parameters: Sequence[Tensor | None]) -> Tensor:
    """Scale, bias, α and slope of [C] applied to ``a``; see :func:`epilogue.layer_epilogue`."""
    a, z, parameters = _dense(a), _dense(z), [_dense(p) for p in parameters]
    y = torch.empty_like(a)
    layer = _epilogue_layer(a, parameters)
    _run(
        _library().AddersrEpilogueForward,
        a.shape[0],
        (ctypes.byref(layer), a.data_ptr(), _address(z), y.data_ptr()),
    )
    return y


def epilogue_gradient(
    dy: Tensor, a: Tensor, z: Tensor | None, parameters: Sequence[Tensor | None]
) -> tuple[Tensor, Tensor | None, Tensor]:
    """Gradients of :func:`epilogue`: dA, dZ, and of its four parameters as [4, C]."""
    dy, a, z, parameters = _dense(dy), _dense(a), _dense(z), [_dense(p) for p in parameters]
    da = torch.empty_like(a)
    dz = None if z is None else torch.empty_like(a)
    sums = torch.empty(*a.shape[:2], 4, dtype=torch.float64)
    layer = _epilogue_layer(a, parameters)
    _run(
        _library().AddersrEpilogueBackward,
        a.shape[0],
        (
            ctypes.byref(layer),
            dy.data_ptr(),
            a.data_ptr(),
            _address(z),
            da.data_ptr(),
            _address(dz),
            sums.data_ptr(),
        ),
    )
    return da, dz, sums.sum(0).T.float()


_T = TypeVar("_T", Tensor, Tensor | None)


def _dense(tensor: _T) -> _T:
    return None if tensor is None else tensor.contiguous()


def _address(tensor: Tensor | None) -> int | None:
    return None if tensor is None else tensor.data_ptr()


def _epilogue_layer(a: Tensor, parameters: Sequence[Tensor | None]) -> EpilogueLayer:
    return EpilogueLayer(a.shape[1], a.shape[2] * a.shape[3], *(_address(p) for p in parameters))


def _run(function: Callable[..., int], images: int, arguments: tuple[object, ...]) -> None:
    """Call ``function(*arguments, first, count)`` over shares of the batch, in parallel."""

    def share(first: int, count: int) -> None:
        if function(*arguments, first, count) != 0:
            raise AdderSRError(_library().AddersrTrainingError().decode())

    workers = min(torch.get_num_threads(), images)
    if workers <= 1:
        share(0, images)
        return
    bounds = [images * i // workers for i in range(workers + 1)]
    shares = list(pairwise(bounds))
    tasks = [_pool(workers).submit(share, first, end - first) for first, end in shares[1:]]
    share(0, bounds[1])
    for task in tasks:
        task.result()


@functools.cache
def _pool(workers: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(workers - 1, thread_name_prefix="addersr")


@functools.cache
def _library() -> ctypes.CDLL:
    path = files("addersr.custom_ops") / "lib" / "libaddersr_training.so"
    try:
        library = ctypes.CDLL(str(path))
    except OSError as error:
        raise AdderSRError(
            f"The training kernels cannot be loaded ({error}). Reinstall addersr to build them."
        ) from error
    pointer, count = ctypes.c_void_p, ctypes.c_int64
    library.AddersrTrainingError.restype = ctypes.c_char_p
    library.AddersrForward.argtypes = [pointer] * 5 + [count] * 2
    library.AddersrInputGradient.argtypes = [pointer] * 5 + [count] * 2
    library.AddersrEpilogueForward.argtypes = [pointer] * 4 + [count] * 2
    library.AddersrEpilogueBackward.argtypes = [pointer] * 7 + [count] * 2
    return library
