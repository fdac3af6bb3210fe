"""Training images and patches."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")

from addersr.errors import AdderSRError
from addersr.runtime.colour import luma
from addersr.runtime.images import read_image
from addersr.runtime.imresize import shrink
from addersr.training.data import ImagePair, PatchSampler, load_pairs


def test_pairs_are_luma_of_the_image_and_of_its_bicubic_lr_image(photos: Path) -> None:
    seen = []
    pairs = load_pairs(photos, 3, progress=lambda done, total: seen.append((done, total)))
    assert [p.name for p in pairs] == ["0.png", "1.png", "2.png"]
    assert seen == [(1, 3), (2, 3), (3, 3)]
    hr = read_image(photos / "0.png").pixels[:48, :63]
    assert pairs[0].hr == pytest.approx(luma(hr) / 255, abs=1e-6)
    assert pairs[0].lr == pytest.approx(luma(shrink(hr, 3)) / 255, abs=1e-6)
    assert pairs[0].lr.dtype == np.float32


def test_gray_images_are_taken_as_luma(photos: Path) -> None:
    gray = read_image(photos / "2.png").pixels
    assert load_pairs(photos, 2)[2].hr == pytest.approx(gray / 255, abs=1e-6)


def test_small_images_are_left_out(photos: Path) -> None:
    assert len(load_pairs(photos, 2, smallest=24)) == 3
    with pytest.raises(AdderSRError, match="at least 50x50"):
        load_pairs(photos, 2, smallest=25)


def pair_of_numbers() -> ImagePair:
    """Every HR pixel tells the LR pixel that it belongs to."""
    lr = np.arange(20 * 30, dtype=np.float32).reshape(20, 30)
    return ImagePair("numbers", lr, lr.repeat(2, 0).repeat(2, 1))


def test_patches_of_lr_and_hr_belong_together() -> None:
    sampler = PatchSampler([pair_of_numbers()], batch=16, patch=6, scale=2, seed=3)
    lr, hr = sampler.sample(0)
    assert lr.shape == (16, 1, 6, 6)
    assert hr.shape == (16, 1, 12, 12)
    assert torch.equal(lr.repeat_interleave(2, 2).repeat_interleave(2, 3), hr)


def test_patches_are_turned_and_mirrored() -> None:
    sampler = PatchSampler([pair_of_numbers()], batch=64, patch=6, scale=2, seed=3)
    lr, _ = sampler.sample(0)
    steps = {(int(p[0, 0, 1] - p[0, 0, 0]), int(p[0, 1, 0] - p[0, 0, 0])) for p in lr}
    assert steps == {(a, b) for a in (1, -1) for b in (30, -30)} | {
        (b, a) for a in (1, -1) for b in (30, -30)
    }


def test_patches_depend_on_seed_and_step_alone() -> None:
    def patches(seed: int, step: int) -> "torch.Tensor":
        sampler = PatchSampler([pair_of_numbers()], batch=4, patch=6, scale=2, seed=seed)
        return sampler.sample(step)[0]

    assert torch.equal(patches(1, 7), patches(1, 7))
    assert not torch.equal(patches(1, 7), patches(1, 8))
    assert not torch.equal(patches(1, 7), patches(2, 7))
