from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from addersr import custom_ops, zoo
from addersr.custom_ops.adder_conv import adder_conv
from addersr.errors import AdderSRError
from addersr.runtime import upscaler as upscaler_module
from addersr.runtime.library import Engine, EngineInfo
from addersr.runtime.network import Network
from addersr.runtime.reference import upscale_picture
from addersr.runtime.upscaler import Upscaler

from ..model_factory import metadata, super_resolution_model
from .engine import needs_engine

Array = npt.NDArray[np.uint8]


@pytest.fixture(scope="module")
def adder(adder_model: Path) -> Upscaler:
    return Upscaler(adder_model, threads=1)


@pytest.mark.parametrize("kind", ["gray", "rgb", "rgba"])
@pytest.mark.parametrize("which", ["adder", "cnn"])
def test_kinds_of_images_stay(
    which: str, kind: str, photo: Array, adder_model: Path, cnn_model: Path
) -> None:
    image = {
        "gray": photo[:, :, 0],
        "rgb": photo,
        "rgba": np.dstack([photo, photo[:, :, 1]]),
    }[kind]
    upscaler = Upscaler({"adder": adder_model, "cnn": cnn_model}[which], threads=1)
    result = upscaler.upscale(image)
    assert result.dtype == np.uint8
    assert result.shape == (96, 128, *image.shape[2:])
    # The model is nearest enlargement and a little more.
    difference = result.astype(int) - image.repeat(2, 0).repeat(2, 1)
    assert 0 < np.abs(difference[..., :3] if kind != "gray" else difference).mean() < 12


def test_an_rgb_model_gets_all_channels(photo: Array, tmp_path: Path) -> None:
    path = tmp_path / "rgb.onnx"
    model = super_resolution_model(colours=3, metadata_props=metadata(colour="rgb"))
    path.write_bytes(model.SerializeToString())
    upscaler = Upscaler(path, threads=1)
    result = upscaler.upscale(photo)
    assert result.shape == (96, 128, 3)
    assert 0 < np.abs(result - photo.repeat(2, 0).repeat(2, 1).astype(int)).mean() < 12
    gray = np.ascontiguousarray(photo[:, :, 0])
    as_rgb = upscaler.upscale(np.dstack([gray] * 3)).astype(float).mean(axis=2)
    assert upscaler.upscale(gray).ndim == 2
    assert np.abs(upscaler.upscale(gray) - as_rgb).max() <= 1


@needs_engine
@pytest.mark.parametrize("tile", [3, 5, 16, 33, 64])
def test_tiles_give_the_pixels_of_the_whole(adder_model: Path, photo: Array, tile: int) -> None:
    image = np.dstack([photo, photo[:, :, 2]])
    whole = Upscaler(adder_model, threads=1).upscale(image)
    seen: list[tuple[int, int]] = []
    tiled = Upscaler(adder_model, threads=1, tile=tile).upscale(
        image, lambda *counts: seen.append(counts)
    )
    number = -(-48 // tile) * -(-64 // tile)
    assert seen == [(done, number) for done in range(1, number + 1)]
    # Sums are not taken in the same order everywhere: a half may round to the other side.
    difference = np.abs(tiled.astype(int) - whole)
    assert difference.max() <= 1
    assert np.count_nonzero(difference) <= difference.size // 1000


@needs_engine
def test_a_halo_that_is_too_small_would_show(photo: Array) -> None:
    model = super_resolution_model(metadata_props=metadata(halo="0"))
    wrong = Upscaler(model.SerializeToString(), threads=1, tile=16)
    right = Upscaler(model.SerializeToString(), threads=1)
    assert np.any(wrong.upscale(photo) != right.upscale(photo))


def test_tiny_images(adder: Upscaler) -> None:
    for shape in ((1, 1), (1, 7, 3), (3, 1, 4)):
        assert adder.upscale(np.full(shape, 90, np.uint8)).shape == (
            2 * shape[0], 2 * shape[1], *shape[2:],
        )  # fmt: skip


def test_the_result_is_that_of_the_reference(adder: Upscaler, photo: Array) -> None:
    """The whole way against numpy, so that a wrong kernel cannot hide behind a plausible image."""
    gray = np.ascontiguousarray(photo[:12, :15, 0])
    model = super_resolution_model()
    w = {t.name: _to_array(t) for t in model.graph.initializer}
    x = gray.astype(np.float32)[None, None] / 255
    head = _conv(x, w["head_w"], w["head_b"])
    middle = adder_conv(head, w["middle_w"], w["middle_b"], pads=(1, 1, 1, 1))
    tail = _conv(middle, w["tail_w"], w["tail_b"]) + x
    shuffled = tail[0].reshape(2, 2, 12, 15).transpose(2, 0, 3, 1).reshape(24, 30)
    np.testing.assert_allclose(adder.upscale(gray), np.clip(shuffled * 255, 0, 255), atol=0.51)


def _to_array(tensor: Any) -> npt.NDArray[np.float32]:
    from onnx import numpy_helper

    return np.asarray(numpy_helper.to_array(tensor), np.float32)


def _conv(
    x: npt.NDArray[np.float32], w: npt.NDArray[np.float32], b: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
    result = np.einsum("nchwij,ocij->nohw", windows, w) + b[:, None, None]
    return np.asarray(result, np.float32)


def test_the_kernel_that_ran_is_named(adder: Upscaler) -> None:
    info = custom_ops.library_info()
    assert adder.fast_path is True
    assert adder.slow_reason == ""
    # Each library measures and chooses for itself.
    assert adder.kernel in info.calls
    assert any(adder.kernel.startswith(f"{isa}_") for isa in info.available_isas)


def test_without_the_library_the_slow_path_is_admitted(adder_model: Path, photo: Array) -> None:
    slow = Upscaler(adder_model, threads=1, use_library=False)
    seen: list[tuple[int, int]] = []
    result = slow.upscale(photo, lambda *counts: seen.append(counts))
    assert seen == [(1, 1)]
    assert slow.fast_path is False
    assert slow.kernel is None
    assert slow.slow_reason == "the library was not asked for"
    fast = Upscaler(adder_model, threads=1)
    # Sums are not taken in the same order: a half may round to the other side.
    assert np.abs(result.astype(int) - fast.upscale(photo)).max() <= 1
    flipped = np.ascontiguousarray(photo[:, :, ::-1])
    np.testing.assert_array_equal(slow.upscale(flipped, order="bgr")[:, :, ::-1], result)


def test_a_missing_library_is_no_reason_to_stop(
    adder_model: Path, photo: Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> Path:
        raise AdderSRError("The library lib.so is missing.")

    monkeypatch.setattr(upscaler_module, "library_path", missing)
    slow = Upscaler(adder_model, threads=1)
    assert slow.upscale(photo).shape == (96, 128, 3)
    assert slow.fast_path is False
    assert "lib.so is missing" in slow.slow_reason


@needs_engine
def test_a_kernel_that_does_not_run_is_noticed(
    adder_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As if onnxruntime had taken the function bodies although the operators are registered.
    monkeypatch.setattr(Engine, "info", EngineInfo(runtime="1.18.1", kernel=""))
    upscaler = Upscaler(adder_model, threads=1)
    assert upscaler.fast_path is False
    assert "did not choose" in upscaler.slow_reason


def test_a_cnn_has_no_fast_path(cnn_model: Path) -> None:
    upscaler = Upscaler(cnn_model, threads=1)
    assert upscaler.fast_path is None
    assert upscaler.slow_reason == ""


def test_wrong_images(adder: Upscaler) -> None:
    wrong: Iterator[npt.NDArray[Any]] = iter(
        [
            np.zeros((4, 4), np.float32),
            np.zeros((4, 4, 2), np.uint8),
            np.zeros((1, 4, 4, 3), np.uint8),
        ]
    )
    for image in wrong:
        with pytest.raises(AdderSRError, match="Expected an image as uint8"):
            adder.upscale(image)
    with pytest.raises(AdderSRError, match="no pixels"):
        adder.upscale(np.zeros((0, 4), np.uint8))


def test_wrong_arguments(adder_model: Path, tmp_path: Path) -> None:
    for tile in (0, -4, 1 << 20):
        with pytest.raises(AdderSRError, match="Expected a tile"):
            Upscaler(adder_model, tile=tile)
    with pytest.raises(AdderSRError, match="There is no model file"):
        Upscaler(tmp_path / "none.onnx")
    with pytest.raises(AdderSRError, match="There is no model file"):
        Upscaler("none.onnx")
    with pytest.raises(AdderSRError, match="no model 'none' in the zoo"):
        Upscaler("none")


def test_models_that_lie() -> None:
    scale = super_resolution_model(metadata_props=metadata(scale="3"))
    with pytest.raises(AdderSRError, match="says scale 3, but made"):
        Upscaler(scale.SerializeToString())
    colour = super_resolution_model(metadata_props=metadata(colour="rgb"))
    with pytest.raises(AdderSRError, match=r"\[N, 3, H, W\]"):
        Upscaler(colour.SerializeToString())
    fixed = super_resolution_model(size=(32, 32))
    with pytest.raises(AdderSRError, match="free height and width"):
        Upscaler(fixed.SerializeToString())


def test_every_model_of_the_zoo(photo: Array) -> None:
    for entry in zoo.entries():
        upscaler = Upscaler(entry.name, threads=1)
        network = Network(entry.onnx, threads=1)
        for image in (photo[:, :, 0], photo, np.dstack([photo, photo[::-1, :, 0]])):
            np.testing.assert_array_equal(
                upscaler.upscale(image), upscale_picture(network, image), entry.name
            )
        assert upscaler.scale == entry.scale
        assert upscaler.info.kind == entry.kind
        assert upscaler.fast_path is (True if entry.kind == "adder" else None)
        assert upscaler.upscale(photo).shape == (48 * entry.scale, 64 * entry.scale, 3)
