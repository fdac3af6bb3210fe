"""A plan of two variants that takes a second to run."""

from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the extra 'train'")

from addersr.training.experiments.plan import Plan, load_plan

PLAN = """
title = "Which kind?"
question = "The question."
base = "twin"
seeds = [0, 1]

[settings]
architecture = "mobile"
kind = "cnn"
data = "DATA"
validation = "DATA"
steps = 3
validate_every = 2
batch = 2
patch = 8
warmup = 1
arguments = { channels = 8, blocks = 1 }

[variants.twin]
[variants."adder | plain"]
kind = "adder"
arguments = { power = false }
"""

WritePlan = Callable[..., Plan]


@pytest.fixture
def write_plan(tmp_path: Path, photos: Path) -> WritePlan:
    """Writes the plan with pieces of its text replaced, and reads it."""

    def write(*changes: tuple[str, str], name: str = "kinds") -> Plan:
        text = PLAN.replace("DATA", photos.name)
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / f"{name}.toml"
        path.write_text(text, "utf-8")
        return load_plan(path)

    return write
