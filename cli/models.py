"""``addersr models``: what is in the zoo."""

from typing import TYPE_CHECKING, Any

from addersr.cli.options import AsJson, JsonFile, examples
from addersr.cli.output import check_json_file, show

if TYPE_CHECKING:
    from rich.table import Table

EXAMPLES = examples("addersr models", "addersr models --json")


def models(as_json: AsJson = False, output: JsonFile = None) -> None:
    """List the trained models that ship with addersr, with the PSNR that was measured."""
    from addersr import zoo

    check_json_file(output)
    result = [_describe(entry) for entry in zoo.entries()]
    show(result, lambda: _table(result), as_json=as_json, file=output)


def _describe(entry: Any) -> dict[str, Any]:
    fields = ("name", "architecture", "kind", "scale", "colour", "precision", "parameters")
    return {**{field: getattr(entry, field) for field in fields}, "psnr": dict(entry.psnr)}


def _table(result: list[dict[str, Any]]) -> "Table":
    from rich.table import Table

    table = Table()
    table.add_column("model", no_wrap=True)
    for heading in ("architecture", "kind", "scale", "colour", "precision"):
        table.add_column(heading)
    table.add_column("parameters", justify="right")
    table.add_column("PSNR on Y, dB")
    for model in result:
        psnr = ", ".join(f"{name} {value:.2f}" for name, value in model["psnr"].items())
        table.add_row(
            model["name"],
            model["architecture"],
            model["kind"],
            f"×{model['scale']}",
            model["colour"],
            model["precision"],
            f"{model['parameters']:,}",
            psnr,
        )
    return table
