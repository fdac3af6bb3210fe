"""The report of an ONNX file. Needs onnx, and no torch."""

from pathlib import Path

from addersr.counts.onnx_graph import OnnxFile, load, read_graph
from addersr.counts.onnx_shapes import infer_shapes, output_size
from addersr.counts.report import Report, Subject, make_report, output_for
from addersr.errors import AdderSRError

# Of a picture that shows by how much a file enlarges: large enough for any kernel.
_PROBE = (96, 120)


def report_file(
    path: Path,
    output: tuple[int, int] | None = None,
    *,
    name: str | None = None,
    scale: int | None = None,
    as_published: bool = False,
) -> Report:
    """Count a file.

    Args:
        path: of an ONNX model; if addersr did not write it, with one input [N, C, H, W].
        output: height and width of the picture that comes out; None: 1280x720, or near.
        name: what the user calls it, if not by its path.
        scale: that of the file, if the user has an opinion.
        as_published: leave out what the paper's tables leave out.

    Raises:
        AdderSRError: no such file, no model, an operator that is not known, another scale, or an
            output that is no multiple of it.
    """
    file = load(path)
    its_scale = _scale(file)
    if scale not in (None, its_scale):
        raise AdderSRError(f"{path} enlarges by {its_scale}, not by {scale}: leave --scale out.")
    output = output_for(output, its_scale)
    size = (output[0] // its_scale, output[1] // its_scale)
    graph = read_graph(file, size)
    return make_report(
        Subject(
            name=name or str(path),
            architecture=file.metadata.get("architecture"),
            scale=its_scale,
            precision=file.metadata.get("precision"),
            output=output,
            file_bytes=file.bytes,
        ),
        graph,
        twin=None,
        as_published=as_published,
    )


def _scale(file: OnnxFile) -> int:
    """By how much the file enlarges a picture."""
    shapes = infer_shapes(file.model, _PROBE, file.name)
    enlarged = output_size(shapes, file.name)
    scale = enlarged[0] // _PROBE[0]
    if scale < 1 or enlarged != (scale * _PROBE[0], scale * _PROBE[1]):
        raise AdderSRError(
            f"{file.name} makes {enlarged[1]}x{enlarged[0]} of {_PROBE[1]}x{_PROBE[0]} pixels: "
            "expected a network that enlarges by a whole number."
        )
    return scale
