import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

from addersr.errors import AdderSRError
from addersr.runtime.session import create_session, run_session

from ..model_factory import super_resolution_model


def _planes(height: int = 9, width: int = 14) -> dict[str, np.ndarray]:
    values = np.random.default_rng(3).uniform(0, 1, (1, 1, height, width))
    return {"input": values.astype(np.float32)}


def test_with_and_without_the_library_agree(adder_model: Path) -> None:
    inputs = _planes()
    fast = run_session(create_session(adder_model, threads=1), inputs)["output"]
    slow = run_session(create_session(adder_model, threads=1, use_library=False), inputs)["output"]
    assert fast.shape == (1, 1, 18, 28)
    # The sums are about 20, the tail's weights make 0.00015 of them: rounding far below 1e-6.
    np.testing.assert_allclose(fast, slow, rtol=0, atol=1e-6)


def test_bytes_and_burst(adder_model: Path) -> None:
    session = create_session(adder_model.read_bytes(), single_burst=True)
    expected = run_session(create_session(adder_model), _planes())["output"]
    np.testing.assert_array_equal(run_session(session, _planes())["output"], expected)


def test_models_that_cannot_be_loaded(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    newer = super_resolution_model(op_version=2).SerializeToString()
    with pytest.raises(AdderSRError, match="version 2 of the operators"):
        create_session(newer)
    broken = super_resolution_model("cnn")
    broken.graph.node[0].op_type = "NoSuchOperator"
    with pytest.raises(AdderSRError, match=r"The model cannot be loaded: .*NoSuchOperator"):
        create_session(broken.SerializeToString())
    path = tmp_path / "bodyless.onnx"
    path.write_bytes(super_resolution_model(function=False).SerializeToString())
    create_session(path)
    with pytest.raises(AdderSRError, match=r"bodyless\.onnx cannot be loaded"):
        create_session(path, use_library=False)
    assert capfd.readouterr().err == ""


def test_inputs_that_do_not_fit(adder_model: Path, capfd: pytest.CaptureFixture[str]) -> None:
    session = create_session(adder_model)
    with pytest.raises(AdderSRError, match="cannot run on this input"):
        run_session(session, {"input": np.zeros((1, 2, 8, 8), np.float32)})
    with pytest.raises(AdderSRError, match="cannot run on this input"):
        run_session(session, {"wrong name": np.zeros((1, 1, 8, 8), np.float32)})
    assert capfd.readouterr().err == ""


def test_negative_threads(adder_model: Path) -> None:
    with pytest.raises(AdderSRError, match=r"more threads, got -1"):
        create_session(adder_model, threads=-1)


def test_newest_known_opset_is_not_needed() -> None:
    # The fixture itself must stay within what onnxruntime 1.18 loads.
    model = super_resolution_model()
    assert model.ir_version <= 10
    onnx.checker.check_model(model)


def test_an_unknown_forced_instruction_set_is_refused(adder_model: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from addersr.errors import AdderSRError\n"
        "from addersr.runtime.session import create_session\n"
        "try: create_session(Path(sys.argv[1]))\n"
        "except AdderSRError as error: print(error)\n"
    )
    environment = {**os.environ, "ADDERSR_FORCE_ISA": "mmx"}
    done = subprocess.run(
        [sys.executable, "-c", code, str(adder_model)],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "mmx" in done.stdout
    assert "ADDERSR_FORCE_ISA" in done.stdout
    assert done.stderr == ""


def test_nothing_in_the_runtime_imports_torch_or_onnx() -> None:
    code = (
        "import pkgutil, importlib, sys, addersr.runtime, addersr.zoo\n"
        "for module in pkgutil.iter_modules(addersr.runtime.__path__, 'addersr.runtime.'):\n"
        "    importlib.import_module(module.name)\n"
        "print(sorted({'torch', 'onnx', 'skimage', 'addersr.models'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
