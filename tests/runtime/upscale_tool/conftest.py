import pytest

from ..consumers.picture import onnxruntime_library
from ..installed_package import ROOT, build
from .tool import Tool


@pytest.fixture(scope="session")
def tool() -> Tool:
    runtime = onnxruntime_library()
    # Built to end with a message where it touches memory or adds numbers that it should not.
    program = build(
        ROOT / "runtime" / "upscale_tool",
        "addersr-upscale",
        "-DADDERSR_WERROR=ON",
        "-DCMAKE_BUILD_TYPE=Debug",
        "-DCMAKE_CXX_FLAGS=-fsanitize=address,undefined -fno-sanitize-recover=all",
    )
    return Tool(program, runtime)
