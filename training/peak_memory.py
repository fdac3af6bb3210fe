"""What training steps need of memory, each in a process of its own (Linux).

The child is this module itself, run as ``python -m addersr.training.peak_memory KIND CHANNELS BATCH
PATCH``; it prints the bytes.
"""

import subprocess
import sys
from pathlib import Path

import torch

from addersr.errors import AdderSRError
from addersr.training.steps import Kind, training_step

_STATUS = Path("/proc/self/status")
_MODULE = "addersr.training.peak_memory"


def peak_bytes(kind: Kind, channels: int, batch: int, patch: int) -> int:
    """Bytes by which a process grows, at most, in its training steps.

    Libraries, the model and all that a step with a patch of 8 pixels needs are in the process
    before.

    Raises:
        AdderSRError: the child failed, or the system has no ``/proc``.
    """
    command = [sys.executable, "-m", _MODULE, kind, str(channels), str(batch), str(patch)]
    child = subprocess.run(command, capture_output=True, text=True, check=False)
    if child.returncode != 0:
        raise AdderSRError(
            f"The process that measures the memory of a training step failed: "
            f"{child.stderr.strip().splitlines()[-1:]}. It needs Linux."
        )
    return int(child.stdout)


def _status(field: str) -> int:
    """A size of this process in bytes."""
    for line in _STATUS.read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    raise AdderSRError(f"{_STATUS} has no {field}: the memory of a process is measured on Linux.")


def _main(kind: Kind, channels: int, batch: int, patch: int) -> None:
    torch.set_num_threads(1)
    training_step(kind, channels, batch, 8)()
    step = training_step(kind, channels, batch, patch)
    Path("/proc/self/clear_refs").write_text("5")  # the peak is now the present size
    before = _status("VmRSS")
    for _ in range(2):  # the first makes the optimiser's state
        step()
    sys.stdout.write(f"{_status('VmHWM') - before}\n")


if __name__ == "__main__":
    _main(sys.argv[1], *map(int, sys.argv[2:]))  # type: ignore[arg-type]
