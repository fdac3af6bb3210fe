"""Energy by published costs per operation.

This is a number of operations times a cost, no measurement: memory traffic, control and leakage,
which often take more than the arithmetic, are in none of these figures.
"""

from dataclasses import dataclass

from addersr.export.counts.operations import Counts

SOURCE = "45 nm, 0.9 V: M. Horowitz, Computing's energy problem, ISSCC 2014"


@dataclass(frozen=True)
class Costs:
    """pJ per operation of one arithmetic."""

    name: str
    title: str
    multiplication: float
    difference: float
    accumulation: float

    def energy(self, counts: Counts) -> float:
        """pJ."""
        return (
            counts.multiplications * self.multiplication
            + counts.differences * self.difference
            + counts.accumulations * self.accumulation
        )


# pJ of an addition and of a multiplication.
_FP32_ADD, _FP32_MULTIPLY = 0.9, 3.7
_INT8_ADD, _INT8_MULTIPLY = 0.03, 0.2
_INT16_ADD, _INT32_ADD = 0.05, 0.1

ARITHMETICS = (
    Costs("fp32", "fp32", _FP32_MULTIPLY, _FP32_ADD, _FP32_ADD),
    Costs("int8_int16", "int8, 16-bit sums", _INT8_MULTIPLY, _INT8_ADD, _INT16_ADD),
    Costs("int8_int32", "int8, 32-bit sums", _INT8_MULTIPLY, _INT8_ADD, _INT32_ADD),
)
"""Products and differences of 8 bits are added up in accumulators of 16 or 32."""
