"""onnxruntime in a process of its own: without the operator library, or with a forced kernel.

The parent uses :class:`ChildSession`; the child is this module itself, run as
``python -m addersr.runtime.child_session``. Without the library it proves that a model works where
nobody has addersr, and how fast: every answer of the child says whether the library was in its
memory. With it the instruction set can be forced, which a process does once for all.

Requests and answers are lines of JSON on the child's stdin and stdout; tensors go through files.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from addersr import custom_ops
from addersr.custom_ops.library import FORCE_VARIABLE
from addersr.errors import AdderSRError
from addersr.runtime.session import Arrays, create_session, run_session

_MODULE = "addersr.runtime.child_session"
_MAPS = Path("/proc/self/maps")
_LIBRARY_PREFIX = "libaddersr"


class ChildSession:
    """A model in a child process; use it as a context manager.

    Args:
        model: ONNX file.
        threads: of onnxruntime; 0 lets it choose.
        isa: None for plain onnxruntime, which must not see the operator library; else the library
            is registered and made to use this instruction set or kernel (``ADDERSR_FORCE_ISA``).

    Attributes:
        input_name: name of the model's (first) input.
        threads: as given.
        kernel_calls: how often each kernel of the library has run in the child until the end of
            the last :meth:`run`; empty in plain onnxruntime.

    Raises:
        AdderSRError: the child cannot load the model.
    """

    def __init__(self, model: Path, *, threads: int = 0, isa: str | None = None) -> None:
        self.threads = threads
        self._plain = isa is None
        self.kernel_calls: dict[str, int] = {}
        self._folder = tempfile.TemporaryDirectory(prefix="addersr-child-")
        self._errors = (Path(self._folder.name) / "stderr").open("w+b")
        self._child = subprocess.Popen(
            [sys.executable, "-m", _MODULE, str(model), str(threads), isa or ""],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            # Whatever lies in the current folder is none of the child's business.
            env={**os.environ, "PYTHONSAFEPATH": "1", FORCE_VARIABLE: isa or ""},
        )
        try:
            self.input_name: str = self._receive()["input_name"]
        except BaseException:
            self.close()
            raise

    def run(self, inputs: Arrays) -> dict[str, npt.NDArray[np.float32]]:
        """Run the model in the child.

        Returns:
            All outputs by name.

        Raises:
            AdderSRError: the inputs do not fit, or the library was in the child's memory.
        """
        self.load(inputs)
        target = Path(self._folder.name) / "outputs.npz"
        answer = self._ask({"request": "run", "outputs": str(target)})
        self.kernel_calls = answer["calls"]
        return _load(target)

    def load(self, inputs: Arrays) -> None:
        """Hand over the inputs of the following :meth:`time`."""
        source = Path(self._folder.name) / "inputs.npz"
        _save(source, inputs)
        self._ask({"request": "load", "inputs": str(source)})

    def time(self) -> tuple[float, float]:
        """Run once on the inputs of :meth:`load`.

        Returns:
            Seconds on the clock, and seconds of processor time of all threads, in the child.
        """
        answer = self._ask({"request": "time"})
        return float(answer["seconds"]), float(answer["cpu_seconds"])

    def close(self) -> None:
        """End the child and remove its files."""
        self._child.kill()
        self._child.communicate()
        self._errors.close()
        self._folder.cleanup()

    def __enter__(self) -> "ChildSession":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self._child.stdin is not None
        try:
            self._child.stdin.write(json.dumps(request) + "\n")
            self._child.stdin.flush()
        except BrokenPipeError:
            pass  # it has died; what it said about that is read below
        return self._receive()

    def _receive(self) -> dict[str, Any]:
        assert self._child.stdout is not None
        line = self._child.stdout.readline()
        if not line:
            self._errors.seek(0)
            said = self._errors.read().decode(errors="replace").strip().splitlines()
            reason = said[-1] if said else f"exit code {self._child.wait()}"
            kind = "plain onnxruntime" if self._plain else "the operator library"
            raise AdderSRError(f"The process with {kind} ended early: {reason}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise AdderSRError(str(answer["error"]))
        if self._plain and answer["library_loaded"]:
            raise AdderSRError(
                "The operator library is loaded in the process that must not have it: look for "
                "a preloading of it (LD_PRELOAD, sitecustomize)."
            )
        return answer


def run_bare(
    model: Path, inputs: Arrays, *, threads: int = 0
) -> dict[str, npt.NDArray[np.float32]]:
    """One run of a model in a fresh process with plain onnxruntime; see :class:`ChildSession`."""
    with ChildSession(model, threads=threads) as session:
        return session.run(inputs)


def library_loaded() -> bool:
    """Whether a library of addersr is mapped into this process (Linux: /proc/self/maps)."""
    if not _MAPS.exists():
        return False
    lines = _MAPS.read_text(encoding="utf-8", errors="replace").splitlines()
    return any(Path(line.split(maxsplit=5)[-1]).name.startswith(_LIBRARY_PREFIX) for line in lines)


def _save(path: Path, arrays: Arrays) -> None:
    # The names go along as data: as keywords of savez, some of them ("file") would not do.
    with path.open("wb") as stream:
        np.savez(stream, np.array(list(arrays), np.str_), *arrays.values())


def _load(path: Path) -> dict[str, npt.NDArray[Any]]:
    with np.load(path) as file:
        return {str(name): file[f"arr_{index}"] for index, name in enumerate(file["arr_0"], 1)}


def _serve(model: Path, threads: int, *, use_library: bool) -> None:
    """The child: answer requests until stdin ends."""
    session = create_session(model, threads=threads, use_library=use_library, single_burst=True)
    inputs: dict[str, npt.NDArray[Any]] = {}
    _answer({"input_name": session.get_inputs()[0].name})
    for line in sys.stdin:
        request = json.loads(line)
        if request["request"] == "load":
            inputs = _load(Path(request["inputs"]))
            _answer({})
            continue
        start, cpu_start = time.perf_counter(), time.process_time()
        outputs = run_session(session, inputs)
        seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start
        if request["request"] == "run":
            _save(Path(request["outputs"]), outputs)
        _answer({"seconds": seconds, "cpu_seconds": cpu_seconds, "calls": _calls()})


def _calls() -> dict[str, int]:
    """Calls of the library's kernels in this process; asking must not load the library."""
    return custom_ops.library_info().calls if library_loaded() else {}


def _answer(fields: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps({**fields, "library_loaded": library_loaded()}) + "\n")
    sys.stdout.flush()


def main() -> int:
    """Entry point of the child: ``child_session MODEL THREADS ISA``, an empty ISA for none."""
    try:
        _serve(Path(sys.argv[1]), int(sys.argv[2]), use_library=bool(sys.argv[3]))
    except AdderSRError as error:
        sys.stdout.write(json.dumps({"error": str(error)}) + "\n")
        return 1
    except KeyboardInterrupt:
        return 130  # the parent gets it too and reports it
    return 0


if __name__ == "__main__":
    sys.exit(main())
