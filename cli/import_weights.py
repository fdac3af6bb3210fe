"""``addersr import``: weights that other code has trained, as a checkpoint."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from addersr.cli.options import Arguments, AsJson, examples, parse_arguments
from addersr.cli.output import show
from addersr.errors import AdderSRError
from addersr.files import check_writable

if TYPE_CHECKING:
    from rich.console import RenderableType

    from addersr.models.name_map import NameMap

EXAMPLES = examples(
    "addersr import vdsr.pth vdsr --map vdsr -a norm=batch -a power=false -o vdsr.safetensors",
    "addersr import mine.pth edsr --map names.toml --scale 4 --kind cnn -o mine.safetensors",
)


def import_weights(
    weights: Annotated[
        Path, typer.Argument(metavar="FILE", help="A .pth file with a state dict of torch's.")
    ],
    architecture: Annotated[
        str, typer.Argument(help="Ours that has the same layers (addersr train --help).")
    ],
    names: Annotated[
        str,
        typer.Option(
            "--map",
            help="What our tensors are called in the file: a map that we know (vdsr), or a TOML "
            "file with regular expressions, as docs/architectures.md describes.",
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The checkpoint to write.")
    ],
    kind: Annotated[str, typer.Option(help="adder or cnn.")] = "adder",
    scale: Annotated[int, typer.Option(help="Upscaling factor of the file's network.")] = 2,
    argument: Arguments = None,
    as_json: AsJson = False,
) -> None:
    """Turn weights of AdderNet-style code into a checkpoint of one of our architectures.

    Code that is pickled in the file never runs. Every tensor in it must have a name that the map
    knows, and every tensor of the architecture must be there.
    """
    if output.suffix != ".safetensors":
        raise AdderSRError(f"Expected --output to end in .safetensors, got {output}.")
    check_writable(output)
    try:
        from addersr.models import create
        from addersr.models.checkpoint import save_model
        from addersr.models.foreign import load_foreign
        from addersr.models.registry import complete
    except ImportError as error:
        raise AdderSRError(
            f"Importing needs {error.name}, which is not installed: pip install 'addersr[train]'."
        ) from error
    arguments = parse_arguments(argument)
    model = create(architecture, kind, scale, **arguments)
    load_foreign(model, weights, _name_map(names))
    save_model(
        output,
        model,
        architecture=architecture,
        arguments=complete(architecture, arguments),
        training={"imported": weights.name, "map": Path(names).name},
        psnr={},
    )
    parameters = sum(parameter.numel() for parameter in model.parameters())
    result = {"checkpoint": str(output), "architecture": architecture, "parameters": parameters}

    def line() -> "RenderableType":
        return f"{output}: {architecture} of {parameters:,} parameters; see 'addersr evaluate'."

    show(result, line, as_json=as_json)


def _name_map(names: str) -> "NameMap":
    from addersr.models.foreign import NAME_MAPS
    from addersr.models.name_map import read_name_map

    if names in NAME_MAPS:
        return NAME_MAPS[names]
    if not Path(names).suffix and not Path(names).exists():
        raise AdderSRError(
            f"There is no name map {names!r}: expected one of {', '.join(NAME_MAPS)}, "
            "or a TOML file."
        )
    return read_name_map(Path(names))
