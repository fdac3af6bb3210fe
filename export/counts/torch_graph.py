"""An architecture as a :class:`~addersr.export.counts.graph.Graph`. Needs torch.

The network runs once on torch's meta device, where tensors have shapes but no values: neither its
weights nor its activations take any memory, whatever its size.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from addersr.errors import AdderSRError
from addersr.export.counts import graph as counts
from addersr.export.counts import torch_ops
from addersr.export.counts.graph import SAME, Graph, Operation, Source
from addersr.models import create
from addersr.models.collapsible import collapse
from addersr.models.super_resolution import SuperResolution

_PLANES = {"y": 1, "rgb": 3}


def read_architecture(
    name: str, kind: str, scale: int, arguments: Mapping[str, Any], output: tuple[int, int]
) -> Graph:
    """What an architecture computes, on the image of which it makes one of ``output``.

    Args:
        name, kind, scale, arguments: as for :func:`addersr.models.create`.
        output: height and width, multiples of the scale.

    Raises:
        AdderSRError: there is no such architecture, it refuses an argument, or it has an operation
            that is not known here.
    """
    with torch.device("meta"):
        # What is one convolution in a file is one here.
        model = collapse(create(name, kind, scale, **arguments)).eval()
    try:
        return read_module(model, (output[0] // scale, output[1] // scale))
    except AdderSRError as error:
        raise AdderSRError(f"The architecture {name} cannot be counted: {error}") from error


def read_module(model: SuperResolution, size: tuple[int, int]) -> Graph:
    """What a network on the meta device computes on an image of ``size`` (height, width).

    Raises:
        AdderSRError: it has an operation that is not known here.
    """
    image = torch.empty((1, _PLANES[model.colour], *size), device="meta")
    recorder = _Recorder(image)
    with torch.no_grad(), recorder.watching(model), recorder:
        result: Tensor = model(image)
    stored = [*model.parameters(), *model.buffers()]
    return Graph(
        input=recorder.name_of(image),
        output=recorder.name_of(result),
        image_size=size,
        planes=image.shape[1],
        operations=tuple(recorder.operations),
        tensors=recorder.tensors,
        parameters=sum(one.numel() for one in model.parameters()),
        weight_bytes=sum(one.numel() * one.element_size() for one in stored),
    )


class _Recorder(TorchDispatchMode):
    """Writes down every operation on what depends on the image."""

    def __init__(self, image: Tensor) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.operations: list[Operation] = []
        self.tensors: dict[str, counts.Tensor] = {}
        self._tensor_names: dict[int, str] = {}
        self._kept: list[Tensor] = []  # an address must not be used for another tensor
        self._modules: list[tuple[str, nn.Module, int]] = []
        self._layer_names: dict[str, int] = {}
        self._add(image)

    def name_of(self, tensor: Tensor) -> str:
        """The name of a tensor that depends on the image."""
        return self._tensor_names[id(tensor)]

    @contextmanager
    def watching(self, model: nn.Module) -> Iterator[None]:
        """Keep track of the module that runs."""
        hooks = []
        for name, module in model.named_modules():
            hooks.append(module.register_forward_pre_hook(self._entering(name)))
            hooks.append(module.register_forward_hook(self._leaving))
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def __torch_dispatch__(
        self,
        func: Any,
        types: Any,
        args: Sequence[Any] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        inputs = [one for one in _flat(args) if id(one) in self._tensor_names]
        if inputs:
            # The operations that overwrite their input end in an underscore.
            name = func.name().partition(".")[0].rstrip("_")
            self._record(name, args, inputs, list(_flat([result])))
        return result

    def _record(
        self, name: str, args: Sequence[Any], inputs: list[Tensor], outputs: list[Tensor]
    ) -> None:
        reaches = torch_ops.reaches(name, args, outputs[0])
        if name == "aten::native_batch_norm":
            outputs = outputs[:1]  # the others are its statistics
        layer = None
        if name in torch_ops.CONVOLUTIONS:
            layer = torch_ops.layer(name, args, outputs[0], self._own_parameters(args[1]))
        sources = tuple(Source(self.name_of(one), reaches) for one in inputs)
        operation = Operation(
            name=self._numbered() if layer is not None else self._module_name(),
            op=torch_ops.CONVOLUTIONS.get(name, name.partition("::")[2]),
            sources=sources,
            outputs=tuple(self._add(one) for one in outputs),
            layer=layer,
            in_place=name in torch_ops.ELEMENTWISE | torch_ops.VIEWS,
        )
        self.operations.append(operation)

    def _add(self, tensor: Tensor) -> str:
        name = f"tensor {len(self.tensors)}"
        self.tensors[name] = counts.Tensor(tuple(tensor.shape), tensor.element_size())
        self._tensor_names[id(tensor)] = name
        self._kept.append(tensor)
        return name

    def _module_name(self) -> str:
        return self._modules[-1][0] if self._modules else ""

    def _numbered(self) -> str:
        """The name of the layer that runs, numbered where it runs again."""
        name = self._module_name()
        self._layer_names[name] = self._layer_names.get(name, 0) + 1
        number = self._layer_names[name]
        return name if number == 1 else f"{name} #{number}"

    def _own_parameters(self, weight: Tensor) -> int:
        """Parameters of the layer that runs, or of the filters alone where it holds others too."""
        module = self._modules[-1][1]
        if any(True for _ in module.children()):
            return weight.numel()
        return sum(one.numel() for one in module.parameters())

    def _entering(self, name: str) -> Callable[..., None]:
        def enter(module: nn.Module, _: Any) -> None:
            self._modules.append((name, module, len(self.operations)))

        return enter

    def _leaving(self, module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        """An activation or normalisation is one operation, as in a fused network."""
        name, _, start = self._modules.pop()
        parts = self.operations[start:]
        is_leaf = not any(True for _ in module.children())
        if is_leaf and len(parts) > 1 and all(one.in_place and not one.layer for one in parts):
            sources = tuple(Source(self.name_of(one), SAME) for one in inputs)
            result = self.name_of(output)
            whole = Operation(name, type(module).__name__, sources, (result,), in_place=True)
            self.operations[start:] = [whole]


def _flat(values: Iterable[Any]) -> Iterator[Tensor]:
    """The tensors among arguments or results, also those in lists."""
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, (list, tuple)):
            yield from _flat(value)
