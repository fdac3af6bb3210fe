"""What the adder ops share: the attributes and sizes of a two-dimensional convolution."""

from addersr.custom_ops.convolution.geometry import AUTO_PADS, Attributes, output_shape

__all__ = ["AUTO_PADS", "Attributes", "output_shape"]
