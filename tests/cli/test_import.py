"""``addersr import``: a foreign state dict becomes a checkpoint that gives the same pictures."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

torch = pytest.importorskip("torch", reason="needs the extra 'train'")

from addersr.cli.app import app
from addersr.models import create
from addersr.models.checkpoint import load_model, read_metadata

Fails = Callable[..., str]

# As the code of others calls the layers of ``mobile``, without biases at the ends.
MAP = r"""
zeros = ['head\.bias', 'tail\.bias']

[rules]
'first\.weight' = 'head.weight'
'body\.(\d+)\.adder' = 'blocks.\1.adder.weight'
'body\.(\d+)\.scale\.(gamma|beta)' = 'unused'
'body\.(\d+)\.(norm|power|activation)\.(\w+)' = 'blocks.\1.\2.\3'
'last\.weight' = 'tail.weight'
"""
SIZE = {"channels": 8, "blocks": 2}


@pytest.fixture
def foreign(tmp_path: Path) -> "tuple[Path, torch.nn.Module]":
    """A .pth file and the model of ours that it comes from."""
    torch.manual_seed(3)
    model = create("mobile", "adder", 2, **SIZE)
    with torch.no_grad():
        model.tail.weight.normal_()
        model.head.bias.zero_()
    tensors = {
        name.replace("head.", "first.")
        .replace("tail.", "last.")
        .replace("blocks.", "body.")
        .replace("adder.weight", "adder"): value
        for name, value in model.state_dict().items()
        if name not in ("head.bias", "tail.bias")
    }
    path = tmp_path / "foreign.pth"
    torch.save({"state_dict": tensors}, path)
    (tmp_path / "names.toml").write_text(MAP)
    return path, model


def arguments(path: Path, *more: object) -> list[str]:
    given = (path, "mobile", "--map", path.with_name("names.toml"), "-a", "channels=8")
    return ["import", *map(str, (*given, "-o", path.with_name("ours.safetensors"), *more))]


def test_the_checkpoint_is_the_foreign_network(
    foreign: "tuple[Path, torch.nn.Module]",
) -> None:
    path, model = foreign
    done = CliRunner().invoke(app, arguments(path, "-a", "blocks=2", "--json"))
    assert done.exit_code == 0, done.stderr
    result = json.loads(done.stdout)
    checkpoint = path.with_name("ours.safetensors")
    assert result["checkpoint"] == str(checkpoint)
    assert result["parameters"] == sum(p.numel() for p in model.parameters())
    x = torch.rand(1, 1, 9, 11)
    with torch.inference_mode():
        assert torch.equal(load_model(checkpoint)(x), model.eval()(x))
    metadata = read_metadata(checkpoint)
    assert json.loads(metadata["training"]) == {"imported": "foreign.pth", "map": "names.toml"}
    # All arguments are stated, so that the checkpoint outlives their defaults.
    assert json.loads(metadata["arguments"])["norm"] == "centred"


def test_refusals(foreign: "tuple[Path, torch.nn.Module]", fails: Fails) -> None:
    path, _ = foreign
    said = fails(*arguments(path, "-a", "blocks=3"))
    assert "it lacks blocks.2.activation.weight" in said
    assert not path.with_name("ours.safetensors").exists()
    torch.save({"mystery": torch.zeros(1)}, path)
    assert "the name map does not know: mystery" in fails(*arguments(path, "-a", "blocks=2"))
    assert "end in .safetensors" in fails(*arguments(path), "-o", path.with_name("ours.pth"))
    assert "no name map 'mystery'" in fails(*arguments(path), "--map", "mystery")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rules = 3", "has no rules"),
        ("[rules]", "has no rules"),
        ("zeros = [1]\n[rules]\n'a' = 'b'", "'zeros' to be a list of text"),
        ("names = 1\n[rules]\n'a' = 'b'", "has names"),
        ("[rules]\n'(' = 'b'", "is wrong"),
        ("[rules]\n'a' = '\\1'", "is wrong"),
        ("[rules", "is no TOML"),
    ],
)
def test_bad_maps(
    foreign: "tuple[Path, torch.nn.Module]", fails: Fails, text: str, message: str
) -> None:
    path, _ = foreign
    path.with_name("names.toml").write_text(text)
    assert message in fails(*arguments(path, "-a", "blocks=2"))
