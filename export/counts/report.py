"""Everything that ``addersr info`` says of a network."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from addersr.errors import AdderSRError
from addersr.export.counts import published
from addersr.export.counts.energy import ARITHMETICS
from addersr.export.counts.graph import Graph, Layer
from addersr.export.counts.memory import peak_activations
from addersr.export.counts.operations import Counts, as_kind, count, total
from addersr.export.counts.receptive_field import receptive_field


@dataclass(frozen=True)
class Subject:
    """What is looked at."""

    name: str
    """As it was given: a file or an architecture."""
    architecture: str | None
    """None: a file that does not say."""
    scale: int
    precision: str | None
    """None: a file that does not say."""
    output: tuple[int, int]
    """Height and width of the picture that comes out, as of all sizes here."""
    file_bytes: int | None = None


@dataclass(frozen=True)
class Side:
    """The network as one of its two kinds."""

    kind: str
    """``adder`` or ``cnn``."""
    counts: Counts
    parameters: int | None = None
    weight_bytes: int | None = None
    activation_bytes: int | None = None
    receptive_field: tuple[int, int] | None = None

    def energy(self) -> dict[str, float]:
        """G·pJ by arithmetic."""
        return {one.name: one.energy(self.counts) / 1e9 for one in ARITHMETICS}

    def to_json(self) -> dict[str, Any]:
        """Everything by name."""
        return {
            "kind": self.kind,
            "parameters": self.parameters,
            "weight_bytes": self.weight_bytes,
            "activation_bytes": self.activation_bytes,
            "receptive_field": _size(self.receptive_field),
            **_counts(self.counts),
            "energy_gpj": self.energy(),
        }


@dataclass(frozen=True)
class Report:
    """A network beside its twin."""

    subject: Subject
    input: tuple[int, int]
    layers: tuple[tuple[str, str, Layer], ...]
    """Name, operator and size of each layer that is counted."""
    this: Side
    twin: Side
    uncounted: Mapping[str, int]
    """Values that come out of operations that are not counted, by operator."""
    notes: tuple[str, ...]

    @property
    def sides(self) -> tuple[Side, Side]:
        """The adder network and the CNN."""
        return (self.this, self.twin) if self.this.kind == "adder" else (self.twin, self.this)

    def to_json(self) -> dict[str, Any]:
        """Everything by name."""
        return {
            "name": self.subject.name,
            "architecture": self.subject.architecture,
            "kind": self.this.kind,
            "scale": self.subject.scale,
            "precision": self.subject.precision,
            "input": _size(self.input),
            "output": _size(self.subject.output),
            "file_bytes": self.subject.file_bytes,
            **{side.kind: side.to_json() for side in self.sides},
            "layers": [_layer(*one) for one in self.layers],
            "not_counted": dict(self.uncounted),
            "notes": self.notes,
        }


#: The picture of the papers' tables.
HD = (720, 1280)


def output_for(output: tuple[int, int] | None, scale: int) -> tuple[int, int]:
    """The size of the picture that comes out.

    Args:
        output: height and width; None: 1280x720, or the nearest that is a multiple of the scale.
        scale: of the network.

    Raises:
        AdderSRError: an image enlarged by ``scale`` cannot have that size.
    """
    height, width = (max(1, round(side / scale)) * scale for side in output or HD)
    if output is not None and output != (height, width):
        raise AdderSRError(
            f"Expected --output to be a multiple of the scale {scale}, got "
            f"{output[1]}x{output[0]}: {width}x{height} is near."
        )
    return height, width


def make_report(
    subject: Subject, graph: Graph, twin: Graph | None, *, as_published: bool = False
) -> Report:
    """Count a network.

    Args:
        subject: what it is.
        graph: for the image that gives ``subject.output``.
        twin: the other kind of the architecture; None: the costs of the same layers as the other
            kind stand beside it.
        as_published: leave out what the paper's tables leave out.
    """
    modules = published.omitted(subject.architecture, subject.scale)
    kind = "adder" if any(layer.adder for _, layer in graph.layers) else "cnn"
    other = "cnn" if kind == "adder" else "adder"
    left_out = modules if as_published else ()
    layers = tuple(
        (operation.name, operation.op, layer)
        for operation, layer in graph.layers
        if not published.is_in(operation.name, left_out)
    )
    this = _side(kind, graph, left_out)
    if twin is None:
        names = [operation.name for operation, _ in graph.layers]
        changed = zip(names, as_kind(graph, other), strict=True)
        counted = (layer for name, layer in changed if not published.is_in(name, left_out))
        beside = Side(other, total(counted))
    else:
        beside = _side(other, twin, left_out)
    size = graph.image_size
    return Report(
        subject=subject,
        input=size,
        layers=layers,
        this=this,
        twin=beside,
        uncounted=_uncounted(graph),
        notes=_notes(this, twin, modules, as_published=as_published),
    )


def _side(kind: str, graph: Graph, left_out: tuple[str, ...]) -> Side:
    layers = (
        layer for operation, layer in graph.layers if not published.is_in(operation.name, left_out)
    )
    return Side(
        kind=kind,
        counts=total(layers),
        parameters=graph.parameters,
        weight_bytes=graph.weight_bytes,
        activation_bytes=peak_activations(graph),
        receptive_field=receptive_field(graph),
    )


def _uncounted(graph: Graph) -> dict[str, int]:
    values: dict[str, int] = {}
    for operation in graph.operations:
        if operation.layer is None:
            new = sum(graph.tensors[name].values for name in operation.outputs)
            values[operation.op] = values.get(operation.op, 0) + new
    return values


def _notes(
    this: Side, twin: Graph | None, modules: tuple[str, ...], *, as_published: bool
) -> tuple[str, ...]:
    notes = [
        "A tap of a convolution is one multiplication and one addition, a tap of an adder layer "
        "two additions. Biases, normalisation, activations and residuals are not counted.",
        "Energy is the number of operations times published costs (45 nm), not a measurement; "
        "memory traffic is not in it.",
    ]
    if twin is None:
        notes.append(
            f"Beside it: the same layers as {_NAMES['cnn' if this.kind == 'adder' else 'adder']}, "
            "head and tail as convolutions in both."
        )
    if this.counts.pure_taps is None:
        notes.append(
            "How many taps are pure ±x is known of files in integers, and of float32 files with "
            "--data."
        )
    names = ", ".join(modules)
    if modules and as_published:
        notes.append(f"Left out, as in the paper's table: {names}.")
    elif modules:
        notes.append(f"The paper's table leaves out {names}: --as-published does so here.")
    elif as_published:
        notes.append(
            "The published counts of this architecture leave nothing out, as far as known."
        )
    return tuple(notes)


_NAMES = {"adder": "an adder network", "cnn": "a CNN"}


def _layer(name: str, op: str, layer: Layer) -> dict[str, Any]:
    return {
        "name": name,
        "op": op,
        "adder": layer.adder,
        "input_channels": layer.input_channels,
        "output_channels": layer.output_channels,
        "kernel": _size(layer.kernel),
        "stride": _size(layer.stride),
        "dilation": _size(layer.dilation),
        "groups": layer.groups,
        "output": _size(layer.output_size),
        "parameters": layer.parameters,
        "taps": layer.taps,
        "pure_taps": layer.pure_taps,
        **_counts(count(layer)),
    }


def _counts(counts: Counts) -> dict[str, Any]:
    return {
        "multiplications": counts.multiplications,
        "additions": counts.additions,
        "operations": counts.operations,
        "additions_pure_once": counts.additions_pure_once,
    }


def _size(size: tuple[int, int] | None) -> dict[str, int] | None:
    return None if size is None else {"height": size[0], "width": size[1]}
