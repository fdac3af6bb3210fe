"""How an Upscaler takes arrays, threads, limits and interruptions."""

import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
import pytest

from addersr import custom_ops
from addersr.errors import AdderSRError
from addersr.runtime import upscaler as upscaler_module
from addersr.runtime.installed import library_path
from addersr.runtime.library import (
    Engine,
    Format,
    NoRuntimeError,
    onnxruntime_library,
)
from addersr.runtime.upscaler import Upscaler

from .engine import needs_engine

Array = npt.NDArray[np.uint8]

pytestmark = needs_engine


@pytest.fixture(scope="module")
def upscaler(adder_model: Path) -> Upscaler:
    return Upscaler(adder_model, threads=1, tile=16)


def _addresses(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Of the arrays that the library gets from now on."""
    seen = []
    upscale = Engine.upscale

    def look(self: Engine, kind: Format, source: Array, target: Array, *rest: Any) -> None:
        seen.append((source.ctypes.data, target.ctypes.data))
        upscale(self, kind, source, target, *rest)

    monkeypatch.setattr(Engine, "upscale", look)
    return seen


def test_rows_with_gaps_are_not_copied(
    upscaler: Upscaler, photo: Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    part, large = photo[5:40, 7:50], np.full((80, 100, 3), 9, np.uint8)
    out = large[3:73, 4:90]
    expected = upscaler.upscale(np.ascontiguousarray(part))
    seen = _addresses(monkeypatch)
    assert upscaler.upscale(part, out=out) is out
    assert seen == [(part.ctypes.data, out.ctypes.data)]
    np.testing.assert_array_equal(out, expected)
    out[:] = 9
    assert np.all(large == 9)  # nothing was written outside


@pytest.mark.parametrize(
    "view",
    [
        lambda image: image[::-1],
        lambda image: image[:, ::2],
        lambda image: image.swapaxes(0, 1),
        lambda image: image[:, :, 1],
        lambda image: np.broadcast_to(image[0], image.shape),
    ],
)
def test_what_lies_otherwise_is_copied(
    upscaler: Upscaler, photo: Array, view: Callable[[Array], Array]
) -> None:
    image = view(photo)
    np.testing.assert_array_equal(
        upscaler.upscale(image), upscaler.upscale(np.ascontiguousarray(image))
    )


def test_the_image_stays_as_it_is(upscaler: Upscaler, photo: Array) -> None:
    image = photo.copy()
    image.flags.writeable = False
    upscaler.upscale(image)
    np.testing.assert_array_equal(image, photo)


def test_blue_first(upscaler: Upscaler, photo: Array) -> None:
    bgr = np.ascontiguousarray(photo[:, :, ::-1])
    result = upscaler.upscale(bgr, order="bgr")
    np.testing.assert_array_equal(result[:, :, ::-1], upscaler.upscale(photo))
    with pytest.raises(AdderSRError, match="Expected RGBA"):
        upscaler.upscale(np.zeros((4, 4, 4), np.uint8), order="bgr")
    with pytest.raises(AdderSRError, match="'rgb' or 'bgr', got 'yuv'"):
        upscaler.upscale(photo, order="yuv")  # type: ignore[arg-type]


def test_wrong_outputs(upscaler: Upscaler) -> None:
    image = np.zeros((4, 5), np.uint8)
    for wrong in (np.zeros((8, 9), np.uint8), np.zeros((8, 10), np.int8)):
        with pytest.raises(AdderSRError, match=r"'out' as uint8 array \[8, 10\]"):
            upscaler.upscale(image, out=wrong)  # type: ignore[arg-type]
    locked = np.zeros((8, 10), np.uint8)
    locked.flags.writeable = False
    for useless in (np.zeros((10, 8), np.uint8).T, np.zeros((8, 20), np.uint8)[:, ::2], locked):
        with pytest.raises(AdderSRError, match="follow each other"):
            upscaler.upscale(image, out=useless)
    memory = np.zeros((8, 10), np.uint8)
    with pytest.raises(AdderSRError, match="memory of its own"):
        upscaler.upscale(memory[:4, :5], out=memory)


def test_several_threads_share_an_upscaler(upscaler: Upscaler, photo: Array) -> None:
    images = [np.ascontiguousarray(np.roll(photo, shift, 1)) for shift in range(8)]
    expected = [upscaler.upscale(image) for image in images]
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(upscaler.upscale, images))
    np.testing.assert_array_equal(results, expected)


def test_a_memory_limit_makes_tiles(adder_model: Path, photo: Array) -> None:
    whole = Upscaler(adder_model, threads=1, tile=1 << 14)
    assert _tiles(whole, photo) == 1
    needed, _ = Engine(adder_model).memory(Format.RGB, photo.shape[1], photo.shape[0])
    limited = Upscaler(adder_model, threads=1, memory_limit=needed - 1)
    assert _tiles(limited, photo) > 1
    difference = np.abs(limited.upscale(photo).astype(int) - whole.upscale(photo))
    # Sums are not taken in the same order everywhere: a half may round to the other side.
    assert difference.max() <= 1
    with pytest.raises(AdderSRError, match="at least 1 byte, got 0"):
        Upscaler(adder_model, memory_limit=0)
    with pytest.raises(AdderSRError, match="a memory_limit of at least"):
        Upscaler(adder_model, threads=1, memory_limit=100).upscale(photo)


def _tiles(upscaler: Upscaler, image: Array) -> int:
    seen: list[tuple[int, int]] = []
    upscaler.upscale(image, lambda *counts: seen.append(counts))
    assert seen == [(done, len(seen)) for done in range(1, len(seen) + 1)]
    return len(seen)


def test_what_progress_raises_ends_the_call(upscaler: Upscaler, photo: Array) -> None:
    image = np.tile(photo, (4, 4, 1))
    seen = []

    def stop(done: int, total: int) -> None:
        seen.append((done, total))
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        upscaler.upscale(image, stop)
    assert seen == [(1, 192)]
    assert upscaler.upscale(photo).shape == (96, 128, 3)  # it can go on


def test_a_failing_thread_is_no_hang(
    upscaler: Upscaler, photo: Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: Any) -> str:
        raise MemoryError("none left")

    monkeypatch.setattr(Engine, "_problem", fail)
    with pytest.raises(MemoryError, match="none left"):
        upscaler.upscale(photo)


def test_ctrl_c_ends_the_call(upscaler: Upscaler, photo: Array) -> None:
    image = np.tile(photo, (4, 4, 1))
    seen = []

    def interrupt(done: int, _total: int) -> None:
        seen.append(done)
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        upscaler.upscale(image, interrupt)
    assert seen == [1]
    assert upscaler.upscale(photo).shape == (96, 128, 3)


def test_an_engine_says_what_it_needs(adder_model: Path) -> None:
    engine = Engine(adder_model, threads=1, tile=100)
    small, large = (engine.memory(Format.RGB, side, side) for side in (100, 1000))
    assert (small[1], large[1]) == (1, 100)
    # The other nine see a surrounding.
    assert small[0] < large[0] < 2 * small[0]
    with pytest.raises(AdderSRError, match="at least 1x1 pixel"):
        engine.memory(Format.RGB, 0, 5)


def test_the_library_s_sentences_arrive(tmp_path: Path) -> None:
    for model, said in ((tmp_path / "none.onnx", "none.onnx"), (b"", "empty"), (b"x", "ONNX")):
        with pytest.raises(AdderSRError, match=said):
            Engine(model)  # type: ignore[arg-type]


def test_without_a_runtime_whole_images_give_the_same(
    adder_model: Path, upscaler: Upscaler, photo: Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_arguments: Any, **_options: Any) -> Engine:
        raise NoRuntimeError("Found no onnxruntime.")

    monkeypatch.setattr(upscaler_module, "Engine", none)
    whole = Upscaler(adder_model, threads=1, tile=16)
    assert _tiles(whole, photo) == 1
    assert whole.fast_path is True
    assert whole.kernel in custom_ops.library_info().calls
    rgba = np.dstack([photo, photo[:, :, 0]])
    difference = np.abs(whole.upscale(rgba).astype(int) - upscaler.upscale(rgba))
    assert difference.max() <= 1  # tiles of floats: a half may round to the other side
    out = np.empty((96, 128, 4), np.uint8)
    assert whole.upscale(rgba, out=out) is out
    with pytest.raises(AdderSRError, match=r"no memory limit here: Found no onnxruntime\."):
        Upscaler(adder_model, memory_limit=10**9)

    def missing() -> Path:
        raise AdderSRError("The op library lib.so is missing.")

    monkeypatch.setattr(custom_ops, "library_path", missing)
    slow = Upscaler(adder_model, threads=1)
    assert slow.upscale(photo).shape == (96, 128, 3)
    assert slow.fast_path is False
    assert "the operator library is missing: The op library lib.so" in slow.slow_reason


def test_an_onnxruntime_that_is_named_goes_first(
    adder_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADDERSR_ONNXRUNTIME", str(tmp_path / "none.so"))
    with pytest.raises(NoRuntimeError, match=r"none\.so"):
        Engine(adder_model)
    monkeypatch.setenv("ADDERSR_ONNXRUNTIME", str(onnxruntime_library()))
    assert Engine(adder_model).info.runtime == onnxruntime.__version__


def test_the_library_lies_in_the_package() -> None:
    assert library_path().is_file()
