"""From a torch model to a verified ONNX file. Needs the extra ``export``."""

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
