"""Parameters and operations of the architectures are the published ones."""

import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")

from .counting import adder_layers, on_meta, parameters, tap_counts


def total(name: str, scale: int, channels: int, **values: object) -> float:
    return sum(tap_counts(on_meta(name, "cnn", scale, **values), channels, scale).values())


@pytest.mark.parametrize(
    ("name", "scale", "values", "expected"),
    [
        ("vdsr", 2, {}, 665_921),  # "665K"
        ("edsr", 2, {"size": "baseline"}, 1_369_859),  # "1.37M"
        ("edsr", 4, {"size": "baseline"}, 1_517_571),  # "1.5M"
        ("edsr", 4, {"size": "full"}, 43_089_923),  # "43M"
        ("edsr", 2, {"size": "full"}, 40_729_603),
        ("rdn", 2, {}, 22_123_395),  # "22M"
        ("srcnn", 2, {"middle": 5}, 57_281),  # "57K"
        ("srcnn", 2, {"middle": 1}, 8_129),  # "8K"
        ("espcn", 3, {}, 22_729),
    ],
)
def test_parameters(name: str, scale: int, values: dict[str, object], expected: int) -> None:
    assert parameters(on_meta(name, "cnn", scale, **values)) == expected


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("fsrcnn", {}, 12_464),  # "12.5K"
        ("sesr", {"size": "m5", "collapsed": True}, 13_520),  # "13.5K"
        ("sesr", {"size": "m11", "collapsed": True}, 27_344),  # "27.3K"
        ("sesr", {"size": "xl", "collapsed": True}, 105_376),  # "105K"
    ],
)
def test_parameters_of_papers_that_count_filters(
    name: str, values: dict[str, object], expected: int
) -> None:
    """Without biases and PReLU slopes."""
    assert parameters(on_meta(name, "cnn", 2, **values), biases=False) == expected


def test_carn_parameters() -> None:
    """1,592K is the model with the upsamplers for all three scales."""
    sizes = [parameters(on_meta("carn", "cnn", scale)) for scale in (2, 3, 4)]
    shared = sizes[0] - (64 * 256 * 9 + 256)
    assert sum(sizes) - 2 * shared == 1_591_939


@pytest.mark.parametrize(("scale", "published"), [(2, 222.8), (3, 118.8), (4, 90.9)])
def test_carn_operations(scale: int, published: float) -> None:
    """10⁹ multiply-adds for an output of 1280x720."""
    assert total("carn", scale, 3) == pytest.approx(published, abs=0.05)


@pytest.mark.parametrize(
    ("kind", "width", "picojoules", "published"),
    [("cnn", 1.0, 3.7 + 0.9, 1027), ("adder", 1.0, 2 * 0.9, 402), ("adder", 0.25, 2 * 0.9, 26)],
)
def test_carn_energy(kind: str, width: float, picojoules: float, published: float) -> None:
    """AdderSR's energies for scale 2, in 10⁹ pJ, take all layers as adder layers."""
    model = on_meta("carn", kind, 2, width=width)
    energy = picojoules * sum(tap_counts(model, 3, 2).values())
    assert energy == pytest.approx(published, rel=0.003, abs=0.5)


@pytest.mark.parametrize(("size", "published"), [("m5", 3.1), ("m11", 6.3), ("xl", 24.3)])
def test_sesr_operations(size: str, published: float) -> None:
    """10⁹ multiply-adds for scale 2."""
    taps = total("sesr", 2, 1, size=size, collapsed=True)
    assert taps == pytest.approx(published, abs=0.05)


def test_fsrcnn_operations() -> None:
    """The published 6.0 G take the 9x9 filter of the last layer once per HR pixel.

    A transposed convolution of stride 2 has a quarter of those taps.
    """
    taps = tap_counts(on_meta("fsrcnn", "cnn", 2), 1, 2)
    assert sum(taps.values()) == pytest.approx(2.87, abs=0.01)
    assert sum(taps.values()) + 3 * taps["tail"] == pytest.approx(6.0, abs=0.05)


def test_rdn_operations() -> None:
    """The 10,192 GFLOPs of the literature are 5,096 G multiplications and as many additions."""
    assert 2 * total("rdn", 2, 3) == pytest.approx(10_192, abs=1)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_vdsr_operations(scale: int) -> None:
    """AdderSR: 612.6 G for the CNN; the adder version 1.1 G and 1224.1 G."""
    assert total("vdsr", scale, 1) == pytest.approx(612.6, abs=0.05)
    multiplications, additions = operations_of_adder_version("vdsr", scale, 1)
    assert multiplications == pytest.approx(1.1, abs=0.05)
    assert additions == pytest.approx(1224.1, abs=0.05)


def operations_of_adder_version(
    name: str, scale: int, channels: int, omitted: tuple[str, ...] = (), **values: object
) -> tuple[float, float]:
    """10⁹ multiplications and additions without the layers ``omitted``."""
    model = on_meta(name, "adder", scale, **values)
    taps = {
        layer: count
        for layer, count in tap_counts(model, channels, scale).items()
        if layer not in omitted
    }
    adders = sum(count for layer, count in taps.items() if layer in adder_layers(model))
    others = sum(taps.values()) - adders
    return others, others + 2 * adders


@pytest.mark.parametrize(
    ("scale", "omitted", "multiplications", "additions"),
    [
        (2, ("last.adder",), 7.9, 18489.8),
        (3, ("last.adder",), 7.1, 8825.2),
        (4, ("last.adder", "upsampler.0.adder"), 6.8, 5442.6),
    ],
)
def test_edsr_operations(
    scale: int, omitted: tuple[str, ...], multiplications: float, additions: float
) -> None:
    """AdderSR's counts leave out the body's last layer and, at x4, the first upsampler."""
    counted = operations_of_adder_version("edsr", scale, 3, omitted, size="full")
    # 7.9 is 7.96, cut off.
    assert counted[0] == pytest.approx(multiplications, abs=0.07)
    assert counted[1] == pytest.approx(additions, abs=0.1)
    with_all = operations_of_adder_version("edsr", scale, 3, size="full")
    assert with_all[1] - counted[1] > 100


@pytest.mark.parametrize(
    ("scale", "published", "omitted"),
    [(2, 9248.9, 135.9), (3, 4416.1, 60.4), (4, 2724.7, 34.0 + 135.9)],
)
def test_edsr_operations_of_the_cnn(scale: int, published: float, omitted: float) -> None:
    assert total("edsr", scale, 3, size="full") == pytest.approx(published + omitted, abs=0.1)
