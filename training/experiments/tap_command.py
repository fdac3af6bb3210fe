"""The taps outside the range of their layer's input:
``python -m addersr.training.experiments.tap_command CHECKPOINT --images DIR``.
"""

import argparse
import dataclasses
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import Progress

from addersr.errors import AdderSRError
from addersr.files import check_writable, write_atomically
from addersr.models.checkpoint import load_model
from addersr.training.data import load_pairs
from addersr.training.experiments.sections import replace_section
from addersr.training.experiments.taps import TapReport, analyse_taps, tap_table

EXAMPLES = """examples:
  python -m addersr.training.experiments.tap_command model.safetensors --images val/CID22
  python -m addersr.training.experiments.tap_command model.safetensors --images val/CID22 --json
"""

# As everywhere where models are judged: smaller images are mostly border.
_SMALLEST = 8


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 0 if all went well."""
    options = _parser().parse_args(arguments)
    try:
        _main(options)
    except AdderSRError as error:
        Console(stderr=True, highlight=False, markup=False, soft_wrap=True).print(f"Error: {error}")
        return 1
    return 0


def _main(options: argparse.Namespace) -> None:
    for path in (options.output, options.report):
        if path is not None:
            check_writable(path)
    torch.set_num_threads(options.threads)
    model = load_model(options.checkpoint)
    pairs = load_pairs(options.images, model.scale, colour=model.colour, smallest=_SMALLEST)
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Evaluating", total=None)
        report = analyse_taps(
            model, pairs, lambda done, total: bar.update(task, completed=done, total=total)
        )
    text = json.dumps(dataclasses.asdict(report), indent=2)
    if options.output is not None:
        write_atomically(options.output, (text + "\n").encode())
    if options.report is not None:
        replace_section(options.report, "taps", _section(report, options))
    # Not rich's print, which would break the lines of the table.
    sys.stdout.write((text if options.json else tap_table(report).markdown()) + "\n")


def _section(report: TapReport, options: argparse.Namespace) -> str:
    return "\n\n".join(
        (
            "## How many taps end outside the input's range, and what are they worth?",
            "Beyond all that its layer sees, a tap adds or subtracts its input and a constant: it "
            "is a weight of ±1. Two changes show what such taps do: made exactly that, and with "
            "their input taken away.",
            f"    python -m addersr.training.experiments.tap_command {options.checkpoint.name} "
            f"--images {options.images.parent.name}/{options.images.name}",
            tap_table(report).markdown(),
        )
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m addersr.training.experiments.tap_command",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("checkpoint", type=Path, metavar="CHECKPOINT", help="of an adder model")
    add("--images", type=Path, required=True, metavar="DIR", help="HR images")
    add("--threads", type=int, default=1, metavar="N", help="of torch (default 1)")
    add("--json", action="store_true", help="print JSON in place of the table")
    add("-o", "--output", type=Path, metavar="FILE", help="write the result as JSON")
    add("--report", type=Path, metavar="FILE.md", help="write the table into this document")
    return parser


if __name__ == "__main__":
    sys.exit(main())
