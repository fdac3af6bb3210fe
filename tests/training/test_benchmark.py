"""The benchmark of a training step: its contenders do the same, and its table appears."""

import copy

import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")

from torch import Tensor, nn

from addersr.errors import AdderSRError
from addersr.models import AdderConv2d, create
from addersr.training import benchmark
from addersr.training.peak_memory import peak_bytes
from addersr.training.unfold_peer import UnfoldAdder, unfold_all


def gradients(module: nn.Module, x: Tensor) -> list[Tensor]:
    x = x.clone().requires_grad_()
    y = module(x)
    y.backward(torch.randn(y.shape, generator=torch.Generator().manual_seed(3), dtype=y.dtype))
    found = [x.grad, *(p.grad for p in module.parameters())]
    assert all(g is not None for g in found)
    return [y.detach(), *(g for g in found if g is not None)]


@pytest.mark.parametrize("centred", [False, True])
@pytest.mark.parametrize(("stride", "padding", "dilation"), [(1, 1, 1), (2, 0, 1), (1, (2, 1), 2)])
def test_unfolding_is_the_same_layer(
    centred: bool, stride: int, padding: int | tuple[int, int], dilation: int
) -> None:
    torch.manual_seed(1)
    layer = AdderConv2d(
        3, 4, (3, 2), stride, padding, dilation, centred=centred, spread=0.7
    ).double()
    peer = UnfoldAdder(copy.deepcopy(layer))
    x = torch.randn(2, 3, 7, 6, dtype=torch.float64)
    for one, other in zip(gradients(layer, x), gradients(peer, x), strict=True):
        torch.testing.assert_close(one, other)


def test_unfolding_a_network() -> None:
    torch.manual_seed(2)
    model = create("mobile", "adder", 2, channels=8, blocks=2)
    nn.init.normal_(model.get_parameter("tail.weight"))
    peer = copy.deepcopy(model)
    unfold_all(peer)
    assert sum(isinstance(m, UnfoldAdder) for m in peer.modules()) == 2
    x = torch.rand(1, 1, 9, 8)
    for one, other in zip(gradients(model, x), gradients(peer, x), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-3)
    with pytest.raises(ValueError, match="without groups, got 2"):
        UnfoldAdder(AdderConv2d(4, 4, 3, groups=2))


def test_memory_of_a_step() -> None:
    peak = peak_bytes("adder", 8, 16, 64)
    activations = 4 * 8 * 16 * 64**2  # one tensor of one layer
    # Each of the four layers keeps its input and its response.
    assert 8 * activations < peak < 30 * activations
    with pytest.raises(AdderSRError, match=r"memory of a training step failed.*Linux"):
        peak_bytes("adder", 0, 16, 64)


def test_table(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[object, ...]] = []

    def memory(*call: object) -> int:
        asked.append(call)
        return 2**20

    monkeypatch.setattr(benchmark, "peak_bytes", memory)
    monkeypatch.setenv("COLUMNS", "140")
    threads = torch.get_num_threads()
    benchmark.main(["--runs", "1", "--size", "8", "9", "--threads", str(threads)])
    output = capsys.readouterr().out
    assert "8, 9x9" in output
    assert "MiB" in output
    assert asked == [(kind, 8, 16, 9) for kind in ("cnn", "adder", "unfold")]
