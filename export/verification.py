"""Proves that an exported model computes what the torch model computes, wherever it runs."""

import copy
import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import torch
from torch import nn

from addersr import custom_ops
from addersr.errors import AdderSRError
from addersr.export.expectation import reference
from addersr.export.onnx_export import CHANNELS
from addersr.export.passes import FOLDED_FILTERS
from addersr.export.report import Comparison, ParameterCheck, VerificationReport
from addersr.export.samples import Sample, Values, samples
from addersr.export.tolerance import network_tolerance
from addersr.models.super_resolution import SuperResolution
from addersr.runtime.child_session import ChildSession
from addersr.runtime.kernel_calls import kernel_between, kernel_calls
from addersr.runtime.session import create_session, run_session

Run = Callable[[Values], Values]
"""Input [N, c, H, W] of a network → its output."""


@dataclass(frozen=True)
class _Way:
    """One way to compute the network."""

    name: str
    open: Callable[[], AbstractContextManager[Run]]
    uses_kernel: bool
    """A kernel of the op library must run; else none may."""


@dataclass(frozen=True)
class _Expected:
    """A sample and what the network must make of it."""

    sample: Sample
    y: npt.NDArray[np.float64]
    tolerance: float


def verify(
    model: SuperResolution,
    exported: bytes,
    progress: Callable[[int, int], None] | None = None,
) -> VerificationReport:
    """Compare an ONNX file with the torch model that it was exported from.

    The exact result is the torch model in float64. Beside it are put: torch in float32, the graph
    with the numpy references of our ops, onnxruntime with the op library, and onnxruntime in a
    process without it, where the function bodies in the file run. Each must stay within the
    tolerance that ``network_tolerance`` derives. All stored parameters must be those of the model.

    Args:
        model: its weights as in evaluation mode; it is not changed.
        exported: the ONNX file.
        progress: called with the steps done and the steps in all.

    Raises:
        AdderSRError: the torch model itself gives values that are not finite.
    """
    model = copy.deepcopy(model).eval().requires_grad_(False)
    proto = onnx.load_from_string(exported)
    ways = (
        _Way("torch float32", lambda: nullcontext(_torch(model)), False),
        _Way("numpy reference", lambda: nullcontext(_numpy(proto)), False),
        _Way("onnxruntime + library", lambda: _with_library(exported), _has_adder_convs(proto)),
        _Way("onnxruntime alone", lambda: _without_library(exported), False),
    )
    comparisons: list[Comparison] = []
    with _one_thread():
        expected = _expect(model)
        for way in ways:
            if progress is not None:
                progress(1 + len(comparisons), 1 + len(ways))
            comparisons.append(_compare(way, expected))
    return VerificationReport(tuple(comparisons), check_parameters(model, proto))


def check_parameters(model: nn.Module, exported: onnx.ModelProto) -> ParameterCheck:
    """Look for the bits of every parameter and statistic of ``model`` in the ONNX file.

    A tensor may have got another shape. Filters must be there, unless the file says that they were
    collapsed into others; what else is not there is taken to be folded into constants.
    """
    metadata = {prop.key: prop.value for prop in exported.metadata_props}
    collapsed = set(json.loads(metadata.get(FOLDED_FILTERS, "[]")))
    stored = {
        tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in exported.graph.initializer
    }
    identical: list[str] = []
    folded: list[str] = []
    wrong: list[str] = []
    for name, tensor in model.state_dict().items():
        if not tensor.is_floating_point():
            continue  # a counter of training steps
        is_filter = tensor.dim() == 4 and name not in collapsed
        if name in stored:
            same = stored[name].tobytes() == tensor.numpy().tobytes()
            (identical if same else wrong).append(name)
        else:
            (wrong if is_filter else folded).append(name)
    return ParameterCheck(tuple(identical), tuple(folded), tuple(wrong))


@contextmanager
def _one_thread() -> Iterator[None]:
    # On tensors as small as these, torch's threads wait for each other longer than they compute.
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _expect(model: SuperResolution) -> tuple[_Expected, ...]:
    precise = copy.deepcopy(model).double()
    expected = []
    for sample in samples(CHANNELS[model.colour]):
        y, tolerance = network_tolerance(precise, torch.from_numpy(sample.x).double())
        if not bool(y.isfinite().all()):
            raise AdderSRError(
                "The model gives values that are not finite for an ordinary image: its weights are "
                "damaged or its training diverged. Use an earlier checkpoint."
            )
        expected.append(_Expected(sample, y.numpy(), tolerance))
    return tuple(expected)


def _compare(way: _Way, expected: tuple[_Expected, ...]) -> Comparison:
    rows: list[tuple[float, _Expected]] = []
    kernel, problem = None, ""
    try:
        with way.open() as run:
            before = kernel_calls()
            rows.extend((_error(run(item.sample.x), item.y), item) for item in expected)
            kernel = kernel_between(before)
    except AdderSRError as failure:
        problem = f"{way.name}: {failure}"
    if not problem and way.uses_kernel != (kernel is not None):
        problem = (
            f"{way.name}: {kernel or 'no kernel'} of the op library ran, expected "
            f"{'one' if way.uses_kernel else 'none'}. Run 'addersr doctor'."
        )
    if not rows:
        return Comparison(way.name, float("inf"), 0.0, "", kernel, problem)
    error, worst = max(rows, key=lambda row: row[0] / row[1].tolerance if row[0] else 0.0)
    return Comparison(way.name, error, worst.tolerance, worst.sample.name, kernel, problem)


def _error(y: Values, exact: npt.NDArray[np.float64]) -> float:
    """The largest difference; infinite for another shape or values that are not numbers."""
    if y.shape != exact.shape:
        return float("inf")
    error = float(np.abs(y - exact).max())
    return error if np.isfinite(error) else float("inf")


def _has_adder_convs(proto: onnx.ModelProto) -> bool:
    return any(node.domain == custom_ops.DOMAIN for node in proto.graph.node)


def _torch(model: SuperResolution) -> Run:
    def run(x: Values) -> Values:
        with torch.no_grad():
            y: Values = model(torch.from_numpy(x)).numpy()
        return y

    return run


def _numpy(proto: onnx.ModelProto) -> Run:
    evaluator = reference(proto)

    def run(x: Values) -> Values:
        (y,) = evaluator.run(None, {"input": x})
        assert isinstance(y, np.ndarray)
        return y

    return run


@contextmanager
def _with_library(exported: bytes) -> Iterator[Run]:
    session = create_session(exported, threads=1)
    yield lambda x: run_session(session, {"input": x})["output"]


@contextmanager
def _without_library(exported: bytes) -> Iterator[Run]:
    with tempfile.TemporaryDirectory(prefix="addersr-export-") as folder:
        path = Path(folder) / "model.onnx"
        path.write_bytes(exported)
        with ChildSession(path, threads=1) as session:
            yield lambda x: session.run({"input": x})["output"]
