"""Images through a super-resolution model: the class that applications use."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from addersr import custom_ops, zoo
from addersr.errors import AdderSRError
from addersr.runtime.enlarge import DEFAULT_TILE, enlarge, enlarge_pictures
from addersr.runtime.model_info import ModelInfo, read_model_info
from addersr.runtime.pixels import Pixels
from addersr.runtime.session import create_session, run_session

_MAX_TILE = 1 << 14

# What the names of the library's other kernels have in them.
_NO_ADDERS = ("_conv_", "_quantization", "_image")


class Upscaler:
    """Enlarges images of 8 bits with an ONNX model exported by addersr.

    >>> from addersr.runtime.upscaler import Upscaler
    >>> large = Upscaler("tiny-x2-adder").upscale(small)  # doctest: +SKIP

    Images of any size pass: large ones are cut into overlapping tiles, so that memory beside
    the result stays that of one tile.
    """

    def __init__(
        self,
        model: str | Path | bytes,
        *,
        threads: int = 0,
        tile: int | None = None,
        use_library: bool = True,
    ) -> None:
        """Load a model.

        Args:
            model: a name of the zoo, an ONNX file, or the bytes of one.
            threads: 0 lets onnxruntime choose.
            tile: side of the tiles in LR pixels (default 512).
            use_library: False runs the function bodies in the model, as plain onnxruntime does.

        Raises:
            AdderSRError: no such model, or one that this version cannot run.
        """
        source = model if isinstance(model, bytes) else resolve_model(model)
        self.info: ModelInfo = read_model_info(source)
        self._tile = DEFAULT_TILE if tile is None else tile
        if not 1 <= self._tile <= _MAX_TILE:
            raise AdderSRError(f"Expected a tile of 1 to {_MAX_TILE} pixels, got {tile}.")
        self._slow_reason = "" if use_library else "the operator library was not asked for"
        if use_library:
            use_library = self._find_library()
        self._counts = use_library and self.info.uses_adder_ops
        self._session = create_session(source, threads=threads, use_library=use_library)
        self._check_tensors()
        self.kernel: str | None = None
        """The adder kernel that ran in the last run; None when none did."""
        self._run(sample_input(self.info, 8, 8)[0])

    @property
    def scale(self) -> int:
        """By how much images grow."""
        return self.info.scale

    @property
    def fast_path(self) -> bool | None:
        """Whether our kernels really ran: their call counters rose. None: no adder operators."""
        if not self.info.uses_adder_ops:
            return None
        return self.kernel is not None

    @property
    def slow_reason(self) -> str:
        """Why :attr:`fast_path` is False, as the end of a sentence; else empty."""
        if self.fast_path is not False:
            return ""
        return self._slow_reason or "onnxruntime did not choose the operator library's kernels"

    def upscale(self, image: Pixels, progress: Callable[[int, int], None] | None = None) -> Pixels:
        """Enlarge an image.

        Args:
            image: uint8 [H, W] gray, [H, W, 3] RGB or [H, W, 4] RGBA.
            progress: called with the tiles done and the tiles in all.

        Returns:
            uint8 of the same kind, ``scale`` times as high and wide.

        Raises:
            AdderSRError: not such an image.
        """
        if self.info.io == "uint8":
            return enlarge_pictures(
                image,
                self._run,
                scale=self.info.scale,
                halo=self.info.halo,
                tile=self._tile,
                progress=progress,
            )
        return enlarge(
            image,
            self._run,
            scale=self.info.scale,
            colour=self.info.colour,
            halo=self.info.halo,
            tile=self._tile,
            progress=progress,
        )

    def _find_library(self) -> bool:
        try:
            custom_ops.library_path()
        except AdderSRError as error:
            self._slow_reason = f"the operator library is missing: {str(error).rstrip('.')}"
            return False
        return True

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

    def _run(self, one: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Planes [c, H, W], or a picture [H, W, 3], through the model."""
        before = kernel_calls() if self._counts else {}
        name = self._session.get_inputs()[0].name
        (output,) = run_session(self._session, {name: one[None]}).values()
        self.kernel = kernel_between(before) if self._counts else None
        first, second, third = one.shape
        scale = self.scale
        picture = self.info.io == "uint8"
        expected = (
            (1, first * scale, second * scale, third)
            if picture
            else (1, first, second * scale, third * scale)
        )
        if output.shape != expected:
            raise AdderSRError(
                f"The model says scale {scale}, but made {list(output.shape)} of "
                f"{list(one[None].shape)}. Export it again."
            )
        result: npt.NDArray[Any] = output[0]
        return result


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


def resolve_model(model: str | Path) -> Path:
    """The ONNX file of a zoo name; the path of a file as it is.

    Raises:
        AdderSRError: neither a name of the zoo nor a file that exists.
    """
    path = Path(model)
    if path.exists():
        return path
    if isinstance(model, Path) or path.suffix or "/" in model:
        raise AdderSRError(f"There is no model file {path}. Check the name.")
    return zoo.find(model).onnx


def kernel_calls() -> dict[str, int]:
    """How often each kernel of the operator library has run in this process; {} without it."""
    try:
        return dict(custom_ops.library_info().calls)
    except AdderSRError:
        return {}


def kernel_between(before: dict[str, int]) -> str | None:
    """The leading kernel of all that ran since ``before`` was taken; None when none did.

    The counters are those of the process: other sessions that run meanwhile count too.
    """
    now = kernel_calls()
    return leading_kernel({name: calls - before.get(name, 0) for name, calls in now.items()})


def leading_kernel(calls: Mapping[str, int]) -> str | None:
    """The adder kernel that ran most often.

    Args:
        calls: of the library's kernels, by name.

    Returns:
        Where only others ran (those of convolutions in integers, of the borders of a network), the
        one of them that ran most often; None when none ran.
    """
    ran = [name for name, count in calls.items() if count > 0]
    adders = [name for name in ran if not any(other in name for other in _NO_ADDERS)]
    return max(adders or ran, key=calls.__getitem__, default=None)
