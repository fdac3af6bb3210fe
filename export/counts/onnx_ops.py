"""What the counts know about each operator that may stand in a file."""

from addersr.export.counts.graph import Reach, Reaches


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Operators that compute each value from the values at its place; the result may overwrite one.
ELEMENTWISE = _names(
    "Abs Add BatchNormalization Cast Ceil Clip DequantizeLinear Div Elu Erf Exp Floor Gelu "
    "HardSigmoid HardSwish Identity LeakyRelu Log Max Min Mul Neg PRelu Pow QuantizeLinear "
    "Reciprocal Relu Round Sigmoid Sign Softplus Sqrt Sub Sum Tanh Where"
)

#: Operators that move or convert values, each pixel for itself.
PIXELWISE = _names(
    "Concat Gather QuantizeChannelsLast RequantizeChannelsLast RgbToLuma Slice Split Transpose"
)

#: Operators of which all pixels see all pixels, or of which it is not known what they see.
GLOBAL = _names(
    "Expand Flatten GlobalAveragePool GlobalMaxPool ReduceMean Reshape Squeeze Tile Unsqueeze"
)

#: Operators whose result does not depend on the values of the image, only on its size.
SIZES = frozenset(("Shape", "Size"))

#: Position of the filters among the inputs of a convolution, and whether it is an adder layer.
CONVOLUTIONS = {
    "Conv": (1, False),
    "ConvTranspose": (1, False),
    "AdderConv": (1, True),
    "FusedAdderConv": (1, True),
    "QLinearConv": (3, False),
    "QLinearFusedConv": (1, False),
    "QLinearAdderConv": (1, True),
}

#: Inputs of an operator that are parameters of the network, where not all constants are: statistics
#: of a batch normalisation are none, and neither are tables, limits and zero points.
PARAMETERS = {
    "Conv": (1, 2),
    "ConvTranspose": (1, 2),
    "AdderConv": (1, 2),
    "FusedAdderConv": (1, 2, 3, 5, 6),
    "QLinearConv": (3, 8),
    "QLinearFusedConv": (1, 3, 5),
    "QLinearAdderConv": (1, 3, 5),
    "BatchNormalization": (1, 2),
    "PRelu": (1,),
    "Add": (0, 1),
    "Sub": (0, 1),
    "Mul": (0, 1),
    "Div": (0, 1),
    "Pow": (1,),
}

POOLS = frozenset(("AveragePool", "MaxPool"))

KNOWN = (
    ELEMENTWISE
    | PIXELWISE
    | GLOBAL
    | POOLS
    | frozenset(CONVOLUTIONS)
    | frozenset(("DepthToSpace", "DequantizeChannelsFirst", "LumaToRgb", "Pad", "Resize"))
)

# Half the support of the interpolation, in pixels of the input before and behind a position.
_RESIZE_SUPPORT = {"linear": (0, 1), "cubic": (-1, 2)}


def window(step: int, before: int, extent: int) -> Reach:
    """Of a convolution: distance of its positions, padding, and pixels from first to last tap."""
    return Reach(step=step, low=-before, high=extent - 1 - before)


def transposed_window(stride: int, before: int, extent: int) -> Reach:
    """Of a transposed convolution: its stride, padding, and pixels from first to last tap."""
    # Pixel i of the input adds to the pixels i·stride - before … i·stride - before + extent - 1.
    return Reach(divisor=stride, low=before - extent + stride, high=before)


def enlarged(factor: int) -> Reaches:
    """Each pixel becomes ``factor`` × ``factor``: depth to space."""
    return Reach(divisor=factor), Reach(divisor=factor)


def interpolated(factor: int, mode: str) -> Reach:
    """Of a resampling with pixel centres at halves; ``mode`` as of ONNX's Resize."""
    if mode == "nearest":
        return Reach(divisor=factor)
    first, last = _RESIZE_SUPPORT[mode]
    # Pixel q lies at (q + ½) / factor - ½ of the input.
    offset = 1 - factor
    return Reach(
        step=2, divisor=2 * factor, low=offset + 2 * factor * first, high=offset + 2 * factor * last
    )
