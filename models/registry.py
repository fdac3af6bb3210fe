"""The architectures by name."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from addersr.errors import AdderSRError
from addersr.models.super_resolution import KINDS, SuperResolution

Model = TypeVar("Model", bound=type[SuperResolution])

_ARCHITECTURES: dict[str, type[SuperResolution]] = {}


def register(name: str) -> Callable[[Model], Model]:
    """Class decorator that makes an architecture known under ``name``.

    Raises:
        ValueError: the name is taken, or the class lacks the parameters ``kind`` and ``scale``; the
            registry stays as it was.
    """

    def add(architecture: Model) -> Model:
        if name in _ARCHITECTURES:
            raise ValueError(f"The architecture {name!r} is already registered.")
        parameters = inspect.signature(architecture).parameters
        if not {"kind", "scale"} <= set(parameters):
            raise ValueError(f"Architecture {name!r} needs the parameters 'kind' and 'scale'.")
        _ARCHITECTURES[name] = architecture
        return architecture

    return add


def architectures() -> tuple[str, ...]:
    """The names of all architectures, sorted."""
    _load()
    return tuple(sorted(_ARCHITECTURES))


def arguments(name: str) -> Mapping[str, inspect.Parameter]:
    """The arguments of an architecture beside ``kind`` and ``scale``.

    Raises:
        AdderSRError: there is no such architecture.
    """
    parameters = inspect.signature(_find(name)).parameters
    return {key: value for key, value in parameters.items() if key not in ("kind", "scale")}


def complete(name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """``values`` and the defaults of all other arguments, so that a checkpoint outlives them.

    Raises:
        AdderSRError: there is no such architecture.
    """
    defaults = {key: parameter.default for key, parameter in arguments(name).items()}
    return defaults | dict(values)


def create(name: str, kind: str, scale: int = 2, **values: Any) -> SuperResolution:
    """A new model with fresh weights.

    Args:
        name: one of :func:`architectures`.
        kind: "adder" or "cnn".
        scale: upscaling factor.
        values: further arguments of the architecture, see :func:`arguments`.

    Raises:
        AdderSRError: unknown name, kind or argument, or a value that the architecture refuses.
    """
    architecture = _find(name)
    if kind not in KINDS:
        raise AdderSRError(f"Expected kind to be one of {', '.join(KINDS)}, got {kind!r}.")
    unknown = sorted(set(values) - set(arguments(name)))
    if unknown:
        raise AdderSRError(
            f"Architecture {name} has no argument {', '.join(unknown)}; it has "
            f"{', '.join(arguments(name))}."
        )
    try:
        return architecture(kind=kind, scale=scale, **values)
    except (TypeError, ValueError) as error:
        raise AdderSRError(f"Architecture {name} cannot be built: {error}") from error


def _find(name: str) -> type[SuperResolution]:
    _load()
    if name not in _ARCHITECTURES:
        raise AdderSRError(
            f"There is no architecture {name!r}. Choose one of {', '.join(sorted(_ARCHITECTURES))}."
        )
    return _ARCHITECTURES[name]


def _load() -> None:
    # Architectures import this module to register themselves, so they are imported late.
    from addersr.models import (  # noqa: F401
        carn,
        edsr,
        espcn,
        fsrcnn,
        mobile,
        rdn,
        sesr,
        srcnn,
        vdsr,
    )
