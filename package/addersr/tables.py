"""Tables of text: what commands print, in the forms that they print it in."""

import csv
import io
from dataclasses import dataclass

#: What stands where nothing is known or nothing applies.
UNKNOWN = "-"


@dataclass(frozen=True)
class Table:
    """Text by rows."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: int
    """The first columns hold words, the others numbers."""

    def markdown(self) -> str:
        """As GitHub reads it, with the title above; ends without a line break."""
        marks = [":--" if index < self.words else "--:" for index in range(len(self.headings))]
        rows = (self.headings, tuple(marks), *self.rows)
        lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
        return "\n".join((f"**{self.title}**", "", *lines))

    def csv(self) -> str:
        """As RFC 4180 has it, but with plain line breaks; unknown cells are empty."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.headings)
        writer.writerows([["" if cell == UNKNOWN else cell for cell in row] for row in self.rows])
        return text.getvalue()
