"""Architectures, counted without weights, and the figures of the papers."""

import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'export'")
pytest.importorskip("onnx", reason="needs the extra 'export'")

import json
from pathlib import Path
from typing import Any

from torch import Tensor, nn
from torch.nn import functional

from addersr import zoo
from addersr.errors import AdderSRError
from addersr.export import export_onnx
from addersr.export.counts.energy import ARITHMETICS
from addersr.export.counts.graph import Graph
from addersr.export.counts.memory import peak_activations
from addersr.export.counts.of_architecture import report_architecture, report_checkpoint
from addersr.export.counts.onnx_graph import load, read_graph
from addersr.export.counts.operations import total
from addersr.export.counts.receptive_field import receptive_field
from addersr.export.counts.report import Report
from addersr.export.counts.torch_graph import read_architecture, read_module
from addersr.models import create
from addersr.models.checkpoint import save_model
from addersr.models.super_resolution import SuperResolution

# The papers' picture; 1280 is no multiple of 3.
HD = {2: (720, 1280), 3: (720, 1281), 4: (720, 1280)}

# AdderSR, table 2: scale, architecture, G multiplications and additions of the adder network, and
# of either in the CNN. The published figures have one decimal.
PUBLISHED = [
    (2, "vdsr", 1.1, 1224.1, 612.6),
    (2, "edsr", 7.9, 18489.8, 9248.9),
    (3, "vdsr", 1.1, 1224.1, 612.6),
    (3, "edsr", 7.1, 8825.2, 4416.1),
    (4, "vdsr", 1.1, 1224.1, 612.6),
    (4, "edsr", 6.8, 5442.6, 2724.7),
]


def published(name: str, scale: int, **options: Any) -> Report:
    arguments = {"size": "full"} if name == "edsr" else {}
    return report_architecture(
        name, HD[scale], scale=scale, arguments=arguments, as_published=True, **options
    )


def giga(count: int) -> Any:
    return count / 1e9


@pytest.mark.parametrize(("scale", "name", "mul", "add", "cnn"), PUBLISHED)
def test_published_operations(scale: int, name: str, mul: float, add: float, cnn: float) -> None:
    report = published(name, scale)
    one_decimal = {"rel": 0.005, "abs": 0.07}
    assert giga(report.this.counts.multiplications) == pytest.approx(mul, **one_decimal)
    assert giga(report.this.counts.additions) == pytest.approx(add, rel=0.005)
    assert giga(report.twin.counts.multiplications) == pytest.approx(cnn, rel=0.005)
    assert giga(report.twin.counts.additions) == pytest.approx(cnn, rel=0.005)


@pytest.mark.parametrize(
    ("name", "cnn", "adder"), [("vdsr", 2817.9, 1105.6), ("edsr", 42544.7, 16670.3)]
)
def test_published_energy(name: str, cnn: float, adder: float) -> None:
    report = published(name, 2)
    assert report.this.energy()["fp32"] == pytest.approx(adder, rel=0.005)
    assert report.twin.energy()["fp32"] == pytest.approx(cnn, rel=0.005)
    assert set(report.this.energy()) == {one.name for one in ARITHMETICS}


def test_rdn_has_10192_gflops() -> None:
    report = report_architecture("rdn", HD[2])
    assert report.twin.parameters == pytest.approx(22.1e6, rel=0.005)
    for side in report.sides:
        assert giga(side.counts.operations) == pytest.approx(10192, rel=0.005)


@pytest.mark.parametrize(("name", "cnn"), [("carn", 222.8), ("sesr", 3.12)])
def test_other_published_counts(name: str, cnn: float) -> None:
    """CARN (ECCV 2018, ×2) and SESR-M5 (MLSys 2022, ×2, collapsed)."""
    report = report_architecture(name, HD[2])
    assert giga(report.twin.counts.multiplications) == pytest.approx(cnn, rel=0.005)


def test_edsr_whole() -> None:
    """Without the switch nothing is left out, and a note says what the switch does."""
    report = report_architecture("edsr", HD[2], arguments={"size": "full"})
    assert giga(report.twin.counts.multiplications) == pytest.approx(9384.7, rel=1e-4)
    assert any("leaves out last" in note for note in report.notes)
    assert len(report.layers) == len(published("edsr", 2).layers) + 1
    both_stages = report_architecture(
        "edsr", HD[4], scale=4, arguments={"size": "full"}
    ).twin.counts.multiplications
    assert giga(both_stages) == pytest.approx(2894.5, rel=1e-4)


ARCHITECTURES = [
    ("mobile", {"channels": 8, "blocks": 2}),
    ("vdsr", {"channels": 6, "depth": 4}),
    ("edsr", {"channels": 6, "blocks": 2}),
    ("rdn", {"channels": 4, "blocks": 2, "depth": 2, "growth": 3}),
    ("fsrcnn", {}),
    ("sesr", {}),
]


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize(("name", "arguments"), ARCHITECTURES)
def test_receptive_field_is_what_gradients_reach(
    name: str, arguments: dict[str, Any], scale: int
) -> None:
    model = create(name, "cnn", scale, **arguments).double()
    with torch.no_grad():  # positive everywhere, so that no gradient vanishes
        for parameter in (*model.parameters(), *model.buffers()):
            parameter.uniform_(0.01, 0.02)
    channels = 1 if model.colour == "y" else 3
    size = 2 * model.halo + 9
    image = torch.rand(1, channels, size, size, dtype=torch.double, requires_grad=True)
    middle = size // 2 * scale
    sizes = []
    for phase in range(scale):
        (gradient,) = torch.autograd.grad(
            model(image)[0, :, middle + phase, middle + phase].sum(), image
        )
        rows = gradient.abs().sum((0, 1, 3)).nonzero().flatten()
        sizes.append(int(rows[-1] - rows[0]) + 1)
    with torch.device("meta"):
        counted = receptive_field(read_module(create(name, "cnn", scale, **arguments), (40, 40)))
    assert counted == (max(sizes), max(sizes))


def assert_agree(graph: Graph, from_file: Graph) -> None:
    assert [one.taps for _, one in from_file.layers] == [one.taps for _, one in graph.layers]
    assert [one.adder for _, one in from_file.layers] == [one.adder for _, one in graph.layers]
    assert [one.name for one, _ in from_file.layers] == [one.name for one, _ in graph.layers]
    assert receptive_field(from_file) == receptive_field(graph)
    assert peak_activations(from_file) == peak_activations(graph)


@pytest.mark.parametrize("kind", ["adder", "cnn"])
def test_shipped_file_and_its_architecture_agree(kind: str) -> None:
    file = load(zoo.find(f"tiny-x2-{kind}").onnx)
    arguments = json.loads(file.metadata["arguments"])
    graph = read_architecture(file.metadata["architecture"], kind, 2, arguments, (40, 60))
    assert_agree(graph, read_graph(file, (20, 30)))


def test_exported_file_and_its_architecture_agree(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    arguments = {"channels": 6, "blocks": 1}
    model = create("edsr", "adder", 2, **arguments)
    exported = export_onnx(model, architecture="edsr", arguments=arguments)
    path.write_bytes(exported.SerializeToString())
    graph = read_architecture("edsr", "adder", 2, arguments, (40, 60))
    assert_agree(graph, read_graph(load(path), (20, 30)))


def test_twins_have_the_same_taps() -> None:
    report = report_architecture("mobile", (40, 60), arguments={"channels": 8})
    assert (report.this.kind, report.twin.kind) == ("adder", "cnn")
    assert report.this.counts.accumulations == report.twin.counts.accumulations
    reverse = report_architecture("mobile", (40, 60), kind="cnn", arguments={"channels": 8})
    assert reverse.sides == report.sides


def test_parameters_and_memory() -> None:
    model = create("mobile", "adder", 2, channels=8, blocks=2)
    graph = read_architecture("mobile", "adder", 2, {"channels": 8, "blocks": 2}, (40, 60))
    assert graph.parameters == sum(one.numel() for one in model.parameters())
    # Input and output of a layer, and the image; activations overwrite their input.
    assert peak_activations(graph) == 4 * 600 * (8 + 8 + 1)
    activations = [one.op for one in graph.operations if one.layer is None]
    assert "PowerActivation" in activations
    assert "ChannelAffine" in activations


def test_nothing_is_allocated() -> None:
    """4096 channels: the filters of a layer would take 600 MB, its output 120 GB."""
    graph = read_architecture("mobile", "adder", 2, {"channels": 4096}, (4320, 7680))
    assert graph.weight_bytes > 2e9
    assert peak_activations(graph) > 2e11


def test_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    arguments = {"channels": 8, "blocks": 1}
    model = create("mobile", "cnn", 3, **arguments)
    save_model(path, model, architecture="mobile", arguments=arguments, training={}, psnr={})
    report = report_checkpoint(path, (30, 60))
    assert report.this.kind == "cnn"
    assert report.subject.scale == 3
    assert total(one for _, _, one in report.layers).multiplications == 200 * 9 * (8 + 64 + 72)
    with pytest.raises(AdderSRError, match="enlarges by 3, not by 2"):
        report_checkpoint(path, (30, 60), scale=2)


class _Toy(SuperResolution):
    """A network with one operation in the middle."""

    def __init__(self, middle: nn.Module) -> None:
        super().__init__()
        self.kind, self.scale, self.colour, self.halo = "cnn", 1, "rgb", 1
        self.head = nn.Conv2d(3, 4, 3, padding=1)
        self.middle = middle

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.middle(self.head(x))
        return y


class _Upsample(nn.Module):
    def __init__(self, mode: str) -> None:
        super().__init__()
        self.mode = mode

    def forward(self, x: Tensor) -> Tensor:
        return functional.interpolate(x, scale_factor=2, mode=self.mode)


def test_convolution_of_one_dimension_is_refused() -> None:
    with torch.device("meta"):
        model = _Toy(nn.Sequential(nn.Flatten(2), nn.Conv1d(4, 3, 3)))
    with pytest.raises(AdderSRError, match="1 dimensions"):
        read_module(model, (8, 8))


def test_unknown_operation_is_named() -> None:
    class Sorted(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.cumsum(x, 1)

    with torch.device("meta"):
        model = _Toy(Sorted())
    with pytest.raises(AdderSRError, match="aten::cumsum"):
        read_module(model, (8, 8))


@pytest.mark.parametrize(("mode", "columns"), [("nearest", 3), ("bilinear", 4), ("bicubic", 6)])
def test_interpolation(mode: str, columns: int) -> None:
    with torch.device("meta"):
        model = _Toy(_Upsample(mode))
    graph = read_module(model, (8, 8))
    assert graph.operations[-1].layer is None
    assert receptive_field(graph) == (columns, columns)


def test_batch_norm_is_one_operation_with_its_activation_in_place() -> None:
    with torch.device("meta"):
        model = _Toy(nn.Sequential(nn.BatchNorm2d(4), nn.ReLU(inplace=True))).eval()
    graph = read_module(model, (8, 8))
    assert [one.op for one in graph.operations] == ["Conv", "native_batch_norm", "relu"]
    assert peak_activations(graph) == 4 * 64 * (3 + 4)


def test_a_layer_that_runs_twice_has_two_names() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(4, 4, 1)

        def forward(self, x: Tensor) -> Tensor:
            y: Tensor = self.conv(self.conv(x))
            return y

    with torch.device("meta"):
        model = _Toy(Twice())
    graph = read_module(model, (8, 8))
    names = [operation.name for operation, _ in graph.layers]
    assert names == ["head", "middle.conv", "middle.conv #2"]


@pytest.mark.parametrize(
    ("name", "scale", "arguments", "words"),
    [
        ("no-such", 2, {}, "There is no architecture"),
        ("mobile", 5, {}, "scale of 2, 3 or 4"),
        ("mobile", 0, {}, "scale of 1 or more"),
        ("mobile", 2, {"width": 3}, "no argument width"),
        ("mobile", 2, {"channels": 0}, "1 or more"),
    ],
)
def test_bad_input(name: str, scale: int, arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(AdderSRError, match=words):
        report_architecture(name, (60, 60), scale=scale, arguments=arguments)
