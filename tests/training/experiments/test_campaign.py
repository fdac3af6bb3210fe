"""Running plans: to the end, after being stopped, several at a time, and beside another process."""

import csv
import fcntl
import json
import re
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")

from addersr.errors import AdderSRError
from addersr.models.checkpoint import load_model
from addersr.training.experiments import __main__ as command
from addersr.training.experiments import campaign, runs
from addersr.training.experiments.runs import Run, carry_out, order

from .conftest import WritePlan


def run(path: Path, output: Path, photos: Path, *more: str) -> int:
    return command.main([str(path), "-o", str(output), "--data", str(photos.parent), *more])


def rows(output: Path) -> list[dict[str, str]]:
    with (output / "results.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_stopped_and_continued(
    write_plan: WritePlan,
    tmp_path: Path,
    photos: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    plan = write_plan(("steps = 3", "steps = 5"))
    assert run(plan.path, tmp_path / "whole", photos) == 0

    def stop(one: Run, progress: object = None) -> None:  # noqa: ARG001
        if one.seed == 1:
            carry_out(
                one, lambda step: (_ for _ in ()).throw(KeyboardInterrupt) if step == 3 else 0
            )
        carry_out(one)

    with monkeypatch.context() as patched:
        patched.setattr(campaign, "carry_out", stop)
        assert run(plan.path, tmp_path / "parts", photos) == 130
    assert "The same command goes on" in capsys.readouterr().err
    assert len(rows(tmp_path / "parts")) == 2
    all_runs = order([plan], tmp_path / "parts", photos.parent)
    assert [point.step for point in all_runs[2].curve()] == [2]

    done = [one.folder / "state.pt" for one in all_runs[:2]]
    before = [path.stat().st_mtime_ns for path in done]
    assert run(plan.path, tmp_path / "parts", photos) == 0
    assert [path.stat().st_mtime_ns for path in done] == before
    assert "4 runs, 2 of them finished before" in capsys.readouterr().err

    assert rows(tmp_path / "parts") == rows(tmp_path / "whole")
    assert [(row["variant"], row["seed"]) for row in rows(tmp_path / "parts")] == [
        ("twin", "0"),
        ("twin", "1"),
        ("adder | plain", "0"),
        ("adder | plain", "1"),
    ]
    for one in all_runs:
        whole = Run(one.variant, one.seed, tmp_path / "whole", photos.parent)
        for own, other in zip(
            load_model(one.checkpoint).parameters(),
            load_model(whole.checkpoint).parameters(),
            strict=True,
        ):
            assert torch.equal(own, other)


def test_a_variant_or_seed_alone(write_plan: WritePlan, tmp_path: Path, photos: Path) -> None:
    plan, output = write_plan(), tmp_path / "out"
    assert run(plan.path, output, photos, "--only", "twin", "--seeds", "3") == 0
    (row,) = rows(output)
    assert (row["variant"], row["seed"], row["parameters"]) == ("twin", "3", str(80 + 592 + 292))
    other = write_plan(("[variants.twin]", "[variants.twin]\nrate = 1e-3"), name="other")
    assert run(other.path, output, photos, "--only", "twin", "--seeds", "0") == 0
    assert [row["plan"] for row in rows(output)] == ["kinds", "other"]
    stored = json.loads((output / "results.json").read_text())
    assert stored["context"]["torch"] == torch.__version__
    assert [point["step"] for point in stored["results"][0]["curve"]] == [2, 3]
    assert float(rows(output)[0]["psnr"]) == stored["results"][0]["psnr"]
    (output / "results.json").write_text("[")
    assert run(plan.path, output, photos, "--only", "twin", "--seeds", "3") == 1


def test_two_at_a_time_give_the_same(write_plan: WritePlan, tmp_path: Path, photos: Path) -> None:
    plan = write_plan(
        ("[variants.twin]", '[variants.twin]\n[variants.more]\nteacher = "twin"'),
        ("seeds = [0, 1]", "seeds = [0]"),
    )
    assert run(plan.path, tmp_path / "one", photos) == 0
    assert run(plan.path, tmp_path / "two", photos, "--jobs", "2") == 0
    assert rows(tmp_path / "one") == rows(tmp_path / "two")
    assert len(rows(tmp_path / "two")) == 3


def test_what_fails_does_not_stop_the_rest(
    write_plan: WritePlan, tmp_path: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = write_plan(
        ("[variants.twin]", '[variants.twin]\nrate = 1e37\n[variants.more]\nstart = "twin"'),
        ("seeds = [0, 1]", "seeds = [0]"),
    )
    assert run(plan.path, tmp_path / "out", photos) == 1
    error = capsys.readouterr().err
    assert re.search("twin, seed 0 failed: The .* became", error)
    assert "more, seed 0 failed: It needs twin, seed 0, which is not finished." in error
    assert [row["variant"] for row in rows(tmp_path / "out")] == ["adder | plain"]
    assert run(plan.path, tmp_path / "out", photos, "--only", "none") == 1
    assert "No variant is called none" in capsys.readouterr().err


def test_another_process_at_the_same_run(
    write_plan: WritePlan, tmp_path: Path, photos: Path
) -> None:
    one = order([write_plan()], tmp_path / "out", photos.parent)[0]
    one.folder.mkdir(parents=True)
    with (one.folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(AdderSRError, match="Another process trains in"):
            carry_out(one)
    carry_out(one)
    assert one.finished


@pytest.fixture(autouse=True)
def _forget_images() -> None:
    runs._images.cache_clear()
