from pathlib import Path

import numpy as np
import pytest

from addersr.errors import AdderSRError
from addersr.runtime.benchmark.node_times import node_times

INPUT = {"input": np.random.default_rng(5).uniform(0, 1, (1, 1, 16, 12)).astype(np.float32)}


def test_every_node_is_timed_in_the_order_of_the_graph(adder_model: Path) -> None:
    times = node_times(adder_model, INPUT, runs=3)
    ops = [time.op for time in times]
    assert ops.count("AdderConv") == 1
    # onnxruntime may fuse and reorder what lies around it.
    assert ops.index("AdderConv") < ops.index("DepthToSpace")
    assert all(time.milliseconds >= 0 for time in times)
    assert any(time.milliseconds > 0 for time in times)


def test_no_file_is_left_behind(
    adder_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    node_times(adder_model, INPUT, runs=1)
    assert list(tmp_path.iterdir()) == []


def test_at_least_one_run(adder_model: Path) -> None:
    with pytest.raises(AdderSRError, match="at least 1 run"):
        node_times(adder_model, INPUT, runs=0)
