"""Training images and patches."""

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")

from addersr.errors import AdderSRError
from addersr.runtime.colour import luma
from addersr.runtime.images import read_image, write_image
from addersr.runtime.imresize import shrink
from addersr.training.data import ImagePair, PatchSampler, as_seen, fingerprint, load_pairs


def test_pairs_are_luma_of_the_image_and_of_its_bicubic_lr_image(photos: Path) -> None:
    seen = []
    pairs = load_pairs(photos, 3, progress=lambda done, total: seen.append((done, total)))
    assert [p.name for p in pairs] == ["0.png", "1.png", "2.png"]
    assert seen == [(1, 3), (2, 3), (3, 3)]
    hr = read_image(photos / "0.png").pixels[:48, :63]
    assert pairs[0].hr.shape == (1, 48, 63)
    assert pairs[0].lr.shape == (1, 16, 21)
    assert pairs[0].hr[0] == pytest.approx(luma(hr) / 255, abs=1e-6)
    assert pairs[0].lr[0] == pytest.approx(luma(shrink(hr, 3)) / 255, abs=1e-6)
    assert pairs[0].lr.dtype == np.float32


def test_gray_images_are_taken_as_luma(photos: Path) -> None:
    gray = read_image(photos / "2.png").pixels
    assert load_pairs(photos, 2)[2].hr[0] == pytest.approx(gray / 255, abs=1e-6)


def test_colours_are_kept_in_bytes(photos: Path) -> None:
    pairs = load_pairs(photos, 2, colour="rgb")
    hr = read_image(photos / "1.png").pixels
    for got, pixels in ((pairs[1].hr, hr), (pairs[1].lr, shrink(hr, 2))):
        assert got.dtype == np.uint8
        assert np.array_equal(got, pixels.transpose(2, 0, 1))
        assert as_seen(got, "rgb") == pytest.approx(pixels.transpose(2, 0, 1) / 255, abs=1e-6)


def test_a_model_of_colours_sees_gray_three_times(photos: Path) -> None:
    gray = load_pairs(photos, 2, colour="rgb")[2]
    assert gray.hr.shape == (1, 48, 64)
    assert as_seen(gray.hr, "rgb").shape == (3, 48, 64)
    assert np.array_equal(as_seen(gray.hr, "rgb")[2], as_seen(gray.hr)[0])


def test_patches_of_colours(photos: Path) -> None:
    pairs = load_pairs(photos, 2, colour="rgb")
    sampler = PatchSampler(pairs, batch=12, patch=6, scale=2, seed=3, colour="rgb")
    lr, hr = sampler.sample(0)
    assert lr.shape == (12, 3, 6, 6)
    assert hr.shape == (12, 3, 12, 12)
    # A patch of an image in colours lies somewhere in it, turned and mirrored, planes in order.
    only = PatchSampler(pairs[:1], batch=1, patch=48 // 2, scale=2, seed=3, colour="rgb")
    whole = only.sample(0)[1][0].numpy() * 255
    image = pairs[0].hr.astype(np.float32)
    places = [image[:, :, left : left + 48] for left in range(0, 17, 2)]
    assert any(
        np.allclose(np.rot90(flipped, turns, (1, 2)), whole, atol=1e-3)
        for place in places
        for flipped in (place, place[:, :, ::-1])
        for turns in range(4)
    )


def test_small_images_are_left_out(photos: Path) -> None:
    notes: list[str] = []
    assert len(load_pairs(photos, 2, smallest=24, note=notes.append)) == 3
    assert notes == []
    with pytest.raises(AdderSRError, match="at least 50x50"):
        load_pairs(photos, 2, smallest=25)


@pytest.fixture
def mixed(photos: Path, tmp_path: Path) -> Path:
    """The three images, two broken ones and a small one."""
    for path in photos.iterdir():
        shutil.copy(path, tmp_path)
    (tmp_path / "a broken one.png").write_bytes(b"no image")
    (tmp_path / "z cut short.png").write_bytes((photos / "0.png").read_bytes()[:700])
    write_image(tmp_path / "small.png", np.zeros((9, 80), np.uint8))
    return tmp_path


def test_a_few_bad_images_are_left_out_with_a_note(mixed: Path) -> None:
    notes: list[str] = []
    seen: list[int] = []
    pairs = load_pairs(
        mixed, 2, smallest=8, note=notes.append, progress=lambda done, _total: seen.append(done)
    )
    assert [pair.name for pair in pairs] == ["0.png", "1.png", "2.png"]
    assert seen == [1, 2, 3, 4, 5, 6]
    unreadable, small = notes
    assert unreadable.startswith(f"Left out 2 of 6 images in {mixed} that cannot be read; the")
    assert "a broken one.png is not an image" in unreadable
    assert small == f"Left out 1 of 6 images in {mixed} that are smaller than 16x16 pixels."


def test_nothing_but_bad_images(mixed: Path) -> None:
    for name in ("0.png", "1.png", "2.png"):
        (mixed / name).unlink()
    with pytest.raises(AdderSRError, match=r"No image in .* large enough: expected at least 16x16"):
        load_pairs(mixed, 2, smallest=8)
    (mixed / "small.png").unlink()
    with pytest.raises(AdderSRError, match=r"None of the 2 images in .* can be read; the first: "):
        load_pairs(mixed, 2, smallest=8)


def test_a_fingerprint_tells_images_apart(photos: Path) -> None:
    pairs = load_pairs(photos, 2)
    changed = pairs[0].lr.copy()
    changed[0, 3, 3] += 1 / 255
    others = [
        pairs[1:],
        pairs[::-1],
        [dataclasses.replace(pairs[0], name="other"), *pairs[1:]],
        [dataclasses.replace(pairs[0], lr=changed), *pairs[1:]],
    ]
    assert fingerprint(load_pairs(photos, 2)) == fingerprint(pairs)
    assert len({fingerprint(some) for some in (pairs, *others)}) == 5


def pair_of_numbers() -> ImagePair:
    """Every HR pixel tells the LR pixel that it belongs to."""
    lr = np.arange(20 * 30, dtype=np.float32).reshape(20, 30)
    return ImagePair("numbers", lr[None], lr.repeat(2, 0).repeat(2, 1)[None])


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
