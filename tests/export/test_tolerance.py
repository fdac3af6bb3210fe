"""The tolerance follows from the network."""

import copy

import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'export'")

from torch import nn

from addersr.custom_ops.adder_conv import tolerance
from addersr.errors import AdderSRError
from addersr.export.tolerance import network_tolerance
from addersr.models import AdderConv2d, PowerActivation
from addersr.models.super_resolution import SuperResolution


def test_one_adder_layer_has_the_tolerance_of_the_op() -> None:
    torch.manual_seed(1)
    layer = AdderConv2d(4, 5, 3, padding=1).double()
    x = torch.randn(1, 4, 6, 7, dtype=torch.float64)
    y, allowed = network_tolerance(layer, x)
    assert torch.equal(y, layer(x))
    expected = tolerance(x.numpy(), layer.weight.detach().numpy())
    assert allowed == pytest.approx(expected, rel=1e-6)


def test_convolution_grows_with_taps_and_values() -> None:
    x = torch.rand(1, 2, 5, 5, dtype=torch.float64)
    layer = nn.Conv2d(2, 1, 3, bias=False).double()
    allowed = network_tolerance(layer, x)[1]
    eps = torch.finfo(torch.float32).eps
    expected = 2 * eps * 18 * float(x.max()) * float(layer.weight.detach().abs().max())
    assert allowed == pytest.approx(expected, rel=1e-6)
    assert network_tolerance(layer, 3 * x)[1] == pytest.approx(3 * allowed, rel=1e-6)


def test_transposed_convolution_adds_up_the_pixels_that_meet() -> None:
    """9x9 filters with stride 2: 5 rows and 5 columns of each channel's pixels at most."""
    x = torch.rand(1, 3, 5, 5, dtype=torch.float64)
    layer = nn.ConvTranspose2d(3, 1, 9, stride=2, padding=4, output_padding=1, bias=False).double()
    allowed = network_tolerance(layer, x)[1]
    largest = 3 * 25 * float(x.max()) * float(layer.weight.detach().abs().max())
    assert allowed == pytest.approx(2 * torch.finfo(torch.float32).eps * largest, rel=1e-6)


def test_errors_of_early_layers_are_carried_on() -> None:
    layer = AdderConv2d(1, 1, 1).double()
    with torch.no_grad():
        layer.weight.fill_(-1.0)
    x = torch.rand(1, 1, 4, 4, dtype=torch.float64)
    alone = network_tolerance(layer, x)[1]
    steep = nn.Conv2d(1, 1, 1, bias=False).double()
    with torch.no_grad():
        steep.weight.fill_(1000.0)
    assert network_tolerance(nn.Sequential(layer, steep), x)[1] > 900 * alone


def test_root_near_zero_is_given_its_steepness() -> None:
    """√|y| turns an error of 1e-7 at 0 into 3e-4: no multiple of eps covers that."""
    root = nn.Sequential(AdderConv2d(1, 1, 1, centred=True), PowerActivation(alpha=0.5)).double()
    with torch.no_grad():
        root[0].weight.fill_(1.0)
    flat = torch.zeros(1, 1, 3, 3, dtype=torch.float64)
    y, allowed = network_tolerance(root, flat)
    assert float(y.abs().max()) < 1e-5
    assert allowed > 2e-4


def test_float32_stays_well_inside(model: SuperResolution) -> None:
    x = torch.rand(1, 1, 12, 15)
    y, allowed = network_tolerance(copy.deepcopy(model).double(), x.double())
    with torch.no_grad():
        error = float((model(x) - y).abs().max())
    assert error < allowed < 300 * error


def test_same_tolerance_every_time(model: SuperResolution) -> None:
    x = torch.rand(1, 1, 6, 5, dtype=torch.float64)
    precise = copy.deepcopy(model).double()
    assert network_tolerance(precise, x)[1] == network_tolerance(precise, x)[1]


def test_operation_without_a_bound_is_named() -> None:
    with pytest.raises(AdderSRError, match="aten::gelu is not known"):
        network_tolerance(nn.GELU(), torch.rand(1, 1, 2, 2, dtype=torch.float64))
