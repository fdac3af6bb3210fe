"""An ONNX file that is handed out only with the proof that it is right."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from addersr.export.file_verification import verify_file
from addersr.export.onnx_export import ExportOptions, export_onnx
from addersr.export.report import Comparison, VerificationReport
from addersr.export.verification import verify
from addersr.models.super_resolution import SuperResolution
from addersr.runtime.model_info import read_model_info
from addersr.runtime.network import sample_input
from addersr.runtime.session import create_session, run_session


def export_verified(
    model: SuperResolution,
    *,
    architecture: str,
    arguments: Mapping[str, Any],
    options: ExportOptions,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[bytes, VerificationReport]:
    """Export a model and compare the file with it.

    First the plain float32 network is compared with torch. What the options change is proved on top
    of that: a file of pictures is compared with its own graph in every way there is, and a file of
    one size or without function bodies with the one of any size, bit for bit.

    Args:
        model, architecture, arguments, options: as for :func:`export_onnx`.
        progress: called with the steps done and the steps in all.

    Returns:
        The file and the report.

    Raises:
        AdderSRError: see :func:`export_onnx` and :func:`verify`.
    """

    def export(wanted: ExportOptions) -> bytes:
        exported = export_onnx(
            model, architecture=architecture, arguments=arguments, options=wanted
        )
        serialized: bytes = exported.SerializeToString(deterministic=True)
        return serialized

    plain = ExportOptions(plan=options.plan)
    planes = export(plain)
    report = verify(model, planes, progress)
    free = replace(options, size=None, fallback=True)
    file = planes if free == plain else export(free)
    if file is not planes:
        report = replace(report, comparisons=report.comparisons + verify_file(file, progress))
    if options != free:
        result = export(options)
        same = _same_results(result, file, options.size)
        return result, replace(report, comparisons=(*report.comparisons, same))
    return file, report


def _same_results(exported: bytes, other: bytes, size: tuple[int, int] | None) -> Comparison:
    height, width = size or (24, 40)
    results: list[npt.NDArray[Any]] = []
    for file in (exported, other):
        session = create_session(file, threads=1)
        x = sample_input(read_model_info(file), width, height)
        results += run_session(session, {session.get_inputs()[0].name: x}).values()
    ours, expected = results
    same = ours.shape == expected.shape and bool((ours == expected).all())
    error = 0.0 if same else float("inf")
    if ours.shape == expected.shape:
        error = float(np.abs(ours.astype(np.float64) - expected).max())
    sample = f"1x noise {width}x{height}"
    return Comparison("as without --size, --no-fallback", error, 0.0, sample, None, "")
