"""The receptive field, against what onnxruntime's output really depends on."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx", reason="reads ONNX files")

from addersr.export.counts.receptive_field import receptive_field
from addersr.runtime.session import create_session, run_session

from .graphs import Model, read

HEIGHT, WIDTH = 3, 36


def measured_width(path: Path, channels: int = 1) -> int:
    """Columns of the input that a column of the output depends on, at most."""
    session = create_session(path)
    random = np.random.default_rng(3)
    image = random.uniform(1, 2, (1, channels, HEIGHT, WIDTH)).astype(np.float32)
    (before,) = run_session(session, {"input": image}).values()
    depends = np.zeros((WIDTH, before.shape[3]), bool)
    for column in range(WIDTH):
        changed = image.copy()
        changed[:, :, :, column] += 1
        (after,) = run_session(session, {"input": changed}).values()
        depends[column] = (after != before).any(axis=(0, 1, 2))
    inside = slice(before.shape[3] // 3, 2 * before.shape[3] // 3)
    columns = [np.flatnonzero(one) for one in depends.T[inside]]
    return max(int(one[-1] - one[0]) + 1 for one in columns)


def same(kernel: int) -> dict[str, list[int]]:
    return {"pads": [kernel // 2] * 4}


def plain(model: Model) -> None:
    model.conv(model.conv("input", 4, 1, **same(3)), 1, 4, 5, **same(5))


def dilated(model: Model) -> None:
    model.conv("input", 1, 1, 3, dilations=[1, 3], pads=[1, 3, 1, 3])


def strided(model: Model) -> None:
    x = model.conv("input", 2, 1, 3, strides=[1, 2], pads=[1, 1, 1, 0])
    model.conv(x, 1, 2, 3, strides=[1, 2], **same(3))


def enlarged_then_convolved(model: Model) -> None:
    x = model.add("DepthToSpace", model.conv("input", 4, 1, **same(3)), blocksize=2, mode="CRD")
    model.conv(x, 1, 1, 3, **same(3))


def enlarged_twice(model: Model) -> None:
    x = model.add("DepthToSpace", model.conv("input", 4, 1, **same(3)), blocksize=2, mode="CRD")
    x = model.add("DepthToSpace", model.conv(x, 9, 1, **same(3)), blocksize=3, mode="CRD")
    model.conv(x, 1, 1, 5, **same(5))


def transposed(stride: int, kernel: int) -> Callable[[Model], None]:
    def build(model: Model) -> None:
        weights = np.ones((1, 2, 3, kernel), np.float32)
        pads = [1, 1, 1, kernel - stride - 1]
        x = model.add("ConvTranspose", "input", weights, strides=[1, stride], pads=pads)
        model.conv(x, 1, 2, 3, **same(3))

    return build


def resized(mode: str) -> Callable[[Model], None]:
    def build(model: Model) -> None:
        scales = np.array([1, 1, 1, 3], np.float32)
        x = model.add("Resize", "input", np.zeros(0, np.float32), scales, mode=mode)
        model.conv(x, 1, 1, 3, **same(3))

    return build


def padded(model: Model) -> None:
    pads = np.array([0, 0, 1, 4, 0, 0, 1, 0], np.int64)
    x = model.conv(model.add("Pad", "input", pads, mode="edge"), 1, 1, 5, pads=[1, 0, 1, 0])
    model.add("Add", x, "input")


def shortcut_that_reaches_further(model: Model) -> None:
    x = model.conv("input", 1, 1, 3, **same(3))
    model.add("Add", x, model.conv("input", 1, 1, 3, dilations=[1, 2], pads=[1, 0, 1, 4]))


@pytest.mark.parametrize(
    "build",
    [
        plain,
        dilated,
        strided,
        enlarged_then_convolved,
        enlarged_twice,
        resized("nearest"),
        resized("linear"),
        resized("cubic"),
        transposed(2, 4),
        transposed(3, 9),
        transposed(2, 3),
        padded,
        shortcut_that_reaches_further,
    ],
)
def test_width_is_what_the_output_depends_on(
    build: Callable[[Model], None], tmp_path: Path
) -> None:
    model = Model()
    build(model)
    path = model.save(tmp_path)
    found = receptive_field(read(path, (HEIGHT, WIDTH)))
    assert found is not None
    assert found[1] == measured_width(path)


def test_both_axes(tmp_path: Path) -> None:
    model = Model()
    weights = np.ones((1, 1, 3, 7), np.float32)
    model.add("Conv", "input", weights, pads=[1, 3, 1, 3])
    assert receptive_field(read(model.save(tmp_path))) == (3, 7)


def test_a_mean_over_the_image_sees_all(tmp_path: Path) -> None:
    model = Model(channels=2)
    model.add("Mul", "input", model.add("GlobalAveragePool", "input"))
    assert receptive_field(read(model.save(tmp_path))) is None
