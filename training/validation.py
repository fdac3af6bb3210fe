"""PSNR of a torch model on luma planes, for use while training."""

import numpy as np
import torch

from addersr.models.super_resolution import SuperResolution
from addersr.training.data import ImagePair


@torch.no_grad()
def validation_psnr(model: SuperResolution, pairs: list[ImagePair]) -> float:
    """Mean PSNR in dB of the model's luma, rounded to 8 bits, with ``scale`` pixels cut off.

    The measuring protocol but for one step: the luma does not pass through RGB.
    """
    was_training = model.training
    model.eval()
    values = []
    border = model.scale
    for pair in pairs:
        output = model(torch.from_numpy(pair.lr)[None, None])[0, 0].numpy()
        rounded = np.clip(np.rint(output * 255), 0, 255)
        error = (rounded - pair.hr * 255.0)[border:-border, border:-border]
        values.append(10 * np.log10(255.0**2 / max(float(np.mean(error**2)), 1e-10)))
    model.train(was_training)
    return float(np.mean(values))
