"""Exported files in onnxruntime-web: WebAssembly in Node, where only the function bodies can run.

``make web`` fetches the package; without it, or without node, these tests are skipped.
"""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'export'")
pytest.importorskip("onnxscript", reason="needs the extra 'export'")

from addersr.export import export_onnx
from addersr.export.expectation import expectations
from addersr.export.onnx_export import ExportOptions
from addersr.models import create
from addersr.models.super_resolution import Kind

HERE = Path(__file__).parent
PACKAGES = HERE.parents[2] / "build" / "web"
ARGUMENTS = {"channels": 8, "blocks": 2}

pytestmark = [
    pytest.mark.skipif(shutil.which("node") is None, reason="needs node"),
    pytest.mark.skipif(
        not (PACKAGES / "node_modules" / "onnxruntime-web").is_dir(),
        reason="needs onnxruntime-web in build/web: run 'make web'",
    ),
]


def run_in_node(model: Path, x: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The output of a model for one input."""
    sizes = "x".join(map(str, x.shape))
    command = ["node", str(HERE / "run.mjs"), str(PACKAGES), str(model), x.dtype.name, sizes]
    done = subprocess.run(command, input=x.tobytes(), capture_output=True, check=False, timeout=120)
    lines = done.stderr.decode().splitlines()
    assert done.returncode == 0, "\n".join(lines)
    said = json.loads(lines[-1])
    assert said["type"] == x.dtype.name
    return np.frombuffer(done.stdout, x.dtype).reshape(said["dims"])


def exported(kind: Kind, io: str) -> onnx.ModelProto:
    """A small network whose every parameter matters."""
    torch.manual_seed(3)
    model = create("mobile", kind, 2, **ARGUMENTS).eval()
    with torch.no_grad():
        for parameter in model.parameters():  # a fresh tail is zero and hides what comes before
            parameter.add_(0.1 * torch.randn_like(parameter))
    options = ExportOptions(io=io)
    return export_onnx(model, architecture="mobile", arguments=ARGUMENTS, options=options)


@pytest.mark.parametrize(("kind", "io"), [("adder", "float"), ("adder", "uint8"), ("cnn", "uint8")])
def test_file_runs_in_web_assembly(tmp_path: Path, kind: Kind, io: str) -> None:
    proto = exported(kind, io)
    path = tmp_path / "model.onnx"
    path.write_bytes(proto.SerializeToString())
    *_, sample = expectations(proto, integers=False)
    assert sample.sample == "2x noise 14x9"  # an odd size, two images at once
    y = run_in_node(path, sample.x)
    assert y.shape == sample.y.shape
    assert np.ptp(y) > 0
    assert (np.abs(y.astype(np.float64) - sample.y) <= sample.tolerance).all()
