"""AdderConv as onnxruntime sees it: attributes, inputs, versions, shapes, threads."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest

from addersr.custom_ops.adder_conv import adder_conv
from addersr.custom_ops.adder_conv.reference import FloatArray

MakeSession = Callable[..., onnxruntime.InferenceSession]  # the fixture of conftest.py

W_SHAPE = (4, 2, 3, 3)
MATCHING_X = (1, 2, 8, 9)


def random(*shape: int) -> FloatArray:
    return np.random.default_rng(shape).standard_normal(shape, np.float32)


WRONG_ATTRIBUTES: list[tuple[dict[str, Any], str]] = [
    ({"auto_pad": "SAME"}, "auto_pad to be NOTSET, VALID, SAME_UPPER or SAME_LOWER, got 'SAME'"),
    ({"auto_pad": 1}, "attribute auto_pad to be a string"),
    ({"auto_pad": "VALID", "pads": [0, 0, 0, 1]}, r"pads to be absent or zero .* \[0, 0, 0, 1\]"),
    ({"strides": [1]}, r"strides to be a list of 2 integers, got \[1\]"),
    ({"strides": [1, 1, 1]}, r"strides to be a list of 2 integers, got \[1, 1, 1\]"),
    ({"strides": 2}, "strides to be a list of 2 integers"),
    ({"strides": [2.0, 2.0]}, "strides to be a list of 2 integers"),
    ({"strides": [0, 1]}, r"strides .* \[0, 1\]"),
    ({"dilations": [2]}, r"dilations to be a list of 2 integers, got \[2\]"),
    ({"dilations": [1, -1]}, r"dilations .* \[1, -1\]"),
    ({"dilations": [2**62, 1]}, "dilations"),
    ({"pads": [1, 1]}, r"pads to be a list of 4 integers, got \[1, 1\]"),
    ({"pads": [0, 0, -1, 0]}, r"pads .* \[0, 0, -1, 0\]"),
    ({"group": 0}, "group .* 0"),
    ({"group": "two"}, "attribute group to be an integer"),
    ({"group": [2]}, "attribute group to be an integer"),
    ({"group": 2.0}, "attribute group to be an integer"),
    ({"group": 2**62}, str(2**62)),
    ({"kernel_shape": 3}, "kernel_shape to be a list of 2 integers"),
    ({"kernel_shape": [3]}, r"kernel_shape to be a list of 2 integers, got \[3\]"),
]


@pytest.mark.parametrize("constant", [True, False], ids=["constant W", "computed W"])
@pytest.mark.parametrize(("attributes", "complaint"), WRONG_ATTRIBUTES, ids=str)
def test_a_wrong_attribute_fails_with_its_name(
    node_session: MakeSession, attributes: dict[str, Any], complaint: str, constant: bool
) -> None:
    with pytest.raises(Exception, match=f"Node 'the node': AdderConv .*{complaint}"):
        node_session(random(*W_SHAPE) if constant else W_SHAPE, **attributes)


@pytest.mark.parametrize(
    ("attributes", "complaint"),
    [
        ({"kernel_shape": [3, 5]}, r"kernel_shape .* \[3, 3\], got \[3, 5\]"),
        ({"group": 3}, r"filters \(4\) to be a multiple of group \(3\)"),
    ],
    ids=str,
)
def test_an_attribute_that_does_not_suit_the_filter(
    node_session: MakeSession, attributes: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(Exception, match=complaint):
        node_session(random(*W_SHAPE), **attributes)
    # A computed filter is only known at run time.
    channels = 2 * attributes.get("group", 1)
    session = node_session(W_SHAPE, **attributes)
    with pytest.raises(Exception, match=complaint):
        session.run(None, {"X": random(1, channels, 8, 8), "W": random(*W_SHAPE)})


@pytest.mark.parametrize(
    ("x", "complaint"),
    [
        ((2, 8, 8), r"X to have 4 dimensions \[N, C, H, W\], got \[2, 8, 8\]"),
        ((1, 3, 8, 8), "got 3 channels"),
        ((1, 2, 2, 8), r"kernel \[3, 3\] .* does not fit"),
        ((1, 2, 0, 8), "does not fit"),
    ],
)
def test_a_wrong_input(node_session: MakeSession, x: tuple[int, ...], complaint: str) -> None:
    session = node_session(random(*W_SHAPE), x=[None] * len(x))
    with pytest.raises(Exception, match=complaint):
        session.run(None, {"X": np.zeros(x, np.float32)})


def test_a_wrong_filter(node_session: MakeSession) -> None:
    with pytest.raises(Exception, match=r"W to have 4 dimensions .*, got \[4, 2, 3\]"):
        node_session(random(4, 2, 3))
    with pytest.raises(Exception, match=r"W without empty dimensions, got \[4, 2, 0, 3\]"):
        node_session(random(4, 2, 0, 3))


@pytest.mark.parametrize("size", [1, 3, 5])
def test_a_bias_of_another_length(node_session: MakeSession, size: int) -> None:
    session = node_session(random(*W_SHAPE), bias=random(size))
    with pytest.raises(Exception, match=rf"one value per filter \(4\), got {size}"):
        session.run(None, {"X": random(*MATCHING_X)})


def test_the_bias_is_required(node_session: MakeSession) -> None:
    with pytest.raises(Exception, match="the node"):
        node_session(random(*W_SHAPE), inputs=("X", "W"))


def test_only_float32(node_session: MakeSession) -> None:
    with pytest.raises(Exception, match=r"tensor\(double\)"):
        node_session(random(*W_SHAPE), element_type=onnx.TensorProto.DOUBLE)


@pytest.mark.parametrize("opset", [0, 1001])
def test_an_impossible_op_version(node_session: MakeSession, opset: int) -> None:
    """Versions that onnxruntime lets pass are refused by addersr.runtime, which reads the file."""
    with pytest.raises(Exception, match=r"not a registered|opset"):
        node_session(random(*W_SHAPE), opset=opset)


def test_sizes_beyond_memory_are_an_error(node_session: MakeSession) -> None:
    session = node_session(random(*W_SHAPE), pads=[2**29] * 4)
    with pytest.raises(Exception, match="would not fit into memory"):
        session.run(None, {"X": random(*MATCHING_X)})
    with pytest.raises(Exception, match="would not fit into memory"):
        node_session(random(*W_SHAPE), dilations=[2**29, 2**29])


def test_an_empty_batch(node_session: MakeSession) -> None:
    session = node_session(random(*W_SHAPE))
    assert session.run(None, {"X": np.zeros((0, 2, 8, 9), np.float32)})[0].shape == (0, 4, 6, 7)


def test_a_computed_filter_is_packed_anew_for_each_call(node_session: MakeSession) -> None:
    x, bias = random(*MATCHING_X), random(4)
    session = node_session((4, 2, "kh", "kw"), bias=bias, pads=[1, 0, 0, 1])
    for w in (random(*W_SHAPE), 2 * random(*W_SHAPE), random(4, 2, 1, 5)):
        (y,) = session.run(None, {"X": x, "W": w})
        (constant,) = node_session(w, bias=bias, pads=[1, 0, 0, 1]).run(None, {"X": x})
        np.testing.assert_array_equal(y, constant)
        expected = adder_conv(x, w, bias, pads=[1, 0, 0, 1])
        np.testing.assert_allclose(y, expected, atol=1e-4)


def test_any_number_of_threads_gives_the_same_bits(node_session: MakeSession) -> None:
    x, w = random(2, 3, 97, 20), random(5, 3, 3, 3)
    (alone,) = node_session(w).run(None, {"X": x})
    shared = node_session(w, threads=4)
    with ThreadPoolExecutor(4) as pool:
        for (y,) in pool.map(lambda _: shared.run(None, {"X": x}), range(12)):
            np.testing.assert_array_equal(y, alone)


SHAPES: list[tuple[dict[str, Any], str, str]] = [
    ({}, "H-2", "W-2"),
    ({"pads": [1, 1, 1, 1]}, "H", "W"),
    ({"pads": [2, 0, 1, 0]}, "H+1", "W-2"),
    ({"strides": [1, 2]}, "H-2", "(W-1)//2"),
    ({"strides": [2, 3], "pads": [1, 1, 1, 1]}, "(H+1)//2", "(W+2)//3"),
    ({"dilations": [2, 1]}, "H-4", "W-2"),
    ({"auto_pad": "NOTSET", "strides": [1, 3]}, "H-2", "W//3"),
    ({"auto_pad": "VALID", "strides": [2, 1]}, "(H-1)//2", "W-2"),
    ({"auto_pad": "SAME_UPPER", "strides": [1, 2]}, "H", "(W+1)//2"),
    ({"auto_pad": "SAME_LOWER", "strides": [3, 1], "dilations": [1, 2]}, "(H+2)//3", "W"),
]


@pytest.mark.parametrize(("attributes", "height", "width"), SHAPES, ids=str)
def test_names_of_derived_sizes(
    node_session: MakeSession, attributes: dict[str, Any], height: str, width: str
) -> None:
    """A name is an expression that gives the size which a run really has."""
    session = node_session(random(*W_SHAPE), x=("N", 2, "H", "W"), **attributes)
    assert session.get_outputs()[0].shape == ["N", 4, height, width]
    for n, h, w in [(1, 7, 8), (2, 8, 9), (1, 9, 10), (3, 12, 7)]:
        (y,) = session.run(None, {"X": random(n, 2, h, w)})
        sizes = {"H": h, "W": w}
        assert y.shape == (n, 4, eval(height, sizes), eval(width, sizes))


def test_known_sizes_and_names_mix(node_session: MakeSession) -> None:
    same = {"auto_pad": "SAME_UPPER", "strides": [2, 2]}
    session = node_session(random(*W_SHAPE), x=(3, "C", 9, "2*w-1"), **same)
    assert session.get_outputs()[0].shape == [3, 4, 5, "((2*w-1)+1)//2"]
    session = node_session(W_SHAPE, x=("N", 2, "H", 8), kernel_shape=[3, 3])
    assert session.get_outputs()[0].shape == ["N", 4, "H-2", 6]


@pytest.mark.parametrize(
    ("x", "w"),
    [
        ((1, 2, None, 8), W_SHAPE),  # a size without a name
        ((1, 2, "H", 8), (4, 2, "k", "k")),
        ((1, 2, 2, 8), W_SHAPE),  # does not fit: said when it runs
        ((1, 3, "H", 8), W_SHAPE),
        ((1, 2, "H"), W_SHAPE),
    ],
    ids=str,
)
def test_what_cannot_be_told_stays_open(
    node_session: MakeSession, x: tuple[Any, ...], w: tuple[Any, ...]
) -> None:
    assert node_session(w, x=x).get_outputs()[0].shape == []
