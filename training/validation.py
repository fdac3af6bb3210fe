"""PSNR of a torch model on the planes of images, for use while training."""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from addersr.models.super_resolution import SuperResolution
from addersr.runtime.colour import luma
from addersr.training.data import ImagePair, as_seen


@torch.no_grad()
def validation_psnr(model: SuperResolution, pairs: list[ImagePair]) -> float:
    """Mean PSNR in dB of luma, with ``scale`` pixels cut off.

    The measuring protocol. For a luma model there is one step less: its output is rounded to 8 bits
    as it is, and does not pass through RGB.
    """
    was_training = model.training
    model.eval()
    device = next(model.parameters()).device
    values = []
    border = model.scale
    for pair in pairs:
        lr = torch.from_numpy(as_seen(pair.lr, model.colour))[None].to(device)
        output = model(lr)[0].cpu().numpy() * 255
        if len(output) > len(pair.hr):  # a model of colours gives a gray image's mean
            output = output.mean(axis=0, keepdims=True)
        output = np.clip(np.rint(output), 0, 255)
        error = _luma(output) - _luma(as_seen(pair.hr) * 255)
        error = error[border:-border, border:-border]
        values.append(10 * np.log10(255.0**2 / max(float(np.mean(error**2)), 1e-10)))
    model.train(was_training)
    return float(np.mean(values))


def _luma(planes: npt.NDArray[np.float32]) -> npt.NDArray[np.floating[Any]]:
    """Y [H, W] of one plane, which is Y, or of R, G, B; values 0…255."""
    return planes[0] if len(planes) == 1 else luma(planes.transpose(1, 2, 0))
