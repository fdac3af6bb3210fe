"""Weights that other code has trained, from ``.pth`` files with layers like AdderNet's.

AdderNet's layer ``adder2d`` keeps its filters under the name ``adder``, in the shape of ours. What
differs is how networks name their layers: a :class:`NameMap` says which of our tensors each of
theirs is. Every tensor in the file must be mapped and fit, and every one of ours must be there.
"""

import pickle
import re
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from addersr.errors import AdderSRError
from addersr.models.name_map import NameMap

_NORM = "(weight|bias|running_mean|running_var|num_batches_tracked)"

#: The networks whose names are known. ``resnet20``: AdderNet's ``resnet20.py``, for ``ResNet20``
#: with ``norm="batch"``. ``vdsr``: the usual names of a VDSR in PyTorch (``input``, ``output`` and
#: ``residual_layer``, no biases), whose layers ``conv`` are AdderNet's, with batch norm ``bn``
#: behind each; for ``vdsr`` with ``norm="batch"``, ``power=False``.
NAME_MAPS: Mapping[str, NameMap] = {
    "resnet20": NameMap(
        (
            (r"conv1\.weight", "head.0.weight"),
            (rf"bn1\.{_NORM}", r"head.1.\1"),
            *(
                rule
                for stage in range(3)
                for part, ours in (("1", "first"), ("2", "second"))
                for rule in (
                    (
                        rf"layer{stage + 1}\.(\d+)\.conv{part}\.adder",
                        rf"stages.{stage}.\1.{ours}.adder.weight",
                    ),
                    (
                        rf"layer{stage + 1}\.(\d+)\.bn{part}\.{_NORM}",
                        rf"stages.{stage}.\1.{ours}.norm.\2",
                    ),
                )
            ),
            *(
                rule
                for stage in range(3)
                for rule in (
                    (
                        rf"layer{stage + 1}\.(\d+)\.downsample\.0\.adder",
                        rf"stages.{stage}.\1.skip.adder.weight",
                    ),
                    (
                        rf"layer{stage + 1}\.(\d+)\.downsample\.1\.{_NORM}",
                        rf"stages.{stage}.\1.skip.norm.\2",
                    ),
                )
            ),
            (r"fc\.weight", "tail.0.weight"),
            (rf"bn2\.{_NORM}", r"tail.1.\1"),
        )
    ),
    "vdsr": NameMap(
        (
            (r"input\.(weight|bias)", r"head.0.\1"),
            (r"residual_layer\.(\d+)\.conv\.adder", r"blocks.\1.adder.weight"),
            (rf"residual_layer\.(\d+)\.bn\.{_NORM}", r"blocks.\1.norm.\2"),
            (r"output\.(weight|bias)", r"tail.\1"),
        ),
        zeros=(r"head\.0\.bias", r"tail\.bias"),
    ),
}


def load_foreign(model: nn.Module, path: Path, names: NameMap) -> None:
    """Give ``model`` the weights in a foreign file; it stays as it was if that fails.

    Args:
        model: of the shape that the file's network has.
        path: from ``torch.save`` of a state dict, also below the key ``state_dict`` and with the
            prefix ``module.`` of a model that was trained in parallel. Pickled code never runs.
        names: one of :data:`NAME_MAPS`, or your own.

    Raises:
        AdderSRError: not such a file; a name that is not mapped, or mapped twice; tensors that
            are missing, not of the model, or of another shape.
    """
    tensors: dict[str, Tensor] = {}
    unknown: list[str] = []
    for name, value in _read(path).items():
        ours = names.translate(name)
        if ours is None:
            unknown.append(name)
        elif ours in tensors:
            raise AdderSRError(f"{path}: the name map calls two tensors {ours}. Correct the map.")
        else:
            tensors[ours] = value
    if unknown:
        raise AdderSRError(
            f"{path} has tensors that the name map does not know: {_listed(unknown)}. Choose "
            "another map, or add rules for them."
        )
    expected = model.state_dict()
    for name, value in expected.items():
        if name not in tensors and any(re.fullmatch(zero, name) for zero in names.zeros):
            tensors[name] = torch.zeros_like(value)
    missing, surplus = expected.keys() - tensors.keys(), tensors.keys() - expected.keys()
    if missing or surplus:
        raise AdderSRError(
            f"{path} is of another network than this model: "
            + "; ".join(
                f"{what} {_listed(sorted(some))}"
                for what, some in (("it lacks", missing), ("the model has no", surplus))
                if some
            )
            + ". Build the model with the arguments of the file's network."
        )
    for name, value in expected.items():
        if value.shape != tensors[name].shape:
            raise AdderSRError(
                f"{path}: expected {name} of shape {list(value.shape)}, got "
                f"{list(tensors[name].shape)}. Build the model with the sizes of the file's."
            )
        if not bool(tensors[name].isfinite().all()):
            raise AdderSRError(f"{path}: {name} has values that are not finite. Use another file.")
    model.load_state_dict(tensors)


def _read(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        raise AdderSRError(f"There is no file {path}. Give a .pth file with a state dict.")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError) as error:
        raise AdderSRError(
            f"{path} is no file of torch's, or it cannot be read without running code that is in "
            "it. Save the state dict of its model where that code is trusted, and give that file."
        ) from error
    if isinstance(content, Mapping) and isinstance(content.get("state_dict"), Mapping):
        content = content["state_dict"]
    if (
        not isinstance(content, Mapping)
        or not content
        or not all(isinstance(value, Tensor) for value in content.values())
    ):
        raise AdderSRError(f"{path} holds no state dict: expected tensors by name.")
    tensors = {str(name): value for name, value in content.items()}
    prefix = "module."
    if all(name.startswith(prefix) for name in tensors):
        tensors = {name.removeprefix(prefix): value for name, value in tensors.items()}
    return tensors


def _listed(names: list[str]) -> str:
    """The first five."""
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
