"""What a model costs an application that starts with it: loading, the first run, memory.

A process of its own per model, since the first run happens once, and the peak never falls. The
child is this module itself, run as ``python -m addersr.runtime.benchmark.fresh_start``.
"""

import json
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from addersr.errors import AdderSRError
from addersr.runtime.model_info import read_model_info
from addersr.runtime.network import sample_input
from addersr.runtime.session import create_session, import_onnxruntime, run_session

_MODULE = "addersr.runtime.benchmark.fresh_start"
_STATUS = Path("/proc/self/status")


@dataclass(frozen=True)
class FreshStart:
    """One model, once."""

    load_milliseconds: float
    """Making the session; importing onnxruntime is not in it."""
    first_run_milliseconds: float
    peak_memory_bytes: int | None
    """Resident at most, in all; None: the system does not say."""
    model_memory_bytes: int | None
    """The peak without what Python and onnxruntime took before the model was loaded."""


def fresh_start(
    model: Path, *, width: int, height: int, threads: int = 0, use_library: bool = True
) -> FreshStart:
    """Load and run a model in a new process.

    Args:
        model: ONNX file exported by addersr.
        width, height: of the sample input.
        threads: of onnxruntime.
        use_library: False runs it in plain onnxruntime.

    Raises:
        AdderSRError: the child cannot run the model.
    """
    arguments = [str(model), str(width), str(height), str(threads), str(int(use_library))]
    done = subprocess.run(
        [sys.executable, "-m", _MODULE, *arguments],
        env={**os.environ, "PYTHONSAFEPATH": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        said = (done.stderr.strip() or f"exit code {done.returncode}").splitlines()[-1]
        raise AdderSRError(f"The process that starts with {model} failed: {said}")
    fields: dict[str, Any] = json.loads(done.stdout)
    return FreshStart(**fields)


def _memory(field: str) -> int | None:
    """A size of this process in bytes. VmHWM is the peak; getrusage's is inherited by children."""
    if not _STATUS.exists():
        return None
    match = re.search(rf"^{field}:\s*(\d+) kB$", _STATUS.read_text(), re.M)
    return None if match is None else int(match[1]) * 1024


def main() -> int:
    """The child: ``fresh_start MODEL WIDTH HEIGHT THREADS LIBRARY``."""
    path, width, height, threads, library = sys.argv[1:]
    model = Path(path)
    try:
        x = sample_input(read_model_info(model), int(width), int(height))
        import_onnxruntime()
        before = _memory("VmRSS")
        start = time.perf_counter()
        session = create_session(model, threads=int(threads), use_library=library == "1")
        loaded = time.perf_counter()
        run_session(session, {session.get_inputs()[0].name: x})
        ended = time.perf_counter()
    except AdderSRError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    peak = _memory("VmHWM")
    answer = FreshStart(
        load_milliseconds=(loaded - start) * 1e3,
        first_run_milliseconds=(ended - loaded) * 1e3,
        peak_memory_bytes=peak,
        model_memory_bytes=None if peak is None or before is None else peak - before,
    )
    sys.stdout.write(json.dumps(vars(answer)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
