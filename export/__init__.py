"""From a torch model to a verified ONNX file. Needs the extra ``export``.

What needs torch is imported when it is asked for: ``quantization`` works without.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from addersr.export.onnx_export import ExportOptions, export_module, export_onnx
    from addersr.export.report import Comparison, ParameterCheck, VerificationReport
    from addersr.export.verification import verify
    from addersr.export.verified_export import export_verified

__all__ = [
    "Comparison",
    "ExportOptions",
    "ParameterCheck",
    "VerificationReport",
    "export_module",
    "export_onnx",
    "export_verified",
    "verify",
]

_MODULES = {
    **dict.fromkeys(("ExportOptions", "export_module", "export_onnx"), "onnx_export"),
    **dict.fromkeys(("Comparison", "ParameterCheck", "VerificationReport"), "report"),
    "export_verified": "verified_export",
    "verify": "verification",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
