"""A network for pictures of one size."""

import onnx_ir as ir
from onnx_ir.passes import InPlacePass, PassResult

from addersr.errors import AdderSRError


class FixedSize(InPlacePass):
    """Batch 1 and constant height and width, at both ends; what follows from them is not stored.

    Args:
        height, width: of the low-resolution image, in pixels.
        scale: by which the network enlarges.
    """

    #: Larger pictures are cut into tiles.
    MOST = 1 << 14

    def __init__(self, height: int, width: int, scale: int) -> None:
        super().__init__()
        if not (1 <= height <= self.MOST and 1 <= width <= self.MOST):
            raise AdderSRError(
                f"Expected a size of 1x1 to {self.MOST}x{self.MOST} pixels, got {width}x{height}."
            )
        self._sizes = height, width
        self._scale = scale

    def call(self, model: ir.Model) -> PassResult:
        """See the class."""
        graph = model.graph
        kept = (*graph.inputs, *graph.initializers.values(), *graph.outputs)
        for node in graph:
            for value in node.outputs:
                if not any(value is one for one in kept):
                    value.shape = None
        for values, factor in ((graph.inputs, 1), (graph.outputs, self._scale)):
            for value in values:
                assert value.shape is not None
                picture = value.dtype == ir.DataType.UINT8
                sizes = [side * factor for side in self._sizes]
                old = list(value.shape)
                value.shape = ir.Shape([1, *sizes, old[3]] if picture else [1, old[1], *sizes])
        return PassResult(model, modified=True)
