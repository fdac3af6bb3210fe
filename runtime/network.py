"""A model in a plain session: tensors of one picture in, tensors of a larger one out."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from addersr.errors import AdderSRError
from addersr.runtime.model_info import ModelInfo, read_model_info
from addersr.runtime.session import create_session, run_session


class Network:
    """A super-resolution network as onnxruntime runs it.

    Applications use :class:`.Upscaler`. This is for measuring, for models without the embedding
    library, and what that library is compared with.
    """

    def __init__(self, model: Path | bytes, *, threads: int = 0, use_library: bool = True) -> None:
        """Load a model.

        Args:
            model: an ONNX file, or the bytes of one.
            threads: 0 lets onnxruntime choose.
            use_library: False runs the function bodies in the model, as plain onnxruntime does.

        Raises:
            AdderSRError: no such model, or one that this version cannot run.
        """
        self.info: ModelInfo = read_model_info(model)
        self._session = create_session(model, threads=threads, use_library=use_library)
        self._check_tensors()
        self.run(sample_input(self.info, 8, 8)[0])

    def run(self, one: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """One picture through the network.

        Args:
            one: float32 [c, H, W] in 0…1, c = 1 (luma) or 3 (RGB) as the model's colour says; for
                a model of pictures uint8 [H, W, 3].

        Returns:
            The same, ``scale`` times as high and wide.

        Raises:
            AdderSRError: the model makes something else of it, or onnxruntime fails.
        """
        name = self._session.get_inputs()[0].name
        (output,) = run_session(self._session, {name: one[None]}).values()
        first, second, third = one.shape
        scale = self.info.scale
        expected = (
            (1, first * scale, second * scale, third)
            if self.info.io == "uint8"
            else (1, first, second * scale, third * scale)
        )
        if output.shape != expected:
            raise AdderSRError(
                f"The model says scale {scale}, but made {list(output.shape)} of "
                f"{list(one[None].shape)}. Export it again."
            )
        result: npt.NDArray[Any] = output[0]
        return result

    def _check_tensors(self) -> None:
        pictures = self.info.io == "uint8"
        channels = 1 if self.info.colour == "y" and not pictures else 3
        axis, sides = (3, slice(1, 3)) if pictures else (1, slice(2, 4))
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        shapes = [list(value.shape) for value in (*inputs, *outputs)]
        fits = len(inputs) == len(outputs) == 1 and all(
            len(shape) == 4 and shape[axis] in (channels, None) for shape in shapes
        )
        # Names or nothing for height and width mean that they are free.
        if not fits or any(isinstance(side, int) for shape in shapes for side in shape[sides]):
            wanted = f"[N, H, W, {channels}]" if pictures else f"[N, {channels}, H, W]"
            raise AdderSRError(
                f"Expected a model with one input and one output {wanted} of free height and "
                f"width, got {shapes}. Export it again with 'addersr export', without --size."
            )


def sample_input(info: ModelInfo, width: int, height: int) -> npt.NDArray[Any]:
    """A reproducible input of a model: noise in the range of luma, or of all colours.

    Returns:
        float32 [1, c, H, W] in 16/255…235/255, or uint8 [1, H, W, 3] for a model of pictures.
    """
    if width < 1 or height < 1:
        raise AdderSRError(f"Expected a size of at least 1x1 pixel, got {width}x{height}.")
    generator = np.random.default_rng(0)
    if info.io == "uint8":
        return generator.integers(0, 256, (1, height, width, 3), dtype=np.uint8)
    channels = 1 if info.colour == "y" else 3
    values = generator.uniform(16 / 255, 235 / 255, (1, channels, height, width))
    return values.astype(np.float32)
