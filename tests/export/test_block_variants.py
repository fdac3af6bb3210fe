"""Every variant of the block exports; most are one node a layer."""

from collections.abc import Callable
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'export'")
pytest.importorskip("onnxscript", reason="needs the extra 'export'")

from addersr.export import export_onnx, verify
from addersr.models.super_resolution import SuperResolution

FUSED = {"Conv": 2, "FusedAdderConv": 1, "DepthToSpace": 1, "Add": 1}


@pytest.mark.parametrize(
    ("arguments", "beside"),
    [
        (
            {"alpha": "layer", "sharpness": 4.0, "projection": True, "input_scales": True},
            {"Conv": 3, "Mul": 1},
        ),
        ({"order": "norm-power-activation-shortcut", "norm": "batch"}, {}),
        # What the node cannot do: an activation behind R, and a norm behind the power.
        ({"order": "norm-power-shortcut-activation"}, {"PRelu": 1}),
        (
            {
                "order": "power-norm-shortcut-activation",
                "norm": "batch",
                "alpha": "layer",
                "projection": True,
                "input_scales": True,
            },
            {"Conv": 3, "Mul": 1, "BatchNormalization": 1, "Add": 2, "PRelu": 1},
        ),
    ],
)
def test_variants_export(
    make_model: Callable[..., SuperResolution], arguments: dict[str, Any], beside: dict[str, int]
) -> None:
    model = make_model(channels=8, blocks=1, **arguments).eval()
    exported = export_onnx(model, architecture="mobile", arguments=arguments)
    operators = [node.op_type for node in exported.graph.node if node.op_type != "Transpose"]
    assert {name: operators.count(name) for name in operators} == FUSED | beside
    report = verify(model, exported.SerializeToString())
    assert report.passed, report.problems
