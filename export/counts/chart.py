"""The chart of a report. Needs matplotlib, the extra ``plot``."""

import io
from pathlib import Path
from typing import TYPE_CHECKING

from addersr.errors import AdderSRError
from addersr.export.counts.energy import ARITHMETICS
from addersr.export.counts.operations import count
from addersr.export.counts.report import Report

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FORMATS = ("pdf", "png", "svg")

_NAMES = {"adder": "adder", "cnn": "CNN"}
_COLOURS = {"adder": "#1f77b4", "cnn": "#c44e52"}
_MULTIPLICATIONS, _ADDITIONS = "#dd8452", "#55a868"


def check_format(path: Path) -> str:
    """The format that a file's name asks for.

    Raises:
        AdderSRError: it is not one of ``FORMATS``.
    """
    suffix = path.suffix.removeprefix(".").lower()
    if suffix not in FORMATS:
        raise AdderSRError(
            f"Expected --plot to be a file that ends in .{', .'.join(FORMATS)}, got {path}."
        )
    return suffix


def chart(report: Report, file_format: str) -> bytes:
    """A picture: energy of the whole network beside its twin, and the operations of each layer.

    Args:
        report: what to draw.
        file_format: one of ``FORMATS``.

    Raises:
        AdderSRError: matplotlib is not installed.
    """
    try:
        # Without pyplot, which keeps state and may open a window.
        from matplotlib import rc_context
        from matplotlib.figure import Figure
    except ImportError as error:
        raise AdderSRError(
            f"A chart needs {error.name}, which is not installed: pip install 'addersr[plot]'."
        ) from error
    figure = Figure(figsize=(11, max(4.5, 0.16 * len(report.layers))), layout="constrained")
    energy, layers = figure.subplots(1, 2, width_ratios=(2, 3))
    _draw_energy(energy, report)
    _draw_layers(layers, report)
    width, height = report.subject.output[1], report.subject.output[0]
    figure.suptitle(f"{report.subject.name}, ×{report.subject.scale}, to {width}x{height}")
    data = io.BytesIO()
    # Neither a date nor random names inside: the same report gives the same bytes.
    undated = {"pdf": {"CreationDate": None}, "svg": {"Date": None}, "png": {}}[file_format]
    with rc_context({"svg.hashsalt": "addersr"}):
        figure.savefig(data, format=file_format, dpi=120, metadata=undated)
    return data.getvalue()


def _draw_energy(axes: "Axes", report: Report) -> None:
    for index, side in enumerate(report.sides):
        places = [place + 0.4 * (index - 0.5) for place in range(len(ARITHMETICS))]
        values = list(side.energy().values())
        bars = axes.bar(places, values, 0.38, color=_COLOURS[side.kind], label=_NAMES[side.kind])
        axes.bar_label(bars, fmt="%.4g")
    axes.set_xticks(range(len(ARITHMETICS)), [one.title.replace(", ", "\n") for one in ARITHMETICS])
    axes.set_yscale("log")
    axes.set_ylabel("energy by published costs per operation, G·pJ")
    axes.margins(y=0.1)
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, frameon=False)


def _draw_layers(axes: "Axes", report: Report) -> None:
    names = [name for name, _, _ in report.layers]
    counts = [count(layer) for _, _, layer in report.layers]
    places = range(len(names))
    multiplications = [one.multiplications / 1e9 for one in counts]
    additions = [one.additions / 1e9 for one in counts]
    axes.barh(places, multiplications, color=_MULTIPLICATIONS, label="multiplications")
    axes.barh(places, additions, left=multiplications, color=_ADDITIONS, label="additions")
    axes.set_yticks(places, names, fontsize="x-small")
    axes.invert_yaxis()
    axes.margins(y=0.01)
    axes.set_xlabel("operations, G")
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, frameon=False)
