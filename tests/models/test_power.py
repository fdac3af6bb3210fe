"""The power activation: values, gradients, behaviour at zero."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")

from addersr.custom_ops.fused_adder_conv.reference import power as fused_power
from addersr.models import PowerActivation


@pytest.mark.parametrize("alpha", [0.5, 0.7, 1.0, 1.6, 3.0])
def test_values_and_gradients(alpha: float) -> None:
    power = PowerActivation(3, alpha).double()
    y = torch.linspace(-4, 4, 24, dtype=torch.float64).reshape(2, 3, 2, 2).requires_grad_()
    result = power(y)
    assert torch.allclose(result, torch.sign(y) * y.abs() ** alpha)
    assert torch.autograd.gradcheck(power, (y,))
    gradient = torch.randn_like(result)
    result.backward(gradient)
    dalpha = (gradient * torch.sign(y) * y.abs() ** alpha * y.abs().log()).sum((0, 2, 3))
    assert power.log_alpha.grad is not None
    assert torch.allclose(power.log_alpha.grad, dalpha * alpha)  # α = exp(log α)


def test_one_alpha_for_all_channels() -> None:
    power = PowerActivation(1, 2.0)
    power(torch.ones(2, 5, 3, 3) * 2).sum().backward()
    assert power.log_alpha.grad is not None
    assert power.log_alpha.grad.shape == (1,)


@pytest.mark.parametrize("alpha", [0.3, 1.0, 2.0])
def test_zero_is_safe(alpha: float) -> None:
    y = torch.tensor([0.0, -0.0, 1e-30, -1e-30, 1e-5]).reshape(1, 1, 1, 5).requires_grad_()
    power = PowerActivation(1, alpha)
    result = power(y)
    result.sum().backward()
    assert result.flatten()[:2].tolist() == [0.0, 0.0]
    assert y.grad is not None
    assert torch.isfinite(y.grad).all()
    assert power.log_alpha.grad is not None
    assert torch.isfinite(power.log_alpha.grad).all()


def test_training_and_evaluation_agree() -> None:
    power = PowerActivation(4, 0.7)
    y = torch.randn(2, 4, 5, 5)
    trained = power(y)
    with torch.no_grad():
        assert torch.allclose(power(y), trained, rtol=1e-6, atol=0)


@pytest.mark.parametrize("alpha", [0.0, -1.0])
def test_alpha_must_be_positive(alpha: float) -> None:
    with pytest.raises(ValueError, match="α > 0"):
        PowerActivation(1, alpha)


def test_the_fused_op_has_the_same_power() -> None:
    # Both ways in which the layer computes, over many orders of magnitude.
    magnitudes = torch.logspace(-15, 6, 400, dtype=torch.float64)
    y = torch.cat([magnitudes, -magnitudes, torch.zeros(1)]).reshape(1, 1, -1, 1)
    for alpha in (0.3, 0.9, 1.0, 1.7):
        layer = PowerActivation(1, alpha).double()
        with torch.no_grad():
            truth = fused_power(y.numpy(), layer.alpha.numpy())
            np.testing.assert_allclose(layer(y).numpy(), truth, rtol=1e-12)
        trained = layer(y).detach().numpy()
        # In training, what is nearer to 0 than the threshold is not yet on the straight line.
        far = np.abs(y.numpy()) > 1e-12
        np.testing.assert_allclose(trained[far], truth[far], rtol=1e-12)
        assert np.abs(trained[~far] - truth[~far]).max() <= 1e-12**alpha
