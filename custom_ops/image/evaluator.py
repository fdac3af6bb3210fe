"""The two ops for onnx's ReferenceEvaluator, computed by the numpy references."""

from typing import Any

from onnx.reference.op_run import OpRun

from addersr.custom_ops import DOMAIN
from addersr.custom_ops.image import reference


class RgbToLuma(OpRun):
    """The op under the name by which ReferenceEvaluator finds it: domain and class name."""

    op_domain = DOMAIN

    def _run(self, x: Any) -> tuple[Any]:
        return (reference.rgb_to_luma(x),)


class LumaToRgb(OpRun):
    """See RgbToLuma."""

    op_domain = DOMAIN

    def _run(self, y: Any, x: Any, rows: Any) -> tuple[Any]:
        return (reference.luma_to_rgb(y, x, rows),)
