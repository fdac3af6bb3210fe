"""``addersr bench`` and ``addersr compare`` as people run them."""

import json
import os
import subprocess
from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from addersr import custom_ops, zoo
from addersr.cli.options import parse_affinity, parse_threads
from addersr.errors import AdderSRError
from addersr.runtime.benchmark.report import SCHEMA
from addersr.runtime.images import write_image
from addersr.runtime.pixels import Pixels

Run = Callable[..., "subprocess.CompletedProcess[str]"]
Fails = Callable[..., str]
OPTIONS = ("--size", "12x10", "--runs", "3", "--threads", "1", "--mode", "rapid")


def medians(report: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for one in report["benchmarks"] if one.get("aggregate_name") == "median"]


def test_bench(run: Run, adder_model: Path, tmp_path: Path) -> None:
    # Each process measures and chooses for itself, hence one choice for both.
    chosen = custom_ops.library_info().kernel
    command = ("bench", adder_model, *OPTIONS, "--json", "-o", tmp_path / "bench.json")
    done = run(*command, ADDERSR_FORCE_ISA=chosen)
    result = json.loads(done.stdout)
    assert json.loads((tmp_path / "bench.json").read_text()) == result
    assert list(result) == ["context", "benchmarks"]
    context = result["context"]
    assert (context["width"], context["height"], context["runs"]) == (12, 10, 3)
    assert {"date", "num_cpus", "cpu", "load_avg", "onnxruntime"} <= context.keys()
    assert context["forced"]["ADDERSR_FORCE_ISA"] == chosen
    ours, plain = medians(result)
    assert ours["run_name"] == "adder/12x10/threads:1"
    assert ours["kernel"] == chosen
    assert plain["run_name"] == "adder/plain/12x10/threads:1"
    assert plain["kernel"] == "function body"
    for entry in (ours, plain):
        assert (entry["threads"], entry["iterations"]) == (1, 3)
        assert entry["min"] <= entry["p50"] <= entry["p90"] <= entry["p95"] <= entry["p99"]
        runs = [one for one in result["benchmarks"] if one["name"] == entry["run_name"]]
        assert len(runs) == 3
        assert entry["start"]["load_milliseconds"] > 0
    assert ours["quality"]["max_difference_to_plain"] <= 1
    assert ours["energy"]["source"] != "absent"
    assert [layer["type"] for layer in ours["layers"]["run_order"]].count("AdderConv") == 1
    assert plain["layers"] is None
    jsonschema = pytest.importorskip("jsonschema", reason="needs the extra 'dev'")
    jsonschema.validate(result, json.loads(SCHEMA.read_text(encoding="utf-8")))


def test_several_models_and_threads_with_data(
    run: Run, adder_model: Path, cnn_model: Path, tmp_path: Path, photo: Pixels
) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    write_image(folder / "photo.png", photo)
    options = ("--size", "12x10", "--seconds", "0.05", "--threads", "1,2", "--mode", "rapid")
    cpu = min(os.sched_getaffinity(0))
    command = ("bench", adder_model, cnn_model, *options, "--affinity", cpu, "--data", folder)
    result = json.loads(run(*command, "--json").stdout)
    names = [entry["run_name"] for entry in medians(result)]
    assert names == [f"{m}/12x10/threads:{n}" for n in (1, 2) for m in ("adder", "cnn")]
    assert result["context"]["affinity"] == [cpu]
    assert result["context"]["num_cpus"] == 1
    assert result["context"]["seconds"] == 0.05
    for entry in medians(result):
        assert entry["quality"]["data"] == "pictures"
        assert 20 < entry["quality"]["psnr_db"] < 60


def test_the_table(run: Run, adder_model: Path) -> None:
    table = run("bench", adder_model, *OPTIONS, "--peer", "none").stdout
    assert "plain/" not in table
    assert "/plain" not in table
    for expected in ("adder", "AdderConv", "p99", "frames/s", "absent", "Layers by type"):
        assert expected in table


def test_the_zoo_with_all_peers(run: Run, fails: Fails) -> None:
    pairs = [entry for entry in zoo.entries() if entry.kind == "adder" and entry.twin is not None]
    assert pairs
    name, twin = pairs[0].name, pairs[0].twin
    wanted = ["cnn"]
    expected = [name, twin]
    if find_spec("onnx") is not None and version("onnxruntime").startswith("1.18."):
        import onnx

        if not hasattr(onnx, "mapping"):
            said = fails("bench", name, *OPTIONS, "--peer", "cnn-int8")
            assert "install a newer onnxruntime" in said
    elif find_spec("onnx") is not None:
        wanted.append("cnn-int8")
        expected.append(f"{twin}/int8")
    if find_spec("ncnn") is not None:
        wanted.append("ncnn")
        expected.append(f"{twin}/ncnn")
    options = [part for peer in wanted for part in ("--peer", peer)]
    done = run("bench", name, *OPTIONS, *options, "--json")
    assert done.returncode == 0, done.stderr
    entries = medians(json.loads(done.stdout))
    assert [entry["model"] for entry in entries] == expected
    if "ncnn" in wanted:
        assert entries[-1]["kernel"] == "ncnn"
        assert entries[-1]["start"] is None
        assert entries[-1]["energy"]["source"] in ("absent", "rapl", "hwmon", "battery")


def test_the_twin_is_a_peer_by_itself(run: Run) -> None:
    pairs = [entry for entry in zoo.entries() if entry.twin is not None]
    assert pairs
    done = run("bench", pairs[0].name, *OPTIONS, "--json")
    names = [entry["model"] for entry in medians(json.loads(done.stdout))]
    assert names == [pairs[0].name, pairs[0].twin, f"{pairs[0].name}/plain"]


def test_wishes_that_cannot_be_met(fails: Fails, adder_model: Path) -> None:
    bench = ("bench", adder_model, "--size", "8x8")
    assert "no CNN twin" in fails(*bench, "--peer", "cnn")
    assert "--peer as one of" in fails(*bench, "--peer", "tflite")
    assert "alone" in fails(*bench, "--peer", "none", "--peer", "plain")
    assert "not both" in fails(*bench, "--runs", "1", "--seconds", "1")
    assert "more than 0 seconds" in fails(*bench, "--seconds", "0")
    assert "one of normal, quick, rapid" in fails(*bench, "--mode", "fast")
    assert "numbers, for example 1,2" in fails(*bench, "--threads", "two")
    assert "from the CPUs" in fails(*bench, "--affinity", "9999")
    assert "numbers of CPUs" in fails(*bench, "--affinity", "3-1")
    assert "There is no folder" in fails(*bench, "--data", "nowhere")


def test_lists_of_numbers() -> None:
    assert parse_threads("2,1,2") == (2, 1)
    assert parse_affinity("0,2-4") == {0, 2, 3, 4}
    for text in ("", "1,", "-1", "1.5"):
        with pytest.raises(AdderSRError, match="--threads"):
            parse_threads(text)
        with pytest.raises(AdderSRError, match="--affinity"):
            parse_affinity(text)


def test_compare(run: Run, fails: Fails, tmp_path: Path) -> None:
    pytest.importorskip("scipy", reason="needs the extra 'bench'")

    def write(name: str, factor: float) -> Path:
        entries = [
            {"name": "a", "run_type": "iteration", "time_unit": "ms", "real_time": factor * time}
            for time in range(10, 20)
        ]
        path = tmp_path / name
        path.write_text(json.dumps({"context": {"cpu": name}, "benchmarks": entries}))
        return path

    old, slow = write("old.json", 1), write("slow.json", 2)
    done = run("compare", old, slow)
    assert done.returncode == 3
    for expected in ("slower", "+100.0%", "0.0002"):
        assert expected in done.stdout
    assert "cpu was old.json, and is slow.json" in done.stderr
    back = run("compare", slow, old, "--json", "-o", tmp_path / "result.json")
    assert back.returncode == 0
    result = json.loads(back.stdout)
    assert json.loads((tmp_path / "result.json").read_text()) == result
    assert result["slower"] is False
    assert [one["verdict"] for one in result["differences"]] == ["faster"]
    assert run("compare", old, slow, "--threshold", "150").returncode == 0
    assert "cannot be read" in fails("compare", old, tmp_path / "none.json")
