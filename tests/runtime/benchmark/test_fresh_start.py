from pathlib import Path

import pytest

from addersr.errors import AdderSRError
from addersr.runtime.benchmark.fresh_start import fresh_start
from addersr.runtime.benchmark.quality import measure_quality
from addersr.runtime.images import write_image
from addersr.runtime.pixels import Pixels


def test_a_larger_picture_needs_more_memory(adder_model: Path) -> None:
    small = fresh_start(adder_model, width=8, height=8, threads=1)
    large = fresh_start(adder_model, width=512, height=512, threads=1)
    assert small.load_milliseconds > 0
    assert small.first_run_milliseconds > 0
    assert small.peak_memory_bytes is not None
    assert large.peak_memory_bytes is not None
    assert small.model_memory_bytes is not None
    assert large.model_memory_bytes is not None
    # Eight float32 channels of that picture, at least.
    assert large.model_memory_bytes - small.model_memory_bytes > 8 * 4 * 512 * 512
    assert small.model_memory_bytes < small.peak_memory_bytes


def test_the_child_says_what_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "x.onnx"
    path.write_text("nothing")
    with pytest.raises(AdderSRError, match="is not an ONNX model"):
        fresh_start(path, width=8, height=8)


def test_quality(adder_model: Path, cnn_model: Path, tmp_path: Path, photo: Pixels) -> None:
    write_image(tmp_path / "photo.png", photo)
    seen: list[tuple[int, int]] = []
    found = measure_quality(adder_model, tmp_path, threads=1, progress=lambda *of: seen.append(of))
    assert found.psnr is not None
    assert 20 < found.psnr < 60
    assert (found.images, found.data) == (1, tmp_path.name)
    assert found.max_difference is not None
    # Rounding of floats: one level at most.
    assert found.max_difference <= 1
    assert seen == [(1, 1)]
    alone = measure_quality(adder_model, None, threads=1)
    assert (alone.psnr, alone.data, alone.images) == (None, None, 1)
    assert alone.differing in (0, 1)
    plain = measure_quality(cnn_model, None, threads=1)
    assert (plain.differing, plain.max_difference, plain.psnr_to_plain) == (None, None, None)
