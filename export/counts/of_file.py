"""The report of an ONNX file. Needs onnx, and no torch."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from addersr.errors import AdderSRError
from addersr.export.counts.graph import Graph
from addersr.export.counts.measured_ranges import measured_pure_taps
from addersr.export.counts.onnx_graph import OnnxFile, load, read_graph
from addersr.export.counts.onnx_shapes import infer_shapes, output_size
from addersr.export.counts.report import Report, Subject, make_report, output_for

# Of a picture that shows by how much a file enlarges: large enough for any kernel.
_PROBE = (96, 120)


def report_file(
    path: Path,
    output: tuple[int, int] | None = None,
    *,
    name: str | None = None,
    scale: int | None = None,
    as_published: bool = False,
    data: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Count a file.

    Args:
        path: of an ONNX model; if addersr did not write it, with one input [N, C, H, W].
        output: height and width of the picture that comes out; None: 1280x720, or near.
        name: what the user calls it, if not by its path.
        scale: that of the file, if the user has an opinion.
        data: folder of HR images; what adder layers in float32 see of them says which taps are
            pure ±x.
        progress: called with the images done and the images in all.
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
    if data is not None:
        graph = _with_pure_taps(graph, measured_pure_taps(file, data, its_scale, progress))
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


def _with_pure_taps(graph: Graph, pure: Mapping[str, int]) -> Graph:
    """The graph with what was measured, by the output of each layer."""
    operations = tuple(
        replace(one, layer=replace(one.layer, pure_taps=pure[one.outputs[0]]))
        if one.layer is not None and one.outputs[0] in pure
        else one
        for one in graph.operations
    )
    return replace(graph, operations=operations)


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
