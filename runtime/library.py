"""The embedding library (``runtime/embedding``) through ctypes: arrays in, larger arrays out.

:class:`~addersr.runtime.upscaler.Upscaler` is what applications use; ``addersr.h`` documents what
is called here.
"""

import ctypes
import os
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from addersr.errors import AdderSRError
from addersr.runtime.installed import library_path
from addersr.runtime.pixels import Pixels

_RUNTIME_VARIABLE = "ADDERSR_ONNXRUNTIME"
_NO_RUNTIME = 2


class NoRuntimeError(AdderSRError):
    """The library found no onnxruntime that it can use."""


class Format(IntEnum):
    """``addersr_format``, as far as arrays have it."""

    RGB = 1
    BGR = 2
    RGBA = 3
    GRAY = 4


class _Frame(ctypes.Structure):
    _fields_ = (
        ("format", ctypes.c_int32),
        ("width", ctypes.c_int32),
        ("height", ctypes.c_int32),
        ("planes", ctypes.c_void_p * 3),
        ("strides", ctypes.c_ssize_t * 3),
    )


class _Options(ctypes.Structure):
    _fields_ = (
        ("size", ctypes.c_size_t),
        ("runtime_library", ctypes.c_char_p),
        ("threads", ctypes.c_int32),
        ("tile", ctypes.c_int32),
        ("memory_limit", ctypes.c_uint64),
    )


class _Info(ctypes.Structure):
    _fields_ = (
        ("size", ctypes.c_size_t),
        ("scale", ctypes.c_int32),
        ("halo", ctypes.c_int32),
        *((name, ctypes.c_char_p) for name in ("architecture", "kind", "colour", "precision")),
        *((name, ctypes.c_char_p) for name in ("version", "runtime", "kernel")),
    )


_Progress = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int32, ctypes.c_int32)


class _Call(ctypes.Structure):
    _fields_ = (("size", ctypes.c_size_t), ("progress", _Progress), ("user", ctypes.c_void_p))


@dataclass(frozen=True)
class EngineInfo:
    """``addersr_info``, without what :class:`.ModelInfo` says anyway."""

    runtime: str
    """Version of the onnxruntime in use."""
    kernel: str
    """The adder kernel that ran in the engine's first run; empty for none."""


class Engine:
    """A loaded model. May be used from several threads at the same time."""

    def __init__(
        self, model: Path | bytes, *, threads: int = 0, tile: int = 0, memory_limit: int = 0
    ) -> None:
        """Open a model; ``addersr_options`` says what the numbers mean.

        Raises:
            AdderSRError: no such model, or one that the library cannot run; no library.
            NoRuntimeError: no onnxruntime for it.
        """
        self._library = _load()
        options = _Options(
            size=ctypes.sizeof(_Options),
            runtime_library=_runtime(),
            threads=threads,
            tile=tile,
            memory_limit=memory_limit,
        )
        self._engine = ctypes.c_void_p()
        where = (ctypes.byref(options), ctypes.byref(self._engine))
        if isinstance(model, bytes):
            status = self._library.addersr_open_memory(model, len(model), *where)
        else:
            status = self._library.addersr_open(bytes(model), *where)
        if status == _NO_RUNTIME:
            raise NoRuntimeError(self._problem(status))
        self._check(status)
        weakref.finalize(self, self._library.addersr_close, self._engine)

    @property
    def info(self) -> EngineInfo:
        """What is known since the model was opened, for which it ran once."""
        info = _Info(size=ctypes.sizeof(_Info))
        self._check(self._library.addersr_get_info(self._engine, ctypes.byref(info)))
        return EngineInfo(info.runtime.decode(), info.kernel.decode())

    def memory(self, kind: Format, width: int, height: int) -> tuple[int, int]:
        """Bytes that enlarging such a frame is estimated to use, and its number of tiles."""
        needed, tiles = ctypes.c_uint64(), ctypes.c_int32()
        self._check(
            self._library.addersr_memory(
                self._engine, kind, width, height, ctypes.byref(needed), ctypes.byref(tiles)
            )
        )
        return needed.value, tiles.value

    def upscale(
        self,
        kind: Format,
        source: Pixels,
        target: Pixels,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        """Enlarge a frame into another; neither is copied.

        The library runs in a thread of its own, so that Ctrl-C ends the call (and all others of
        this engine) at once, and what ``progress`` raises ends it before the next tile.

        Args:
            kind: of both frames.
            source: uint8 [H, W, …], rows of pixels that follow each other without gaps.
            target: the same, ``scale`` times as high and wide.
            progress: called in the caller's thread with the tiles done and the tiles in all.

        Raises:
            AdderSRError: the library refuses the frames, or fails.
        """
        reports: SimpleQueue[tuple[int, int] | str | BaseException] = SimpleQueue()
        stop = threading.Event()

        def report(_user: Any, done: int, total: int) -> int:
            reports.put((done, total))
            return int(stop.is_set())

        def run() -> None:
            try:
                reports.put(enlarge())
            except BaseException as error:  # for the caller, who would wait for ever
                reports.put(error)

        def enlarge() -> str:
            call = _Call(size=ctypes.sizeof(_Call), progress=_Progress(report))
            frames = (_frame(kind, source), _frame(kind, target))
            return self._problem(
                self._library.addersr_upscale(
                    self._engine, *map(ctypes.byref, frames), ctypes.byref(call)
                )
            )

        thread = threading.Thread(target=run, name="addersr")
        thread.start()
        try:
            # Ctrl-C interrupts this wait, but could not interrupt the library.
            while isinstance(said := reports.get(), tuple):
                if progress is not None:
                    progress(*said)
        except KeyboardInterrupt:
            # Not only before the next tile, which may be large.
            self._library.addersr_cancel(self._engine)
            raise
        finally:
            stop.set()
            thread.join()  # it still writes to target
        if isinstance(said, BaseException):
            raise said
        if said:
            raise AdderSRError(said)

    def _check(self, status: int) -> None:
        problem = self._problem(status)
        if problem:
            raise AdderSRError(problem)

    def _problem(self, status: int) -> str:
        """The library's sentence about this thread's last call; empty when all went well."""
        if status == 0:
            return ""
        return str(self._library.addersr_last_error().decode(errors="replace"))


def onnxruntime_library() -> Path | None:
    """The library in the installed wheel of onnxruntime; None when there is none.

    Wheels have one since 1.19. It is another copy than the one that ``import onnxruntime`` loads,
    and neither disturbs the other.
    """
    spec = find_spec("onnxruntime")
    if spec is None or spec.origin is None:
        return None
    files = sorted((Path(spec.origin).parent / "capi").glob("libonnxruntime.so.*"))
    return files[-1] if files else None


def _runtime() -> bytes | None:
    # What the user names goes first; without a path the library looks itself.
    path = None if os.environ.get(_RUNTIME_VARIABLE) else onnxruntime_library()
    return None if path is None else bytes(path)


@cache
def _load() -> Any:
    path = library_path()
    try:
        library = ctypes.CDLL(str(path))
        for name, arguments in _FUNCTIONS.items():
            getattr(library, name).argtypes = arguments
        library.addersr_last_error.restype = ctypes.c_char_p
        library.addersr_close.restype = library.addersr_cancel.restype = None
    except (OSError, AttributeError) as error:
        raise AdderSRError(
            f"The library {path} cannot be loaded ({error}). Reinstall addersr."
        ) from None
    return library


_OPENED = (ctypes.POINTER(_Options), ctypes.POINTER(ctypes.c_void_p))
# Arguments by name; what returns something else than a status is told apart in _load.
_FUNCTIONS: dict[str, tuple[Any, ...]] = {
    "addersr_last_error": (),
    "addersr_open": (ctypes.c_char_p, *_OPENED),
    "addersr_open_memory": (ctypes.c_char_p, ctypes.c_size_t, *_OPENED),
    "addersr_close": (ctypes.c_void_p,),
    "addersr_cancel": (ctypes.c_void_p,),
    "addersr_get_info": (ctypes.c_void_p, ctypes.POINTER(_Info)),
    "addersr_memory": (
        *(ctypes.c_void_p, ctypes.c_int32, ctypes.c_int32, ctypes.c_int32),
        *(ctypes.POINTER(ctypes.c_uint64), ctypes.POINTER(ctypes.c_int32)),
    ),
    "addersr_upscale": (
        *(ctypes.c_void_p, ctypes.POINTER(_Frame), ctypes.POINTER(_Frame)),
        ctypes.POINTER(_Call),
    ),
}


def _frame(kind: Format, pixels: Pixels) -> _Frame:
    frame = _Frame(format=kind, width=pixels.shape[1], height=pixels.shape[0])
    frame.planes[0] = pixels.ctypes.data
    frame.strides[0] = pixels.strides[0]
    return frame
