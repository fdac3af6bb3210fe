"""Cutting an image into tiles that overlap enough to give the pixels of the whole image."""

from collections.abc import Iterator
from dataclasses import dataclass

from addersr.errors import AdderSRError


@dataclass(frozen=True)
class Tile:
    """One tile, in pixels of the low-resolution image."""

    top: int
    left: int
    height: int
    width: int
    """The part that this tile is responsible for; the parts of all tiles cover the image once."""
    above: int
    before: int
    below: int
    after: int
    """How far the surrounding goes that must be computed along, at most the halo."""

    @property
    def source(self) -> tuple[slice, slice]:
        """Rows and columns of the image that go into the model."""
        return (
            slice(self.top - self.above, self.top + self.height + self.below),
            slice(self.left - self.before, self.left + self.width + self.after),
        )

    def inside(self, scale: int) -> tuple[slice, slice]:
        """Rows and columns of the model's output that belong to this tile."""
        return (
            slice(self.above * scale, (self.above + self.height) * scale),
            slice(self.before * scale, (self.before + self.width) * scale),
        )

    def target(self, scale: int) -> tuple[slice, slice]:
        """Rows and columns of the enlarged image that this tile fills."""
        return (
            slice(self.top * scale, (self.top + self.height) * scale),
            slice(self.left * scale, (self.left + self.width) * scale),
        )


def tiles(height: int, width: int, size: int, halo: int) -> Iterator[Tile]:
    """Cut ``height`` x ``width`` pixels into tiles of at most ``size`` x ``size``.

    At the edges of the image there is no halo: the model pads there as it does for the whole
    image, which is why tiled and whole results agree.

    Raises:
        AdderSRError: ``size`` is below 1.
    """
    if size < 1:
        raise AdderSRError(f"Expected a tile size of at least 1 pixel, got {size}.")
    for top in range(0, height, size):
        for left in range(0, width, size):
            rows, columns = min(size, height - top), min(size, width - left)
            yield Tile(
                top=top,
                left=left,
                height=rows,
                width=columns,
                above=min(halo, top),
                before=min(halo, left),
                below=min(halo, height - top - rows),
                after=min(halo, width - left - columns),
            )
