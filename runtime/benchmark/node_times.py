"""How long each node of a model takes, as onnxruntime's profiler sees it."""

import json
import statistics
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from addersr.errors import AdderSRError
from addersr.runtime.session import Arrays, create_session, run_session

_SUFFIX = "_kernel_time"


@dataclass(frozen=True)
class NodeTime:
    """One node of the graph that really runs, after onnxruntime's own fusions."""

    name: str
    op: str
    milliseconds: float
    """Median over the runs."""


def node_times(
    model: Path | bytes,
    inputs: Arrays | npt.NDArray[Any],
    *,
    runs: int = 11,
    threads: int = 1,
) -> list[NodeTime]:
    """Time the nodes of a model in the order in which they run.

    Args:
        model: ONNX file or its bytes.
        inputs: by name, or that of a model which has one.
        runs: after one that does not count.
        threads: of onnxruntime.

    Raises:
        AdderSRError: the model cannot be loaded or run, or ``runs`` is below 1.
    """
    if runs < 1:
        raise AdderSRError(f"Expected at least 1 run to measure, got {runs}.")
    with tempfile.TemporaryDirectory(prefix="addersr-profile-") as folder:
        session = create_session(
            model, threads=threads, single_burst=True, profile=Path(folder) / "nodes"
        )
        if isinstance(inputs, np.ndarray):
            inputs = {session.get_inputs()[0].name: inputs}
        for _ in range(1 + runs):
            run_session(session, inputs)
        events: list[Mapping[str, Any]] = json.loads(Path(session.end_profiling()).read_text())
    times: dict[str, list[float]] = {}
    ops: dict[str, str] = {}
    for event in events:
        if event.get("cat") == "Node" and event["name"].endswith(_SUFFIX):
            name = event["name"].removesuffix(_SUFFIX)
            times.setdefault(name, []).append(event["dur"] / 1e3)
            ops[name] = event["args"]["op_name"]
    return [NodeTime(name, ops[name], statistics.median(of[1:])) for name, of in times.items()]
