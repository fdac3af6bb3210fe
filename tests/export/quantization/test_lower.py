"""Networks in integers: the same bits everywhere, and valid files."""

from pathlib import Path

import numpy as np
import onnx
import pytest

from addersr.custom_ops import library_info
from addersr.export.quantization import Plan, lower
from addersr.runtime.child_session import ChildSession
from addersr.runtime.model_info import read_model_info
from addersr.runtime.plan import TensorPlan

from .factory import NETWORKS, mobile, picture
from .quantizing import Array, lowered, planned, run_kernels, run_numpy

CASES = [(name, precision) for name in NETWORKS for precision in ("u8", "i16", "mixed")]


@pytest.mark.parametrize(("name", "precision"), CASES)
def test_kernels_equal_the_references_bit_for_bit(name: str, precision: str) -> None:
    network, plan = planned(NETWORKS[name](3), precision)
    model = lowered(network, plan)
    onnx.checker.check_model(model, full_check=True)
    for x in (
        picture(18, 22, network.channels["input"], batch=2),
        picture(6, 4, network.channels["input"]),
    ):
        expected = run_numpy(model, x)
        assert len(np.unique(expected)) > 16
        np.testing.assert_array_equal(run_kernels(model, x)["output"], expected)


@pytest.mark.parametrize("name", NETWORKS)
def test_plain_onnxruntime_and_every_instruction_set_give_the_same_bits(
    name: str, tmp_path: Path
) -> None:
    network, plan = planned(NETWORKS[name](4), "mixed")
    model = lowered(network, plan)
    path = tmp_path / "model.onnx"
    onnx.save_model(model, path)
    x = picture(12, 14, network.channels["input"])
    expected = run_numpy(model, x)
    for isa in (None, *library_info().available_isas):
        with ChildSession(path, threads=1, isa=isa) as session:
            np.testing.assert_array_equal(session.run({"input": x})["output"], expected)


@pytest.mark.parametrize("bits", [1, 2, 5, 9, 16])
def test_every_number_of_bits(bits: int) -> None:
    network, plan = planned(mobile(), "u8" if bits <= 8 else "i16", bits)
    model = lowered(network, plan)
    x = picture(9, 9)
    np.testing.assert_array_equal(run_kernels(model, x)["output"], run_numpy(model, x))


@pytest.mark.parametrize("name", NETWORKS)
def test_the_file_follows_from_the_fp32_file_and_the_plan(name: str) -> None:
    model = NETWORKS[name](5)
    before = model.SerializeToString(deterministic=True)
    network, plan = planned(model)
    first = lowered(network, plan).SerializeToString(deterministic=True)
    assert model.SerializeToString(deterministic=True) == before
    stored = {entry.key: entry.value for entry in onnx.load_from_string(first).metadata_props}
    again = lower(model, Plan.from_json(stored["addersr.plan"]))
    assert again.SerializeToString(deterministic=True) == first


def test_metadata_and_bodies() -> None:
    network, plan = planned(mobile())
    model = lowered(network, plan)
    info = read_model_info(model.SerializeToString())
    assert (info.precision, info.scale, info.architecture) == ("u8", 2, "by hand")
    used = {node.op_type for node in model.graph.node if node.domain}
    assert {function.name for function in model.functions} == used
    bare = lower(network.model, plan, calibration="two pictures", fallback=False)
    assert not bare.functions
    assert read_model_info(bare.SerializeToString()).calibration == "two pictures"


def test_one_table_serves_channels_that_are_alike() -> None:
    network, plan = planned(NETWORKS["residuals"](0))
    constants = {
        tensor.name: onnx.numpy_helper.to_array(tensor)
        for tensor in lowered(network, plan).graph.initializer
    }
    tables = {name: value for name, value in constants.items() if name.endswith(".table")}
    assert len(tables) == len(network.layers)
    assert all(len(table) == 1 for table in tables.values())
    # Without power and PReLU the kernels compute the table: it rises by one between its limits.
    curved = {f"{layer.name.split('/')[0]}.table" for layer in network.layers if layer.has_curve}
    ramps = {name for name, table in tables.items() if _is_clipped_ramp(table[0].astype(int))}
    assert ramps == set(tables) - curved
    assert len(curved) == 1


def _is_clipped_ramp(table: Array) -> bool:
    rise = int(np.argmax(table > table[0]))
    ramp = np.arange(len(table)) + table[rise] - rise
    return bool((table == np.clip(ramp, table[0], table[-1])).all())


def test_a_plan_for_another_model_is_refused() -> None:
    _, plan = planned(mobile())
    with pytest.raises(Exception, match=r"nothing about .*: it is not for this model"):
        lower(NETWORKS["twin"](0), plan)


def test_layers_of_two_types_exchange_exactly_what_they_can() -> None:
    # uint8 in an int16 layer: the integers times a power of two.
    network, plan = planned(mobile(), "mixed")
    model = lowered(network, plan)
    crossings = [node for node in model.graph.node if node.op_type == "RequantizeChannelsLast"]
    assert crossings
    constants = {t.name: onnx.numpy_helper.to_array(t) for t in model.graph.initializer}
    widening = [
        constants[node.input[2]] for node in crossings if constants[node.input[1]].dtype == np.uint8
    ]
    assert widening
    assert all((np.log2(multiplier) % 1 == 0).all() for multiplier in widening)


def test_tensor_plans_say_what_is_wrong() -> None:
    with pytest.raises(Exception, match="finite scales above 0"):
        TensorPlan("uint8", 8, (0.0,), (3,))
    with pytest.raises(Exception, match="zero points from 0 to 255"):
        TensorPlan("uint8", 8, (0.5,), (256,))
