"""The command line; ``main`` is the entry point of ``addersr``."""

from addersr.cli.app import main

__all__ = ["main"]
