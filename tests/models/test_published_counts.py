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
    ],
)
def test_parameters(name: str, scale: int, values: dict[str, object], expected: int) -> None:
    assert parameters(on_meta(name, "cnn", scale, **values)) == expected


def test_rdn_operations() -> None:
    """The 10,192 GFLOPs of the literature are 5,096 G multiplications and as many additions."""
    assert 2 * total("rdn", 2, 3) == pytest.approx(10_192, abs=1)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_vdsr_operations(scale: int) -> None:
    """AdderSR, table 2: 612.6 G for the CNN; the adder version 1.1 G and 1224.1 G."""
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
    """AdderSR, table 2, which leaves out the body's last layer and, at x4, the first upsampler."""
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
