"""``addersr upscale``: bigger, sharper pictures."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from addersr.cli.options import AsJson, Threads, examples, parse_bytes
from addersr.cli.output import progress as progress_bar
from addersr.cli.output import say_error, say_note, show
from addersr.errors import AdderSRError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import RenderableType

    from addersr.cli.upscale_jobs import Job
    from addersr.runtime.upscaler import Upscaler

EXAMPLES = examples(
    "addersr upscale photo.png",
    "addersr upscale photo.jpg -o large.png --compare before-after.png",
    "addersr upscale holiday/ -o holiday-large/ -m my-model.onnx",
    "addersr upscale clip.mp4 --memory-limit 500M",
)


def upscale(
    source: Annotated[
        Path, typer.Argument(metavar="INPUT", help="An image or video file, or a folder of them.")
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
    memory_limit: Annotated[
        str | None,
        typer.Option(
            metavar="BYTES",
            help="What the model may use beside input and result, like 500M: chooses the tiles.",
        ),
    ] = None,
    compare: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write a picture: bicubic left, the model right."),
    ] = None,
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Of a folder, make results anew that are there already."),
    ] = False,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Enlarge an image, a video, or a folder of them with a super-resolution model.

    Reads and writes PNG, JPEG, WebP, BMP and TIFF; colour, gray, transparency and the colour
    profile are kept, the camera's orientation is applied, 16 bits per channel become 8. Videos are
    MP4, MOV, MKV or AVI; their sound is kept where ffmpeg is installed. Of a folder, finished
    results are not made again, so that the same command goes on where it was interrupted.
    """
    from addersr import zoo
    from addersr.cli.upscale_jobs import find_jobs
    from addersr.runtime.upscaler import Upscaler

    if not source.exists():
        raise AdderSRError(f"There is no file or folder {source}. Check the name.")
    if compare is not None and source.is_dir():
        raise AdderSRError("--compare needs one image as INPUT, got a folder.")
    limit = parse_bytes(memory_limit)
    name = model if model is not None else zoo.default_for(2).name
    upscaler = Upscaler(name, threads=threads, tile=tile, memory_limit=limit)
    if upscaler.fast_path is False:
        say_note(f"The model runs on the slow path: {upscaler.slow_reason}.")
    jobs = find_jobs(source, output, upscaler.scale)
    if compare is not None and jobs[0].is_video:
        raise AdderSRError("--compare needs one image as INPUT, got a video.")
    keep = source.is_dir() and not overwrite
    files = (
        _all(upscaler, jobs, compare, keep)
        if source.is_dir()
        else [_single(upscaler, jobs[0], compare)]
    )
    result = {
        "model": name,
        "scale": upscaler.scale,
        "fast_path": upscaler.fast_path,
        "kernel": upscaler.kernel,
        "images": [one for job, one in zip(jobs, files, strict=True) if not job.is_video],
        "videos": [one for job, one in zip(jobs, files, strict=True) if job.is_video],
    }
    show(result, lambda: _lines(files), as_json=as_json)
    if any("error" in one for one in files):
        raise typer.Exit(1)


def _single(upscaler: "Upscaler", job: "Job", compare: Path | None) -> dict[str, Any]:
    # Of an image the tiles are counted, of a video the frames.
    unit = "frames" if job.is_video else "tiles"
    with progress_bar("Upscaling", unit) as show_progress:
        return _one(upscaler, job, compare, show_progress)


def _all(
    upscaler: "Upscaler", jobs: "list[Job]", compare: Path | None, keep: bool
) -> list[dict[str, Any]]:
    """Of a folder: one bad file does not keep the others from their enlargement."""
    files: list[dict[str, Any]] = []
    with progress_bar("Upscaling", "files") as show_progress:
        for number, job in enumerate(jobs, 1):
            try:
                if keep and job.target.exists():
                    paths = {"input": str(job.source), "output": str(job.target)}
                    files.append({**paths, "skipped": True})
                else:
                    files.append(_one(upscaler, job, compare, None))
            except AdderSRError as error:
                files.append({"input": str(job.source), "error": str(error)})
                say_error(str(error))
            except KeyboardInterrupt as interrupt:
                raise KeyboardInterrupt(_interrupted(jobs, keep, interrupt)) from interrupt
            show_progress(number, len(jobs))
    skipped = sum("skipped" in one for one in files)
    if skipped:
        say_note(
            f"{skipped} of {len(jobs)} results were there already and were kept: --overwrite makes "
            "them anew."
        )
    return files


def _one(
    upscaler: "Upscaler",
    job: "Job",
    compare: Path | None,
    progress: "Callable[[int, int], None] | None",
) -> dict[str, Any]:
    from addersr.cli.upscale_jobs import upscale_image, upscale_video

    if job.is_video:
        result, notes = upscale_video(upscaler, job, progress)
    else:
        result, notes = upscale_image(upscaler, job, compare, progress)
    for note in notes:
        say_note(note)
    return result


def _interrupted(jobs: "list[Job]", keep: bool, interrupt: KeyboardInterrupt) -> str:
    said = str(interrupt) or "Interrupted."  # of a video that was under way
    if not keep:
        return f"{said} What is done is kept."
    done = sum(job.target.exists() for job in jobs)
    return (
        f"{said} {done} of {len(jobs)} files are done, and kept; the same command goes on with the "
        "others."
    )


def _lines(files: list[dict[str, Any]]) -> "RenderableType":
    from rich.text import Text

    lines = [_line(one) for one in files if "seconds" in one]
    return Text("\n".join(lines), overflow="ignore", no_wrap=True)


def _line(one: dict[str, Any]) -> str:
    size, seconds = f"{one['output']}: {one['width']}x{one['height']}", one["seconds"]
    if "frames" in one:
        speed = f"{one['frames'] / seconds:.1f} frames/s"
        return f"{size}, {one['frames']} frames in {seconds:.1f} s, {speed}"
    return f"{size} in {seconds:.2f} s, {one['width'] * one['height'] / seconds / 1e6:.1f} Mpixel/s"
