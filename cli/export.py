"""``addersr export``: a trained model as a verified ONNX file."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from addersr.cli.options import AsJson, examples, parse_size
from addersr.cli.output import progress, say_note, show
from addersr.cli.proof import comparison_table, find_checkpoint
from addersr.errors import AdderSRError
from addersr.files import check_writable, write_atomically

if TYPE_CHECKING:
    from rich.table import Table

EXAMPLES = examples(
    "addersr export tiny-x2-adder -o model.onnx",
    "addersr export checkpoint.safetensors -o model.onnx --io uint8",
    "addersr export tiny-x2-adder -o small.onnx --size 320x180 --no-fallback --json",
)


def export(
    model: Annotated[str, typer.Argument(help="Name in the zoo, or a .safetensors checkpoint.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The ONNX file to write.")
    ],
    io: Annotated[
        str,
        typer.Option(
            help="What goes in and comes out. float: planes [N, c, H, W] from 0 to 1; "
            "uint8: RGB pictures [N, H, W, 3]."
        ),
    ] = "float",
    size: Annotated[
        str | None,
        typer.Option(metavar="WxH", help="One fixed size of input, in place of any size."),
    ] = None,
    fallback: Annotated[
        bool,
        typer.Option(
            help="Carry definitions of our operators, so that onnxruntime runs the file without "
            "our library, too."
        ),
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Export a model to ONNX for images of any size, and prove that the file is right.

    Batch normalisation, shortcuts, power and activations are fused into the adder layers. The
    network is compared with torch, with the references of our operators, and in onnxruntime with
    our library and without. The file is written only if all of them agree.
    """
    check_writable(output)
    checkpoint = find_checkpoint(model, what="checkpoint")
    if output.exists() and checkpoint.exists() and output.samefile(checkpoint):
        raise AdderSRError(f"The output {output} is the checkpoint itself: choose another with -o.")
    try:
        from addersr.export import ExportOptions, export_verified
        from addersr.models.checkpoint import load_model, read_metadata
    except ImportError as error:
        raise AdderSRError(
            f"Exporting needs {error.name}, which is not installed: pip install 'addersr[export]'."
        ) from error
    width, height = (None, None) if size is None else parse_size(size)
    sides = None if width is None or height is None else (height, width)
    network = load_model(checkpoint)
    metadata = read_metadata(checkpoint)
    options = ExportOptions(io, sides, fallback, plan=metadata.get("plan"))
    with progress("Exporting and verifying") as show_progress:
        exported, report = export_verified(
            network,
            architecture=metadata["architecture"],
            arguments=json.loads(metadata["arguments"]),
            options=options,
            progress=show_progress,
        )
    if report.passed:
        write_atomically(output, exported)
    verification = report.to_json()
    result = {
        "model": model,
        "output": str(output) if report.passed else None,
        "bytes": len(exported),
        "architecture": metadata["architecture"],
        "kind": network.kind,
        "scale": network.scale,
        "verification": verification,
    }
    show(result, lambda: _table(model, verification), as_json=as_json)
    if not report.passed:
        raise AdderSRError(
            f"{' '.join(report.problems)} {output} was not written: please report this as a bug."
        )
    say_note(f"Written to {output} ({len(exported) / 1000:.0f} kB).")


def _table(model: str, verification: dict[str, Any]) -> "Table":
    stored = verification["parameters"]
    return comparison_table(
        verification["comparisons"],
        f"{model} against torch in float64",
        f"{len(stored['identical'])} tensors bit-identical in the file, "
        f"{len(stored['folded'])} folded, {len(stored['wrong'])} wrong",
    )
