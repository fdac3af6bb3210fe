"""``addersr verify``: proof that an ONNX file computes what it should, everywhere."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from addersr.cli.options import AsJson, JsonFile, examples
from addersr.cli.output import check_json_file, progress, show
from addersr.cli.proof import comparison_table, find_checkpoint
from addersr.errors import AdderSRError

if TYPE_CHECKING:
    from rich.table import Table

EXAMPLES = examples(
    "addersr verify model.onnx",
    "addersr verify model.onnx --against checkpoint.safetensors",
    "addersr verify model-u8.onnx --against model.onnx --data Set5 --min-psnr 36.5",
)


def verify(
    model: Annotated[str, typer.Argument(help="An .onnx file, or a name in the zoo.")],
    against: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="What the file was made from: a .safetensors checkpoint, a name in the zoo, or "
            "the float32 .onnx of a quantised file.",
        ),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of HR images to measure PSNR on.")
    ] = None,
    min_psnr: Annotated[
        float | None, typer.Option(metavar="DB", help="Fail below this PSNR on --data.")
    ] = None,
    as_json: AsJson = False,
    output: JsonFile = None,
) -> None:
    """Compute a file in every way there is, and compare; exit code 1 when something is wrong.

    A float32 file must stay within the tolerance that follows from its layers, a file in integers
    must give the same bits: with the references of our operators, with the kernels of each
    instruction set, and in onnxruntime without our library. With --against, a single wrong weight
    or zero point is found.
    """
    from addersr.runtime.upscaler import resolve_model

    check_json_file(output)
    path = resolve_model(model)
    original = None if against is None else find_checkpoint(against, what="file")
    try:
        from addersr.export.file_report import verify_model_file
    except ImportError as error:
        raise AdderSRError(
            f"Verifying needs {error.name}, which is not installed: pip install 'addersr[export]'."
        ) from error
    with progress("Verifying") as show_progress:
        report = verify_model_file(
            path, against=original, data=data, least_psnr=min_psnr, progress=show_progress
        )
    result = {"model": model, **report.to_json()}
    show(result, lambda: _table(result), as_json=as_json, file=output)
    if not report.passed:
        raise AdderSRError(" ".join(report.problems))


def _table(result: dict[str, Any]) -> "Table":
    return comparison_table(result["comparisons"], result["model"], "\n".join(_notes(result)))


def _notes(result: dict[str, Any]) -> list[str]:
    stored = result["parameters"]
    notes = ["parameters not compared: give --against"]
    if result["parameters_known"]:
        notes = [
            f"{len(stored['identical'])} tensors bit-identical, {len(stored['folded'])} folded, "
            f"{len(stored['wrong'])} wrong"
        ]
    if result["psnr_to_float"] is not None:
        notes.append(f"{result['psnr_to_float']:.1f} dB between integers and float32")
    quality = result["quality"]
    if quality is not None:
        known = quality["float_psnr"]
        drop = "" if known is None else f", {known - quality['psnr']:+.3f} dB below float32"
        notes.append(
            f"{quality['folder']}: {quality['psnr']:.3f} dB{drop}, "
            f"bicubic {quality['bicubic_psnr']:.2f} dB"
        )
    return notes
