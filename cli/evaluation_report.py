"""The scores of several models on several folders, with what the models cost, as one table."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from addersr.errors import AdderSRError
from addersr.runtime.evaluation import Evaluation
from addersr.tables import UNKNOWN, Table


@dataclass(frozen=True)
class Description:
    """What a model is and costs.

    None is what cannot be counted here: onnx or torch is missing, or an operator is unknown.
    """

    name: str
    kind: str | None = None
    precision: str | None = None
    parameters: int | None = None
    multiplications: int | None = None
    """For a picture of 1280x720, or the nearest size that is a multiple of the scale."""
    additions: int | None = None


@dataclass(frozen=True)
class EvaluationReport:
    """The evaluations of all models, and those of bicubic enlarging for each of their scales."""

    models: tuple[Description, ...]
    evaluations: tuple[Evaluation, ...]

    def to_json(self) -> dict[str, Any]:
        """Everything by name."""
        return {
            "models": [asdict(model) for model in self.models],
            "evaluations": [evaluation.to_json() for evaluation in self.evaluations],
        }

    def table(self) -> Table:
        """A row per model, two columns per folder."""
        folders = list(dict.fromkeys(evaluation.data for evaluation in self.evaluations))
        rows: dict[tuple[str, int], dict[str, Evaluation]] = {}
        for evaluation in self.evaluations:
            rows.setdefault((evaluation.model, evaluation.scale), {})[evaluation.data] = evaluation
        return Table(
            "PSNR in dB / SSIM on Y",
            ("model", "scale", "parameters", "mul G", "add G", *folders),
            tuple(
                (
                    model,
                    f"×{scale}",
                    *self._costs(model, "{:,}"),
                    *(f"{scores[data].psnr:.2f} / {scores[data].ssim:.4f}" for data in folders),
                )
                for (model, scale), scores in rows.items()
            ),
            words=1,
        )

    def long_table(self) -> Table:
        """A row per model and folder, for programs: all digits, one value per cell."""
        kinds = {model.name: model.kind or UNKNOWN for model in self.models}
        headings = ("model", "kind", "scale", "data", "images", "psnr", "ssim")
        return Table(
            "",
            (*headings, "parameters", "multiplications_g", "additions_g"),
            tuple(
                (
                    one.model,
                    kinds.get(one.model, UNKNOWN),
                    str(one.scale),
                    one.data,
                    str(len(one.images)),
                    f"{one.psnr:.4f}",
                    f"{one.ssim:.5f}",
                    *self._costs(one.model, "{}"),
                )
                for one in self.evaluations
            ),
            words=1,
        )

    def _costs(self, name: str, whole: str) -> tuple[str, str, str]:
        """Parameters, multiplications and additions of a model; bicubic has none to speak of."""
        found = next((model for model in self.models if model.name == name), None)
        if found is None:
            return UNKNOWN, UNKNOWN, UNKNOWN
        parameters = UNKNOWN if found.parameters is None else whole.format(found.parameters)
        return parameters, _giga(found.multiplications), _giga(found.additions)


def describe(model: str) -> Description:
    """What is known of a zoo name, an ONNX file or a checkpoint."""
    path = _path(model)
    try:
        if path.suffix == ".safetensors":
            from addersr.export.counts.of_architecture import report_checkpoint

            report = report_checkpoint(path)
        else:
            from addersr.export.counts.of_file import report_file

            report = report_file(path)
    except (ImportError, AdderSRError):  # a file that is broken was refused by whoever runs it
        return Description(model)
    this = report.this
    return Description(
        model,
        this.kind,
        report.subject.precision,
        this.parameters,
        this.counts.multiplications,
        this.counts.additions,
    )


def _path(model: str) -> Path:
    from addersr import zoo

    if Path(model).exists() or Path(model).suffix:
        return Path(model)
    try:
        return zoo.find(model).onnx
    except AdderSRError:
        return Path(model)


def _giga(operations: int | None) -> str:
    return UNKNOWN if operations is None else f"{operations / 1e9:.3g}"
