"""Fixtures that several folders of tests share."""

import os

# Before anything imports torch or numpy: their threads wait by spinning, which on a busy machine
# makes small tensors a hundred times slower.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from .model_factory import super_resolution_model


@pytest.fixture(scope="session")
def adder_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An ONNX file: luma, x2, one AdderConv."""
    path = tmp_path_factory.mktemp("models") / "adder.onnx"
    path.write_bytes(super_resolution_model("adder").SerializeToString())
    return path


@pytest.fixture(scope="session")
def cnn_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with a Conv in the place of the AdderConv."""
    path = tmp_path_factory.mktemp("models") / "cnn.onnx"
    path.write_bytes(super_resolution_model("cnn").SerializeToString())
    return path


@pytest.fixture(scope="session")
def photo() -> npt.NDArray[np.uint8]:
    """uint8 [48, 64, 3]: smooth colours with an edge and some noise, like a photo."""
    random = np.random.default_rng(1)
    rows, columns = np.mgrid[0:48, 0:64]
    planes = [2.5 * columns + 20, 3 * rows + 60, 200 - 2 * rows - columns / 2]
    image = np.dstack(planes) + random.normal(0, 3, (48, 64, 3))
    image[10:30, 20:40] += 60
    clipped: npt.NDArray[np.uint8] = np.clip(image, 0, 255).astype(np.uint8)
    return clipped


@pytest.fixture(scope="session")
def benchmark_sets() -> Path:
    """The folder with Set5 and Set14, where there is one."""
    root = Path(__file__).parent.parent
    data = Path(os.environ.get("ADDERSR_DATA", root / ".." / "shared" / "data"))
    folder = data / "bench"
    if not folder.is_dir():
        pytest.skip(f"no benchmark images in {folder}; set ADDERSR_DATA")
    return folder
