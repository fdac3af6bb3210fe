"""What outputs are compared with the truth by."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")

from addersr.training.losses import LOSSES


def test_charbonnier_is_the_papers() -> None:
    random = np.random.default_rng(0)
    output, target = random.random((2, 3, 1, 5, 5))
    expected = np.mean(np.sqrt((output - target) ** 2 + 1e-6))
    got = LOSSES["charbonnier"](torch.from_numpy(output), torch.from_numpy(target))
    assert float(got) == pytest.approx(expected, rel=1e-12)


def test_charbonnier_has_no_kink() -> None:
    x = torch.tensor([-1.0, -1e-3, 0.0, 1e-3, 1.0], dtype=torch.float64, requires_grad=True)
    LOSSES["charbonnier"](x, torch.zeros(5, dtype=torch.float64)).backward()
    expected = torch.tensor([-1, -(0.5**0.5), 0, 0.5**0.5, 1], dtype=torch.float64) / 5
    assert torch.allclose(x.grad, expected, atol=1e-6)


def test_l1() -> None:
    got = LOSSES["l1"](torch.tensor([1.0, -2.0]), torch.zeros(2))
    assert float(got) == pytest.approx(1.5)
