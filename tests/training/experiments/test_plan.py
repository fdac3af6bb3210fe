"""Plans: what is read, merged and refused, and in which order runs are made."""

import re
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the extra 'train'")

from addersr.errors import AdderSRError
from addersr.training.experiments.plan import load_plan
from addersr.training.experiments.runs import order

from .conftest import WritePlan

DOCS = Path(__file__).parents[3] / "docs" / "experiments"


def test_variants_have_the_merged_settings(write_plan: WritePlan) -> None:
    plan = write_plan()
    twin, adder = plan.variants
    assert (plan.name, plan.base, plan.seeds) == ("kinds", twin, (0, 1))
    assert (twin.settings["kind"], adder.settings["kind"]) == ("cnn", "adder")
    assert adder.settings["arguments"] == {"channels": 8, "blocks": 1, "power": False}
    config = adder.config(1, Path("root"))
    assert (config.seed, config.steps, config.data.parent) == (1, 3, Path("root"))


def test_shared_settings(write_plan: WritePlan, tmp_path: Path) -> None:
    (tmp_path / "shared.toml").write_text(
        "seeds = [4]\n[settings]\nsteps = 7\nrate = 0.5\narguments = { blocks = 2, spread = 1.0 }"
    )
    plan = write_plan(("seeds = [0, 1]", 'extends = "shared.toml"'))
    settings = plan.base.settings
    assert plan.seeds == (4,)
    assert (settings["steps"], settings["rate"]) == (3, 0.5)
    assert settings["arguments"] == {"channels": 8, "blocks": 1, "spread": 1.0}


def test_equal_settings_are_one_run(write_plan: WritePlan) -> None:
    first = write_plan()
    other = write_plan(('twin]\n[variants."adder | plain"]\nkind = "adder"', "twin]\n[variants.a]"))
    assert first.base.digest == other.base.digest
    assert first.variants[1].digest != other.variants[1].digest
    runs = order([first, other], Path("out"), Path("data"))
    assert len(runs) == len({run.folder for run in runs}) == 6
    assert [run.seed for run in runs] == [0, 0, 0, 1, 1, 1]
    assert [run.seed for run in order([first], Path("out"), Path("data"), [5])] == [5, 5]


def test_a_variant_that_starts_from_another(write_plan: WritePlan) -> None:
    plan = write_plan(
        ("[variants.twin]", '[variants.twin]\n[variants.longer]\nstart = "twin"\nsteps = 5'),
    )
    twin, longer, _ = plan.variants
    (run,) = (r for r in order([plan], Path("out"), Path("data"), [0]) if r.variant == longer)
    assert run.needs["start"].variant == twin
    assert run.config.start == run.needs["start"].checkpoint
    # What it starts from is part of what it is.
    other = write_plan(
        (
            "[variants.twin]",
            '[variants.twin]\nrate = 1\n[variants.longer]\nstart = "twin"\nrate = 5e-3\nsteps = 5',
        ),
        ("[settings]", "[settings]\nrate = 5e-3"),
    )
    same = write_plan(
        ("[variants.twin]", '[variants.twin]\n[variants.longer]\nstart = "twin"\nsteps = 5'),
        ("[settings]", "[settings]\nrate = 5e-3"),
    )
    assert other.variants[1].settings == same.variants[1].settings
    assert other.variants[1].digest != same.variants[1].digest


def test_order_within_a_seed(write_plan: WritePlan) -> None:
    """Short before long, and what learns from a long run as if it were one."""
    plan = write_plan(
        (
            "[variants.twin]",
            '[variants.twin]\n[variants.long]\nsteps = 90\n[variants.taught]\nteacher = "long"',
        )
    )
    runs = order([plan], Path("out"), Path("data"))
    labels = ["twin", "adder | plain", "long", "taught"]
    assert [run.title for run in runs] == [f"{name}, seed {i}" for i in (0, 1) for name in labels]
    only = order([write_plan(("[variants.twin]", "[variants.twin]\nsteps = 90"))], Path(), Path())
    assert [run.variant.settings["steps"] for run in only] == [3, 90, 3, 90]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('title = "Which kind?"', "", "has no title"),
        (
            'base = "twin"',
            'base = "none"',
            "base of .* is none, expected one of its variants: twin",
        ),
        ("seeds = [0, 1]", "seeds = [-1]", r"seeds of .* integers from 0, got \[-1\]"),
        ("seeds = [0, 1]", "seed = 0", "unknown key seed: expected base"),
        ("seeds = [0, 1]", "seeds = ", "cannot be read: Invalid value"),
        ("seeds = [0, 1]", 'extends = "x.toml"', "x.toml cannot be read"),
        ('validation = "DATA"', "", "twin of .*: It has no validation"),
        ("steps = 3", "step = 3", "twin of .*: There is no setting step; there are adder_rate"),
        ("steps = 3", "steps = 0", "twin of .*: Expected steps to be above 0"),
        ("steps = 3", 'steps = "3"', "twin of .*: The settings cannot be used"),
        ("power = false", "powers = 2", r"adder \| plain of .*: Architecture mobile has no argu"),
        ("power = false }", 'power = false }\nstart = "x"', "start to name a variant that stands"),
    ],
)
def test_mistakes(write_plan: WritePlan, photos: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(AdderSRError, match=message):
        write_plan((old.replace("DATA", photos.name), new))


def test_no_such_plan(tmp_path: Path) -> None:
    with pytest.raises(AdderSRError, match=re.escape(f"The plan {tmp_path / 'x'} cannot be read")):
        load_plan(tmp_path / "x")


@pytest.mark.skipif(not DOCS.is_dir(), reason="the plans are in the repository only")
def test_our_plans() -> None:
    plans = [load_plan(path) for path in sorted(DOCS.glob("*.toml"))]
    assert {"components", "order", "alpha", "rates", "gap"} <= {plan.name for plan in plans}
    for plan in plans:
        digests = [variant.digest for variant in plan.variants]
        assert len(set(digests)) == len(digests), f"{plan.path} runs one thing twice"
        assert len(plan.seeds) == 3
    # The base of most questions is the same network, which is trained once.
    assert len({plan.base.digest for plan in plans if plan.name != "gap"}) == 1
