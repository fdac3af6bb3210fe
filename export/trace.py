"""A torch module as an ONNX graph in which every adder convolution is one AdderConv node."""

import copy
import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import onnx_ir as ir
import torch
from onnxscript.values import Opset
from torch import nn

from addersr.custom_ops import DOMAIN, VERSION
from addersr.custom_ops.adder_conv.schema import register_schema

#: The oldest opset with everything that the graph and AdderConv's function body use: every
#: onnxruntime from 1.18 on loads it, and torch translates to it without a conversion.
OPSET = 18

# The sizes are free in the result; torch only asks for different ones that leave room for kernels.
_EXAMPLE_SIZE = (2, 40, 48)


def trace(module: nn.Module, channels: int) -> ir.Model:
    """Translate ``module``, as it is in evaluation mode, to ONNX.

    Args:
        module: [N, channels, H, W] → [N, …, H', W']; it is not changed.
        channels: of its input.

    Returns:
        A model with the input ``input``, the output ``output`` and free N, H and W, as torch leaves
        it: parameters are initializers under their torch names, and constants are not folded.
    """
    register_schema()
    module = copy.deepcopy(module).eval().requires_grad_(False)
    batch, height, width = _EXAMPLE_SIZE
    names = {0: "batch", 2: "height", 3: "width"}
    with _quiet(), torch.no_grad():
        program = torch.onnx.export(
            module,
            (torch.zeros(batch, channels, height, width),),
            input_names=["input"],
            output_names=["output"],
            dynamic_shapes=({axis: torch.export.Dim(name) for axis, name in names.items()},),
            opset_version=OPSET,
            custom_translation_table={torch.ops.addersr.adder_conv2d.default: _adder_conv},
            dynamo=True,
            optimize=False,  # it would merge equal weights of different layers
            verbose=False,
        )
    assert program is not None
    return program.model


def _adder_conv(
    x: ir.Value,
    weight: ir.Value,
    bias: ir.Value,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    groups: int,
    sharpness: float = 1.0,  # noqa: ARG001 of the gradient, which no file has
) -> Any:
    """The node for one call of ``torch.ops.addersr.adder_conv2d``."""
    assert weight.shape is not None
    _, _, kernel_height, kernel_width = weight.shape.numpy()
    return Opset(DOMAIN, VERSION).AdderConv(
        x,
        weight,
        bias,
        dilations=list(dilation),
        group=groups,
        kernel_shape=[kernel_height, kernel_width],
        pads=[*padding, *padding],
        strides=list(stride),
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep torch's notes to its own developers off the user's screen."""
    # It warns that torchvision's operators, which no model here has, cannot be translated.
    logger = logging.getLogger("torch.onnx._internal.exporter._registration")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            # torch.export calls a function of torch that torch has deprecated.
            warnings.filterwarnings("ignore", r"`isinstance\(treespec, LeafSpec\)`", FutureWarning)
            yield
    finally:
        logger.setLevel(level)
