"""Images through a super-resolution model: the class that applications use."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from addersr import custom_ops, zoo
from addersr.errors import AdderSRError
from addersr.runtime.installed import library_path
from addersr.runtime.kernel_calls import kernel_between, kernel_calls
from addersr.runtime.library import Engine, Format, NoRuntimeError
from addersr.runtime.model_info import ModelInfo, read_model_info
from addersr.runtime.network import Network
from addersr.runtime.pixels import Pixels, check_pixels
from addersr.runtime.reference import upscale_picture

DEFAULT_TILE = 512
"""Side of the tiles of images, in LR pixels, where neither it nor a memory limit is given."""

Order: TypeAlias = Literal["rgb", "bgr"]
"""Of the colours in memory; OpenCV's is ``bgr``."""

_MAX_TILE = 1 << 14


class Upscaler:
    """Enlarges images of 8 bits with an ONNX model exported by addersr.

    >>> from addersr.runtime.upscaler import Upscaler
    >>> large = Upscaler("tiny-x2-adder").upscale(small)  # doctest: +SKIP

    Images of any size pass: large ones are cut into overlapping tiles, which give the pixels of
    the whole, so that memory beside the result stays that of one tile. The embedding library does
    the work, without Python's lock; one Upscaler may be used from several threads at a time. Where
    it has no onnxruntime, as with the wheels of 1.18, whole images go through Python: the same
    pixels, by the same kernels.
    """

    def __init__(
        self,
        model: str | Path | bytes,
        *,
        threads: int = 0,
        tile: int | None = None,
        memory_limit: int | None = None,
        use_library: bool = True,
    ) -> None:
        """Load a model.

        Args:
            model: a name of the zoo, an ONNX file, or the bytes of one.
            threads: 0 lets onnxruntime choose.
            tile: side of the tiles in LR pixels (default 512, or what the memory limit allows).
            memory_limit: bytes that enlarging may use beside the model, the image and the result,
                as far as an estimate goes.
            use_library: False runs the function bodies in the model, as plain onnxruntime does, on
                whole images: slow, and for comparison.

        Raises:
            AdderSRError: no such model, or one that this version cannot run.
        """
        source = model if isinstance(model, bytes) else resolve_model(model)
        self.info: ModelInfo = read_model_info(source)
        _check_numbers(tile, memory_limit)
        self.kernel: str | None = None
        """The adder kernel that runs; None when none does."""
        if tile is None:
            tile = DEFAULT_TILE if memory_limit is None else 0
        self._network: Network | None = None
        self._reason = "" if use_library else "the library was not asked for"
        if use_library:
            use_library = self._open(source, threads, tile, memory_limit or 0)
        if not self._reason:
            return
        if memory_limit is not None:
            raise AdderSRError(f"There is no memory limit here: {self._reason}.")
        before = kernel_calls() if use_library else {}
        self._network = Network(source, threads=threads, use_library=use_library)
        self.kernel = kernel_between(before) if use_library else None

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
        return self._reason or "onnxruntime did not choose the library's kernels"

    def upscale(
        self,
        image: Pixels,
        progress: Callable[[int, int], None] | None = None,
        *,
        out: Pixels | None = None,
        order: Order = "rgb",
    ) -> Pixels:
        """Enlarge an image.

        Args:
            image: uint8 [H, W] gray, [H, W, 3] RGB or [H, W, 4] RGBA. Rows may have gaps between
                them; what lies otherwise is copied.
            progress: called with the tiles done and the tiles in all.
            out: where the result goes, without a copy: an array like it, of memory that is not the
                image's, whose rows may have gaps.
            order: of the three colours, in the image and the result.

        Returns:
            uint8 of the same kind, ``scale`` times as high and wide; ``out`` if it was given.

        Raises:
            AdderSRError: not such an image, or not such an ``out``.
        """
        check_pixels(image)
        shape = (image.shape[0] * self.scale, image.shape[1] * self.scale, *image.shape[2:])
        result = np.empty(shape, np.uint8) if out is None else _check_out(out, shape)
        kind = _format(image, order)
        if self._network is not None:
            flipped = slice(None, None, -1 if kind is Format.BGR else 1)
            result[:] = upscale_picture(self._network, image[..., flipped])[..., flipped]
            if progress is not None:
                progress(1, 1)
            return result
        if not _rows_are_dense(image):
            image = np.ascontiguousarray(image)
        self._engine.upscale(kind, image, result, progress)
        return result

    def _open(self, source: Path | bytes, threads: int, tile: int, memory_limit: int) -> bool:
        """Open the engine, or say in ``_reason`` why not; whether kernels may run without it."""
        try:
            library_path()
        except AdderSRError as error:
            self._reason = f"the library is missing: {str(error).rstrip('.')}"
            return False
        try:
            self._engine = Engine(source, threads=threads, tile=tile, memory_limit=memory_limit)
        except NoRuntimeError as error:
            self._reason = str(error).rstrip(".")
            return self._has_operators()
        self.kernel = self._engine.info.kernel or None
        return True

    def _has_operators(self) -> bool:
        try:
            custom_ops.library_path()
        except AdderSRError as error:
            self._reason = f"the operator library is missing: {str(error).rstrip('.')}"
            return False
        return True


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


def _check_numbers(tile: int | None, memory_limit: int | None) -> None:
    if tile is not None and not 1 <= tile <= _MAX_TILE:
        raise AdderSRError(f"Expected a tile of 1 to {_MAX_TILE} pixels, got {tile}.")
    if memory_limit is not None and not 1 <= memory_limit < 1 << 63:
        raise AdderSRError(f"Expected a memory limit of at least 1 byte, got {memory_limit}.")


def _format(image: Pixels, order: str) -> Format:
    if order not in ("rgb", "bgr"):
        raise AdderSRError(f"Expected the order 'rgb' or 'bgr', got {order!r}.")
    if image.ndim == 2:
        return Format.GRAY
    if image.shape[2] == 3:
        return Format.BGR if order == "bgr" else Format.RGB
    if order == "bgr":
        raise AdderSRError("Expected RGBA where there is alpha, got the order 'bgr'.")
    return Format.RGBA


def _rows_are_dense(image: npt.NDArray[Any]) -> bool:
    """Whether pixels and channels follow each other; gaps between the rows do no harm."""
    row = int(np.prod(image.shape[1:]))
    inside = image.strides[1:] == np.empty(image.shape[1:], np.uint8).strides
    return inside and image.strides[0] >= row


def _check_out(out: Pixels, shape: tuple[int, ...]) -> Pixels:
    if out.dtype != np.uint8 or out.shape != shape:
        raise AdderSRError(
            f"Expected 'out' as uint8 array {list(shape)}, got {out.dtype} {list(out.shape)}."
        )
    if not out.flags.writeable or not _rows_are_dense(out):
        raise AdderSRError(
            "Expected 'out' to be writable, with pixels that follow each other in each row. Give "
            "an array of numpy.empty, or whole rows of one."
        )
    return out
