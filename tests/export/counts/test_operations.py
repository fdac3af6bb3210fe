"""Multiplications, additions and energy of layers."""

import pytest

pytest.importorskip("onnx", reason="the graphs of these tests need onnx")

from pathlib import Path

from addersr.export.counts.energy import ARITHMETICS
from addersr.export.counts.operations import Counts, as_kind, count, total

from .graphs import Model, layer, read

PADS = {"pads": [1, 1, 1, 1]}
TAPS = 8 * 9 * 8 * 30


def test_convolution() -> None:
    assert count(layer(adder=False)) == Counts(TAPS, 0, TAPS, 0)


def test_adder_layer() -> None:
    counts = count(layer(adder=True))
    assert (counts.multiplications, counts.additions) == (0, 2 * TAPS)
    assert counts.additions_pure_once is None


def test_pure_taps_are_one_addition() -> None:
    counts = count(layer(adder=True, pure_taps=70))
    assert counts.additions == 2 * TAPS
    assert counts.additions_pure_once == 2 * TAPS - 70 * 30


def test_groups_have_fewer_taps() -> None:
    assert count(layer(adder=True, groups=4)).differences == TAPS // 4


def test_one_unknown_layer_makes_the_sum_unknown() -> None:
    counts = total([layer(adder=True, pure_taps=70), layer(adder=False), layer(adder=True)])
    assert counts.additions == 5 * TAPS
    assert counts.pure_taps is None


def test_published_ratios_of_energy() -> None:
    """AdderSR's 2.5; with 16- and 32-bit accumulators (0.2 + a) / (0.03 + a)."""
    adder, cnn = count(layer(adder=True)), count(layer(adder=False))
    ratios = {one.name: one.energy(cnn) / one.energy(adder) for one in ARITHMETICS}
    expected = {"fp32": 4.6 / 1.8, "int8_int16": 0.25 / 0.08, "int8_int32": 0.3 / 0.13}
    assert ratios == pytest.approx(expected)


def test_energy_of_each_operation() -> None:
    fp32, int16, int32 = ARITHMETICS
    assert fp32.energy(Counts(1000, 100, 10)) == pytest.approx(3700 + 90 + 9)
    assert int16.energy(Counts(1000, 100, 10)) == pytest.approx(200 + 3 + 0.5)
    assert int32.energy(Counts(1000, 100, 10)) == pytest.approx(200 + 3 + 1)


def test_heads_and_tails_stay_convolutions(tmp_path: Path) -> None:
    """An enlargement by a convolution before the head does not make the head an inner layer."""
    model = Model()
    enlarged = model.add("DepthToSpace", model.conv("input", 4, 1, **PADS), blocksize=2, mode="CRD")
    x = model.conv(enlarged, 8, 1, **PADS)
    for _ in range(2):
        x = model.add("Add", model.conv(x, 8, 8, **PADS), x)
    model.add("Add", model.conv(x, 1, 8, **PADS), enlarged)
    graph = read(model.save(tmp_path))
    kinds = [one.adder for one in as_kind(graph, "adder")]
    assert kinds == [False, False, True, True, False]
    assert not any(one.adder for one in as_kind(graph, "cnn"))


def test_parallel_branches(tmp_path: Path) -> None:
    """A convolution of the image that goes straight to the output is head and tail."""
    model = Model(channels=3)
    x = model.conv("input", 8, 3, **PADS)
    x = model.conv(model.conv(x, 8, 8, **PADS), 3, 8, **PADS)
    model.add("Add", x, model.conv("input", 3, 3, 1))
    graph = read(model.save(tmp_path))
    assert [one.adder for one in as_kind(graph, "adder")] == [False, True, False, False]
