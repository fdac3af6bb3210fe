"""``addersr upscale``: bigger, sharper pictures."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from addersr.cli.options import AsJson, Threads, examples
from addersr.cli.output import progress as progress_bar
from addersr.cli.output import say_error, say_note, show
from addersr.errors import AdderSRError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import RenderableType

    from addersr.runtime.upscaler import Upscaler

EXAMPLES = examples(
    "addersr upscale photo.png",
    "addersr upscale photo.jpg -o large.png --compare before-after.png",
    "addersr upscale holiday/ -o holiday-large/ -m my-model.onnx",
)


def upscale(
    source: Annotated[
        Path, typer.Argument(metavar="INPUT", help="An image file, or a folder of them.")
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o",
            help="File, or folder for a folder. By default beside the input, with -x2 added.",
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option("--model", "-m", help="Name in the zoo (addersr models) or an .onnx file."),
    ] = None,
    threads: Threads = 0,
    tile: Annotated[
        int | None,
        typer.Option(min=1, help="Side of the tiles that large images are cut into, in pixels."),
    ] = None,
    compare: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write a picture: bicubic left, the model right."),
    ] = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Enlarge an image or a folder of images with a super-resolution model.

    Reads and writes PNG, JPEG, WebP, BMP and TIFF; colour, gray and transparency are kept.
    """
    from addersr import zoo
    from addersr.runtime.upscaler import Upscaler

    if not source.exists():
        raise AdderSRError(f"There is no file or folder {source}. Check the name.")
    if compare is not None and source.is_dir():
        raise AdderSRError("--compare needs one image as INPUT, got a folder.")
    name = model if model is not None else zoo.default_for(2).name
    upscaler = Upscaler(name, threads=threads, tile=tile)
    if upscaler.fast_path is False:
        say_note(f"The model runs on the slow path: {upscaler.slow_reason}.")
    jobs = _jobs(source, output, upscaler.scale)
    images = []
    with progress_bar("Upscaling") as show_progress:
        for number, (path, target) in enumerate(jobs, 1):
            try:
                # Of one image, the tiles are counted; of several, the images.
                tiles_done = show_progress if len(jobs) == 1 else None
                images.append(_one(upscaler, path, target, compare, tiles_done))
            except AdderSRError as error:
                if not source.is_dir():
                    raise
                # One bad file does not keep the others of a folder from their enlargement.
                images.append({"input": str(path), "error": str(error)})
                say_error(str(error))
            if len(jobs) > 1:
                show_progress(number, len(jobs))
    result = {
        "model": name,
        "scale": upscaler.scale,
        "fast_path": upscaler.fast_path,
        "kernel": upscaler.kernel,
        "images": images,
    }
    show(result, lambda: _lines(images), as_json=as_json)
    if any("error" in image for image in images):
        raise typer.Exit(1)


def _jobs(source: Path, output: Path | None, scale: int) -> list[tuple[Path, Path]]:
    """Pairs of input and output, all of which can be written."""
    from addersr.runtime.images import check_output, find_images

    if not source.is_dir():
        target = output or source.with_name(f"{source.stem}-x{scale}{source.suffix}")
        jobs = [(source, target)]
    else:
        paths = find_images(source)
        folder = output or source.resolve().with_name(f"{source.resolve().name}-x{scale}")
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise AdderSRError(
                f"Cannot make the folder {folder}: {error.strerror}. Choose another with -o."
            ) from error
        jobs = [(path, folder / path.name) for path in paths]
    for path, target in jobs:
        if target.exists() and target.samefile(path):
            raise AdderSRError(f"The output {target} is the input itself: choose another with -o.")
        check_output(target)
    return jobs


def _one(
    upscaler: "Upscaler",
    path: Path,
    target: Path,
    compare: Path | None,
    progress: "Callable[[int, int], None] | None",
) -> dict[str, Any]:
    from addersr.runtime.before_after import before_after
    from addersr.runtime.images import check_output, read_image, write_image

    if compare is not None:
        check_output(compare)
    picture = read_image(path)
    start = time.perf_counter()
    enlarged = upscaler.upscale(picture.pixels, progress)
    seconds = time.perf_counter() - start
    notes = picture.notes + write_image(target, enlarged)
    if compare is not None:
        labels = ("bicubic", f"addersr x{upscaler.scale}")
        write_image(compare, before_after(picture.pixels, enlarged, labels))
    for note in notes:
        say_note(note)
    return {
        "input": str(path),
        "output": str(target),
        "width": enlarged.shape[1],
        "height": enlarged.shape[0],
        "seconds": seconds,
    }


def _lines(images: list[dict[str, Any]]) -> "RenderableType":
    from rich.text import Text

    return Text(
        "\n".join(
            f"{image['output']}: {image['width']}x{image['height']} in {image['seconds']:.2f} s"
            for image in images
            if "error" not in image
        ),
        overflow="ignore",
        no_wrap=True,
    )
