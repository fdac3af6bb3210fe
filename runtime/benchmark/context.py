"""The ``context`` of a report: the machine, the software, and what was forced."""

import datetime
import os
import platform
import socket
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from addersr.custom_ops.library import FORCE_VARIABLE
from addersr.runtime import machine
from addersr.runtime.benchmark.machine_state import MachineState, read_state
from addersr.runtime.benchmark.sysfs import read_text

#: Version of ``schema.json``.
SCHEMA_VERSION = 1
_FORCING = (FORCE_VARIABLE, "OMP_NUM_THREADS", "OMP_WAIT_POLICY", "LD_PRELOAD")
_CHECKOUT = Path(__file__).resolve().parents[2]
_GIT_SECONDS = 10


def describe_context(
    before: MachineState | None = None, root: Path = Path("/"), checkout: Path = _CHECKOUT
) -> dict[str, Any]:
    """The keys of google/benchmark and ours.

    Args:
        before: the machine before the measurement; None: as it is now.
        root: where ``proc``, ``sys`` and ``etc`` lie.
        checkout: folder that is asked for its commit, if it is a checkout.
    """
    before = before or read_state(root)
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "host_name": socket.gethostname(),
        "executable": "addersr bench",
        "num_cpus": machine.cores(),
        "mhz_per_cpu": round(before.clock_mhz or 0),
        "cpu_scaling_enabled": any(name != "performance" for name in before.governors),
        "load_avg": [] if before.load is None else list(before.load),
        "library_build_type": "release",
        "json_schema_version": 1,
        "addersr_schema_version": SCHEMA_VERSION,
        "cpu": machine.cpu_model(),
        "cpu_scaling_governor": ", ".join(before.governors) or None,
        "memory_bytes": before.memory,
        "system": platform.platform(),
        "os": _os_name(root),
        "python": platform.python_version(),
        "addersr": version("addersr"),
        "numpy": version("numpy"),
        "onnxruntime": version("onnxruntime"),
        "forced": {name: os.environ[name] for name in _FORCING if os.environ.get(name)},
        "affinity": _affinity(),
        **_commit(checkout),
    }


def _os_name(root: Path) -> str | None:
    for line in (read_text(root / "etc/os-release") or "").splitlines():
        key, _, value = line.partition("=")
        if key == "PRETTY_NAME":
            return value.strip('"')
    return None


def _affinity() -> list[int] | None:
    if sys.platform != "linux":
        return None
    return sorted(os.sched_getaffinity(0))


def _commit(folder: Path) -> dict[str, Any]:
    """Commit and whether files differ from it; nothing where ``folder`` is no checkout."""
    if not (folder / ".git").exists():
        return {}
    commit = _git(folder, "rev-parse", "HEAD")
    status = _git(folder, "status", "--porcelain")
    if commit is None or status is None:
        return {}
    return {"commit": commit, "dirty": bool(status)}


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            text=True,
            check=True,
            timeout=_GIT_SECONDS,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
