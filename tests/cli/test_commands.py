import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

import addersr
from addersr import custom_ops, zoo
from addersr.runtime.images import read_image, write_image
from addersr.runtime.upscaler import Upscaler

Run = Callable[..., "subprocess.CompletedProcess[str]"]
Array = npt.NDArray[np.uint8]
COMMANDS = (
    *("models", "upscale", "export", "quantize", "verify", "info", "train", "evaluate", "bench"),
    *("import", "doctor", "compare"),
)


@pytest.fixture
def picture(tmp_path: Path, photo: Array) -> Path:
    path = tmp_path / "photo.png"
    write_image(path, photo)
    return path


def test_help_shows_examples_and_starts_without_heavy_imports(run: Run) -> None:
    overview = run("--help")
    assert overview.returncode == 0
    for command in COMMANDS:
        assert command in overview.stdout
        said = run(command, "--help")
        assert said.returncode == 0
        assert "Examples" in said.stdout
        assert f"addersr {command}" in said.stdout
    code = (
        "import sys, addersr.cli\n"
        "heavy = {'torch', 'onnx', 'onnxruntime', 'cv2', 'numpy', 'skimage'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_version(run: Run) -> None:
    assert run("--version").stdout == f"addersr {addersr.__version__}\n"


def test_usage_errors_are_not_ours_to_explain(run: Run) -> None:
    for arguments in (["nonsense"], ["upscale"], ["bench", "x", "--runs", "0"]):
        done = run(*arguments)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr
        assert done.stdout == ""


def test_models(run: Run, tmp_path: Path) -> None:
    done = run("models", "--json", "-o", tmp_path / "models.json")
    result = json.loads(done.stdout)
    assert json.loads((tmp_path / "models.json").read_text()) == result
    assert [model["name"] for model in result] == [entry.name for entry in zoo.entries()]
    keys = ["name", "architecture", "kind", "scale", "colour", "precision", "parameters", "psnr"]
    for model in result:
        assert list(model) == keys
        assert model["kind"] in ("adder", "cnn")
        assert model["name"] in run("models").stdout
    assert done.stderr == ""


def test_upscale_one(run: Run, adder_model: Path, picture: Path, photo: Array) -> None:
    done = run("upscale", picture, "-m", adder_model)
    assert done.returncode == 0, done
    target = picture.with_name("photo-x2.png")
    assert f"{target}: 128x96" in done.stdout.replace("\n", "")
    np.testing.assert_array_equal(read_image(target).pixels, Upscaler(adder_model).upscale(photo))
    assert done.stderr == ""


def test_upscale_json_and_compare(run: Run, adder_model: Path, picture: Path) -> None:
    folder = picture.parent
    options = ("--json", "--threads", "1", "--tile", "32", "--compare", folder / "pair.png")
    # Each process measures and chooses for itself, hence one choice for both.
    chosen = custom_ops.library_info().kernel
    command = ("upscale", picture, "-m", adder_model, "-o", folder / "large.jpg", *options)
    done = run(*command, ADDERSR_FORCE_ISA=chosen)
    result = json.loads(done.stdout)
    assert list(result) == ["model", "scale", "fast_path", "kernel", "images", "videos"]
    assert result["fast_path"] is True
    assert result["kernel"] == chosen
    (image,) = result["images"]
    assert (image["width"], image["height"]) == (128, 96)
    assert read_image(folder / "large.jpg").pixels.shape == (96, 128, 3)
    assert read_image(folder / "pair.png").pixels.shape[1] == 2 * 128 + 4


def test_alpha_in_a_jpeg_is_told(run: Run, adder_model: Path, tmp_path: Path) -> None:
    write_image(tmp_path / "icon.png", np.full((8, 8, 4), 90, np.uint8))
    done = run("upscale", tmp_path / "icon.png", "-m", adder_model, "-o", tmp_path / "icon.jpg")
    assert done.returncode == 0
    assert done.stderr == (
        "Note: icon.jpg: JPEG has no transparency, so the image was laid on white.\n"
    )


def test_a_folder_with_a_bad_image(
    run: Run, adder_model: Path, photo: Array, tmp_path: Path
) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in ("a.png", "c.bmp"):
        write_image(folder / name, photo)
    (folder / "b.png").write_text("no picture")
    (folder / "readme.txt").write_text("not looked at")
    done = run("upscale", folder, "-m", adder_model, "--json")
    assert done.returncode == 1
    images = json.loads(done.stdout)["images"]
    assert ["error" in image for image in images] == [False, True, False]
    results = tmp_path / "pictures-x2"
    assert sorted(path.name for path in results.iterdir()) == ["a.png", "c.bmp"]
    assert done.stderr.startswith("Error: ")
    assert done.stderr.count("\n") == 1


def test_the_slow_path_is_told(run: Run, adder_model: Path, picture: Path, tmp_path: Path) -> None:
    # As after an installation without the library.
    (tmp_path / "sitecustomize.py").write_text(
        "from addersr.errors import AdderSRError\n"
        "from addersr.runtime import installed\n"
        "def missing(): raise AdderSRError('The library is gone.')\n"
        "installed.library_path = missing\n"
    )
    done = run("upscale", picture, "-m", adder_model, "--json", PYTHONPATH=str(tmp_path))
    assert done.returncode == 0
    result = json.loads(done.stdout)
    assert (result["fast_path"], result["kernel"]) == (False, None)
    assert done.stderr == (
        "Note: The model runs on the slow path: the library is missing: The library is gone.\n"
    )


def test_evaluate(run: Run, adder_model: Path, picture: Path, tmp_path: Path) -> None:
    pytest.importorskip("skimage", reason="SSIM needs scikit-image")
    file = tmp_path / "scores.json"
    folder = picture.parent
    done = run("evaluate", adder_model, "--data", folder, "--json", "-o", file)
    result = json.loads(done.stdout)
    assert list(result) == ["models", "evaluations"]
    assert [one["name"] for one in result["models"]] == [str(adder_model)]
    bicubic, scores = result["evaluations"]
    assert (bicubic["model"], scores["model"]) == ("bicubic", str(adder_model))
    assert [image["name"] for image in scores["images"]] == [picture.name]
    assert json.loads(file.read_text()) == result
    table = run("evaluate", adder_model, "--data", folder).stdout
    for one in (bicubic, scores):
        assert f"{one['psnr']:.2f} / {one['ssim']:.4f}" in table


def test_doctor(run: Run, adder_model: Path) -> None:
    done = run("doctor", "-m", adder_model, "--json")
    assert done.returncode == 0
    result = json.loads(done.stdout)
    assert {"version", "onnxruntime", "library", "isa", "available_isas"} <= result.keys()
    assert result["fast_path"] is True
    assert result["isa"] in result["available_isas"]
    portable = run("doctor", "-m", adder_model, "--json", ADDERSR_FORCE_ISA="portable")
    assert json.loads(portable.stdout)["isa"] == "portable"
    assert "fast path" in run("doctor", "-m", adder_model).stdout


def test_doctor_finds_a_wrong_instruction_set(run: Run, adder_model: Path) -> None:
    done = run("doctor", "-m", adder_model, "--json", ADDERSR_FORCE_ISA="mmx")
    assert done.returncode == 1
    result = json.loads(done.stdout)
    assert result["fast_path"] is False
    assert len(result["problems"]) == 1
    assert done.stderr == f"Error: {result['problems'][0]}\n"
    assert "mmx" in done.stderr


def test_ctrl_c_ends_quietly_and_leaves_nothing(
    adder_model: Path, photo: Array, tmp_path: Path
) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(40):
        write_image(folder / f"{number:02}.png", np.tile(photo, (4, 4, 1)))
    results = tmp_path / "pictures-x2"
    child = subprocess.Popen(
        [Path(sys.executable).with_name("addersr"), "upscale", folder, "-m", adder_model],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not (results.is_dir() and any(results.glob("*.png"))):
        assert child.poll() is None
        time.sleep(0.01)
    child.send_signal(signal.SIGINT)
    stdout, stderr = child.communicate(timeout=60)
    assert child.returncode == 130
    assert stdout == ""
    said = re.fullmatch(
        r"Error: Interrupted\. (\d+) of 40 files are done, and kept; the same command goes on with "
        r"the others\.\n",
        stderr,
    )
    assert said is not None, stderr
    paths = list(results.iterdir())
    assert 1 <= int(said[1]) == len(paths) < 40
    for path in paths:
        assert read_image(path).pixels.shape == (384, 512, 3)


def test_a_closed_pipe_is_no_crash(adder_model: Path) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    command = Path(sys.executable).with_name("addersr")
    done = subprocess.run(
        [command, "doctor", "-m", adder_model, "--json"],
        stdout=write_end, stderr=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    os.close(write_end)
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
