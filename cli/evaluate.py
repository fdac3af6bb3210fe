"""``addersr evaluate``: PSNR and SSIM by the protocol of the papers."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from addersr.cli.options import AsJson, JsonFile, Threads, examples
from addersr.cli.output import check_json_file, progress, show
from addersr.errors import AdderSRError

if TYPE_CHECKING:
    from rich.table import Table

    from addersr.runtime.pixels import Pixels, Plane

EXAMPLES = examples(
    "addersr evaluate tiny-x2-adder --data Set5",
    "addersr evaluate model.onnx --data Set14 --json -o set14.json",
    "addersr evaluate checkpoint.safetensors --data val",
)


def evaluate(
    model: Annotated[
        str, typer.Argument(help="Name in the zoo, an .onnx file or a .safetensors checkpoint.")
    ],
    data: Annotated[Path, typer.Option(metavar="DIR", help="Folder of high-resolution images.")],
    threads: Threads = 0,
    as_json: AsJson = False,
    output: JsonFile = None,
) -> None:
    """Measure a model: mean PSNR and SSIM on Y, beside bicubic.

    The images are shrunk by MATLAB's bicubic, enlarged by the model, and compared without
    a border as wide as the scale.
    """
    from addersr.runtime.evaluation import evaluate as run_evaluation
    from addersr.runtime.images import find_images

    check_json_file(output)
    find_images(data)  # before a model is loaded for nothing
    if model.endswith(".safetensors"):
        enlarge, scale = checkpoint_upscaler(Path(model), threads)
    else:
        enlarge, scale = _onnx_upscaler(model, threads)
    with progress("Evaluating") as show_progress:
        result = run_evaluation(model, enlarge, scale, data, show_progress).to_json()
    show(result, lambda: _table(result), as_json=as_json, file=output)


def _onnx_upscaler(model: str, threads: int) -> "tuple[Callable[[Pixels], Pixels], int]":
    from addersr.runtime.upscaler import Upscaler

    upscaler = Upscaler(model, threads=threads)
    return upscaler.upscale, upscaler.scale


def checkpoint_upscaler(path: Path, threads: int = 0) -> "tuple[Callable[[Pixels], Pixels], int]":
    """A function that enlarges images with a checkpoint in torch, and its scale.

    Raises:
        AdderSRError: torch is not installed, or the checkpoint cannot be used.
    """
    from addersr.runtime.enlarge import enlarge

    try:
        import torch

        from addersr.models.checkpoint import load_model
    except ImportError as error:
        raise AdderSRError(
            f"A checkpoint needs {error.name}, which is not installed: "
            "pip install 'addersr[train]', or evaluate the exported .onnx."
        ) from error
    network = load_model(path)
    if threads:
        torch.set_num_threads(threads)

    def run(planes: "Plane") -> "Plane":
        with torch.inference_mode():
            result: Plane = network(torch.from_numpy(planes)[None])[0].numpy()
        return result

    def upscale(image: "Pixels") -> "Pixels":
        return enlarge(image, run, scale=network.scale, colour=network.colour, halo=network.halo)

    return upscale, network.scale


def _table(result: dict[str, Any]) -> "Table":
    from rich.table import Table

    table = Table(title=f"{result['model']}, ×{result['scale']}, on Y")
    table.add_column("image")
    for heading in ("PSNR, dB", "SSIM", "bicubic PSNR, dB"):
        table.add_column(heading, justify="right")
    for image in (*result["images"], {**result, "name": "mean"}):
        table.add_row(
            image["name"],
            f"{image['psnr']:.2f}",
            f"{image['ssim']:.4f}",
            f"{image['bicubic_psnr']:.2f}",
            style="bold" if image["name"] == "mean" else None,
        )
    return table
