"""Taps outside the range of what their layer sees: counted, replaced and removed."""

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")

from addersr.errors import AdderSRError
from addersr.models import AdderConv2d, create
from addersr.models.checkpoint import save_model
from addersr.models.super_resolution import SuperResolution
from addersr.training.data import load_pairs
from addersr.training.experiments import tap_command
from addersr.training.experiments.taps import _changed, analyse_taps, tap_table


def trained(kind: str = "adder", **arguments: object) -> SuperResolution:
    """Weights as after training: filters inside and outside the range of x."""
    torch.manual_seed(1)
    model = create("mobile", kind, channels=8, blocks=2, **arguments)
    for parameter in model.tail.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    for _ in range(60):  # settles the statistics of batch norm
        model(torch.rand(2, 1, 16, 16))
    return model.eval().requires_grad_(False)


@pytest.mark.parametrize("centred", [True, False])
@pytest.mark.parametrize("change", ["replaced", "removed"])
def test_changed_taps(centred: bool, change: str) -> None:
    torch.manual_seed(2)
    layer = AdderConv2d(4, 6, 3, stride=2, padding=1, dilation=2, groups=2, centred=centred)
    x = torch.randn(2, 4, 9, 8)
    original = layer(x)
    low, high = -0.6, 0.9
    patches = torch.nn.functional.unfold(x, 3, 2, 1, 2).reshape(2, 2, 1, 18, -1)
    w = layer.weight.detach().reshape(2, 3, 18, 1)
    below, above = w < low, w > high
    assert 0.2 < float((below | above).float().mean()) < 0.8
    taps = -(patches - w).abs()
    if change == "replaced":
        taps = torch.where(above, patches - w, torch.where(below, w - patches, taps))
    else:
        taps = torch.where(below | above, -w.abs(), taps)
    expected = (taps + w.abs() if centred else taps).sum(3).reshape(original.shape)
    with _changed(layer, (low, high), change):  # type: ignore[arg-type]
        torch.testing.assert_close(layer(x), expected, rtol=1e-5, atol=1e-4)
    assert torch.equal(layer(x), original)


@pytest.mark.parametrize("norm", ["centred", "batch"])
def test_report(photos: Path, norm: str) -> None:
    model, pairs = trained(norm=norm), load_pairs(photos, 2, smallest=8)
    calls: list[tuple[int, int]] = []
    report = analyse_taps(model, pairs, lambda *call: calls.append(call))
    assert calls == [(index, 13) for index in range(1, 14)]
    *layers, together = report.layers
    assert [layer.name for layer in report.layers] == [
        "blocks.0.adder",
        "blocks.1.adder",
        "all layers",
    ]
    seen = [model.head(torch.from_numpy(pair.lr)[None]) for pair in pairs]
    everything = torch.cat([x.flatten() for x in seen]).numpy()
    first = layers[0]
    assert first.whole == (everything.min(), everything.max())
    assert first.whole[0] < 0 < first.whole[1]
    step = (everything.max() - everything.min()) / (1 << 16)
    assert first.central is not None
    for limit, share in zip(first.central, (0.001, 0.999), strict=True):
        near = [float(np.mean(everything < limit + steps * step)) for steps in (-2, 2)]
        assert near[0] <= share <= near[1]
    weight = model.blocks[0].adder.weight
    outside = (weight < everything.min()) | (weight > everything.max())
    assert first.beyond_whole.share == pytest.approx(float(outside.float().mean()))
    for layer in report.layers:
        # Beyond all inputs a tap is nothing else than ±x and a constant.
        assert layer.beyond_whole.replaced == pytest.approx(report.psnr, abs=1e-3)
        assert layer.beyond_whole.removed != pytest.approx(report.psnr, abs=1e-3)
        assert layer.beyond_central.share >= layer.beyond_whole.share > 0.1
    assert together.whole is None
    mean = sum(layer.beyond_whole.share for layer in layers) / 2  # layers of equal size
    assert together.beyond_whole.share == pytest.approx(mean)
    assert len(tap_table(report).rows) == 3


def test_without_adders(photos: Path) -> None:
    with pytest.raises(AdderSRError, match="no adder layer"):
        analyse_taps(trained("cnn"), load_pairs(photos, 2))


def test_command(tmp_path: Path, photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    checkpoint, result, document = (tmp_path / name for name in ("m.safetensors", "r.json", "d.md"))
    arguments = {"channels": 8, "blocks": 2}
    save_model(
        checkpoint, trained(), architecture="mobile", arguments=arguments, training={}, psnr={}
    )
    command = [str(checkpoint), "--images", str(photos)]
    assert tap_command.main([*command, "-o", str(result), "--report", str(document)]) == 0
    table = capsys.readouterr().out
    assert "| blocks.1.adder |" in table
    assert table in document.read_text("utf-8") + "\n"
    assert tap_command.main([*command, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(result.read_text())
    assert tap_command.main([str(tmp_path / "none"), "--images", str(photos)]) == 1
    assert "There is no checkpoint" in capsys.readouterr().err
