"""One training step, adder beside CNN twin: ``python -m addersr.training.benchmark``.

Forward, backward and optimiser of the zoo's architecture, interleaved in one process.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table

from addersr.models import create
from addersr.training.config import TrainingConfig
from addersr.training.optimiser import make_optimiser


def training_step(kind: str, channels: int, batch: int, patch: int) -> Callable[[], None]:
    """A function that does one step of a ``mobile`` x2 model on fixed random patches."""
    torch.manual_seed(0)
    config = TrainingConfig("mobile", kind, Path(), batch=batch, patch=patch)
    model = create("mobile", kind, 2, channels=channels)
    optimiser = make_optimiser(model, config)
    lr, hr = torch.rand(batch, 1, patch, patch), torch.rand(batch, 1, 2 * patch, 2 * patch)

    def step() -> None:
        optimiser.zero_grad()
        torch.nn.functional.l1_loss(model(lr), hr).backward()
        optimiser.step()

    return step


def measure(steps: dict[str, Callable[[], None]], runs: int) -> dict[str, float]:
    """Median seconds of ``runs`` interleaved runs of each step."""
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for run in range(runs + 2):
        for name, step in steps.items():
            start = time.perf_counter()
            step()
            if run > 1:  # the first two warm up
                seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in seconds.items()}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=31, help="steps of each contender")
    parser.add_argument("--threads", type=int, default=1, help="threads of torch")
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    table = Table(
        title=f"Training step on {options.threads} thread(s): ms, medians of {options.runs} "
        f"interleaved runs\ntorch {torch.__version__}"
    )
    for heading in ("model, batch", "CNN twin", "adder", "time ratio"):
        table.add_column(heading, justify="left" if heading == "model, batch" else "right")
    console = Console()
    with console.status("Measuring") as status:
        for channels, patch in ((16, 24), (32, 32)):
            name = f"mobile x2, C = {channels}, 16 x {patch}x{patch}"
            status.update(f"Measuring {name}")
            steps = {kind: training_step(kind, channels, 16, patch) for kind in ("cnn", "adder")}
            seconds = measure(steps, options.runs)
            table.add_row(
                name,
                *(f"{seconds[kind] * 1e3:.1f}" for kind in ("cnn", "adder")),
                f"{seconds['adder'] / seconds['cnn']:.2f}",
            )
    console.print(table)


if __name__ == "__main__":
    main()
