"""Reading the file that is to be quantised."""

from pathlib import Path

import onnx

from addersr.runtime.model_info import read_model_info


def load_model(path: Path) -> onnx.ModelProto:
    """An ONNX file exported by addersr.

    Raises:
        AdderSRError: there is no such file, or it is none of ours or of another version.
    """
    read_model_info(path)
    return onnx.load_model(path)
