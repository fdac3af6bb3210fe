"""Groups of output channels: the same bits everywhere, within the bounds, chosen by error."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import onnx
import pytest

from addersr.errors import AdderSRError
from addersr.export.counts.onnx_graph import OnnxFile, read_graph
from addersr.export.counts.receptive_field import receptive_field
from addersr.export.origin import compare_with_float
from addersr.export.quantization import Plan, lower
from addersr.export.quantization.float_network import FloatNetwork
from addersr.export.quantization.groups import can_have_groups, choose_groups
from addersr.export.quantization.layers import Network
from addersr.export.quantization.lower import surroundings
from addersr.export.quantization.statistics import gather
from addersr.runtime.plan import GroupPlan, TensorPlan

from .factory import NETWORKS, Factory, mobile, picture
from .quantizing import lowered, planned, run_kernels, run_numpy
from .test_bound import changed, check

GROUPED = [name for name in NETWORKS if name != "twin"]  # a CNN has no adder layer


def grouped(network: Network, plan: Plan, count: int, seed: int = 0) -> Plan:
    """Outputs dealt out at random; the first group reads x as before, the others a part of it."""
    random = np.random.default_rng(seed)
    groups = {}
    for layer in filter(can_have_groups, network.layers):
        x = surroundings(network, plan, layer).x
        dealt = random.permutation(np.arange(layer.outputs) % count)
        views = [replace(x, scale=(x.scale[0] * share,)) for share in (1.0, 0.5, 0.7)[:count]]
        groups[layer.name] = tuple(
            GroupPlan(tuple(np.flatnonzero(dealt == number).tolist()), view)
            for number, view in enumerate(views)
        )
    return replace(plan, groups=groups)


@pytest.mark.parametrize(("precision", "count"), [("u8", 2), ("u8", 3), ("i16", 2), ("mixed", 3)])
@pytest.mark.parametrize("name", GROUPED)
def test_kernels_equal_the_references_and_stay_within_the_bounds(
    name: str, count: int, precision: str
) -> None:
    network, plan = planned(NETWORKS[name](3), precision)
    plan = grouped(network, plan, count)
    model = lowered(network, plan)
    onnx.checker.check_model(model, full_check=True)
    nodes = [node for node in model.graph.node if node.op_type == "QLinearAdderConv"]
    whole = [one for one in network.layers if one.kind == "adder" and not can_have_groups(one)]
    assert plan.groups
    assert len(nodes) == len(plan.groups) * count + len(whole)
    x = picture(10, 12, network.channels["input"])
    expected = run_numpy(model, x)
    np.testing.assert_array_equal(run_kernels(model, x)["output"], expected)
    assert (expected != run_numpy(lowered(network, replace(plan, groups={})), x)).any()
    assert max(check(network, plan, model)) <= 1


@pytest.mark.parametrize("name", GROUPED)
def test_groups_on_one_grid_change_no_bit(name: str) -> None:
    network, plan = planned(NETWORKS[name](4))
    split = {
        layer: tuple(replace(group, x=groups[0].x) for group in groups)
        for layer, groups in grouped(network, plan, 3).groups.items()
    }
    x = picture(9, 11, network.channels["input"])
    np.testing.assert_array_equal(
        run_kernels(lowered(network, replace(plan, groups=split)), x)["output"],
        run_kernels(lowered(network, plan), x)["output"],
    )


def test_one_group_is_another_window_for_the_whole_layer() -> None:
    network, plan = planned(mobile())
    windows = {name: some[1].x for name, some in grouped(network, plan, 2).groups.items()}
    every = tuple(range(8))
    plan = replace(plan, groups={name: (GroupPlan(every, x),) for name, x in windows.items()})
    model = lowered(network, plan)
    assert not {node.op_type for node in model.graph.node} & {"Gather", "Concat"}
    x = picture(9, 9)
    np.testing.assert_array_equal(run_kernels(model, x)["output"], run_numpy(model, x))
    assert max(check(network, plan, model)) <= 1


def test_a_wrong_weight_leaves_the_bound() -> None:
    network, plan = planned(mobile())
    plan = grouped(network, plan, 2)
    model = lowered(network, plan)
    for name in ("adder2.weight_1", "adder2.weight_2"):
        size = {one.name: int(np.prod(one.dims)) for one in model.graph.initializer}[name]
        assert max(check(network, plan, changed(model, name, size // 2, 60))[1:]) > 1
    assert max(check(network, plan, model)) <= 1


def test_the_file_follows_from_the_fp32_file_and_the_plan() -> None:
    model = mobile(5)
    network, plan = planned(model)
    plan = grouped(network, plan, 3)
    first = lowered(network, plan)
    stored = {entry.key: entry.value for entry in first.metadata_props}["addersr.plan"]
    assert Plan.from_json(stored) == plan
    again = lower(model, Plan.from_json(stored))
    assert again.SerializeToString(deterministic=True) == first.SerializeToString(
        deterministic=True
    )


def test_verification_finds_one_flipped_bit_in_a_group() -> None:
    network, plan = planned(mobile())
    model = lowered(network, grouped(network, plan, 2))
    right = compare_with_float(model.SerializeToString(), network.model)
    assert right.parameters.passed, right.parameters.wrong
    assert right.comparison.passed
    assert right.layer.passed
    for name in ("adder2.weight_2", "adder2/FusedAdderConv/integers.channels"):
        wrong = changed(model, name, 0, 1)
        origin = compare_with_float(wrong.SerializeToString(), network.model)
        assert origin.parameters.wrong == (name,)


def test_counts_and_reach_are_those_of_the_file_without_groups() -> None:
    network, plan = planned(mobile())
    graphs = [
        read_graph(OnnxFile("a", lowered(network, one), 0, {}), (24, 24))
        for one in (plan, grouped(network, plan, 2))
    ]
    fields = [receptive_field(graph) for graph in graphs]
    assert fields[0] == fields[1]
    macs = [
        sum(
            one.layer.input_channels * one.layer.output_channels
            for one in graph.operations
            if one.layer is not None
        )
        for graph in graphs
    ]
    assert macs[0] == macs[1]


def test_plans_without_groups_keep_their_version() -> None:
    network, plan = planned(mobile())
    assert json.loads(plan.to_json())["version"] == 1
    assert "groups" not in json.loads(plan.to_json())
    fields = json.loads(grouped(network, plan, 2).to_json())
    assert fields["version"] == 2
    with pytest.raises(AdderSRError, match="version 1, and this addersr reads 2"):
        Plan.from_json(json.dumps({**fields, "version": 1}))


@pytest.mark.parametrize("channels", [(), (1, 1), (2, 1), (-1, 0)])
def test_channels_out_of_order_are_refused(channels: tuple[int, ...]) -> None:
    with pytest.raises(AdderSRError, match="channels in rising order"):
        GroupPlan(channels, TensorPlan("uint8", 8, (1.0,), (0,)))


def test_groups_for_another_layer_are_refused() -> None:
    network, plan = planned(NETWORKS["branches"](0))
    (name, groups), *_ = grouped(network, plan, 2).groups.items()
    in_two = next(one for one in network.layers if one.attributes.get("group") == 2)
    wrong: list[tuple[str, Any]] = [
        (name, groups[:1]),
        (name, (*groups, groups[0])),
        (name, tuple(replace(one, x=TensorPlan("uint8", 5, (0.1,), (0,))) for one in groups)),
        (in_two.name, (GroupPlan(tuple(range(in_two.outputs)), groups[0].x),)),
    ]
    for layer, some in wrong:
        with pytest.raises(AdderSRError, match="expected groups that hold each of its"):
            lowered(network, replace(plan, groups={layer: some}))


def uneven(fine: int) -> onnx.ModelProto:
    """An adder layer of 8 filters; the weights of the first ``fine`` are so small that a grid of
    few bits rounds most of them to 0."""
    f = Factory(1)
    x = f.last(f.conv("input", 8))
    y = f.adder(x, 8)
    w = f.constants["adder2.weight"]
    w[:fine] *= 0.02
    return f.model(f.conv(f.first(y), 4))


@pytest.mark.parametrize("count", [2, 3])
def test_chosen_groups_lower_the_error_of_the_sums(count: int) -> None:
    network, plan = planned(uneven(4), "u8", 4)
    inputs = [picture(24, 32, seed=seed) for seed in (1, 2)]
    floats = FloatNetwork(network, threads=1)
    statistics = gather(floats, inputs)
    assert choose_groups(network, plan, statistics, floats, inputs, 1) is plan
    chosen = choose_groups(network, plan, statistics, floats, inputs, count)
    assert chosen.groups
    assert all(1 <= len(groups) <= count for groups in chosen.groups.values())
    (layer,) = (one for one in network.layers if one.kind == "adder")

    def error(plan: Plan) -> float:
        total = 0.0
        for x in inputs:
            model = lowered(network, plan)
            model.graph.output.append(
                onnx.helper.make_empty_tensor_value_info(f"{layer.y}/integers")
            )
            integers = run_kernels(model, x)[f"{layer.y}/integers"].astype(np.int64)
            y = plan.tensors[layer.y]
            real = (integers - y.zero_points(8)) * y.scales(8)
            total += float(((real - floats.run(x)[layer.y]) ** 2).mean())
        return total

    assert error(chosen) < error(plan)
