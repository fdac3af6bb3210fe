"""The borders of a luma network: RGB pictures to luma, and luma with the chroma of X to RGB.

``SPECIFICATION.md`` says what the two ops are, bit by bit. Importing this package needs numpy
only; the ONNX side lives in :mod:`.function`, :mod:`.schema` and :mod:`.evaluator`.
"""

from addersr.custom_ops.image.filter import cubic_filter
from addersr.custom_ops.image.reference import enlarge_levels, luma_to_rgb, rgb_to_luma

__all__ = ["cubic_filter", "enlarge_levels", "luma_to_rgb", "rgb_to_luma"]
