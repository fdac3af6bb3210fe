"""Puts trained models into the zoo, for maintainers: ``python -m addersr.cli.publish``.

    python -m addersr.cli.publish tiny-x2-adder runs/adder/model.safetensors --twin tiny-x2-cnn \
        --benchmark Set5 --benchmark Set14 --zoo zoo

Measures the checkpoint on the benchmark folders, exports and verifies it, and writes the files
NAME.safetensors and NAME.onnx and the index. Choices belong on validation images, not here.
"""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from addersr.cli.evaluate import checkpoint_upscaler
from addersr.cli.output import progress, say_error
from addersr.errors import AdderSRError
from addersr.export import export_onnx, verify
from addersr.files import write_atomically
from addersr.models.checkpoint import load_model, read_metadata, save_model
from addersr.models.registry import complete
from addersr.runtime.evaluation import evaluate


def publish(
    name: Annotated[str, typer.Argument(help="Name in the zoo.")],
    checkpoint: Annotated[Path, typer.Argument(help="The .safetensors of a finished run.")],
    zoo: Annotated[Path, typer.Option(metavar="DIR", help="The zoo's folder in the repository.")],
    benchmark: Annotated[
        list[Path], typer.Option(metavar="DIR", help="Folder of HR images; its name is the set's.")
    ],
    twin: Annotated[str | None, typer.Option(help="Name of the model of the other kind.")] = None,
) -> None:
    """Measure, export and file one model."""
    metadata = read_metadata(checkpoint)
    model = load_model(checkpoint)
    arguments = complete(metadata["architecture"], json.loads(metadata["arguments"]))
    with progress("Measuring") as show_progress:
        psnr = {
            folder.name: round(
                evaluate(name, *checkpoint_upscaler(checkpoint), folder, show_progress).psnr, 3
            )
            for folder in benchmark
        }
    exported = export_onnx(
        model, architecture=metadata["architecture"], arguments=arguments
    ).SerializeToString(deterministic=True)
    report = verify(model, exported)
    if not report.passed:
        raise AdderSRError(f"The exported model is wrong: {' '.join(report.problems)}")
    entry = {
        "name": name,
        "architecture": metadata["architecture"],
        "kind": model.kind,
        "scale": model.scale,
        "colour": model.colour,
        "parameters": sum(p.numel() for p in model.parameters()),
        "psnr": psnr,
        "checkpoint": f"{name}.safetensors",
        "onnx": f"{name}.onnx",
        "twin": twin,
    }
    save_model(
        zoo / f"{name}.safetensors",
        model,
        architecture=metadata["architecture"],
        arguments=arguments,
        training=json.loads(metadata["training"]),
        psnr=psnr,
        plan=metadata.get("plan"),
    )
    write_atomically(zoo / f"{name}.onnx", exported)
    _file(zoo / "index.json", entry)
    typer.echo(json.dumps(entry))


def _file(path: Path, entry: dict[str, Any]) -> None:
    """Add or replace an entry of the index; the first adder model of a scale is its default."""
    index = json.loads(path.read_text(encoding="utf-8"))
    names = [model["name"] for model in index["models"]]
    if entry["name"] in names:
        index["models"][names.index(entry["name"])] = entry
    else:
        index["models"].append(entry)
    if entry["kind"] == "adder":
        index["default"].setdefault(str(entry["scale"]), entry["name"])
    write_atomically(path, (json.dumps(index, indent=2) + "\n").encode())


if __name__ == "__main__":
    try:
        typer.run(publish)
    except AdderSRError as error:
        say_error(str(error))
        raise SystemExit(1) from None
