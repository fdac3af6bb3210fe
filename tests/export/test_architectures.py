"""Every architecture goes through the export and its verification."""

import numpy as np
import onnx
import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'export'")
pytest.importorskip("onnxscript", reason="needs the extra 'export'")

from addersr.export import export_module, export_onnx, verify
from addersr.models import AdderBlock
from addersr.models.resnet20 import ResNet20
from addersr.runtime.session import create_session, run_session

from ..architecture_cases import CASES

# What is new in an adder version beside its layers; the power activation of so many layers takes
# the exporter half a minute, and others have it.
PLAIN = {"carn": {"power": False}}


@pytest.mark.parametrize(
    ("name", "kind", "scale"),
    [
        ("carn", "adder", 2),
        ("carn", "cnn", 3),
        ("edsr", "adder", 4),
        ("edsr", "cnn", 2),
        ("espcn", "adder", 3),
        ("espcn", "cnn", 4),
        ("fsrcnn", "adder", 4),
        ("fsrcnn", "cnn", 3),
        ("rdn", "adder", 3),
        ("rdn", "cnn", 4),
        ("sesr", "adder", 2),
        ("sesr", "cnn", 3),
        ("srcnn", "adder", 2),
        ("srcnn", "cnn", 4),
        ("vdsr", "adder", 3),
        ("vdsr", "cnn", 2),
    ],
)
def test_exports_and_verifies(name: str, kind: str, scale: int) -> None:
    case = CASES[name]
    model = case.build(kind, scale, **PLAIN.get(name, {})).eval()
    exported = export_onnx(model, architecture=name, arguments=case.arguments)
    report = verify(model, exported.SerializeToString())
    assert report.passed, report.problems
    adders = sum(node.op_type == "FusedAdderConv" for node in exported.graph.node)
    upsamplers = 1 if scale == 4 and name == "edsr" else 0
    assert adders == (case.adders + upsamplers if kind == "adder" else 0)
    # Cubic Resize takes ten times as long as a small network.
    assert not any(node.op_type == "Resize" for node in exported.graph.node)


def outputs_agree(module: torch.nn.Module, x: torch.Tensor, rtol: float) -> onnx.ModelProto:
    """Compares torch with onnxruntime, with the op library and without."""
    exported = export_module(module, x.shape[1])
    with torch.no_grad():
        expected = module.eval()(x).numpy()
    for use_library in (True, False):
        session = create_session(exported.SerializeToString(), use_library=use_library)
        y = run_session(session, {"input": x.numpy()})["output"]
        assert y.shape == expected.shape
        np.testing.assert_allclose(y, expected, rtol=0, atol=rtol * np.abs(expected).max())
    return exported


@pytest.mark.parametrize("kind", ["adder", "cnn"])
def test_resnet20(kind: str) -> None:
    torch.manual_seed(1)
    module = ResNet20(kind, channels=4)  # type: ignore[arg-type]
    x = torch.rand(3, 3, 32, 32)
    module(x)  # moves batch-norm statistics
    exported = outputs_agree(module, x, 1e-4)
    (output,) = exported.graph.output
    assert [size.dim_param or size.dim_value for size in output.type.tensor_type.shape.dim] == [
        "batch",
        10,
    ]
    strides = [
        tuple(onnx.helper.get_node_attr_value(node, "strides"))
        for node in exported.graph.node
        if node.op_type == "FusedAdderConv"
    ]
    assert strides.count((2, 2)) == (4 if kind == "adder" else 0)


@pytest.mark.parametrize(
    ("outputs", "kernel", "stride", "groups"),
    [(8, 3, 2, 2), (12, 1, 1, 1), (8, 1, 2, 4), (16, 5, 1, 8)],
)
def test_blocks_of_every_kind(outputs: int, kernel: int, stride: int, groups: int) -> None:
    torch.manual_seed(2)
    block = AdderBlock(8, kernel, out_channels=outputs, stride=stride, groups=groups)
    outputs_agree(block, torch.randn(2, 8, 9, 7), 1e-5)
