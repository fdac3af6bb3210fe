"""``addersr train``: a model from a folder of images."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from addersr.cli.options import Arguments, AsJson, examples, parse_arguments
from addersr.cli.output import progress, say_note, show
from addersr.cli.postponed_signals import postponed_signals
from addersr.cli.training_bar import decibels, training_bar
from addersr.errors import AdderSRError
from addersr.files import make_folder, write_atomically

if TYPE_CHECKING:
    from rich.table import Table

    from addersr.models.super_resolution import Colour
    from addersr.training import Trainer, TrainingConfig
    from addersr.training.data import ImagePair

EXAMPLES = examples(
    "addersr train mobile --data photos/ --validation more_photos/ -o runs/adder",
    "addersr train mobile --kind cnn --data photos/ -o runs/twin",
    "addersr train mobile -a channels=16 -a blocks=3 --steps 3000 --data photos/ -o runs/try",
    "addersr train mobile --teacher runs/twin/model.safetensors --data photos/ -o runs/student",
    "addersr train mobile --start adder.safetensors --quantize u8 --data photos/ -o runs/u8",
    "addersr train mobile --scale 3 --start runs/adder/model.safetensors --data photos/ -o runs/x3",
    "addersr train --config runs/adder/config.toml --seed 1 -o runs/again",
)


def train(
    architecture: Annotated[
        str | None, typer.Argument(help="Name of an architecture, as mobile.", show_default=False)
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.toml",
            help="Settings by their names in Python (--adder-rate is adder_rate); paths are "
            "relative to the file. Options given here count more.",
        ),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of HR images to learn from.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="DIR", help="Folder of the run; an unfinished run resumes."
        ),
    ] = None,
    validation: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of HR images to judge by.")
    ] = None,
    kind: Annotated[
        str | None, typer.Option(help="adder, or cnn for the twin; default adder.")
    ] = None,
    scale: Annotated[int | None, typer.Option(help="Upscaling factor; default 2.")] = None,
    argument: Arguments = None,
    steps: Annotated[
        int | None,
        typer.Option(help="Length of the run; default 30000, with --quantize 1500."),
    ] = None,
    batch: Annotated[int | None, typer.Option(help="Patches per step; default 16.")] = None,
    patch: Annotated[
        int | None, typer.Option(help="Side of a patch in LR pixels; default 24.")
    ] = None,
    loss: Annotated[str | None, typer.Option(help="l1 or charbonnier; default l1.")] = None,
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
    adder_step: Annotated[
        str | None,
        typer.Option(
            help="How the adder filters move: adam, or adaptive for AdderNet's normalised "
            "gradients; default adam."
        ),
    ] = None,
    filter_range: Annotated[
        float | None,
        typer.Option(
            metavar="FACTOR",
            help="Keep the adder filters within so many times the largest magnitude that their "
            "layer sees; default 0, which is never.",
        ),
    ] = None,
    validate_every: Annotated[
        int | None,
        typer.Option(help="Steps between validations; each writes a checkpoint; default 1000."),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Same seed, same weights; default 0.")] = None,
    start: Annotated[
        Path | None,
        typer.Option(
            metavar="CHECKPOINT",
            help="Start from these weights: same architecture and arguments, maybe another scale.",
        ),
    ] = None,
    teacher: Annotated[
        Path | None,
        typer.Option(
            metavar="CHECKPOINT",
            help="Learn from the output of this model, too: any one of the same scale and colour.",
        ),
    ] = None,
    teacher_weight: Annotated[
        float | None, typer.Option(help="The teacher's share of the loss; default 0.5.")
    ] = None,
    threads: Annotated[
        int, typer.Option(min=0, help="Threads of torch; 0: as many as there are cores.")
    ] = 0,
    device: Annotated[
        str, typer.Option(help="Where torch computes: cpu, or cuda, where resuming is not exact.")
    ] = "cpu",
    quantize: Annotated[
        str | None,
        typer.Option(
            metavar="u8",
            help="Train the weights of --start for a network in integers, as 'addersr quantize' "
            "will make it.",
        ),
    ] = None,
    bits: Annotated[
        int | None, typer.Option(help="Of the integers of --quantize; default 8.")
    ] = None,
    print_config: Annotated[
        bool, typer.Option("--print-config", help="Print all settings as TOML, and do no more.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Train a model. Ctrl-C saves it where it is, a power cut loses the steps since a validation.

    The folder of the run holds model.safetensors (for export and evaluate), log.csv, config.toml
    (for --config), and state.pt, from which the same command continues exactly.
    """
    flags = {
        "architecture": architecture, "kind": kind, "data": data, "validation": validation,
        "scale": scale, "steps": steps, "batch": batch, "patch": patch, "loss": loss,
        "rate": rate, "adder_rate": adder_rate, "adder_step": adder_step,
        "filter_range": filter_range, "validate_every": validate_every, "seed": seed,
        "start": start, "teacher": teacher, "teacher_weight": teacher_weight,
        "quantize": quantize, "bits": bits,
    }  # fmt: skip
    given = {name: value for name, value in flags.items() if value is not None}
    arguments = parse_arguments(argument)
    try:
        import torch

        from addersr.training.settings import make_config, read_settings, to_toml
    except ImportError as error:
        raise AdderSRError(
            f"Training needs {error.name}, which is not installed: pip install 'addersr[train]'."
        ) from error
    stored = {} if config is None else read_settings(config)
    settings = make_config(stored | given | {"arguments": stored.get("arguments", {}) | arguments})
    if print_config:
        typer.echo(to_toml(settings), nl=False)
        return
    if output is None:
        raise AdderSRError("Expected a folder for the run: give one with -o.")
    if threads:
        torch.set_num_threads(threads)
    trainer, parameters = _prepare(settings, output, device)
    result = {
        "checkpoint": str(trainer.checkpoint),
        "steps": settings.steps,
        "psnr": _run(trainer, settings),
        "parameters": parameters,
    }
    show(result, lambda: _table(result), as_json=as_json)


def _prepare(config: "TrainingConfig", output: Path, device_name: str) -> "tuple[Trainer, int]":
    """The trainer of a new run or of one that resumes, and the model's number of parameters.

    What is wrong with the settings is said before images are read.
    """
    from addersr.training import Trainer
    from addersr.training.device import find_device
    from addersr.training.distillation import Teacher
    from addersr.training.settings import to_toml
    from addersr.training.start import initial_model
    from addersr.training.state import is_begun

    device = find_device(device_name)
    begun = is_begun(output)
    model = config.create_model() if begun else initial_model(config)[0]
    if config.teacher is not None:
        Teacher(config.teacher, model)
    make_folder(output)
    rounding = None
    if not begun:
        write_atomically(output / "config.toml", to_toml(config).encode())
        if config.quantize:
            from addersr.cli.quantization_aware import fake_quantization

            with progress("Calibrating") as show_progress:
                rounding = fake_quantization(config, show_progress)
    trainer = Trainer(config, output, *_images(config, model.colour), rounding, device)
    if trainer.fresh:
        say_note(
            f"Fresh weights, since {config.start} has another scale: {', '.join(trainer.fresh)}."
        )
    if trainer.step:
        say_note(f"Resuming the run in {output} after step {trainer.step}.")
    return trainer, sum(p.numel() for p in model.parameters())


def _images(
    config: "TrainingConfig", colour: "Colour"
) -> "tuple[list[ImagePair], list[ImagePair]]":
    """The training and the validation images of a run."""
    from addersr.training.data import load_pairs

    def load(what: str, folder: Path, smallest: int) -> "list[ImagePair]":
        notes: list[str] = []
        with progress(f"Reading {what} images") as show_progress:
            pairs = load_pairs(
                folder, config.scale, colour=colour, smallest=smallest, progress=show_progress,
                note=notes.append,
            )  # fmt: skip
        for note in notes:
            say_note(note)
        return pairs

    training = load("training", config.data, config.patch)
    return training, [] if config.validation is None else load("validation", config.validation, 8)


def _run(trainer: "Trainer", config: "TrainingConfig") -> float | None:
    """Train to the end, or save and leave when told to stop; the last validation's PSNR."""
    psnr = trainer.psnr
    stopping = "Stopping after this step; once more to stop at once."
    with postponed_signals(stopping) as stopped:
        with training_bar(config.steps, trainer.step) as report:
            for state in trainer.run():
                psnr = psnr if state.psnr is None else state.psnr
                report(state.step, state.loss, psnr, state.step % config.validate_every == 0)
                if stopped() is not None:
                    break
        number = stopped()
        if number is not None and trainer.step < config.steps:
            trainer.save_state()
            say_note(f"Saved after step {trainer.step}: the same command continues from there.")
            raise typer.Exit(128 + number)
    return psnr


def _table(result: dict[str, Any]) -> "Table":
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE, pad_edge=False, show_header=False)
    table.add_row("checkpoint", result["checkpoint"])
    table.add_row("steps", str(result["steps"]))
    table.add_row("parameters", str(result["parameters"]))
    table.add_row("validation", decibels(result["psnr"]))
    table.add_row("next", f"addersr export {result['checkpoint']} -o model.onnx")
    return table
