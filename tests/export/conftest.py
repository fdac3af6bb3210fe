"""A small adder network, exported once for all tests that only read it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'export'")
pytest.importorskip("onnxscript", reason="needs the extra 'export'")

from addersr.export import export_onnx
from addersr.models import create
from addersr.models.super_resolution import SuperResolution

ARGUMENTS = {"channels": 8, "blocks": 2}


@pytest.fixture(autouse=True, scope="package")
def one_thread() -> Iterator[None]:
    """On these small tensors more threads only wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def make_model() -> Callable[..., SuperResolution]:
    """Networks whose every parameter has a value that matters."""

    def make(kind: str = "adder", scale: int = 2, **arguments: Any) -> SuperResolution:
        torch.manual_seed(4)
        model = create("mobile", kind, scale, **arguments)
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                # Much starts as a constant: γ, β, α, slopes, and a tail of zeros hides all else.
                parameter.add_(0.1 * torch.randn_like(parameter))
                if name.endswith("adder.weight"):
                    parameter.mul_(2)
            if arguments.get("norm") == "batch":
                for _ in range(60):  # settles the statistics
                    model(torch.rand(2, 1, 12, 12))
        return model

    return make


@pytest.fixture(scope="session")
def model(make_model: Callable[..., SuperResolution]) -> SuperResolution:
    return make_model(**ARGUMENTS).eval()


@pytest.fixture(scope="session")
def exported(model: SuperResolution) -> bytes:
    return export_onnx(model, architecture="mobile", arguments=ARGUMENTS).SerializeToString()
