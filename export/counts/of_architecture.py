"""The report of an architecture, or of a checkpoint. Needs torch."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from addersr.errors import AdderSRError
from addersr.export.counts.report import Report, Subject, make_report, output_for
from addersr.export.counts.torch_graph import read_architecture
from addersr.models.checkpoint import read_metadata


def report_architecture(
    name: str,
    output: tuple[int, int] | None = None,
    *,
    scale: int = 2,
    kind: str = "adder",
    arguments: Mapping[str, Any] | None = None,
    as_published: bool = False,
) -> Report:
    """Count an architecture beside its twin with the same arguments.

    Args:
        name, scale, kind, arguments: as for :func:`addersr.models.create`.
        output: height and width of the picture that comes out; None: 1280x720, or near.
        as_published: leave out what the paper's tables leave out.

    Raises:
        AdderSRError: no such architecture, kind, scale or argument, or an output that is no
            multiple of the scale.
    """
    return _report(name, name, output, scale, kind, arguments or {}, as_published=as_published)


def report_checkpoint(
    path: Path,
    output: tuple[int, int] | None = None,
    *,
    scale: int | None = None,
    as_published: bool = False,
) -> Report:
    """Count the architecture of a checkpoint, as it was trained.

    Raises:
        AdderSRError: no checkpoint, another scale, or an output that is no multiple of it.
    """
    metadata = read_metadata(path)
    try:
        architecture, kind = metadata["architecture"], metadata["kind"]
        its_scale, arguments = int(metadata["scale"]), json.loads(metadata["arguments"])
    except (KeyError, ValueError) as error:
        raise AdderSRError(
            f"The checkpoint {path} does not describe its model: {error}."
        ) from error
    if scale not in (None, its_scale):
        raise AdderSRError(f"{path} enlarges by {its_scale}, not by {scale}: leave --scale out.")
    return _report(
        str(path), architecture, output, its_scale, kind, arguments, as_published=as_published
    )


def _report(
    name: str,
    architecture: str,
    output: tuple[int, int] | None,
    scale: int,
    kind: str,
    arguments: Mapping[str, Any],
    *,
    as_published: bool,
) -> Report:
    if scale < 1:
        raise AdderSRError(f"Expected a scale of 1 or more, got {scale}.")
    output = output_for(output, scale)
    other = "cnn" if kind == "adder" else "adder"
    graph = read_architecture(architecture, kind, scale, arguments, output)
    twin = read_architecture(architecture, other, scale, arguments, output)
    subject = Subject(
        name=name, architecture=architecture, scale=scale, precision="fp32", output=output
    )
    return make_report(subject, graph, twin, as_published=as_published)
