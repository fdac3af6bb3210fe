"""Small files in which Linux says things; what is missing or forbidden is None."""

from pathlib import Path


def read_text(path: Path) -> str | None:
    """The stripped text of a file, or None."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip() or None
    except OSError:
        return None


def read_number(path: Path) -> int | None:
    """The whole number in a file, or None."""
    text = read_text(path)
    try:
        return None if text is None else int(text)
    except ValueError:
        return None


def folders(parent: Path, pattern: str) -> list[Path]:
    """What matches in a folder, sorted; nothing where it is missing."""
    try:
        return sorted(parent.glob(pattern))
    except OSError:
        return []
