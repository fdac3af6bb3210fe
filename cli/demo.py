"""The whole path in one go, for ``make demo``: ``python -m addersr.cli.demo --output out``.

Runs the commands that a user would type, and shows them. Needs the extras ``export`` and ``train``
(scikit-image brings the photo).
"""

import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from addersr.cli.output import say_error
from addersr.errors import AdderSRError
from addersr.files import make_folder

MODEL = "tiny-x2-adder"
# Part of scikit-image, see its function `skimage.data.chelsea`.
PHOTO = "chelsea.png"
CREDIT = "Photo: Chelsea the cat, by Stéfan van der Walt, CC0; from scikit-image.\n"


def demo(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the results.")] = Path(
        "out"
    ),
) -> None:
    """Export, verify, benchmark and use the shipped model."""
    console = Console(highlight=False, markup=False)
    make_folder(output)
    photo = output / PHOTO
    shutil.copyfile(_photo(), photo)
    (output / "CREDITS.txt").write_text(CREDIT, encoding="utf-8")
    exported = output / f"{MODEL}.onnx"
    bigger = output / f"{photo.stem}_x2.png"
    compared = output / "before_after.png"
    steps: tuple[tuple[str, list[str | Path]], ...] = (
        ("What runs on this machine", ["doctor"]),
        (
            "The trained model becomes an ONNX file, and is checked",
            ["export", MODEL, "-o", exported],
        ),
        (
            "Its speed beside its CNN twin and beside plain onnxruntime",
            ["bench", MODEL, "--mode", "quick", "-o", output / "bench.json"],
        ),
        (
            "A real photo, twice as large",
            ["upscale", photo, "-o", bigger, "-m", exported, "--compare", compared],
        ),
    )
    started = time.monotonic()
    for number, (title, arguments) in enumerate(steps, 1):
        command = ["addersr", *map(str, arguments)]
        console.print(f"\n[{number}/{len(steps)}] {title}", style="bold")
        console.print(f"$ {shlex.join(command)}", style="cyan")
        _run(command[1:])
    console.print(f"\nDone in {time.monotonic() - started:.0f} s. In {output}/:", style="bold")
    for path, what in (
        (bigger, f"the photo at twice its size ({CREDIT.strip()})"),
        (compared, "bicubic left, adder network right"),
        (exported, "the model, for onnxruntime with or without our library"),
        (output / "bench.json", "the benchmark"),
    ):
        console.print(f"  {path}: {what}")
    console.print("\nNext:", style="bold")
    for line in (
        ". .venv/bin/activate",
        "addersr upscale your_photo.jpg -o bigger.png",
        "addersr models",
        "addersr train mobile --data your_photos/ -o runs/mine",
        "addersr --help",
    ):
        console.print(f"  {line}")


def _photo() -> Path:
    try:
        import skimage
    except ImportError as error:
        raise AdderSRError(
            "The demo's photo comes with scikit-image, which is not installed: "
            "pip install 'addersr[train]'."
        ) from error
    return Path(skimage.__file__).parent / "data" / PHOTO


def _run(arguments: list[str]) -> None:
    """Run one command of ours as a user would, in a process of its own."""
    launch = "from addersr.cli import main; main()"
    result = subprocess.run([sys.executable, "-c", launch, *arguments], check=False)
    if result.returncode != 0:
        raise AdderSRError(
            f"The demo stopped, since 'addersr {arguments[0]}' ended with {result.returncode}."
        )


def main() -> None:
    """Run the demo; ends the process with the exit code."""
    try:
        typer.run(demo)
    except AdderSRError as error:
        say_error(str(error))
        sys.exit(1)


if __name__ == "__main__":
    main()
