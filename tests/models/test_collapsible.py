"""Linear blocks are one convolution after they have been collapsed."""

import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")

from torch import nn

from addersr.models import create
from addersr.models.collapsible import CollapsibleConv, collapse

from ..architecture_cases import CASES


@pytest.mark.parametrize(("outputs", "kernel", "shortcut"), [(3, 3, True), (4, 5, False)])
def test_collapsed_convolution_is_equal_everywhere(
    outputs: int, kernel: int, shortcut: bool
) -> None:
    """At the border of the image, too."""
    torch.manual_seed(1)
    block = CollapsibleConv(3, outputs, kernel, expansion=10, shortcut=shortcut).double()
    conv = block.collapsed().double()
    # Sums of 10 products, rounded to float32 once.
    assert conv.weight.shape == (outputs, 3, kernel, kernel)
    x = torch.randn(2, 3, 6, 5, dtype=torch.float64)
    with torch.no_grad():
        difference = float((conv(x) - block(x)).abs().max())
        largest = float(x.abs().max() * conv.weight.abs().sum((1, 2, 3)).max() + 1)
    assert difference < torch.finfo(torch.float32).eps * largest


@pytest.mark.parametrize("kind", ["adder", "cnn"])
def test_collapsed_sesr_is_the_one_that_is_built_so(kind: str) -> None:
    model = CASES["sesr"].build(kind)
    collapsed = collapse(model)
    assert not any(isinstance(m, CollapsibleConv) for m in collapsed.modules())
    assert any(isinstance(m, CollapsibleConv) for m in model.modules())
    x = torch.rand(1, 1, 7, 6)
    torch.testing.assert_close(collapsed(x), model(x), rtol=0, atol=1e-5)
    again = create("sesr", kind, 2, **{**CASES["sesr"].arguments, "collapsed": True})
    again.load_state_dict(collapsed.state_dict())
    assert torch.equal(again(x), collapsed(x))


def test_dtype_and_mode_stay() -> None:
    model = nn.Sequential(CollapsibleConv(1, 2, 3, expansion=4)).double().eval()
    conv = collapse(model)[0]
    assert conv.weight.dtype == torch.float64
    assert not conv.training


def test_shortcut_needs_equal_channels() -> None:
    with pytest.raises(ValueError, match="cannot join 3 and 4"):
        CollapsibleConv(3, 4, 3, expansion=8, shortcut=True)
