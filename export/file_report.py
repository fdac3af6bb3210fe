"""All that can be said for and against one ONNX file: ``addersr verify``."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch

from addersr.errors import AdderSRError
from addersr.export.expectation import expectations
from addersr.export.file_verification import verify_file
from addersr.export.onnx_export import ExportOptions, export_onnx
from addersr.export.origin import compare_with_float
from addersr.export.quantization.files import load_model as load_onnx
from addersr.export.report import Comparison, ParameterCheck, VerificationReport
from addersr.export.verification import check_parameters
from addersr.models.checkpoint import load_model, read_metadata
from addersr.models.super_resolution import SuperResolution
from addersr.runtime.enlarge import network_enlarger
from addersr.runtime.evaluation import evaluate, evaluate_bicubic
from addersr.runtime.model_info import ModelInfo, read_model_info
from addersr.runtime.network import Network

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Quality:
    """PSNR by the measuring protocol, in dB, mean over a folder."""

    folder: str
    psnr: float
    bicubic_psnr: float
    float_psnr: float | None
    """Of the float32 model that a file in integers was made from, where it is at hand."""
    least: float | None
    """What was asked for."""

    @property
    def passed(self) -> bool:
        """Whether it is as good as was asked for."""
        return self.least is None or self.psnr >= self.least


@dataclass(frozen=True)
class FileReport:
    """What ``verify_model_file`` found."""

    verification: VerificationReport
    parameters_known: bool
    """Whether there was a model to compare the parameters with."""
    psnr_to_float: float | None
    """dB between a file in integers and its float32 model, on samples."""
    quality: Quality | None

    @property
    def passed(self) -> bool:
        """Whether the file may be used."""
        return self.verification.passed and (self.quality is None or self.quality.passed)

    @property
    def problems(self) -> tuple[str, ...]:
        """What failed, one sentence each."""
        sentences = self.verification.problems
        if self.quality is not None and not self.quality.passed:
            sentences += (
                f"PSNR on {self.quality.folder} is {self.quality.psnr:.3f} dB, and at least "
                f"{self.quality.least:g} dB were asked for.",
            )
        return sentences

    def to_json(self) -> dict[str, Any]:
        """Everything by name."""
        return {
            **self.verification.to_json(),
            "passed": self.passed,
            "parameters_known": self.parameters_known,
            "psnr_to_float": self.psnr_to_float,
            "quality": None if self.quality is None else asdict(self.quality),
            "problems": self.problems,
        }


def verify_model_file(
    path: Path,
    *,
    against: Path | None = None,
    data: Path | None = None,
    least_psnr: float | None = None,
    progress: Progress | None = None,
) -> FileReport:
    """Verify a file in every way that what is given allows.

    Args:
        path: ONNX file of ``addersr export`` or ``addersr quantize``.
        against: the checkpoint that it was made from; for a file in integers also the float32
            ONNX file. Without it nobody knows what the parameters should be.
        data: folder of HR images to measure PSNR on.
        least_psnr: what ``data`` must give, in dB.
        progress: called with the steps done and the steps in all; starts again for each stage.

    Raises:
        AdderSRError: a file cannot be read, or they do not belong together.
    """
    if least_psnr is not None and data is None:
        raise AdderSRError("A least PSNR needs images to measure it on: give --data.")
    info = read_model_info(path)
    exported = path.read_bytes()
    comparisons = verify_file(exported, progress)
    parameters = ParameterCheck((), (), ())
    psnr, original = None, None
    if against is not None and info.precision == "fp32":
        model = _checkpoint_of(against, info)
        parameters = check_parameters(model, onnx.load_from_string(exported))
        if info.io == "float":
            comparisons = (_torch(model, exported), *comparisons)
    elif against is not None:
        original = _float_file(against, info)
        origin = compare_with_float(exported, original)
        parameters, psnr = origin.parameters, origin.psnr
        comparisons = (*comparisons, origin.comparison, origin.layer)
    quality = None if data is None else _quality(path, original, data, least_psnr, progress)
    verification = VerificationReport(comparisons, parameters)
    return FileReport(verification, against is not None, psnr, quality)


def _checkpoint_of(against: Path, info: ModelInfo) -> SuperResolution:
    if against.suffix == ".onnx":
        raise AdderSRError(
            f"A float32 file is compared with the checkpoint that it was exported from, got "
            f"{against}: give a .safetensors file."
        )
    metadata, model = read_metadata(against), load_model(against)
    described = (metadata["architecture"], model.kind, model.scale, model.colour)
    if described != (info.architecture, info.kind, info.scale, info.colour):
        raise AdderSRError(
            f"{against} is another model ({', '.join(map(str, described))}) than the file "
            f"({info.architecture}, {info.kind}, {info.scale}, {info.colour})."
        )
    return model


def _float_file(against: Path, info: ModelInfo) -> onnx.ModelProto:
    """The float32 file with the same ends as the file in integers."""
    if against.suffix == ".onnx":
        return load_onnx(against)
    model, metadata = _checkpoint_of(against, info), read_metadata(against)
    return export_onnx(
        model,
        architecture=metadata["architecture"],
        arguments=json.loads(metadata["arguments"]),
        options=ExportOptions(io=info.io),
    )


def _torch(model: SuperResolution, exported: bytes) -> Comparison:
    """The checkpoint in float64 beside the exact result of the file's graph."""
    precise = model.double()
    rows: list[tuple[float, float, str]] = []
    for item in expectations(onnx.load_from_string(exported), integers=False):
        with torch.no_grad():
            y = precise(torch.from_numpy(item.x).double()).numpy()
        error = float(np.abs(y - item.y).max()) if y.shape == item.y.shape else float("inf")
        rows.append((error, float(item.tolerance.max()), item.sample))
    error, tolerance, sample = max(rows, key=lambda row: row[0] - row[1])
    return Comparison("torch float64", error, tolerance, sample, None, "")


def _quality(
    path: Path,
    original: onnx.ModelProto | None,
    data: Path,
    least: float | None,
    progress: Progress | None,
) -> Quality:
    network = Network(path)
    scale = network.info.scale
    found = evaluate(path.name, network_enlarger(network), scale, data, progress)
    float_psnr = None
    if original is not None:
        floats = network_enlarger(Network(original.SerializeToString()))
        name = f"{path.name}, float32"
        float_psnr = evaluate(name, floats, scale, data, progress).psnr
    bicubic = evaluate_bicubic(scale, data, progress).psnr
    return Quality(data.name, found.psnr, bicubic, float_psnr, least)
