"""From a file and a folder to a file."""

from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import pytest

from addersr.errors import AdderSRError
from addersr.export.quantization import Plan, lower, make_quantization_plan, quantize
from addersr.export.quantization.files import load_model
from addersr.export.quantization.images import load_patches
from addersr.export.quantization.layers import Network
from addersr.export.quantization.network import read_network
from addersr.export.quantization.quantize import tensor_types
from addersr.runtime.model_info import read_model_info
from addersr.runtime.plan import GroupPlan

from .factory import Factory, mobile, picture, strided
from .quantizing import run_kernels, run_numpy
from .test_network import picture_model


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three small ones, one of them gray."""
    folder = tmp_path_factory.mktemp("photos")
    for seed, (height, width) in enumerate(((60, 80), (51, 64), (240, 50))):
        planes = picture(height, width, 3, seed=seed)[0].transpose(1, 2, 0)
        image = (planes * 255).astype(np.uint8)
        written = image[:, :, 0] if seed == 1 else image
        cv2.imwrite(str(folder / f"{seed}.png"), written)
    return folder


@pytest.mark.parametrize("precision", ["u8", "i16", "mixed"])
def test_a_quantised_file(photos: Path, precision: str) -> None:
    model = mobile(1)
    done: list[tuple[int, int]] = []
    result = quantize(model, photos, precision=precision, progress=lambda *step: done.append(step))
    info = read_model_info(result.model.SerializeToString())
    assert info.precision == precision
    assert info.calibration == f"3 images of {photos.name}, squared error"
    # Each stage counts up to its end.
    assert all(0 < now <= total for now, total in done)
    assert done[-1][0] == done[-1][1]
    stored = {entry.key: entry.value for entry in result.model.metadata_props}
    plan = Plan.from_json(stored["addersr.plan"])
    assert plan == result.plan
    again = lower(model, plan, calibration=result.calibration)
    assert again.SerializeToString(deterministic=True) == result.model.SerializeToString(
        deterministic=True
    )
    assert result.score.drop < {"u8": 0.5, "i16": 0.01, "mixed": 0.02}[precision]
    x = picture(20, 30)
    np.testing.assert_array_equal(
        run_kernels(result.model, x)["output"], run_numpy(result.model, x)
    )


@pytest.mark.parametrize(
    ("precision", "bits", "seed"), [("u8", 6, 1), ("u8", 6, 3), ("mixed", None, 1)]
)
def test_groups_are_kept_where_the_photos_gain(
    photos: Path, precision: str, bits: int | None, seed: int
) -> None:
    model = mobile(seed)
    plain = quantize(model, photos, precision=precision, bits=bits)
    result = quantize(model, photos, precision=precision, bits=bits, groups=2)
    assert result.plan.groups
    assert replace(result.plan, groups={}) == plain.plan
    assert result.calibration == f"{plain.calibration}, up to 2 groups"
    assert result.score.drop < plain.score.drop
    assert result.score.error < plain.score.error
    x = picture(20, 30)
    np.testing.assert_array_equal(
        run_kernels(result.model, x)["output"], run_numpy(result.model, x)
    )


def test_groups_that_the_photos_do_not_gain_by_are_left_out(
    photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen: list[Plan] = []

    def spoiled(network: Network, plan: Plan, *_: object) -> Plan:
        """Every second filter reads a quarter of x."""
        groups = {}
        for layer in network.layers:
            if layer.kind == "adder":
                x = plan.tensors[layer.x]
                narrow = replace(x, scale=(x.scale[0] / 4,))
                odd, even = (tuple(range(first, layer.outputs, 2)) for first in (1, 0))
                groups[layer.name] = (GroupPlan(odd, narrow), GroupPlan(even, x))
        chosen.append(replace(plan, groups=groups))
        return chosen[-1]

    # The package has a function of the module's name.
    module = import_module("addersr.export.quantization.quantize")
    monkeypatch.setattr(module, "choose_groups", spoiled)
    result = quantize(mobile(1), photos, groups=2)
    assert chosen
    assert chosen[-1].groups
    assert result.model == quantize(mobile(1), photos).model


@pytest.mark.parametrize("groups", [0, 9])
def test_a_number_of_groups_out_of_range_is_refused(photos: Path, groups: int) -> None:
    with pytest.raises(AdderSRError, match=f"1 to 8 groups of output channels, got {groups}"):
        quantize(mobile(), photos, groups=groups)


def test_mixed_takes_what_the_limit_allows(photos: Path) -> None:
    model = mobile(1)
    types = {
        drop: set(quantize(model, photos, precision="mixed", max_drop=drop).types.values())
        for drop in (1e-6, 10.0)
    }
    assert types[10.0] == {"uint8/8", "int16/12"}
    assert "int16/11" in types[1e-6]


def test_the_same_file_and_folder_give_the_same_plan(photos: Path) -> None:
    model = mobile(1)
    plan = make_quantization_plan(model, photos, bits=5)
    # The tensor that only the tail reads keeps 8 bits.
    expected = {("uint8", 5), ("uint8", 8), ("int16", 12)}
    assert {one.type for one in plan.tensors.values()} == expected
    assert quantize(model, photos, bits=5).plan == plan


def test_pictures_in_and_out(photos: Path) -> None:
    result = quantize(picture_model(), photos)
    x = np.round(picture(21, 34, 3) * 255).astype(np.uint8).transpose(0, 2, 3, 1).copy()
    y = run_kernels(result.model, x)["output"]
    assert y.shape == (1, 42, 68, 3)
    assert y.dtype == np.uint8
    np.testing.assert_array_equal(y, run_numpy(result.model, x))
    expected = run_kernels(picture_model(), x)["output"].astype(int)
    assert np.abs(y - expected).mean() < 3


def test_a_network_of_colours(tmp_path: Path) -> None:
    model = strided(2)  # half the size inside: LR sides must be even
    image = (picture(64, 88, 3)[0].transpose(1, 2, 0) * 255).astype(np.uint8)
    cv2.imwrite(str(tmp_path / "photo.png"), image)
    for entry in model.metadata_props:
        if entry.key == "addersr.colour":
            entry.value = "rgb"
    result = quantize(model, tmp_path, precision="i16")
    assert result.calibration.startswith("1 image of ")
    assert abs(result.score.drop) < 0.05


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"precision": "u4"}, "precision of u8, i16, mixed, got 'u4'"),
        ({"bits": 9}, "1 to 8 bits for precision u8, got 9"),
        ({"precision": "i16", "bits": 8}, "9 to 16 bits for precision i16, got 8"),
        ({"precision": "mixed", "bits": 8}, "leave the bits out"),
        ({"precision": "mixed", "max_drop": 0.0}, "largest drop above 0"),
    ],
)
def test_wrong_arguments(photos: Path, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(AdderSRError, match=message):
        quantize(mobile(), photos, **arguments)


def test_the_image_without_its_mean_keeps_the_bits_of_the_image() -> None:
    f = Factory(channels=3)
    x = f.node("Add", ["input", f.constant("mean", -np.arange(3.0).reshape(3, 1, 1))], 3)
    network = read_network(f.model(f.conv(x, 12), anchored=False))
    types = tensor_types(network, "u8", 8)
    assert types == {"input": ("int16", 12), x: ("int16", 12), network.last: ("int16", 12)}


def test_flat_images_are_refused(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "gray.png"), np.full((64, 64), 128, np.uint8))
    with pytest.raises(AdderSRError, match="flat area of one colour"):
        quantize(mobile(), tmp_path)


def test_a_folder_without_images_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AdderSRError, match="no images in"):
        quantize(mobile(), tmp_path)


def test_an_image_that_is_too_small_is_named(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "dot.png"), np.full((1, 1), 128, np.uint8))
    with pytest.raises(AdderSRError, match=r"dot\.png: .*too small for scale 2"):
        quantize(mobile(), tmp_path)


def test_a_diverged_network_is_refused(photos: Path) -> None:
    f = Factory()
    x = f.conv("input", 4)
    f.constants["conv0.weight"] *= 1e30
    x = f.conv(x, 4)
    f.constants["conv1.weight"] *= 1e30
    with pytest.raises(AdderSRError, match="makes values that are not finite"):
        quantize(f.model(x), photos)


def test_patches_are_the_same_pieces_of_both_images(photos: Path) -> None:
    patches = load_patches(photos, scale=2, colour="y")
    assert [patch.x.shape for patch in patches] == [(1, 1, 30, 40), (1, 1, 25, 32), (1, 1, 96, 25)]
    for patch in patches:
        assert patch.hr.shape == (2 * patch.x.shape[2], 2 * patch.x.shape[3])
        means = patch.hr.reshape(patch.x.shape[2], 2, patch.x.shape[3], 2).mean((1, 3))
        assert np.corrcoef(means.ravel(), patch.x.ravel())[0, 1] > 0.9


def test_only_files_of_ours_are_read(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(b"")
    with pytest.raises(AdderSRError, match="is empty"):
        load_model(path)
    onnx.save_model(mobile(), path)
    assert load_model(path).SerializeToString() == mobile().SerializeToString()
