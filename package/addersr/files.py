"""Writing files so that a reader never meets half of one."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from addersr.errors import AdderSRError


def check_writable(path: Path) -> None:
    """Fail early, before long work, if ``path`` cannot become a file.

    Raises:
        AdderSRError: the folder does not exist or is not writable, or ``path`` is a folder.
    """
    folder = path.parent
    if not folder.is_dir():
        raise AdderSRError(
            f"Cannot write {path}: the folder {folder} does not exist. Create it first."
        )
    if path.is_dir():
        raise AdderSRError(f"Cannot write {path}: it is a folder. Give the name of a file.")
    if not os.access(folder, os.W_OK):
        raise AdderSRError(f"Cannot write {path}: no permission to write in {folder}.")


def make_folder(path: Path) -> None:
    """Create a folder, and those above it, unless it exists.

    Raises:
        AdderSRError: something else has this name, or there is no permission.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise AdderSRError(
            f"Cannot make the folder {path}: it is a file. Choose another."
        ) from error
    except OSError as error:
        raise AdderSRError(f"Cannot make the folder {path}: {error.strerror}.") from error


def write_atomically(path: Path, data: bytes) -> None:
    """Write ``data`` to a temporary file beside ``path`` and rename it into place.

    Whatever happens, ``path`` holds either its old content or all of ``data``.

    Raises:
        AdderSRError: the file cannot be written (no folder, no permission, disk full).
    """
    with replacing(path) as temporary, temporary.open("wb") as stream:
        stream.write(data)


@contextmanager
def replacing(path: Path, ending: str = "") -> Iterator[Path]:
    """A temporary file beside ``path``, empty and hidden, that others may write.

    When the block ends it is renamed to ``path``; when the block fails it is removed, and ``path``
    is as it was.

    Args:
        path: of the file.
        ending: of the temporary name, for who goes by it.

    Raises:
        AdderSRError: the file cannot be written (no folder, no permission, disk full).
    """
    check_writable(path)
    temporary = None
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=ending)
        os.close(handle)
        temporary = Path(name)
        yield temporary
        with temporary.open("rb") as stream:
            os.fsync(stream.fileno())
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except BaseException as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise AdderSRError(f"Cannot write {path}: {error.strerror}.") from error
        raise


def _umask() -> int:
    # The only portable way to read the mask is to set it; mkstemp files are 0600 otherwise.
    mask = os.umask(0)
    os.umask(mask)
    return mask
