import os
from pathlib import Path

import numpy as np
import pytest

from addersr import custom_ops
from addersr.errors import AdderSRError
from addersr.runtime.child_session import ChildSession, library_loaded, run_bare
from addersr.runtime.session import create_session, run_session

INPUT = np.random.default_rng(5).uniform(0, 1, (1, 1, 10, 12)).astype(np.float32)


def test_the_child_gives_the_same_without_our_library(adder_model: Path) -> None:
    ours = run_session(create_session(adder_model, threads=1), {"input": INPUT})
    # The check can fail: in this process, the library is seen.
    assert library_loaded()
    bare = run_bare(adder_model, {"input": INPUT}, threads=1)
    assert bare.keys() == {"output"}
    np.testing.assert_allclose(bare["output"], ours["output"], rtol=0, atol=1e-6)


@pytest.mark.parametrize("isa", custom_ops.library_info().available_isas)
def test_a_child_runs_the_instruction_set_that_it_is_told(adder_model: Path, isa: str) -> None:
    ours = run_session(create_session(adder_model, threads=1), {"input": INPUT})
    with ChildSession(adder_model, threads=1, isa=isa) as session:
        forced = session.run({"input": INPUT})
        # Several where the fastest of an instruction set is found by trying them.
        ran = {kernel for kernel, calls in session.kernel_calls.items() if calls}
    assert ran
    assert all(kernel.startswith(f"{isa}_") for kernel in ran)
    np.testing.assert_array_equal(forced["output"], ours["output"])


def test_a_child_refuses_an_unknown_instruction_set(adder_model: Path) -> None:
    with pytest.raises(AdderSRError, match="not the name of an instruction set"):
        ChildSession(adder_model, isa="mmx")


def test_times_and_names(cnn_model: Path) -> None:
    with ChildSession(cnn_model, threads=1) as session:
        assert session.input_name == "input"
        session.load({"input": INPUT})
        seconds, cpu_seconds = session.time()
        assert 0 < seconds < 60
        assert 0 <= cpu_seconds < 60


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs Linux's /proc")
def test_a_library_in_the_child_is_found_out(
    adder_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LD_PRELOAD", str(custom_ops.library_path()))
    with pytest.raises(AdderSRError, match="must not have it"), ChildSession(adder_model):
        pass


def test_errors_of_the_child_are_ours(tmp_path: Path, adder_model: Path) -> None:
    empty = tmp_path / "empty.onnx"
    empty.touch()
    with pytest.raises(AdderSRError, match=r"empty\.onnx is empty"):
        run_bare(empty, {"input": INPUT})
    with pytest.raises(AdderSRError, match="cannot run on this input"):
        run_bare(adder_model, {"wrong": INPUT})


def test_a_child_that_dies_is_reported(
    adder_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text("import os; os._exit(7)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(AdderSRError, match="ended early"):
        ChildSession(adder_model)


def test_nothing_is_left_behind(
    adder_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with ChildSession(adder_model) as session:
        session.run({"input": INPUT})
        child = session._child.pid
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_names_of_tensors_are_free(tmp_path: Path) -> None:
    from addersr.runtime import child_session

    path = tmp_path / "tensors.npz"
    arrays = {"file": INPUT, "a/b:0": INPUT + 1, "arr_0": INPUT + 2}
    child_session._save(path, arrays)
    back = child_session._load(path)
    assert list(back) == list(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(back[name], array)
