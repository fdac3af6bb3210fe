import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from addersr.errors import AdderSRError
from addersr.runtime.evaluation import evaluate, evaluate_bicubic
from addersr.runtime.images import write_image
from addersr.runtime.imresize import imresize, shrink
from addersr.runtime.metrics import psnr, ssim

Array = npt.NDArray[np.uint8]

pytest.importorskip("skimage", reason="SSIM needs scikit-image")


def _nearest(image: Array) -> Array:
    return image.repeat(2, 0).repeat(2, 1)


@pytest.fixture
def folder(tmp_path: Path, photo: Array) -> Path:
    write_image(tmp_path / "colour.png", photo[:-1])  # an odd height: to be cropped
    write_image(tmp_path / "gray.png", np.ascontiguousarray(photo[:, :, 0]))
    write_image(tmp_path / "alpha.png", np.dstack([photo, photo[:, :, 0]]))
    return tmp_path


def test_scores_step_by_step(folder: Path, photo: Array) -> None:
    seen: list[tuple[int, int]] = []
    result = evaluate("nearest", _nearest, 2, folder, lambda *counts: seen.append(counts))
    assert seen == [(1, 3), (2, 3), (3, 3)]
    assert [image.name for image in result.images] == ["alpha.png", "colour.png", "gray.png"]
    reference = photo[:46]
    small = shrink(reference, 2)
    colour = result.images[1]
    assert colour.psnr == psnr(_nearest(small), reference, 2)
    assert colour.ssim == ssim(_nearest(small), reference, 2)
    gray = np.ascontiguousarray(photo[:, :, 0])
    assert result.images[2].psnr == psnr(_nearest(shrink(gray, 2)), gray, 2)
    for score in ("psnr", "ssim"):
        mean = np.mean([getattr(image, score) for image in result.images])
        assert getattr(result, score) == pytest.approx(mean)


def test_the_json_has_the_promised_keys(folder: Path) -> None:
    result = json.loads(json.dumps(evaluate("nearest", _nearest, 2, folder).to_json()))
    assert list(result) == ["model", "data", "scale", "psnr", "ssim", "images"]
    assert list(result["images"][0]) == ["name", "psnr", "ssim"]
    assert (result["model"], result["data"], result["scale"]) == ("nearest", folder.name, 2)


def test_bicubic_is_what_imresize_makes(folder: Path, photo: Array) -> None:
    result = evaluate_bicubic(2, folder)
    small = shrink(photo[:46], 2)
    assert (result.model, result.scale) == ("bicubic", 2)
    assert result.images[1].psnr == psnr(imresize(small, 2), photo[:46], 2)
    assert result.images[1].ssim == ssim(imresize(small, 2), photo[:46], 2)


@pytest.mark.parametrize(
    ("scale", "decibels", "similarity"),
    [(2, 33.66, 0.9299), (3, 30.39, 0.8682), (4, 28.42, 0.8104)],
)
def test_bicubic_has_the_scores_that_papers_print(
    benchmark_sets: Path, scale: int, decibels: float, similarity: float
) -> None:
    result = evaluate_bicubic(scale, benchmark_sets / "Set5")
    assert result.psnr == pytest.approx(decibels, abs=0.015)
    assert result.ssim == pytest.approx(similarity, abs=0.001)


def test_a_model_of_another_scale_is_noticed(folder: Path) -> None:
    with pytest.raises(AdderSRError, match=r"alpha\.png: Only images of one size"):
        evaluate("wrong", lambda image: image, 2, folder)


def test_folders_without_images_and_bad_images(tmp_path: Path) -> None:
    with pytest.raises(AdderSRError, match="There are no images in"):
        evaluate("nearest", _nearest, 2, tmp_path)
    write_image(tmp_path / "small.png", np.zeros((1, 9), np.uint8))
    with pytest.raises(AdderSRError, match=r"small\.png: .*too small for scale 2"):
        evaluate("nearest", _nearest, 2, tmp_path)
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "small.png").unlink()
    with pytest.raises(AdderSRError, match=r"text\.png is not an image"):
        evaluate("nearest", _nearest, 2, tmp_path)
