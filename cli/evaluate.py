"""``addersr evaluate``: PSNR and SSIM by the protocol of the papers."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from addersr.cli.options import AsJson, JsonFile, Threads, examples
from addersr.cli.output import check_json_file, draw, progress, show, show_file
from addersr.errors import AdderSRError

if TYPE_CHECKING:
    from addersr.runtime.evaluation import Evaluation
    from addersr.runtime.pixels import Pixels, Plane

EXAMPLES = examples(
    "addersr evaluate tiny-x2-adder --data Set5",
    "addersr evaluate tiny-x2-adder tiny-x2-cnn --data Set5 --data Set14 --markdown",
    "addersr evaluate model.onnx checkpoint.safetensors --data val --json -o scores.json",
)


def evaluate(
    models: Annotated[
        list[str],
        typer.Argument(
            metavar="MODEL...",
            help="Names in the zoo, .onnx files and .safetensors checkpoints.",
        ),
    ],
    data: Annotated[
        list[Path],
        typer.Option(metavar="DIR", help="Folder of high-resolution images; may be repeated."),
    ],
    threads: Threads = 0,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print one line per model and folder as CSV.")
    ] = False,
    as_markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the table as Markdown.")
    ] = False,
    as_json: AsJson = False,
    output: JsonFile = None,
) -> None:
    """Measure models: mean PSNR and SSIM on Y, beside bicubic, with what the models cost.

    The images are shrunk by MATLAB's bicubic, enlarged by the model, and compared without
    a border as wide as the scale. Operations are those of a picture of 1280x720, or near;
    JSON has the scores of each image, too.
    """
    from addersr.cli.evaluation_report import EvaluationReport, describe
    from addersr.runtime.evaluation import evaluate as run_evaluation
    from addersr.runtime.evaluation import evaluate_bicubic
    from addersr.runtime.images import find_images

    if as_csv + as_markdown + as_json > 1:
        raise AdderSRError("Give one of --csv, --json and --markdown, not several.")
    check_json_file(output)
    names = [folder.resolve().name for folder in data]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise AdderSRError(
            f"Several folders of --data are called {', '.join(twice)}, which the table could not "
            "tell apart: rename one, or evaluate them one by one."
        )
    counts = {folder: len(find_images(folder)) for folder in data}  # before models are loaded
    upscalers = [upscaler_of(model, threads) for model in models]
    described = tuple(describe(model) for model in models)
    scales = sorted({scale for _, scale in upscalers})
    total = sum(counts.values()) * (len(scales) + len(models))
    evaluations: list[Evaluation] = []
    with progress("Evaluating") as show_progress:

        def show_part(done: int, _total: int) -> None:
            show_progress(sum(len(one.images) for one in evaluations) + done, total)

        for folder in data:
            # extend would count what is done only at its end.
            for scale in scales:
                evaluations += [evaluate_bicubic(scale, folder, show_part)]
            for model, (enlarge, scale) in zip(models, upscalers, strict=True):
                evaluations += [run_evaluation(model, enlarge, scale, folder, show_part)]
    report = EvaluationReport(described, tuple(evaluations))
    if as_csv or as_markdown:
        text = report.long_table().csv() if as_csv else report.table().markdown() + "\n"
        typer.echo(text, nl=False)
        show_file(report.to_json(), output)
    else:
        show(report.to_json(), lambda: draw(report.table()), as_json=as_json, file=output)


def upscaler_of(model: str, threads: int = 0) -> "tuple[Callable[[Pixels], Pixels], int]":
    """A function that enlarges images with a model of any kind, and its scale.

    Raises:
        AdderSRError: there is no such model, or it cannot be used.
    """
    if model.endswith(".safetensors"):
        return checkpoint_upscaler(Path(model), threads)
    return _onnx_upscaler(model, threads)


def _onnx_upscaler(model: str, threads: int) -> "tuple[Callable[[Pixels], Pixels], int]":
    from addersr.runtime.enlarge import network_enlarger
    from addersr.runtime.network import Network
    from addersr.runtime.upscaler import resolve_model

    network = Network(resolve_model(model), threads=threads)
    return network_enlarger(network), network.info.scale


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
        return enlarge(image, run, scale=network.scale, colour=network.colour)

    return upscale, network.scale
