"""``addersr quantize``: an exported model in integers."""

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from addersr.cli.options import AsJson, examples
from addersr.cli.output import progress, say_note, show
from addersr.errors import AdderSRError
from addersr.files import check_writable, write_atomically

if TYPE_CHECKING:
    from rich.table import Table

EXAMPLES = examples(
    "addersr quantize model.onnx -o model-u8.onnx --data photos",
    "addersr quantize model.onnx -o model-6bit.onnx --data photos --bits 6",
    "addersr quantize model.onnx -o model-mixed.onnx --data photos --precision mixed --json",
)


class Precision(str, Enum):
    """Types of the integers."""

    u8 = "u8"
    i16 = "i16"
    mixed = "mixed"


def quantize(
    model: Annotated[Path, typer.Argument(help="An .onnx file from 'addersr export'.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The ONNX file to write.")
    ],
    data: Annotated[
        Path,
        typer.Option(metavar="DIR", help="Folder of high-resolution photos to calibrate with."),
    ],
    precision: Annotated[
        Precision,
        typer.Option(help="u8: fastest; i16: nearest to fp32; mixed: the fastest of both."),
    ] = Precision.u8,
    bits: Annotated[
        int | None,
        typer.Option(help="Of the integers: 1 to 8 for u8 (default 8), 9 to 16 for i16 (11)."),
    ] = None,
    max_drop: Annotated[
        float, typer.Option(metavar="DB", help="PSNR that --precision mixed may lose.")
    ] = 0.02,
    groups: Annotated[
        int,
        typer.Option(
            metavar="G",
            help="Scales that the filters of an adder layer may have, kept if the photos gain.",
        ),
    ] = 1,
    fallback: Annotated[
        bool,
        typer.Option(
            "--fallback/--no-fallback", help="Let onnxruntime without our library run the file."
        ),
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Quantise an exported model: integers from end to end, for the fastest kernels.

    The photos are shrunk as for training; from what the network makes of them come the ranges
    of the integers. The drop in PSNR that is shown is measured on the same photos.
    """
    check_writable(output)
    if output.exists() and model.exists() and output.samefile(model):
        raise AdderSRError(f"The output {output} is the model itself: choose another with -o.")
    try:
        from addersr.export.quantization import quantize as run_quantization
        from addersr.export.quantization.files import load_model
    except ImportError as error:
        raise AdderSRError(
            f"Quantising needs {error.name}, which is not installed: pip install 'addersr[export]'."
        ) from error
    with progress("Quantising") as show_progress:
        quantized = run_quantization(
            load_model(model),
            data,
            precision=precision.value,
            bits=bits,
            max_drop=max_drop,
            groups=groups,
            fallback=fallback,
            progress=show_progress,
        )
    written = quantized.model.SerializeToString(deterministic=True)
    write_atomically(output, written)
    result = {
        "model": str(model),
        "output": str(output),
        "bytes": len(written),
        "precision": precision.value,
        "calibration": quantized.calibration,
        "psnr_drop": quantized.score.drop,
        "layers": quantized.types,
        "groups": {name: len(some) for name, some in quantized.plan.groups.items()},
    }
    show(result, lambda: _table(result), as_json=as_json)
    if groups > 1 and not quantized.plan.groups:
        say_note("Groups gained nothing on these photos: every layer has one scale.")
    say_note(f"Written to {output} ({len(written) / 1000:.0f} kB).")


def _table(result: dict[str, Any]) -> "Table":
    from rich.table import Table

    table = Table(
        title=f"{result['model']} in integers",
        caption=f"{result['psnr_drop']:.3f} dB below fp32 on {result['calibration']}",
    )
    for heading in ("layer", "type/bits"):
        table.add_column(heading)
    for layer, type_ in result["layers"].items():
        table.add_row(layer, type_)
    return table
