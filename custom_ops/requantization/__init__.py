"""From exact integer sums to the integers of the next layer: what the ops in integers share.

``SPECIFICATION.md`` says what happens, bit by bit. Importing this package needs numpy only.
"""

from addersr.custom_ops.requantization.parameters import Parameters, data_range
from addersr.custom_ops.requantization.reference import requantize
from addersr.custom_ops.requantization.table import activation_table, ramp_table

__all__ = ["Parameters", "activation_table", "data_range", "ramp_table", "requantize"]
