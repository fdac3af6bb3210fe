"""What values the tensors of a network take on the calibration images."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from addersr.errors import AdderSRError
from addersr.export.quantization.float_network import END, OUTPUT, FloatNetwork

_BINS = 1024


@dataclass(frozen=True)
class Statistics:
    """Of one tensor."""

    low: npt.NDArray[np.float64]
    """The least value of each channel, [C]."""
    high: npt.NDArray[np.float64]
    counts: npt.NDArray[np.int64]
    """Histogram of each channel from its low to its high, [C, bins]."""

    @property
    def centres(self) -> npt.NDArray[np.float64]:
        """The values that the bins stand for, [C, bins]."""
        bins = self.counts.shape[1]
        share = (np.arange(bins) + 0.5) / bins
        values: npt.NDArray[np.float64] = (
            self.low[:, None] + (self.high - self.low)[:, None] * share
        )
        return values


def gather(
    network: FloatNetwork,
    inputs: Sequence[npt.NDArray[Any]],
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Statistics]:
    """Histograms of all tensors of a network, channel by channel.

    Two runs, one for the ends and one for the counts: memory does not grow with the inputs.

    Args:
        inputs: of the network.
        progress: called with the inputs done and the inputs in all.

    Raises:
        AdderSRError: a tensor takes values that are not finite.
    """
    lows: dict[str, Any] = {}
    highs: dict[str, Any] = {}
    total = 2 * len(inputs)
    for number, values in enumerate(_runs(network, inputs), 1):
        for name, value in values.items():
            lows[name] = np.minimum(lows.get(name, np.inf), value.min((0, 1, 2)))
            highs[name] = np.maximum(highs.get(name, -np.inf), value.max((0, 1, 2)))
        if progress is not None:
            progress(number, total)
    for name in lows:
        if not (np.isfinite(lows[name]).all() and np.isfinite(highs[name]).all()):
            raise AdderSRError(
                f"The network makes values that are not finite of an ordinary image, in {name}: "
                "its training diverged. Use an earlier checkpoint."
            )
    counts = {name: np.zeros((len(low), _BINS), np.int64) for name, low in lows.items()}
    for number, values in enumerate(_runs(network, inputs), len(inputs) + 1):
        for name, value in values.items():
            span = np.maximum(highs[name] - lows[name], 1e-30)
            bins = ((value - lows[name]) * (_BINS / span)).astype(np.int64)
            flat = np.minimum(bins, _BINS - 1).reshape(-1, len(span))
            flat = flat + np.arange(len(span)) * _BINS
            counts[name] += np.bincount(flat.ravel(), minlength=flat.shape[1] * _BINS).reshape(
                flat.shape[1], _BINS
            )
        if progress is not None:
            progress(number, total)
    return {
        name: Statistics(
            lows[name].astype(np.float64), highs[name].astype(np.float64), counts[name]
        )
        for name in lows
    }


def _runs(
    network: FloatNetwork, inputs: Sequence[npt.NDArray[Any]]
) -> Iterable[dict[str, npt.NDArray[np.float32]]]:
    for x in inputs:
        values = network.run(x)
        del values[OUTPUT], values[END]
        yield values
