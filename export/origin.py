"""Whether a file in integers is what its float32 model and its plan give, and how far from it.

A wrong weight or zero point may stay far below any bound on the output. So the file is made again
(``lower``) and compared constant by constant; the bounds then say what integers cost.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

from addersr.errors import AdderSRError
from addersr.export.expectation import reference, sample_inputs
from addersr.export.quantization import Plan, lower
from addersr.export.quantization.bound import LayerCheck, check_layers, propagated_bound
from addersr.export.quantization.lower import integer_name
from addersr.export.quantization.network import read_network
from addersr.export.report import Comparison, ParameterCheck

Array = npt.NDArray[Any]

_METADATA = ("architecture", "arguments", "kind", "scale", "colour", "io", "halo")


@dataclass(frozen=True)
class Origin:
    """What came of the comparison with the float32 model."""

    parameters: ParameterCheck
    comparison: Comparison
    """The output beside that of the float32 model; the tolerance is the derived bound. All errors
    might add up in it, so it is wide."""
    layer: Comparison
    """The layer that is nearest its own bound, beside float64 on the same integers: a tight one."""
    psnr: float
    """dB between the two on the samples that look like photos, of values in 0…1."""


def compare_with_float(exported: bytes, model: onnx.ModelProto) -> Origin:
    """Compare a file in integers with the float32 file that it was quantised from.

    Args:
        exported: of ``addersr quantize``, with planes or pictures.
        model: of ``addersr export`` with the same ends.

    Raises:
        AdderSRError: the file has no plan, or the plan is for another network.
    """
    file = onnx.load_from_string(exported)
    properties = {prop.key: prop.value for prop in file.metadata_props}
    if "addersr.plan" not in properties:
        raise AdderSRError(
            "The file has no quantisation plan in its metadata: expected one made by 'addersr "
            "quantize'."
        )
    plan = Plan.from_json(properties["addersr.plan"])
    again = lower(model, plan, fallback=bool(file.functions))
    parameters = _compare_files(file, again, properties)
    comparison, layer, psnr = _compare_results(file, model, plan)
    return Origin(parameters, comparison, layer, psnr)


def _compare_files(
    file: onnx.ModelProto, again: onnx.ModelProto, properties: dict[str, str]
) -> ParameterCheck:
    ours, expected = _constants(file), _constants(again)
    identical = [name for name, value in expected.items() if _same(ours.get(name), value)]
    wrong = [name for name in (*expected, *ours) if name not in identical]
    nodes, others = ([_bytes(node) for node in one.graph.node] for one in (file, again))
    for number, node in enumerate(file.graph.node):
        if number >= len(others) or nodes[number] != others[number]:
            wrong.append(f"{node.name} (node)")
    wrong += [f"{node.name} (node missing)" for node in again.graph.node[len(nodes) :]]
    fresh = {prop.key: prop.value for prop in again.metadata_props}
    keys = [f"addersr.{key}" for key in _METADATA]
    wrong += [f"{key} (metadata)" for key in keys if properties.get(key) != fresh.get(key)]
    bodies, expected_bodies = ({f.name: f for f in one.functions} for one in (file, again))
    wrong += [f"{n} (function)" for n, f in bodies.items() if f != expected_bodies.get(n)]
    return ParameterCheck(tuple(identical), (), tuple(dict.fromkeys(wrong)))


def _bytes(node: onnx.NodeProto) -> bytes:
    serialized: bytes = node.SerializeToString(deterministic=True)
    return serialized


def _constants(model: onnx.ModelProto) -> dict[str, Array]:
    return {t.name: onnx.numpy_helper.to_array(t) for t in model.graph.initializer}


def _same(value: Array | None, expected: Array) -> bool:
    return (
        value is not None
        and (value.dtype, value.shape) == (expected.dtype, expected.shape)
        and value.tobytes() == expected.tobytes()
    )


def _compare_results(
    file: onnx.ModelProto, model: onnx.ModelProto, plan: Plan
) -> tuple[Comparison, Comparison, float]:
    """What the network gives before its picture is put together, and each of its layers."""
    network = read_network(model)
    evaluator = reference(file)
    (given,) = (value.name for value in file.graph.input)
    names = {tensor: integer_name(tensor) for tensor in network.tensors}
    rows: list[tuple[float, float, str]] = []
    checks: list[LayerCheck] = []
    squares, count = 0.0, 0
    for name, x in sample_inputs(file):
        expected, bound = propagated_bound(network, plan, x)
        results: Any = evaluator.run([network.end, *names.values()], {given: x})
        end, *integers = results
        checks += check_layers(network, plan, dict(zip(names, integers, strict=True)))
        difference = np.abs(end.astype(np.float64) - expected)
        worst = np.unravel_index(np.argmax(difference - bound), difference.shape)
        rows.append((float(difference[worst]), float(bound[worst]), name))
        if "photo" in name:  # the ranges of the integers are not made for noise
            squares += float((difference**2).sum())
            count += difference.size
    error, tolerance, sample = max(rows, key=lambda row: row[0] - row[1])
    psnr = 10 * np.log10(count / squares) if squares else float("inf")
    worst_layer = max(checks, key=lambda check: check.error / check.bound)
    return (
        Comparison("float32 network", error, tolerance, sample, None, ""),
        Comparison("each layer", worst_layer.error, worst_layer.bound, worst_layer.name, None, ""),
        float(psnr),
    )
