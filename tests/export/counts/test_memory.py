"""The memory of activations."""

import pytest

pytest.importorskip("onnx", reason="the graphs of these tests need onnx")

from addersr.export.counts.memory import peak_activations

from .graphs import chain


def test_a_tensor_ends_with_its_last_reader() -> None:
    graph = chain(
        ("a", ["image"], 100, False), ("b", ["a"], 20, False), ("c", ["b"], 90, False), image=7
    )
    # image and a; a and b; b and c
    assert peak_activations(graph) == 120


def test_a_shortcut_keeps_its_tensor() -> None:
    graph = chain(
        ("a", ["image"], 100, False),
        ("b", ["a"], 50, False),
        ("c", ["b"], 60, False),
        ("d", ["c", "a"], 100, False),
        image=7,
    )
    assert peak_activations(graph) == 100 + 60 + 100


def test_in_place_needs_no_second_tensor() -> None:
    graph = chain(("a", ["image"], 100, False), ("b", ["a"], 100, True), image=7)
    assert peak_activations(graph) == 107


def test_what_is_still_read_is_not_overwritten() -> None:
    graph = chain(
        ("a", ["image"], 100, False), ("b", ["a"], 100, True), ("c", ["a", "b"], 100, True), image=7
    )
    assert peak_activations(graph) == 200


def test_another_size_is_not_overwritten() -> None:
    graph = chain(("a", ["image"], 100, False), ("b", ["a"], 101, True), image=7)
    assert peak_activations(graph) == 201


def test_the_image_counts_while_it_is_read() -> None:
    graph = chain(
        ("a", ["image"], 100, False),
        ("b", ["a"], 80, False),
        ("c", ["b", "image"], 80, True),
        image=7,
    )
    assert peak_activations(graph) == 187
