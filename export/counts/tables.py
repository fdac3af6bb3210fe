"""A report as tables of text, for the terminal and for Markdown."""

from addersr.export.counts.energy import ARITHMETICS
from addersr.export.counts.graph import Layer
from addersr.export.counts.operations import count
from addersr.export.counts.report import Report, Side
from addersr.tables import UNKNOWN, Table


def tables(report: Report) -> tuple[Table, Table]:
    """The layers, and the whole network beside its twin."""
    return _layers(report), _totals(report)


def markdown(report: Report) -> str:
    """The whole report as Markdown."""
    notes = "\n".join(f"- {note}" for note in report.notes)
    return "\n\n".join((*(table.markdown() for table in tables(report)), notes)) + "\n"


def _title(report: Report) -> str:
    subject = report.subject
    input_size, output_size = (_size(one) for one in (report.input, subject.output))
    name = subject.name
    if subject.architecture not in (None, name):
        name += f" ({subject.architecture})"
    precision = "" if subject.precision is None else f" {subject.precision},"
    return f"{name}, ×{subject.scale},{precision} {input_size} to {output_size}"


def _layers(report: Report) -> Table:
    headings = [
        "layer",
        "operator",
        "channels",
        "output",
        "parameters",
        "mul G",
        "add G",
    ]
    counted = [count(layer) for _, _, layer in report.layers]
    # Nothing is known of all layers of an architecture.
    with_pure = any(one.pure_taps is not None for one in counted if one.differences)
    if with_pure:
        headings.append("±x once")
    rows = []
    for (name, op, layer), counts in zip(report.layers, counted, strict=True):
        row = [
            name,
            f"{op} {_kernel(layer)}",
            f"{layer.input_channels}→{layer.output_channels}",
            _size(layer.output_size),
            f"{layer.parameters:,}",
            giga(counts.multiplications),
            giga(counts.additions),
        ]
        rows.append((*row, giga(counts.additions_pure_once)) if with_pure else tuple(row))
    return Table(_title(report), tuple(headings), tuple(rows), words=2)


def _kernel(layer: Layer) -> str:
    text = _size(layer.kernel)
    for sign, pair in (("/", layer.stride), ("·", layer.dilation)):
        text += f" {sign}{_size(pair)}" if pair != (1, 1) else ""
    return text + (f" ({layer.groups} groups)" if layer.groups > 1 else "")


def _totals(report: Report) -> Table:
    adder, cnn = report.sides
    rows = [
        ("parameters", *(_number(side.parameters) for side in (adder, cnn)), ""),
        ("weights in memory", *(_bytes(side.weight_bytes) for side in (adder, cnn)), ""),
        ("activations at once", *(_bytes(side.activation_bytes) for side in (adder, cnn)), ""),
        ("receptive field, LR pixels", *(_size(one.receptive_field) for one in (adder, cnn)), ""),
        _ratio_row(
            "multiplications, G", *(one.counts.multiplications / 1e9 for one in (adder, cnn))
        ),
        _ratio_row("additions, G", *(one.counts.additions / 1e9 for one in (adder, cnn))),
        ("additions, pure ±x once, G", *(_pure(one) for one in (adder, cnn)), ""),
    ]
    rows.insert(
        -1,
        _ratio_row("operations (FLOPs), G", *(one.counts.operations / 1e9 for one in (adder, cnn))),
    )
    for arithmetic in ARITHMETICS:
        energies = (arithmetic.energy(one.counts) / 1e9 for one in (adder, cnn))
        rows.append(_ratio_row(f"energy {arithmetic.title}, G·pJ", *energies))
    if report.subject.file_bytes is not None:
        size = _bytes(report.subject.file_bytes)
        here = (size, UNKNOWN) if report.this is adder else (UNKNOWN, size)
        rows.insert(0, ("file", *here, ""))
    headings = ("", "adder", "CNN", "CNN ÷ adder")
    return Table("The whole network", headings, tuple(rows), words=1)


def _ratio_row(name: str, adder: float, cnn: float) -> tuple[str, ...]:
    return name, _figure(adder), _figure(cnn), f"{cnn / adder:.2f}" if adder else UNKNOWN


def _pure(side: Side) -> str:
    return giga(side.counts.additions_pure_once)


def giga(operations: int | None) -> str:
    """In thousand millions."""
    return UNKNOWN if operations is None else _figure(operations / 1e9)


def _figure(value: float) -> str:
    """One decimal as in the papers; small ones with three digits."""
    if value == 0:
        return "0"
    if value >= 100:
        return f"{value:,.1f}"
    return f"{value:.2f}" if value >= 1 else f"{value:.3g}"


def _number(value: int | None) -> str:
    return UNKNOWN if value is None else f"{value:,}"


def _bytes(value: int | None) -> str:
    if value is None:
        return UNKNOWN
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if value >= size:
            return f"{value / size:.1f} {unit}"
    return f"{value} B"


def _size(size: tuple[int, int] | None) -> str:
    """Width and height, as of images."""
    return UNKNOWN if size is None else f"{size[1]}x{size[0]}"
