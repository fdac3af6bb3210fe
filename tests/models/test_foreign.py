"""Weights of other code: every tensor is mapped, fits and arrives, or nothing changes."""

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")

from torch import Tensor, nn

from addersr.errors import AdderSRError
from addersr.models import adder_conv2d, create
from addersr.models.foreign import NAME_MAPS, NameMap, load_foreign
from addersr.models.resnet20 import ResNet20


class ForeignAdder(nn.Module):
    """A layer as AdderNet's code has it: filters called ``adder``."""

    def __init__(self, channels: int, outputs: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        self.geometry = ((stride,) * 2, (kernel // 2,) * 2)
        self.adder = nn.Parameter(torch.randn(outputs, channels, kernel, kernel))

    def forward(self, x: Tensor) -> Tensor:
        zeros = torch.zeros(self.adder.shape[0])
        return adder_conv2d(x, self.adder, zeros, *self.geometry)


class ForeignBlock(nn.Module):
    def __init__(self, channels: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = ForeignAdder(channels, outputs, 3, stride)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = ForeignAdder(outputs, outputs, 3)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample: nn.Module | None = None
        if stride > 1:
            self.downsample = nn.Sequential(
                ForeignAdder(channels, outputs, 1, stride), nn.BatchNorm2d(outputs)
            )

    def forward(self, x: Tensor) -> Tensor:
        residual = x if self.downsample is None else self.downsample(x)
        y = self.bn1(self.conv1(x)).relu()
        return (self.bn2(self.conv2(y)) + residual).relu()


class ForeignResNet20(nn.Module):
    """The structure and the names of AdderNet's classifier, with 4, 8 and 16 channels."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        sizes = ((4, 4, 1), (4, 8, 2), (8, 16, 2))
        for number, (channels, outputs, stride) in enumerate(sizes, 1):
            blocks = [ForeignBlock(channels, outputs, stride)]
            blocks += [ForeignBlock(outputs, outputs, 1) for _ in range(2)]
            self.add_module(f"layer{number}", nn.Sequential(*blocks))
        self.fc = nn.Conv2d(16, 10, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(10)

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn1(self.conv1(x)).relu()
        for number in (1, 2, 3):
            y = self.get_submodule(f"layer{number}")(y)
        logits: Tensor = self.bn2(self.fc(y.mean((2, 3), keepdim=True))).flatten(1)
        return logits


@pytest.fixture
def foreign() -> ForeignResNet20:
    torch.manual_seed(11)
    network = ForeignResNet20()
    network(torch.rand(4, 3, 16, 16))  # moves batch-norm statistics
    return network.eval()


@pytest.mark.parametrize("wrapped", [False, True])
def test_addernets_classifier(tmp_path: Path, foreign: ForeignResNet20, wrapped: bool) -> None:
    state: dict[str, Any] = dict(foreign.state_dict())
    if wrapped:
        state = {"state_dict": {f"module.{name}": value for name, value in state.items()}}
    torch.save(state, tmp_path / "theirs.pth")
    model = ResNet20("adder", channels=4)
    load_foreign(model, tmp_path / "theirs.pth", NAME_MAPS["resnet20"])
    x = torch.rand(2, 3, 16, 16)
    with torch.no_grad():
        torch.testing.assert_close(model.eval()(x), foreign(x))


def vdsr_state(channels: int = 4, layers: int = 2) -> dict[str, Tensor]:
    torch.manual_seed(12)
    state = {
        "input.weight": torch.randn(channels, 1, 3, 3),
        "output.weight": torch.randn(1, channels, 3, 3),
    }
    for i in range(layers):
        state[f"residual_layer.{i}.conv.adder"] = torch.randn(channels, channels, 3, 3)
        norm = nn.BatchNorm2d(channels)
        state |= {f"residual_layer.{i}.bn.{k}": v for k, v in norm.state_dict().items()}
    return state


def vdsr(**values: Any) -> nn.Module:
    return create(
        "vdsr", "adder", **{"channels": 4, "depth": 4, **values}, norm="batch", power=False
    )


def test_vdsr_and_its_missing_biases(tmp_path: Path) -> None:
    state = vdsr_state()
    torch.save(state, tmp_path / "vdsr.pth")
    model = vdsr()
    nn.init.ones_(model.get_parameter("tail.bias"))
    load_foreign(model, tmp_path / "vdsr.pth", NAME_MAPS["vdsr"])
    assert torch.equal(
        model.get_parameter("blocks.1.adder.weight"), state["residual_layer.1.conv.adder"]
    )
    assert torch.equal(model.get_parameter("head.0.weight"), state["input.weight"])
    assert not model.get_parameter("tail.bias").any()


@pytest.mark.parametrize(
    ("change", "values", "message"),
    [
        (lambda s: s.update({"extra.adder": torch.zeros(1)}), {}, "does not know: extra.adder"),
        (lambda s: s.pop("residual_layer.1.conv.adder"), {}, "lacks blocks.1.adder.weight"),
        (dict.copy, {"depth": 3}, "the model has no blocks.1.adder.weight"),
        (dict.copy, {"channels": 5}, r"shape \[5, 1, 3, 3\], got \[4, 1, 3, 3\]"),
        (lambda s: s["input.weight"].fill_(float("nan")), {}, "head.0.weight has values"),
        (lambda s: s.clear(), {}, "no state dict"),
        (lambda s: s.update({"epoch": 3}), {}, "no state dict"),
    ],
)
def test_nothing_is_skipped(
    tmp_path: Path, change: Any, values: dict[str, Any], message: str
) -> None:
    state = vdsr_state()
    change(state)
    torch.save(state, tmp_path / "vdsr.pth")
    model = vdsr(**values)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with pytest.raises(AdderSRError, match=message):
        load_foreign(model, tmp_path / "vdsr.pth", NAME_MAPS["vdsr"])
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_map_with_two_tensors_of_one_name(tmp_path: Path) -> None:
    torch.save(vdsr_state(), tmp_path / "vdsr.pth")
    with pytest.raises(AdderSRError, match="calls two tensors same"):
        load_foreign(vdsr(), tmp_path / "vdsr.pth", NameMap(((".*", "same"),)))


class Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (Path("ran"),))


def test_code_in_the_file_does_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"input.weight": Evil()}, "evil.pth")
    with pytest.raises(AdderSRError, match="without running code"):
        load_foreign(vdsr(), Path("evil.pth"), NAME_MAPS["vdsr"])
    assert not Path("ran").exists()


@pytest.mark.parametrize("content", [b"", b"no file of torch", None])
def test_files_that_are_none(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "theirs.pth"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(AdderSRError, match=r"cannot be read|no file"):
        load_foreign(vdsr(), path, NAME_MAPS["vdsr"])
