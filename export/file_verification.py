"""Proves what an ONNX file computes, on every instruction set and without our library.

A float32 file is compared with its own graph in float64 (``graph_tolerance``), a file in integers
with the numpy references of its operators, bit for bit. Whether it holds the right weights is
another question: see ``verification`` and ``origin``.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

from addersr import custom_ops
from addersr.custom_ops import DOMAIN
from addersr.errors import AdderSRError
from addersr.export.expectation import Expectation, expectations, reference
from addersr.export.report import Comparison
from addersr.runtime.child_session import ChildSession
from addersr.runtime.kernel_calls import leading_kernel
from addersr.runtime.model_info import read_model_info

Array = npt.NDArray[Any]
Run = Callable[[Array], Array]


@dataclass(frozen=True)
class _Way:
    """One way to compute the network."""

    name: str
    open: Callable[[], AbstractContextManager["_Running"]]
    isa: str | None
    """The instruction set whose kernels must run; None: none of them may."""


@dataclass(frozen=True)
class _Running:
    run: Run
    calls: Callable[[], dict[str, int]]
    """Calls of the library's kernels so far."""


def verify_file(
    exported: bytes, progress: Callable[[int, int], None] | None = None
) -> tuple[Comparison, ...]:
    """Compute the samples in every way there is, and compare.

    The ways: the numpy references of our operators; onnxruntime with our library, once for each
    instruction set of this CPU; and onnxruntime alone, if the file carries function bodies.

    Args:
        exported: an ONNX file of ``addersr export`` or ``addersr quantize``, of free size.
        progress: called with the steps done and the steps in all.

    Raises:
        AdderSRError: no such file, a node whose rounding is not known, or values that are not
            finite.
    """
    info = read_model_info(exported)
    model = onnx.load_from_string(exported)
    _check_free(model)
    with tempfile.TemporaryDirectory(prefix="addersr-verify-") as folder:
        path = Path(folder) / "model.onnx"
        path.write_bytes(exported)
        ways = _ways(model, path)
        _tell(progress, 0, 1 + len(ways))
        expected = tuple(expectations(model, integers=info.precision != "fp32"))
        comparisons: list[Comparison] = []
        for way in ways:
            _tell(progress, 1 + len(comparisons), 1 + len(ways))
            comparisons.append(_compare(way, expected))
    return tuple(comparisons)


def _check_free(model: onnx.ModelProto) -> None:
    sides = model.graph.input[0].type.tensor_type.shape.dim
    pictures = model.graph.input[0].type.tensor_type.elem_type == onnx.TensorProto.UINT8
    if any(side.HasField("dim_value") for side in (sides[1:3] if pictures else sides[2:])):
        raise AdderSRError(
            "A file for one size of images cannot be tried on the samples: verify the file of the "
            "same model without --size."
        )


def _tell(progress: Callable[[int, int], None] | None, done: int, total: int) -> None:
    if progress is not None:
        progress(done, total)


def _ways(model: onnx.ModelProto, path: Path) -> list[_Way]:
    ways = [_Way("numpy reference", lambda: nullcontext(_numpy(model)), None)]
    ours = {node.op_type for node in model.graph.node if node.domain == DOMAIN}
    # Networks without our operators run on onnxruntime's own.
    isas = custom_ops.library_info().available_isas if ours else ()
    ways += [_Way(f"onnxruntime, {isa}", _opener(path, isa), isa) for isa in isas]
    if ours <= {function.name for function in model.functions}:
        ways.append(_Way("onnxruntime alone", _opener(path, None), None))
    return ways


def _opener(path: Path, isa: str | None) -> Callable[[], AbstractContextManager[_Running]]:
    @contextmanager
    def session() -> Iterator[_Running]:
        with ChildSession(path, threads=1, isa=isa) as child:
            name = child.input_name

            def run(x: Array) -> Array:
                (y,) = child.run({name: x}).values()
                return y

            yield _Running(run, lambda: child.kernel_calls)

    return session


def _numpy(model: onnx.ModelProto) -> _Running:
    evaluator = reference(model)
    name = model.graph.input[0].name

    def run(x: Array) -> Array:
        (y,) = evaluator.run(None, {name: x})
        assert isinstance(y, np.ndarray)
        return y

    return _Running(run, dict)


def _compare(way: _Way, expected: tuple[Expectation, ...]) -> Comparison:
    rows: list[tuple[float, float, str]] = []
    kernel, problem = None, ""
    try:
        with way.open() as running:
            rows.extend((*_error(running.run(item.x), item), item.sample) for item in expected)
            kernel = _kernel(running.calls(), way.isa)
    except AdderSRError as failure:
        problem = f"{way.name}: {failure}"
    if not problem and (kernel is None) != (way.isa is None):
        problem = f"{way.name}: no kernel of this instruction set ran. Run 'addersr doctor'."
    if not rows:
        return Comparison(way.name, float("inf"), 0.0, "", kernel, problem)
    error, tolerance, sample = max(rows, key=lambda row: row[0] - row[1])
    return Comparison(way.name, error, tolerance, sample, kernel, problem)


def _error(y: Array, expected: Expectation) -> tuple[float, float]:
    """The difference and the tolerance of the value that is worst; infinite for another shape."""
    if y.shape != expected.y.shape:
        return float("inf"), 0.0
    difference = np.abs(y - expected.y)
    difference = np.where(np.isfinite(difference), difference, np.inf)
    tolerance = np.broadcast_to(expected.tolerance, difference.shape)
    worst = np.unravel_index(np.argmax(difference - tolerance), difference.shape)
    return float(difference[worst]), float(tolerance[worst])


def _kernel(calls: dict[str, int], isa: str | None) -> str | None:
    """The leading kernel of an instruction set."""
    if isa is None:
        return None
    return leading_kernel({k: count for k, count in calls.items() if k.startswith(f"{isa}_")})
