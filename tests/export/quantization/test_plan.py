"""Plans as JSON."""

import json

import pytest

from addersr.errors import AdderSRError
from addersr.export.quantization import DomainPlan, Plan, TensorPlan

PLAN = Plan(
    tensors={
        "input": TensorPlan("int16", 12, (1 / 4080,), (-2048,)),
        "a/Conv": TensorPlan("uint8", 8, (0.1, 1e-9 / 3, 7.0), (0, 255, 3)),
    },
    domains={"a/Conv": DomainPlan(4096, (0.1 + 0.2,), (2048,))},
    precision="u8",
)


def test_a_plan_survives_json() -> None:
    assert Plan.from_json(PLAN.to_json()) == PLAN


def test_the_type_of_one_value_and_of_many() -> None:
    low, high = PLAN.tensors["a/Conv"].limits(3)
    assert (low[1], high[1]) == (-255 * (1e-9 / 3), 0)
    assert PLAN.tensors["input"].scales(5).shape == (5,)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 2}, "version 2, and this addersr reads 1"),
        ({"tensors": {"a": {}}}, "is damaged"),
        ({"tensors": []}, "is damaged"),
        ({"tensors": {"a": {"dtype": "int8", "bits": 8, "scale": [1], "zero_point": [0]}}}, "int8"),
        ({"domains": {"a": {"size": 1, "step": [1], "zero_point": [0]}}}, "2 to 65536 entries"),
    ],
)
def test_a_damaged_plan_is_refused(change: dict[str, object], message: str) -> None:
    fields = {**json.loads(PLAN.to_json()), **change}
    with pytest.raises(AdderSRError, match=message):
        Plan.from_json(json.dumps(fields))


def test_no_json_is_refused() -> None:
    with pytest.raises(AdderSRError, match="is damaged"):
        Plan.from_json("{")
