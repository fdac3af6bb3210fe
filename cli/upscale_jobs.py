"""What ``addersr upscale`` has to do, and doing one of it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from addersr.errors import AdderSRError
from addersr.runtime import images, video, video_writer
from addersr.runtime.before_after import before_after

if TYPE_CHECKING:
    from addersr.runtime.upscaler import Upscaler


@dataclass(frozen=True)
class Job:
    """An image or a video, and where its enlargement goes."""

    source: Path
    target: Path

    @property
    def is_video(self) -> bool:
        """By its ending."""
        return self.source.suffix.lower() in video.SUFFIXES


def find_jobs(source: Path, output: Path | None, scale: int) -> list[Job]:
    """All there is to do for a file or a folder; every target can be written.

    Raises:
        AdderSRError: nothing to do, or a target that cannot be written or is its own source.
    """
    if source.is_dir():
        jobs = _jobs_of_folder(source, output, scale)
    else:
        beside = source.with_name(f"{source.stem}-x{scale}{_suffix(source)}")
        jobs = [Job(source, output or beside)]
    for job in jobs:
        if job.target.exists() and job.target.samefile(job.source):
            raise AdderSRError(
                f"The output {job.target} is the input itself: choose another with -o."
            )
        (video if job.is_video else images).check_output(job.target)
    return jobs


def _jobs_of_folder(source: Path, output: Path | None, scale: int) -> list[Job]:
    suffixes = (*images.SUFFIXES, *video.SUFFIXES)
    paths = images.files_of(source, suffixes)
    if not paths:
        raise AdderSRError(
            f"There are no images in {source} and no videos: expected files ending in "
            f"{', '.join(suffixes)}."
        )
    folder = output or source.resolve().with_name(f"{source.resolve().name}-x{scale}")
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise AdderSRError(
            f"Cannot make the folder {folder}: {error.strerror}. Choose another with -o."
        ) from error
    return [Job(path, folder / _target_name(path)) for path in paths]


def _target_name(source: Path) -> str:
    """In the folder of results: two inputs never share one."""
    suffix = _suffix(source)
    return source.name if suffix == source.suffix else f"{source.name}{suffix}"


def _suffix(source: Path) -> str:
    """Of the enlargement: the same, where it can be written."""
    readable_only = set(video.SUFFIXES) - set(video_writer.SUFFIXES)
    return ".mkv" if source.suffix.lower() in readable_only else source.suffix


def upscale_image(
    upscaler: "Upscaler",
    job: Job,
    compare: Path | None,
    progress: Callable[[int, int], None] | None,
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Enlarge an image; what the report says, and notes on what was left out.

    Args:
        upscaler: does it.
        job: what.
        compare: also write a picture of both, bicubic and this.
        progress: called with the tiles done and the tiles in all.
    """
    if compare is not None:
        images.check_output(compare)
    picture = images.read_image(job.source)
    start = time.perf_counter()
    enlarged = upscaler.upscale(picture.pixels, progress)
    seconds = time.perf_counter() - start
    notes = picture.notes + images.write_image(job.target, enlarged, picture.profile)
    if compare is not None:
        labels = ("bicubic", f"addersr x{upscaler.scale}")
        images.write_image(compare, before_after(picture.pixels, enlarged, labels))
    result = {
        "input": str(job.source),
        "output": str(job.target),
        "width": enlarged.shape[1],
        "height": enlarged.shape[0],
        "seconds": seconds,
    }
    return result, notes


def upscale_video(
    upscaler: "Upscaler", job: Job, progress: Callable[[int, int], None] | None
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Enlarge a video; what the report says, and notes on what was left out.

    Args:
        upscaler: does it.
        job: what.
        progress: called with the frames done and the frames in all.
    """
    made = video.upscale_video(upscaler, job.source, job.target, progress)
    result = {
        "input": str(job.source),
        "output": str(job.target),
        "width": made.width,
        "height": made.height,
        "frames": made.frames,
        "rate": made.rate,
        "seconds": made.seconds,
    }
    return result, made.notes
