"""Pure ±x taps of float32 files, against plain numpy."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("onnx", reason="reads ONNX files")
pytest.importorskip("skimage", reason="shrinking images needs scikit-image")

from addersr.custom_ops import DOMAIN
from addersr.export.counts.of_file import report_file
from addersr.runtime.images import write_image

from .graphs import Model


@pytest.mark.parametrize("padding", [0, 1])
def test_weights_outside_the_range_of_their_channel(
    padding: int, photo: npt.NDArray[np.uint8], tmp_path: Path
) -> None:
    """Two groups of a network without head: the channels are those of the picture, as it is."""
    model = Model(channels=3)
    w = np.random.default_rng(5).uniform(-0.1, 1.1, (6, 1, 3, 3)).astype(np.float32)
    bias = np.zeros(6, np.float32)
    pads = [padding] * 4
    x = model.add("AdderConv", "input", w, bias, domain=DOMAIN, group=3, pads=pads)
    model.conv(x, 3, 6, pads=[2 - padding] * 4)
    folder = tmp_path / "images"
    folder.mkdir()
    for name, image in (("a.png", photo), ("b.png", photo // 2 + 40)):
        write_image(folder / name, image)
    report = report_file(model.save(tmp_path), (24, 32), data=folder)
    seen = [photo / 255, (photo // 2 + 40) / 255]
    least, most = (f([f(one, axis=(0, 1)) for one in seen], axis=0) for f in (np.min, np.max))
    if padding:
        least, most = np.minimum(least, 0), np.maximum(most, 0)
    expected = sum(
        int(((w[o] <= np.float32(least[o // 2])) | (w[o] >= np.float32(most[o // 2]))).sum())
        for o in range(6)
    )
    assert 0 < expected < w.size
    assert report.layers[0][2].pure_taps == expected
    assert report.this.counts.additions_pure_once is not None
