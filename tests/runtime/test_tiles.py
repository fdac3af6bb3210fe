import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from addersr.errors import AdderSRError
from addersr.runtime.tiles import tiles


@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    size=st.integers(1, 45),
    halo=st.integers(0, 9),
    scale=st.integers(1, 3),
)
def test_tiles_put_the_image_together_again(
    height: int, width: int, size: int, halo: int, scale: int
) -> None:
    image = np.arange(height * width).reshape(height, width)
    expected = image.repeat(scale, 0).repeat(scale, 1)
    result = np.full_like(expected, -1)
    for tile in tiles(height, width, size, halo):
        source = image[tile.source]
        assert max(source.shape) <= size + 2 * halo
        enlarged = source.repeat(scale, 0).repeat(scale, 1)
        result[tile.target(scale)] = enlarged[tile.inside(scale)]
    np.testing.assert_array_equal(result, expected)


def test_the_halo_is_whole_except_at_the_edges() -> None:
    middle = next(t for t in tiles(30, 30, 10, 4) if (t.top, t.left) == (10, 10))
    assert (middle.above, middle.before, middle.below, middle.after) == (4, 4, 4, 4)
    corner = next(tiles(30, 30, 10, 4))
    assert (corner.above, corner.before, corner.below, corner.after) == (0, 0, 4, 4)


def test_refuses_empty_tiles() -> None:
    with pytest.raises(AdderSRError, match="at least 1"):
        next(tiles(4, 4, 0, 1))
