"""The chart of a plan: every seed as a point, and the learning curves. Needs matplotlib."""

import io
import statistics
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from addersr.errors import AdderSRError
from addersr.training.experiments.plan import Plan
from addersr.training.experiments.results import Result, Spread

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# A run that collapsed lies several dB below all others, which would become one line beside it.
_DEPTH = 2.0


def chart(plan: Plan, found: Mapping[str, Sequence[Result]]) -> bytes:
    """An SVG; the same results give the same bytes.

    Args:
        plan: names the variants.
        found: finished runs by variant, at least one.

    Raises:
        AdderSRError: matplotlib is not installed.
    """
    try:
        # Without pyplot, which keeps state and may open a window.
        from matplotlib import rc_context
        from matplotlib.figure import Figure
    except ImportError as error:
        raise AdderSRError(
            f"A report needs {error.name}, which is not installed: pip install 'addersr[plot]'."
        ) from error
    shown = {v.label: found[v.label] for v in plan.variants if v.label in found}
    figure = Figure(figsize=(11, 2 + 0.35 * len(shown)), layout="constrained")
    points, curves = figure.subplots(1, 2, width_ratios=(3, 2))
    colours = {label: f"C{index % 10}" for index, label in enumerate(shown)}
    _draw_points(points, shown, colours)
    _draw_curves(curves, shown, colours)
    data = io.BytesIO()
    with rc_context({"svg.hashsalt": "addersr", "svg.fonttype": "none"}):
        figure.savefig(data, format="svg", metadata={"Date": None})
    return data.getvalue()


def _draw_points(
    axes: "Axes", shown: Mapping[str, Sequence[Result]], colours: Mapping[str, str]
) -> None:
    floor = _floor(shown)
    for row, (label, results) in enumerate(shown.items()):
        values = [result.psnr for result in results]
        near = [value for value in values if value >= floor]
        axes.plot(near, [row] * len(near), "o", color=colours[label], alpha=0.6)
        if len(near) == len(values):
            axes.plot(Spread.of(values).mean, row, "|", color=colours[label], markersize=18)
        else:
            far = ", ".join(f"{value:.2f}" for value in values if value < floor)
            axes.text(0.01, row, f"◂ {far}", transform=axes.get_yaxis_transform(), va="center")
    axes.set_yticks(range(len(shown)), list(shown))
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.set_xlabel("dB on the validation photos: every seed, and the mean")
    axes.grid(axis="x", alpha=0.3)


def _draw_curves(
    axes: "Axes", shown: Mapping[str, Sequence[Result]], colours: Mapping[str, str]
) -> None:
    lowest = []
    floor = _floor(shown)
    for label, results in shown.items():
        for result in results:
            seen = [(point.step, point.psnr) for point in result.curve if point.psnr is not None]
            steps, values = zip(*seen, strict=True)
            axes.plot(steps, values, color=colours[label], linewidth=1, alpha=0.8)
            if result.psnr >= floor:
                # The first validations lie far below and would flatten all that follows.
                lowest.append(values[len(values) // 3])
    bottom, top = min(lowest), axes.get_ylim()[1]
    axes.set_ylim(bottom - 0.05 * (top - bottom), top)
    axes.set_xlabel("training step")
    axes.set_ylabel("dB")
    axes.grid(alpha=0.3)


def _floor(shown: Mapping[str, Sequence[Result]]) -> float:
    """dB below which a run is named and not drawn."""
    values = [result.psnr for results in shown.values() for result in results]
    return statistics.median(values) - _DEPTH
