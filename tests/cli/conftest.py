"""Running the installed command as people do."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs ``addersr`` with arguments in an empty folder; keywords are environment variables."""
    command = Path(sys.executable).with_name("addersr")
    folder = tmp_path / "working-folder"
    folder.mkdir()

    def run_command(*arguments: object, **environment: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [command, *map(str, arguments)],
            cwd=folder,
            env={**os.environ, "COLUMNS": "100", **environment},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return run_command


@pytest.fixture
def fails(run: Run) -> Callable[..., str]:
    """Runs a command that must fail as bad input should; returns what it said."""

    def run_failing(*arguments: object, **environment: str) -> str:
        done = run(*arguments, **environment)
        assert done.returncode == 1, done
        assert done.stdout == ""
        assert "Traceback" not in done.stderr
        lines = done.stderr.splitlines()
        assert len(lines) == 1, done.stderr
        assert lines[0].startswith("Error: ")
        assert lines[0].endswith(".")
        return lines[0]

    return run_failing
