"""A wrong file does not pass."""

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'export'")
pytest.importorskip("onnxscript", reason="needs the extra 'export'")

from addersr.errors import AdderSRError
from addersr.export import VerificationReport, verification, verify
from addersr.models.super_resolution import SuperResolution

IN_THE_FILE = ("numpy reference", "onnxruntime + library", "onnxruntime alone")


def changed(exported: bytes, name: str, change: Callable[[Any], None]) -> bytes:
    """The file with the flattened initializer ``name`` changed in place."""
    proto = onnx.load_from_string(exported)
    (tensor,) = (tensor for tensor in proto.graph.initializer if tensor.name == name)
    values = onnx.numpy_helper.to_array(tensor).copy()
    change(values.reshape(-1))
    tensor.CopyFrom(onnx.numpy_helper.from_array(values, name))
    return proto.SerializeToString()


def failed(report: VerificationReport) -> set[str]:
    return {row.name for row in report.comparisons if not row.passed}


def test_right_file_passes_and_says_how(model: SuperResolution, exported: bytes) -> None:
    steps: list[tuple[int, int]] = []
    report = verify(model, exported, lambda done, total: steps.append((done, total)))
    assert report.passed
    assert not report.problems
    kernels = {row.name: row.kernel for row in report.comparisons}
    assert kernels.pop("onnxruntime + library") is not None
    assert set(kernels.values()) == {None}
    assert "blocks.0.adder.weight" in report.parameters.identical
    in_epilogue = ("norm.weight", "norm.bias", "power.log_alpha", "activation.weight")
    assert set(report.parameters.folded) == {
        f"blocks.{block}.{name}" for block in (0, 1) for name in in_epilogue
    }
    # Of use at all: far below half a grey level.
    assert max(row.tolerance for row in report.comparisons) < 0.2 / 255
    assert steps == [(1, 5), (2, 5), (3, 5), (4, 5)]


@pytest.mark.parametrize(
    ("name", "position"),
    [
        ("blocks.0.adder.weight", 0),
        ("blocks.0.adder.weight", 301),
        ("blocks.1.adder.weight", 150),
        ("blocks.1.adder.weight", -2),
        ("head.weight", 3),
    ],
)
def test_one_flipped_weight_is_found(
    model: SuperResolution, exported: bytes, name: str, position: int
) -> None:
    def flip(values: Any) -> None:
        assert abs(values[position]) > 0.02
        values[position] = -values[position]

    report = verify(model, changed(exported, name, flip))
    assert not report.passed
    # Twice over: by its bits, and by what comes out.
    assert report.parameters.wrong == (name,)
    assert failed(report) == set(IN_THE_FILE)
    assert any(name in problem for problem in report.problems)


def test_one_bit_of_a_weight_is_found(model: SuperResolution, exported: bytes) -> None:
    def next_float(values: Any) -> None:
        values[5] = np.nextafter(values[5], np.float32(9))

    report = verify(model, changed(exported, "blocks.1.adder.weight", next_float))
    assert not report.passed
    assert report.parameters.wrong == ("blocks.1.adder.weight",)
    assert failed(report) == set()


def test_wrong_folded_constant_is_found(model: SuperResolution, exported: bytes) -> None:
    def shift(values: Any) -> None:
        values[3] *= 1.01

    report = verify(model, changed(exported, "blocks.1.adder.bias", shift))
    assert not report.passed
    assert report.parameters.passed
    assert failed(report) == set(IN_THE_FILE)


def test_wrong_function_body_is_found(model: SuperResolution, exported: bytes) -> None:
    proto = onnx.load_from_string(exported)
    (negation,) = (node for node in proto.functions[0].node if node.op_type == "Neg")
    negation.op_type = "Abs"
    report = verify(model, proto.SerializeToString())
    assert failed(report) == {"onnxruntime alone"}


def test_missing_filter_is_found(model: SuperResolution, exported: bytes) -> None:
    proto = onnx.load_from_string(exported)
    for tensor in proto.graph.initializer:
        tensor.name = tensor.name.replace("tail.weight", "other")
    report = verification.check_parameters(model, proto)
    assert report.wrong == ("tail.weight",)


def test_library_that_does_not_run_is_found(
    model: SuperResolution, exported: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = verification.create_session
    monkeypatch.setattr(
        verification,
        "create_session",
        lambda file, threads: original(file, threads=threads, use_library=False),
    )
    report = verify(model, exported)
    assert failed(report) == {"onnxruntime + library"}
    assert "no kernel" in report.problems[0]


def test_file_too_new_for_onnxruntime_is_reported(model: SuperResolution, exported: bytes) -> None:
    proto = onnx.load_from_string(exported)
    proto.ir_version = 99
    report = verify(model, proto.SerializeToString())
    assert failed(report) == {"onnxruntime + library", "onnxruntime alone"}
    assert all("cannot be loaded" in problem for problem in report.problems)


def test_diverged_model_is_refused(make_model: Callable[..., SuperResolution]) -> None:
    model = make_model("cnn", channels=8, blocks=1)
    with torch.no_grad():
        model.get_parameter("head.bias")[2] = float("nan")
    graph = onnx.helper.make_graph([], "empty", [], [])
    with pytest.raises(AdderSRError, match="not finite"):
        verify(model, onnx.helper.make_model(graph).SerializeToString())
