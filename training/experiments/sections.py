"""Parts of a Markdown document that a command writes, between two comments.

What people write around them stays. A part that does not exist yet is appended.
"""

from pathlib import Path

from addersr.errors import AdderSRError
from addersr.files import write_atomically


def replace_section(path: Path, name: str, body: str) -> None:
    """Put ``body`` in the place of the part ``name`` of the document at ``path``.

    Raises:
        AdderSRError: the file cannot be read or written, or has one of the two comments only.
    """
    try:
        text = path.read_text("utf-8") if path.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise AdderSRError(f"The report {path} cannot be read: {error}.") from error
    begin, end = f"<!-- {name}: written by a command -->", f"<!-- {name}: end -->"
    section = f"{begin}\n{body.strip()}\n{end}"
    if begin not in text and end not in text:
        text = f"{text.rstrip()}\n\n{section}\n".lstrip()
    else:
        head, found, rest = text.partition(begin)
        _, closed, tail = rest.partition(end)
        if not (found and closed):
            raise AdderSRError(
                f"The part {name} of {path} has lost one of its comments, {begin} and {end}. "
                f"Put it back, or remove both and all between them."
            )
        text = head + section + tail
    write_atomically(path, text.encode())
