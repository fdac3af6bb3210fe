"""What tests of the embedding library need of onnxruntime."""

import pytest

from addersr.runtime.library import onnxruntime_library

needs_engine = pytest.mark.skipif(
    onnxruntime_library() is None, reason="no library in this wheel of onnxruntime (1.18)"
)
