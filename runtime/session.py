"""Making onnxruntime sessions, with our operators or without."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from addersr import custom_ops
from addersr.errors import AdderSRError
from addersr.runtime.model_file import read_model_file
from addersr.runtime.model_info import check_op_version

Arrays = Mapping[str, npt.NDArray[Any]]
"""Tensors by input or output name."""

_FATAL_ONLY = 4
_PREFIX = re.compile(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ")


def import_onnxruntime() -> Any:
    """Import onnxruntime so that it neither writes telemetry nor talks on stderr.

    The variable must be set before the first import, so import it only through here.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    # What matters comes as an exception too; the log would only double it.
    onnxruntime.set_default_logger_severity(_FATAL_ONLY)
    return onnxruntime


def create_session(
    model: Path | bytes,
    *,
    threads: int = 0,
    use_library: bool = True,
    single_burst: bool = False,
    profile: Path | None = None,
) -> Any:
    """An ``onnxruntime.InferenceSession`` on the CPU.

    Args:
        model: ONNX file or its bytes.
        threads: of onnxruntime within one operator; 0 lets it choose (the cores).
        use_library: register our operators; otherwise the function bodies in the model run.
        single_burst: threads sleep between runs instead of spinning, for sessions that take
            turns in a benchmark.
        profile: onnxruntime writes its profile to a file whose name begins like this;
            ``end_profiling`` of the session gives the whole name.

    Raises:
        AdderSRError: no usable model, another operator version, a forced instruction set that
            is unknown, or whatever onnxruntime has against the model.
    """
    if threads < 0:
        raise AdderSRError(f"Expected 0 (all cores) or more threads, got {threads}.")
    name = "The model" if isinstance(model, bytes) else str(model)
    check_op_version(read_model_file(model), name)
    onnxruntime = import_onnxruntime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _FATAL_ONLY
    if single_burst:
        options.add_session_config_entry("session.force_spinning_stop", "1")
    if profile is not None:
        options.enable_profiling = True
        options.profile_file_prefix = str(profile)
    if use_library:
        _register(options)
    source = model if isinstance(model, bytes) else str(model)
    try:
        return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise AdderSRError(f"{name} cannot be loaded: {_sentence(error)}") from error


def run_session(session: Any, inputs: Arrays) -> dict[str, npt.NDArray[np.float32]]:
    """All outputs of one run, by name.

    Raises:
        AdderSRError: the inputs do not fit the model, or there is not enough memory.
    """
    names = [output.name for output in session.get_outputs()]
    try:
        return dict(zip(names, session.run(names, dict(inputs)), strict=True))
    except Exception as error:
        raise AdderSRError(f"The model cannot run on this input: {_sentence(error)}") from error


def _register(options: Any) -> None:
    # A forced instruction set that does not exist: say so before onnxruntime wraps it.
    problem = custom_ops.library_info().error
    if problem:
        raise AdderSRError(problem)
    custom_ops.register(options)


def _sentence(error: Exception) -> str:
    """onnxruntime's first line, without its codes."""
    lines = _PREFIX.sub("", str(error)).strip().splitlines()
    return lines[0] if lines else type(error).__name__
