"""The ops AdderConv and FusedAdderConv, and the library that onnxruntime loads.

Nothing in this package imports torch, onnx or another part of addersr.
"""

from addersr.custom_ops.library import LibraryInfo, library_info, library_path, register

#: The domain of the ops in an ONNX model.
DOMAIN = "ai.addersr"
#: The version of the domain that this package reads and writes.
VERSION = 1

__all__ = ["DOMAIN", "VERSION", "LibraryInfo", "library_info", "library_path", "register"]
