"""``addersr train --quantize``: what it trains is what the file in integers computes."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")
pytest.importorskip("onnxscript", reason="needs the extra 'export'")

from typer.testing import CliRunner

from addersr.cli.app import app
from addersr.models import create
from addersr.models.checkpoint import load_model, read_metadata, save_model
from addersr.runtime.images import write_image
from addersr.runtime.session import create_session, run_session
from addersr.training.fake_quantization import FakeQuantization


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return result.exit_code, result.stderr


def test_the_file_computes_what_was_trained(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    rows, columns = np.mgrid[0:72, 0:80]
    for index in range(2):
        image = 128 + 90 * np.sin((rows * (index + 1) + 2 * columns) / 11)
        write_image(photos / f"{index}.png", image.astype(np.uint8))
    torch.manual_seed(0)
    arguments = {"channels": 8, "blocks": 2}
    model = create("mobile", "adder", **arguments)
    with torch.no_grad():
        model.tail.weight.normal_(0, 0.05)
    start, folder = tmp_path / "start.safetensors", tmp_path / "run"
    save_model(start, model, architecture="mobile", arguments=arguments, training={}, psnr={})
    code, stderr = run(
        "train", "mobile", "--start", start, "--quantize", "u8", "--bits", 6, "--data", photos,
        "--steps", 2, "-a", "channels=8", "-a", "blocks=2", "--batch", 2, "--patch", 8,
        "--rate", "1e-3", "--threads", 1, "-o", folder,
    )  # fmt: skip
    assert code == 0, stderr
    checkpoint, exported, integers = (folder / n for n in ("model.safetensors", "m.onnx", "q.onnx"))
    assert "plan" in read_metadata(checkpoint)
    assert run("export", checkpoint, "-o", exported)[0] == 0
    command = ("quantize", exported, "-o", integers, "--data", photos)
    assert run(*command, "--bits", 6)[0] == 0
    code, stderr = run(*command, "--bits", 6, "--groups", 2)
    assert code == 1
    assert "were trained for one scale in each layer" in " ".join(stderr.split())
    code, stderr = run(*command)
    assert code == 1
    assert "were trained for other integers than u8 of 8 bits" in " ".join(stderr.split())

    state = torch.load(folder / "state.pt", weights_only=True)
    stored = FakeQuantization.from_json(state["quantization"])
    average = load_model(checkpoint)
    stored.attach(average)
    average._roundings.load_scales(state["scales"][1])
    # Within what calibration saw: a table's domain, which training does not clamp, ends there.
    x = (0.5 + 0.35 * np.sin((rows + 2 * columns) / 5.5))[None, None, :20, :24].astype(np.float32)
    trained = average(torch.from_numpy(x)).detach().numpy()
    exact = load_model(checkpoint)(torch.from_numpy(x)).detach().numpy()
    got = run_session(create_session(integers.read_bytes(), threads=1), {"input": x})["output"]
    # Now and then a value falls on the other side of a rounding; without roundings all differ.
    assert np.abs(got - trained).mean() < 0.1 * np.abs(exact - trained).mean()
