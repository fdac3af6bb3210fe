"""``addersr info``: what a model costs, adder beside CNN."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from addersr.cli.options import Arguments, AsJson, examples, parse_arguments
from addersr.cli.output import progress, say_note, show
from addersr.errors import AdderSRError
from addersr.files import check_writable, write_atomically

if TYPE_CHECKING:
    from rich.console import RenderableType

    from addersr.export.counts.report import Report

EXAMPLES = examples(
    "addersr info tiny-x2-adder",
    "addersr info model.onnx --output 1920x1080 --json",
    "addersr info vdsr --scale 2",
    "addersr info edsr -a size=full --as-published --markdown",
    "addersr info mobile -a channels=32 --plot mobile.svg",
)

# Larger pictures are a slip of the finger.
_MOST_PIXELS = 1 << 20


def info(
    model: Annotated[
        str,
        typer.Argument(
            help="An .onnx file, a .safetensors checkpoint, a name in the zoo or an architecture."
        ),
    ],
    scale: Annotated[
        int | None, typer.Option(help="Upscaling factor of an architecture; 2 if not given.")
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            metavar="WIDTHxHEIGHT", help="Size of the picture that comes out; 1280x720, or near."
        ),
    ] = None,
    kind: Annotated[
        str | None, typer.Option(help="adder or cnn: whose layers of an architecture are listed.")
    ] = None,
    argument: Arguments = None,
    as_published: Annotated[
        bool,
        typer.Option(
            "--as-published", help="Leave out the layers that the paper's tables leave out."
        ),
    ] = False,
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="HR images that show which taps of a float32 file are pure ±x."
        ),
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw a chart: .png, .svg or .pdf.")
    ] = None,
    as_markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the tables as Markdown.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Count what a model costs: operations, energy, memory, receptive field; adder beside CNN.

    Energy is the number of operations times published costs per operation, not a measurement.
    A file needs onnx, an architecture or a checkpoint torch.
    """
    from addersr.export.counts import chart, tables

    if as_json and as_markdown:
        raise AdderSRError("Give --json or --markdown, not both.")
    file_format = None
    if plot is not None:
        file_format = chart.check_format(plot)
        check_writable(plot)
    report = _report(
        model,
        None if output is None else _size(output),
        scale=scale,
        kind=kind,
        arguments=argument,
        as_published=as_published,
        data=data,
    )
    drawn = None if file_format is None else chart.chart(report, file_format)
    if as_markdown:
        typer.echo(tables.markdown(report), nl=False)
    else:
        show(report.to_json(), lambda: _text(report), as_json=as_json)
    if plot is not None and drawn is not None:
        write_atomically(plot, drawn)
        say_note(f"Chart written to {plot}.")


def _report(
    model: str,
    output: tuple[int, int] | None,
    *,
    scale: int | None,
    kind: str | None,
    arguments: list[str] | None,
    as_published: bool,
    data: Path | None,
) -> "Report":
    """Find out what ``model`` is, and count it."""
    path = _file(model)
    if data is not None and (path is None or path.suffix == ".safetensors"):
        raise AdderSRError(f"--data needs an ONNX file: {model} has to be exported first.")
    if path is None:
        return _architecture(model, output, scale, kind, arguments, as_published=as_published)
    if arguments or kind:
        raise AdderSRError(
            f"{model} has its arguments and its kind in itself: leave --argument and --kind out."
        )
    if path.suffix == ".safetensors":
        try:
            from addersr.export.counts.of_architecture import report_checkpoint
        except ImportError as error:
            raise _missing(error, "A checkpoint") from error
        return report_checkpoint(path, output, scale=scale, as_published=as_published)
    try:
        from addersr.export.counts.of_file import report_file
    except ImportError as error:
        raise _missing(error, "A file") from error
    with progress("Measuring ranges") as show_progress:
        return report_file(
            path,
            output,
            name=model,
            scale=scale,
            as_published=as_published,
            data=data,
            progress=show_progress,
        )


def _file(model: str) -> Path | None:
    """The file of a path or a zoo name; None for what should be an architecture."""
    from addersr import zoo

    path = Path(model)
    if path.exists() or path.suffix or len(path.parts) > 1:
        return path
    return next((entry.onnx for entry in zoo.entries() if entry.name == model), None)


def _architecture(
    name: str,
    output: tuple[int, int] | None,
    scale: int | None,
    kind: str | None,
    arguments: list[str] | None,
    *,
    as_published: bool,
) -> "Report":
    try:
        from addersr.export.counts.of_architecture import report_architecture
        from addersr.models import architectures
    except ImportError as error:
        raise _missing(
            error, f"{name} is no file and not in the zoo, and an architecture"
        ) from error
    if name not in architectures():
        raise AdderSRError(
            f"There is no file, zoo model or architecture {name!r}. Architectures are "
            f"{', '.join(architectures())}; 'addersr models' lists the zoo."
        )
    return report_architecture(
        name,
        output,
        scale=2 if scale is None else scale,
        kind=kind or "adder",
        arguments=parse_arguments(arguments),
        as_published=as_published,
    )


def _missing(error: ImportError, what: str) -> AdderSRError:
    return AdderSRError(
        f"{what} needs {error.name}, which is not installed: pip install 'addersr[export]'."
    )


def _size(text: str) -> tuple[int, int]:
    """Height and width."""
    found = re.fullmatch(r"([0-9]{1,7})[x×]([0-9]{1,7})", text)
    width, height = (int(side) for side in found.groups()) if found else (0, 0)
    if not (0 < width <= _MOST_PIXELS and 0 < height <= _MOST_PIXELS):
        raise AdderSRError(
            f"Expected --output as WIDTHxHEIGHT in pixels, for example 1280x720, got {text}."
        )
    return height, width


def _text(report: "Report") -> "RenderableType":
    from rich.console import Group

    from addersr.cli.output import draw
    from addersr.export.counts.tables import tables

    return Group(*(draw(one) for one in tables(report)), *(f"- {note}" for note in report.notes))
