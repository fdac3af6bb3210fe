"""Files of the first release run for ever, on every instruction set and without our library."""

from pathlib import Path

import numpy as np
import pytest

from addersr import custom_ops
from addersr.runtime.child_session import ChildSession

FOLDER = Path(__file__).parent / "frozen"
WAYS = [*custom_ops.library_info().available_isas, None]

# By file: its input, and how far float32 sums may move the output (levels of pictures, luma).
FILES = {
    "u8": ("picture", 0),
    "i16": ("picture", 0),
    "joined": ("planes", 0),
    "float": ("picture", 1),
    "adder_conv": ("planes", 2e-3),
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("isa", WAYS)
def test_frozen_file_gives_what_it_gave(name: str, isa: str | None) -> None:
    source, tolerance = FILES[name]
    with np.load(FOLDER / "expected.npz") as arrays:
        x, expected = arrays[source], arrays[name]
    with ChildSession(FOLDER / f"{name}.onnx", threads=1, isa=isa) as session:
        (y,) = session.run({session.input_name: x}).values()
        ran = any(session.kernel_calls.values())
    assert ran == (isa is not None)
    assert (y.shape, y.dtype) == (expected.shape, expected.dtype)
    assert np.abs(y.astype(float) - expected).max() <= tolerance


def test_no_file_is_forgotten() -> None:
    assert {path.stem for path in FOLDER.glob("*.onnx")} == set(FILES)
