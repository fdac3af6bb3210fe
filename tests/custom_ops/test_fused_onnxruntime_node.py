"""FusedAdderConv as onnxruntime sees it: attributes, inputs, shapes, sizes while a model loads."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import onnxruntime
import pytest

from addersr.custom_ops.adder_conv.reference import FloatArray
from addersr.custom_ops.fused_adder_conv import INPUTS, Epilogue

from .adder_conv_model import run, session
from .fused_adder_conv_model import inputs, model

X = np.ones((1, 6, 7, 4), np.float32)
W = np.ones((8, 4, 3, 3), np.float32)
Y_SHAPE = (1, 4, 5, 8)


def node(
    constants: dict[str, FloatArray], computed: Sequence[str] = ("X",), **attributes: Any
) -> onnxruntime.InferenceSession:
    """A session of a channels-last node with neutral inputs but for ``constants``."""
    values = {**inputs(X, W, Epilogue.neutral()), **constants}
    for name in computed:
        del values[name]
    attributes = {"channels_last": 1, **attributes}
    return session(model(values, attributes, function=False), library=True)


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"channels_last": 2}, r"channels_last to be 0 \(NCHW\) or 1 \(NHWC\), got 2"),
        ({"channels_last": "yes"}, "attribute channels_last to be an integer"),
        ({"strides": [1]}, r"strides to be a list of 2 integers, got \[1\]"),
        ({"group": 3}, r"filters \(8\) to be a multiple of group \(3\)"),
        ({"auto_pad": "SAME"}, "auto_pad to be NOTSET, VALID, SAME_UPPER or SAME_LOWER"),
    ],
)
def test_a_wrong_attribute(attributes: dict[str, Any], message: str) -> None:
    with pytest.raises(Exception, match=f"Node 'the node': FusedAdderConv .*{message}"):
        node({}, **attributes)


WRONG_INPUTS: list[tuple[str, FloatArray, str]] = [
    ("scale", np.ones(3), r"scale to have 1 value or one per filter \(8\), got 3"),
    ("bias", np.ones((8, 1)), r"bias to have 1 dimension \[1\] or \[O\], got \[8, 1\]"),
    ("alpha", np.full(8, -1.0), "alpha to lie between 0 and 1024, got -1.0"),
    ("alpha", np.full(1, 2000.0), "alpha to lie between 0 and 1024, got 2000.0"),
    ("alpha", np.full(1, np.nan), "alpha to lie between 0 and 1024, got -?nan"),
    ("slope", np.ones(0), r"slope to have 1 value or one per filter \(8\), got 0"),
    ("clip_min", np.ones(1), r"clip_min to have 0 dimensions \(a scalar\), got \[1\]"),
    ("clip_max", np.ones((1, 1)), "clip_max to have 0 dimensions"),
    ("W", np.ones((8, 4, 3)), r"W to have 4 dimensions .*, got \[8, 4, 3\]"),
]


@pytest.mark.parametrize("computed", [False, True], ids=["constant", "computed"])
@pytest.mark.parametrize(("name", "value", "message"), WRONG_INPUTS)
def test_a_wrong_parameter(name: str, value: FloatArray, message: str, computed: bool) -> None:
    value = value.astype(np.float32)
    if not computed:
        with pytest.raises(Exception, match=message):
            node({name: value})
        return
    constants = inputs(X, W, Epilogue.neutral())
    del constants["X"], constants[name]
    shapes: dict[str, Any] = {name: [None] * value.ndim}
    one = session(
        model(constants, {"channels_last": 1}, function=False, shapes=shapes), library=True
    )
    with pytest.raises(Exception, match=message):
        one.run(None, {"X": X, name: value})


@pytest.mark.parametrize("name", ["Z", "R"])
@pytest.mark.parametrize("shape", [(1, 8, 4, 5), (1, 4, 5, 1), (1, 1, 1, 8), (2, 4, 5, 8)])
def test_a_residual_of_another_shape(name: str, shape: tuple[int, ...]) -> None:
    message = rf"{name} to have the shape of Y, \[1, 4, 5, 8\], or \[1, 1, 1, 1\], got \[{shape[0]}"
    with pytest.raises(Exception, match=message):
        node({name: np.zeros(shape, np.float32)}).run(None, {"X": X})


def test_a_wrong_layout_of_x() -> None:
    with pytest.raises(Exception, match="W's channels times group = 4 x 1, got 6 channels"):
        node({}, channels_last=0).run(None, {"X": X})


@pytest.mark.parametrize("missing", range(2, len(INPUTS)))
def test_every_input_is_required(missing: int) -> None:
    constants = inputs(X, W, Epilogue.neutral())
    del constants["X"]
    names = ["" if index == missing else name for index, name in enumerate(INPUTS)]
    wrong = model(constants, {"channels_last": 1}, function=False, names=names)
    with pytest.raises(Exception, match="the node"):
        session(wrong, library=True)


def test_what_is_computed_is_packed_anew_and_what_is_constant_once() -> None:
    rng = np.random.default_rng(0)
    names = ("scale", "alpha", "clip_max")
    partly = node({}, computed=("X", *names))
    for _ in range(3):
        epilogue = replace(
            Epilogue.neutral(),
            scale=rng.uniform(0.1, 1, 8).astype(np.float32),
            alpha=rng.uniform(0.1, 2, 1).astype(np.float32),
            clip_max=np.float32(-rng.uniform(1, 2)),
        )
        given = {name: np.asarray(getattr(epilogue, name)) for name in names}
        y = run(partly, X=X, **given)
        np.testing.assert_array_equal(y, run(node(given), X=X))
        assert y.shape == Y_SHAPE


def test_an_empty_batch() -> None:
    assert run(node({}), X=np.zeros((0, 6, 7, 4), np.float32)).shape == (0, 4, 5, 8)


@pytest.mark.parametrize(
    ("last", "x", "attributes", "y"),
    [
        (1, ("N", "H", "W", 4), {}, ["N", "H-2", "W-2", 8]),
        (1, ("N", "H", 9, 4), {"pads": [1, 1, 1, 1]}, ["N", "H", 9, 8]),
        (1, (2, 6, "W", 4), {"strides": [1, 2]}, [2, 4, "(W-1)//2", 8]),
        (0, ("N", 4, "H", "W"), {"auto_pad": "SAME_UPPER"}, ["N", 8, "H", "W"]),
    ],
)
def test_names_of_derived_sizes(
    last: int, x: Sequence[int | str], attributes: dict[str, Any], y: list[int | str]
) -> None:
    constants = inputs(X, W, Epilogue.neutral())
    del constants["X"]
    attributes = {**attributes, **({"channels_last": 1} if last else {})}
    one = session(model(constants, attributes, function=False, shapes={"X": x}), library=True)
    assert one.get_outputs()[0].shape == y
