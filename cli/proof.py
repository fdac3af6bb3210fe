"""What ``export`` and ``verify`` share: the checkpoint behind a name, the table of a proof."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from addersr.errors import AdderSRError

if TYPE_CHECKING:
    from rich.table import Table


def find_checkpoint(name: str, *, what: str) -> Path:
    """The file of that path, or the checkpoint of that name in the zoo.

    Args:
        name: of ``--against``, or of the model to export.
        what: is looked for, for the error.

    Raises:
        AdderSRError: there is neither.
    """
    from addersr import zoo

    path = Path(name)
    if path.exists():
        return path
    if path.suffix or "/" in name:
        raise AdderSRError(f"There is no {what} {path}. Check the name.")
    return zoo.find(name).checkpoint


def comparison_table(comparisons: Sequence[dict[str, Any]], title: str, caption: str) -> "Table":
    """One row for each way to compute the network.

    Args:
        comparisons: as in the JSON of a report.
        title, caption: above and below.
    """
    from rich.table import Table

    table = Table(title=title, caption=caption)
    for heading in ("computed by", "adder kernel"):
        table.add_column(heading)
    for heading in ("largest error", "allowed", ""):
        table.add_column(heading, justify="right")
    for row in comparisons:
        table.add_row(
            row["name"],
            row["kernel"] or "-",
            f"{row['error']:.1e}",
            f"{row['tolerance']:.1e}",
            "ok" if row["passed"] else "FAILED",
        )
    return table
