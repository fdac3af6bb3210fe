"""What the consumers print, by another way: numpy around a session of onnxruntime."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from addersr.custom_ops.image import cubic_filter, luma_to_rgb, rgb_to_luma
from addersr.runtime.model_info import read_model_info
from addersr.runtime.session import create_session, run_session
from addersr.runtime.upscaler import resolve_model

WIDTH, HEIGHT, CHANNELS = 45, 31, 3

#: In integers, so that the result is the same on every processor.
MODEL = resolve_model("tiny-x2-adder-u8")


def expected_line() -> str:
    """Size and checksum of the enlarged picture."""
    rows, columns, channels = np.mgrid[0:HEIGHT, 0:WIDTH, 0:CHANNELS]
    small = (7 * columns + 13 * rows + 31 * channels).astype(np.uint8)[None]
    session = create_session(MODEL, threads=1)
    scale = read_model_info(MODEL).scale
    [name] = [one.name for one in session.get_inputs()]
    [luma] = run_session(session, {name: rgb_to_luma(small)}).values()
    large = luma_to_rgb(luma, small, cubic_filter(scale))
    checksum = 2166136261
    for value in large.tobytes():
        checksum = (checksum ^ value) * 16777619 % 2**32
    return f"{large.shape[2]}x{large.shape[1]} {checksum:08x}\n"


def onnxruntime_library() -> Path:
    """libonnxruntime out of the installed wheel; skips the test where the wheel has none."""
    for library in (Path(onnxruntime.__file__).parent / "capi").glob("libonnxruntime.so*"):
        return library
    pytest.skip(f"the wheel of onnxruntime {onnxruntime.__version__} holds no libonnxruntime")
