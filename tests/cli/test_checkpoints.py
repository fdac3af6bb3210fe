"""``evaluate`` with a checkpoint: the only command here that needs torch."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from addersr.cli.evaluate import checkpoint_upscaler
from addersr.errors import AdderSRError
from addersr.runtime.images import write_image

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    torch = pytest.importorskip("torch", reason="checkpoints need the extra 'train'")
    from addersr.models import create
    from addersr.models.checkpoint import save_model

    torch.manual_seed(0)
    arguments = {"channels": 16, "blocks": 1}
    model = create("mobile", "adder", 2, **arguments)
    path = tmp_path / "model.safetensors"
    save_model(path, model, architecture="mobile", arguments=arguments, training={}, psnr={})
    return path


def test_evaluate_a_checkpoint(
    run: Run, checkpoint: Path, photo: npt.NDArray[np.uint8], tmp_path: Path
) -> None:
    pytest.importorskip("skimage", reason="SSIM needs scikit-image")
    write_image(tmp_path / "photo.png", photo)
    done = run("evaluate", checkpoint, "--data", tmp_path, "--json", "--threads", "1")
    result = json.loads(done.stdout)["evaluations"][1]
    assert (result["scale"], len(result["images"])) == (2, 1)
    # Untrained, it is the nearest enlargement and a little noise.
    assert 10 < result["psnr"] < 60
    upscale, scale = checkpoint_upscaler(checkpoint)
    assert scale == 2
    assert upscale(photo).shape == (96, 128, 3)


def test_without_torch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(AdderSRError, match=r"needs torch.*pip install 'addersr\[train\]'"):
        checkpoint_upscaler(tmp_path / "model.safetensors")


def test_a_bad_checkpoint(fails: Callable[..., str], tmp_path: Path, checkpoint: Path) -> None:
    write_image(tmp_path / "photo.png", np.zeros((32, 32), np.uint8))
    checkpoint.write_bytes(b"")
    assert "model.safetensors" in fails("evaluate", checkpoint, "--data", tmp_path)
