"""The CNN twin in 8 bits, made by onnxruntime's own quantisation tools."""

import logging
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

from addersr.runtime.session import import_onnxruntime

FORMATS = ("QDQ", "QOperator")


def quantize_by_onnxruntime(
    model: onnx.ModelProto, images: Iterable[npt.NDArray[np.float32]], form: str
) -> onnx.ModelProto:
    """``quantize_static`` with uint8 activations and int8 weights, one scale per filter.

    Args:
        model: float32, one input.
        images: inputs of the model [1, C, H, W], to calibrate by their least and largest values.
        form: one of ``FORMATS``.
    """
    import_onnxruntime()
    from onnxruntime import quantization
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(quantization.CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            name = model.graph.input[0].name
            self._images: Iterator[dict[str, Any]] = ({name: image} for image in images)

        def get_next(self) -> dict[str, Any] | None:
            return next(self._images, None)

    # It warns on the root logger that a model was not pre-processed, which this one was.
    logging.disable(logging.WARNING)
    try:
        with tempfile.TemporaryDirectory(prefix="addersr-int8-") as folder:
            source, prepared, target = (Path(folder) / f"{name}.onnx" for name in "abc")
            onnx.save(model, source)
            quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
            quantization.quantize_static(
                str(prepared),
                str(target),
                Reader(),
                quant_format=quantization.QuantFormat[form],
                per_channel=True,
                activation_type=quantization.QuantType.QUInt8,
                weight_type=quantization.QuantType.QInt8,
            )
            return onnx.load(target)
    finally:
        logging.disable(logging.NOTSET)
