"""The report: means, spreads and differences of known runs, in a document that people edit."""

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the extra 'train'")
pytest.importorskip("matplotlib", reason="needs the extra 'plot'")

from addersr.errors import AdderSRError
from addersr.training.experiments import __main__ as command
from addersr.training.experiments.plan import Plan
from addersr.training.experiments.runs import Run
from addersr.training.experiments.sections import replace_section

from .conftest import WritePlan


def pretend(plan: Plan, output: Path, variant: int, seed: int, psnr: float, step: int = 3) -> None:
    """The log of a run."""
    run = Run(plan.variants[variant], seed, output, Path())
    run.folder.mkdir(parents=True)
    log = f"step,loss,psnr\n2,0.1,30.0\n{step},0.05,{psnr}\n"
    (run.folder / "log.csv").write_text(log)


@pytest.fixture
def plan(write_plan: WritePlan, tmp_path: Path) -> Plan:
    plan = write_plan(("seeds = [0, 1]", "seeds = [0, 1, 2]"))
    for variant, seed, psnr in (
        (0, 0, 31.0), (0, 1, 31.1), (0, 2, 31.5), (1, 0, 30.9), (1, 1, 31.3),
    ):  # fmt: skip
        pretend(plan, tmp_path / "out", variant, seed, psnr)
    pretend(plan, tmp_path / "out", 1, 2, 25.0, step=2)  # not at its end
    return plan


def report(plan: Plan, tmp_path: Path, *more: str) -> str:
    document = tmp_path / "docs" / "science.md"
    arguments = [str(plan.path), "-o", str(tmp_path / "out"), "--report", str(document)]
    assert command.main([*arguments, *more]) == 0
    return document.read_text("utf-8")


def test_table(plan: Plan, tmp_path: Path) -> None:
    text = report(plan, tmp_path)
    assert "## Which kind?\n\nThe question. So far 5 of 6 runs are finished.\n\n" in text
    assert "    python -m addersr.training.experiments docs/experiments/kinds.toml -o " in text
    # Deviations of (31, 31.1, 31.5), (30.9, 31.3) and of the differences (-0.1, +0.2).
    assert "| twin | kind cnn | 31.200 ± 0.265 | - | 964 | 3 |" in text
    assert "| adder \\| plain | kind adder, power False | 31.100 ± 0.283 | +0.050 ± 0.212 |" in text
    image = tmp_path / "docs" / "images" / "science-kinds.svg"
    assert "![Which kind?](images/science-kinds.svg)" in text
    assert image.read_bytes().startswith(b"<?xml")
    before = image.read_bytes()
    assert report(plan, tmp_path) == text
    assert image.read_bytes() == before
    fewer = report(plan, tmp_path, "--seeds", "0,1")
    assert "\nThe question.\n" in fewer
    assert "| twin | kind cnn | 31.050 ± 0.071 | - | 964 | 2 |" in fewer


def test_a_run_that_collapsed_is_named_in_the_chart(plan: Plan, tmp_path: Path) -> None:
    pretend(plan, tmp_path / "out", 0, 3, 12.25)
    report(plan, tmp_path, "--seeds", "0,1,3")
    chart = (tmp_path / "docs" / "images" / "science-kinds.svg").read_text("utf-8")
    assert "◂ 12.25" in chart
    report(plan, tmp_path, "--seeds", "0,1")
    chart = (tmp_path / "docs" / "images" / "science-kinds.svg").read_text("utf-8")
    assert "◂" not in chart


def test_one_seed_has_no_spread(write_plan: WritePlan, tmp_path: Path) -> None:
    plan = write_plan()
    pretend(plan, tmp_path / "out", 1, 0, 31.0)
    text = report(plan, tmp_path)
    assert "| kind adder, power False | 31.000 | - | 972 | 1 |" in text
    assert "| twin |" not in text


def test_nothing_to_report(
    write_plan: WritePlan, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = write_plan()
    arguments = [str(plan.path), "-o", str(tmp_path / "out"), "--report", str(tmp_path / "r.md")]
    assert command.main(arguments) == 0
    assert "kinds: no run is finished" in capsys.readouterr().err
    assert not (tmp_path / "r.md").exists()


def test_sections_leave_the_rest_alone(tmp_path: Path) -> None:
    document = tmp_path / "science.md"
    document.write_text("# Title\n")
    replace_section(document, "a", "one\n")
    replace_section(document, "b", "two")
    text = document.read_text().replace("<!-- a: end -->", "<!-- a: end -->\n\nSo it is.")
    document.write_text(text)
    replace_section(document, "a", "1")
    assert document.read_text() == text.replace("\none\n", "\n1\n")
    assert text.startswith("# Title\n\n<!-- a: written by a command -->\none\n<!-- a: end -->\n")
    document.write_text(text.replace("<!-- b: end -->", ""))
    with pytest.raises(AdderSRError, match=r"part b of .* lost one of its comments"):
        replace_section(document, "b", "2")
