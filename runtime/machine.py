"""The machine that a measurement was made on, for reports."""

import datetime
import os
import platform
import socket
from importlib.metadata import version
from pathlib import Path
from typing import Any

_CPU_INFO = Path("/proc/cpuinfo")
_GOVERNOR = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")


def cpu_model() -> str:
    """The processor's name as the system gives it."""
    if _CPU_INFO.exists():
        for line in _CPU_INFO.read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def context() -> dict[str, Any]:
    """The ``context`` of a benchmark report, with the keys of google/benchmark and ours."""
    governor = _GOVERNOR.read_text(encoding="ascii").strip() if _GOVERNOR.exists() else None
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "host_name": socket.gethostname(),
        "num_cpus": cores(),
        "cpu": cpu_model(),
        "cpu_scaling_governor": governor,
        "load_avg": list(os.getloadavg()),
        "system": platform.platform(),
        "python": platform.python_version(),
        "addersr": version("addersr"),
        "numpy": version("numpy"),
        "onnxruntime": version("onnxruntime"),
    }
