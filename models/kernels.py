"""The C++ training kernels: forward and input gradient of the adder convolution on the CPU.

The images of a batch are shared among as many Python threads as torch uses; ctypes releases the
interpreter lock during a call. There is no second OpenMP runtime, which would fight torch's own.
"""

import ctypes
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.resources import files
from itertools import pairwise

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


def usable(*tensors: Tensor) -> bool:
    """Whether the kernels take these tensors: float32 on the CPU."""
    return all(t.device.type == "cpu" and t.dtype == torch.float32 for t in tensors)


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
    return library
