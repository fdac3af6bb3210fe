import json
from pathlib import Path

import onnx
import pytest
from typer.testing import CliRunner

pytest.importorskip("torch", reason="needs the extra 'export'")
pytest.importorskip("onnxscript", reason="needs the extra 'export'")

from addersr import zoo
from addersr.cli.app import app

ADDER, INTEGERS = "tiny-x2-adder", "tiny-x2-adder-u8"
runner = CliRunner()


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory, photo: "object") -> Path:
    import cv2

    folder = tmp_path_factory.mktemp("images")
    cv2.imwrite(str(folder / "photo.png"), photo)  # type: ignore[call-overload]
    return folder


def test_integers_against_the_float_file_and_on_images(images: Path) -> None:
    original = str(zoo.find(ADDER).onnx)
    arguments = ["verify", INTEGERS, "--against", original, "--data", str(images), "--json"]
    done = runner.invoke(app, [*arguments, "--min-psnr", "10"])
    assert done.exit_code == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["passed"] is True
    assert report["parameters"]["wrong"] == []
    names = [row["name"] for row in report["comparisons"]]
    assert names[0] == "numpy reference"
    assert names[-3:] == ["onnxruntime alone", "float32 network", "each layer"]
    quality = report["quality"]
    assert abs(quality["float_psnr"] - quality["psnr"]) < 0.5

    refused = runner.invoke(app, [*arguments, "--min-psnr", "90"])
    assert refused.exit_code == 1
    assert "at least 90 dB were asked for" in refused.stderr


def test_float_file_against_its_checkpoint(tmp_path: Path) -> None:
    done = runner.invoke(app, ["verify", ADDER, "--against", ADDER])
    assert done.exit_code == 0, done.stderr
    assert "torch float64" in done.stdout
    assert "0 wrong" in done.stdout

    file = onnx.load(str(zoo.find(ADDER).onnx))
    (tensor,) = (t for t in file.graph.initializer if t.name == "blocks.2.adder.weight")
    values = onnx.numpy_helper.to_array(tensor).copy()
    values[3, 1, 1, 1] *= -1
    tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))
    wrong = tmp_path / "wrong.onnx"
    onnx.save(file, wrong)
    refused = runner.invoke(app, ["verify", str(wrong), "--against", ADDER])
    assert refused.exit_code == 1
    assert "Parameters in the file are not those of the model: blocks.2.adder.weight" in (
        refused.stderr
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.onnx"], "no model file missing.onnx"),
        ([ADDER, "--against", "missing.safetensors"], "no file missing.safetensors"),
        ([ADDER, "--against", "tiny-x2-cnn"], "is another model"),
        ([ADDER, "--against", str(zoo.find(ADDER).onnx)], "give a .safetensors file"),
        ([ADDER, "--min-psnr", "30"], "give --data"),
    ],
)
def test_what_cannot_be_compared(arguments: list[str], message: str) -> None:
    done = runner.invoke(app, ["verify", *arguments])
    assert done.exit_code == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr
