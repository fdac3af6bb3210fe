"""Usage, signals, and pipes whose other end has gone."""

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .test_video import TWO
from .tool import ENVIRONMENT, Tool, nothing_left


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "INPUT"),
        (("a.png",), "OUTPUT"),
        (("--raw", "rgb24", "-", "-"), "--size"),
        (("--size", "4x4", "-", "-"), "--raw"),
        (("--raw", "rgb48", "--size", "4x4", "-", "-"), "rgb24"),
        (("--raw", "gray", "--size", "4*4", "-", "-"), "WIDTHxHEIGHT"),
        (("--raw", "gray", "--size", "4x4x4", "-", "-"), "WIDTHxHEIGHT"),
        (("--raw", "gray", "--size", "0x4", "-", "-"), "WIDTHxHEIGHT"),
        (("--threads", "-1", "-", "-"), "--threads"),
        (("--memory-limit", "much", "-", "-"), "--memory-limit"),
        (("--jpeg-quality", "0", "-", "-"), "--jpeg-quality"),
        (("--sharper", "-", "-"), "--sharper"),
    ],
)
def test_wrong_usage(tool: Tool, arguments: tuple[str, ...], words: str) -> None:
    result = tool(*arguments, status=2)
    assert words in result.stderr.decode()
    assert result.stdout == b""


def test_help_and_version(tool: Tool) -> None:
    words = tool("--help").stdout.decode()
    assert "Examples:" in words
    assert "yuv4mpegpipe" in words
    for option in ("--model", "--threads", "--tile", "--memory-limit", "--onnxruntime", "--raw"):
        assert option in words
    assert tool("--version").stdout.startswith(b"addersr-upscale 0.")


def test_errors_of_the_library_come_through(tool: Tool, tmp_path: Path) -> None:
    assert "missing.onnx" in tool.fails("-m", tmp_path / "missing.onnx", "-", "-")
    assert "none.so" in tool.fails("--onnxruntime", tmp_path / "none.so", "-", "-")
    (tmp_path / "model.onnx").write_bytes(b"no model")
    assert "model" in tool.fails("-m", tmp_path / "model.onnx", "-", "-")


@contextmanager
def running(*command: str, stdout: int | None = None) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that listens to signals, even where these tests were told not to."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=stdout,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("which", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_it_cleanly(tool: Tool, tmp_path: Path, which: signal.Signals) -> None:
    with running(*tool.command("--progress", "-", tmp_path / "large.y4m")) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write(TWO)
        process.stdin.flush()
        # After these it waits for the next one, which never comes.
        words = b""
        while b"frame 1" not in words and process.poll() is None:
            words += process.stderr.read(1)
        process.send_signal(which)
        assert process.wait(timeout=20) == 130
        assert process.stderr.read().endswith(b"Interrupted.\n")
    nothing_left(tmp_path)


def test_a_signal_ends_a_frame_that_would_take_long(tool: Tool, tmp_path: Path) -> None:
    size = 6000
    command = tool.command("--raw", "gray", "--size", f"{size}x{size}", "--tile", "64", "-")
    with running(*command, str(tmp_path / "large.gray")) as process:
        assert process.stdin is not None
        process.stdin.write(bytes(size * size))
        process.stdin.close()
        process.stdin = None
        time.sleep(0.2)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 130
    nothing_left(tmp_path)


def test_a_reader_that_has_gone(tool: Tool) -> None:
    with running(*tool.command("-", "-"), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()
        process.stdout = None
        words = process.communicate(TWO, timeout=20)[1]
        assert process.returncode == 1
    assert words == b"error: The program that read standard output has gone.\n"


def test_a_full_disk(tool: Tool) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this system")
    words = tool.fails("-", "/dev/full", stdin=TWO)
    assert "No space left" in words
