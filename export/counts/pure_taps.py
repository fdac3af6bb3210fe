"""Taps of adder layers that are pure ±x."""

from typing import Any

import numpy as np
import numpy.typing as npt


def at_the_ends(weights: npt.NDArray[Any], bits: int) -> int:
    """How many weights of a layer in integers lie at an end of the range of its input.

    That of the input are the numbers of ``bits`` bits. Weights beyond it were clamped to its ends,
    with what that changes in the bias (``QLinearAdderConv``'s specification), so there
    ``|x - w|`` is ``x`` less the least number, or the most less ``x``.
    """
    signed = np.issubdtype(weights.dtype, np.signedinteger)
    least, most = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
    return int(np.count_nonzero((weights == least) | (weights == most)))
