import pytest

from ..installed_package import ROOT, build, onnxruntime_library
from .tool import Tool


@pytest.fixture(scope="session")
def tool() -> Tool:
    program = build(ROOT / "runtime" / "upscale_tool", "addersr-upscale", "-DADDERSR_WERROR=ON")
    return Tool(program, onnxruntime_library())
