"""Puts the commands together and turns errors into one sentence and an exit code."""

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from addersr import __version__
from addersr.cli import (
    bench,
    compare,
    doctor,
    evaluate,
    export,
    import_weights,
    info,
    models,
    quantize,
    train,
    upscale,
    verify,
)
from addersr.cli.output import say_error
from addersr.errors import AdderSRError

INTERRUPTED = 130  # what a shell expects after Ctrl-C


class _Commands(TyperGroup):
    """Ends a command that fails with what the user can do about it, not with a traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except AdderSRError as error:
            say_error(str(error))
            raise typer.Exit(1) from None
        except KeyboardInterrupt as interrupt:
            # With a sentence where there is more to say.
            say_error(str(interrupt) or "Interrupted.")
            raise typer.Exit(INTERRUPTED) from None


app = typer.Typer(
    name="addersr",
    cls=_Commands,
    help="Adder-network super-resolution: bigger, sharper pictures without multiplications.",
    epilog="Start with [bold]addersr upscale photo.png[/bold]; each command has its own --help.",
    rich_markup_mode="rich",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for _command, _examples in (
    (models.models, models.EXAMPLES),
    (upscale.upscale, upscale.EXAMPLES),
    (export.export, export.EXAMPLES),
    (quantize.quantize, quantize.EXAMPLES),
    (verify.verify, verify.EXAMPLES),
    (info.info, info.EXAMPLES),
    (train.train, train.EXAMPLES),
    (import_weights.import_weights, import_weights.EXAMPLES),
    (evaluate.evaluate, evaluate.EXAMPLES),
    (bench.bench, bench.EXAMPLES),
    (compare.compare, compare.EXAMPLES),
    (doctor.doctor, doctor.EXAMPLES),
):
    # "import" is a word of Python's, so the function cannot bear the command's name.
    _name = "import" if _command is import_weights.import_weights else None
    app.command(_name, epilog=_examples)(_command)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"addersr {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line; ends the process with the exit code."""
    app()
