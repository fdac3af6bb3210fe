"""What a plan costs, measured: the network in integers beside the one in fp32 on patches."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from addersr.export.quantization.float_network import OUTPUT, FloatNetwork
from addersr.export.quantization.images import Patch
from addersr.export.quantization.layers import Network
from addersr.export.quantization.lower import lower_network
from addersr.runtime.colour import luma
from addersr.runtime.plan import Plan
from addersr.runtime.session import create_session, run_session


@dataclass(frozen=True)
class Score:
    """A plan on patches."""

    error: float
    """Mean squared difference from the fp32 output, in units of 1/255 squared."""
    drop: float
    """By how much the mean PSNR against the HR patches falls, in dB."""


class Trials:
    """Measures plans of one network on the same patches.

    Args:
        network: from ``read_network``.
        floats: the same, to run.
        patches: with what they should become.
        border: HR pixels left out at each side, as the measuring protocol does.
    """

    def __init__(
        self, network: Network, floats: FloatNetwork, patches: Sequence[Patch], border: int
    ) -> None:
        self._network = network
        self._patches = patches
        self._border = border
        self._expected = [_pixels(floats.run(patch.x)[OUTPUT]) for patch in patches]
        self._psnr = self._mean_psnr(self._expected)

    def measure(self, plan: Plan) -> Score:
        """Quantise by ``plan`` and run."""
        model = lower_network(self._network, plan, fallback=False)
        session = create_session(model.SerializeToString())
        name = model.graph.input[0].name
        outputs = []
        for patch in self._patches:
            (output,) = run_session(session, {name: patch.x}).values()
            outputs.append(_pixels(output))
        pairs = zip(outputs, self._expected, strict=True)
        error = float(np.mean([np.mean((ours - theirs) ** 2) for ours, theirs in pairs]))
        return Score(error, self._psnr - self._mean_psnr(outputs))

    def _mean_psnr(self, outputs: Sequence[npt.NDArray[np.float64]]) -> float:
        return float(
            np.mean(
                [
                    self._image_psnr(output, patch.hr)
                    for output, patch in zip(outputs, self._patches, strict=True)
                ]
            )
        )

    def _image_psnr(self, output: npt.NDArray[np.float64], hr: npt.NDArray[np.float64]) -> float:
        if output.ndim > hr.ndim:  # an image in colour, of which luma counts
            output = luma(output)
        inside = (slice(self._border, -self._border or None),) * 2
        rounded = np.clip(np.rint(output), 0, 255)
        # A patch that is met exactly counts as one that is off by a hundredth.
        error = max(float(np.mean((rounded[inside] - hr[inside]) ** 2)), 1e-4)
        return 10 * float(np.log10(255**2 / error))


def _pixels(output: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """[H, W] or [H, W, 3], 0…255, of the output of a network."""
    if output.dtype == np.uint8:
        image: npt.NDArray[np.float64] = output[0].astype(np.float64)
        return image
    planes: npt.NDArray[np.float64] = np.moveaxis(output[0], 0, 2).astype(np.float64) * 255
    return planes[:, :, 0] if planes.shape[2] == 1 else planes
