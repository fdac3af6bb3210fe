"""``addersr train``: a model from a folder of images."""

import math
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from addersr.cli.options import Arguments, AsJson, examples, parse_arguments
from addersr.cli.output import progress, say_note, show
from addersr.errors import AdderSRError
from addersr.files import make_folder

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.table import Table

    from addersr.training import TrainingConfig
    from addersr.training.data import ImagePair

EXAMPLES = examples(
    "addersr train mobile --data photos/ --validation more_photos/ -o runs/adder",
    "addersr train mobile --kind cnn --data photos/ -o runs/twin",
    "addersr train mobile -a channels=16 -a blocks=3 --steps 3000 --data photos/ -o runs/try",
    "addersr train mobile --start adder.safetensors --quantize u8 --data photos/ -o runs/u8",
    "addersr train mobile --scale 3 --start runs/adder/model.safetensors --data photos/ -o runs/x3",
)


# docs/training.md says what was tried.
_FROM_SCRATCH: dict[str, Any] = {"steps": 30_000, "rate": 5e-3, "adder_rate": 0.15}
_FINE_TUNING: dict[str, Any] = {"steps": 1_500, "rate": 5e-4, "adder_rate": 5e-3}


def train(
    architecture: Annotated[str, typer.Argument(help="Name of an architecture, as mobile.")],
    data: Annotated[Path, typer.Option(metavar="DIR", help="Folder of HR images to learn from.")],
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="DIR", help="Folder of the run; an unfinished run resumes."
        ),
    ],
    validation: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of HR images to judge by.")
    ] = None,
    kind: Annotated[str, typer.Option(help="adder, or cnn for the twin.")] = "adder",
    scale: Annotated[int, typer.Option(help="Upscaling factor.")] = 2,
    argument: Arguments = None,
    steps: Annotated[
        int | None,
        typer.Option(help="Length of the run; default 30000, with --quantize 1500."),
    ] = None,
    batch: Annotated[int, typer.Option(help="Patches per step.")] = 16,
    patch: Annotated[int, typer.Option(help="Side of a patch in LR pixels.")] = 24,
    rate: Annotated[
        float | None,
        typer.Option(help="Peak learning rate; default 0.005, with --quantize 0.0005."),
    ] = None,
    adder_rate: Annotated[
        float | None,
        typer.Option(
            help="Peak learning rate of the adder filters; default 0.15, with --quantize 0.005."
        ),
    ] = None,
    validate_every: Annotated[
        int, typer.Option(help="Steps between validations; each writes a checkpoint.")
    ] = 1_000,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same weights.")] = 0,
    start: Annotated[
        Path | None,
        typer.Option(
            metavar="CHECKPOINT",
            help="Start from these weights: same architecture and arguments, maybe another scale.",
        ),
    ] = None,
    threads: Annotated[
        int, typer.Option(min=0, help="Threads of torch; 0: as many as there are cores.")
    ] = 0,
    quantize: Annotated[
        str | None,
        typer.Option(
            metavar="u8",
            help="Train the weights of --start for a network in integers, as 'addersr quantize' "
            "will make it.",
        ),
    ] = None,
    bits: Annotated[int, typer.Option(help="Of the integers of --quantize.")] = 8,
    as_json: AsJson = False,
) -> None:
    """Train a model; Ctrl-C or a power cut loses nothing but the steps since the last validation.

    The folder of the run holds model.safetensors (for export and evaluate), log.csv, and state.pt,
    from which the same command continues exactly.
    """
    try:
        import torch

        from addersr.training import Trainer, TrainingConfig
        from addersr.training.loop import is_begun
        from addersr.training.start import initial_model
    except ImportError as error:
        raise AdderSRError(
            f"Training needs {error.name}, which is not installed: pip install 'addersr[train]'."
        ) from error
    if threads:
        torch.set_num_threads(threads)
    defaults = _FINE_TUNING if quantize else _FROM_SCRATCH
    config = TrainingConfig(
        architecture=architecture,
        kind=kind,
        data=data,
        validation=validation,
        scale=scale,
        arguments=parse_arguments(argument),
        steps=defaults["steps"] if steps is None else steps,
        batch=batch,
        patch=patch,
        rate=defaults["rate"] if rate is None else rate,
        adder_rate=defaults["adder_rate"] if adder_rate is None else adder_rate,
        validate_every=validate_every,
        seed=seed,
        start=start,
        quantize=quantize,
        bits=bits,
    )
    if not is_begun(output):
        initial_model(config)  # what is wrong with the settings is said before images are read
    make_folder(output)
    rounding = None
    if config.quantize and not is_begun(output):
        from addersr.cli.quantization_aware import fake_quantization

        with progress("Calibrating") as show_progress:
            rounding = fake_quantization(config, show_progress)
    trainer = Trainer(config, output, *_images(config), rounding)
    if trainer.fresh:
        say_note(f"Fresh weights, since {start} has another scale: {', '.join(trainer.fresh)}.")
    if trainer.step:
        say_note(f"Resuming the run in {output} after step {trainer.step}.")
    psnr = _run(trainer, config)
    result = {
        "checkpoint": str(trainer.checkpoint),
        "steps": trainer.step,
        "psnr": psnr,
        "parameters": sum(p.numel() for p in config.create_model().parameters()),
    }
    show(result, lambda: _table(result), as_json=as_json)


def _images(config: "TrainingConfig") -> "tuple[list[ImagePair], list[ImagePair]]":
    """The training and the validation images of a run."""
    from addersr.training.data import load_pairs

    with progress("Reading training images") as show_progress:
        pairs = load_pairs(config.data, config.scale, smallest=config.patch, progress=show_progress)
    if config.validation is None:
        return pairs, []
    with progress("Reading validation images") as show_progress:
        return pairs, load_pairs(
            config.validation, config.scale, smallest=8, progress=show_progress
        )


def _run(trainer: Any, config: "TrainingConfig") -> float | None:
    """Train to the end with a bar, or a line per validation; the last validation's PSNR."""
    psnr: float | None = trainer.psnr
    with ExitStack() as stack:
        report = _reporter(stack, config.steps, trainer.step)
        for state in trainer.run():
            psnr = psnr if state.psnr is None else state.psnr
            report(state.step, state.loss, psnr, state.step % config.validate_every == 0)
    return psnr


def _reporter(
    stack: ExitStack, steps: int, done: int
) -> "Callable[[int, float, float | None, bool], None]":
    """Shows (step, loss, psnr, whether it was just validated) on stderr."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    if not console.is_terminal:

        def say(step: int, loss: float, psnr: float | None, validated: bool) -> None:
            if validated:
                say_note(f"step {step} of {steps}, loss {loss:.5f}, {_decibels(psnr)}")

        return say
    bar = stack.enter_context(
        Progress(
            TextColumn("Training"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[state]}"),
            console=console,
        )
    )
    task = bar.add_task("", total=steps, completed=done, state="")
    smooth = math.nan

    def draw(step: int, loss: float, psnr: float | None, _validated: bool) -> None:
        nonlocal smooth
        smooth = loss if math.isnan(smooth) else 0.99 * smooth + 0.01 * loss
        bar.update(task, completed=step, state=f"loss {smooth:.5f}  {_decibels(psnr)}")

    return draw


def _decibels(psnr: float | None) -> str:
    return "not validated" if psnr is None else f"{psnr:.2f} dB"


def _table(result: dict[str, Any]) -> "Table":
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE, pad_edge=False, show_header=False)
    table.add_row("checkpoint", result["checkpoint"])
    table.add_row("steps", str(result["steps"]))
    table.add_row("parameters", str(result["parameters"]))
    table.add_row("validation", _decibels(result["psnr"]))
    table.add_row("next", f"addersr export {result['checkpoint']} -o model.onnx")
    return table
