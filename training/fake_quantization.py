"""Quantisation-aware training: every tensor that the integer network rounds is rounded here, too.

The forward pass computes in real numbers what the integer network will compute; the backward pass
takes a rounding for the identity (straight-through estimator) and lets no gradient through where a
value was clamped. Filters of adder layers lie on the grid of the layer's input; their clamp is no
loss, so they keep their gradient (see :class:`~addersr.models.adder_conv.AdderConv2d`).

Not rounded are what the integers hold to 12 bits and more: the filters of convolutions, the domain
of the tables, and the network's output.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from addersr.errors import AdderSRError
from addersr.models.adder_conv import AdderConv2d


@dataclass(frozen=True)
class Grid:
    """The reals ``scale·(q - zero_point)`` of the integers q from ``least`` to ``most``.

    Scales and zero points are one value, or one per channel.
    """

    scale: tuple[float, ...]
    zero_point: tuple[int, ...]
    least: int
    most: int

    def fake_quantize(self, x: Tensor) -> Tensor:
        """``x`` [N, C, H, W] rounded to the grid, the gradient 0 where it was clamped."""
        scale, zero_point = self._tensors(x)
        result: Tensor = _FakeQuantize.apply(x, scale, zero_point, self.least, self.most)  # type: ignore[no-untyped-call]
        return result

    def clamp(self, weight: Tensor, groups: int = 1) -> Tensor:
        """Filters [O, C/groups, kh, kw] in the range of the grid, which is that of C channels."""
        scale, zero_point = self._tensors(weight, groups)
        low, high = (self.least - zero_point) * scale, (self.most - zero_point) * scale
        return _by_group(weight, groups).maximum(low).minimum(high).view_as(weight)

    def round(self, weight: Tensor, groups: int = 1) -> Tensor:
        """The same, rounded to the grid."""
        scale, zero_point = self._tensors(weight, groups)
        filters = _by_group(weight, groups)
        return _round(filters, scale, zero_point, self.least, self.most)[0].view_as(weight)

    def _tensors(self, like: Tensor, groups: int | None = None) -> tuple[Tensor, Tensor]:
        """Scales and zero points, to be used with ``like`` or with its filters by group."""
        values = (torch.tensor(value) for value in (self.scale, self.zero_point))
        scale, zero_point = (
            v.to(like.device, like.dtype).view(
                (-1, 1, 1) if groups is None else (1 if len(v) == 1 else groups, 1, -1, 1, 1)
            )
            for v in values
        )
        return scale, zero_point


def _by_group(weight: Tensor, groups: int) -> Tensor:
    """[O, C/groups, kh, kw] as [groups, O/groups, C/groups, kh, kw]."""
    return weight.view(groups, -1, *weight.shape[1:])


def _round(
    x: Tensor, scale: Tensor, zero_point: Tensor, least: int, most: int
) -> tuple[Tensor, Tensor]:
    """Rounded values, and whether they lie within the range."""
    integers = (x / scale).round_().add_(zero_point)
    inside = (integers >= least) & (integers <= most)
    return integers.clamp_(least, most).sub_(zero_point).mul_(scale), inside


class _FakeQuantize(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, scale: Tensor, zero_point: Tensor, least: int, most: int
    ) -> Tensor:
        rounded, inside = _round(x, scale, zero_point, least, most)
        ctx.save_for_backward(inside)
        return rounded

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        (inside,) = ctx.saved_tensors
        return gradients[0] * inside, None, None, None, None


@dataclass(frozen=True)
class FakeQuantization:
    """Which tensors of a model are rounded, and to which grids. Modules are named as by torch.

    Attributes:
        inputs: of modules whose input is rounded before they see it (others that read the same
            tensor see it as it is).
        outputs: of modules whose output is rounded.
        filters: of adder layers; the grid is that of the layer's input.
        plan: the plan that the grids come from, JSON that only the quantiser reads: trained weights
            belong to it.
    """

    inputs: Mapping[str, Grid]
    outputs: Mapping[str, Grid]
    filters: Mapping[str, Grid]
    plan: str

    def attach(self, model: nn.Module) -> None:
        """Let a model compute with rounded tensors from now on; its weights stay as they are.

        Raises:
            AdderSRError: the model has no such module, or one that is no adder layer.
        """
        modules = dict(model.named_modules())
        for name in (*self.inputs, *self.outputs, *self.filters):
            if name not in modules or (
                name in self.filters and not isinstance(modules[name], AdderConv2d)
            ):
                raise AdderSRError(
                    f"The quantisation does not fit the model: it has no layer {name} of this kind."
                )
        for name, grid in self.inputs.items():
            modules[name].register_forward_pre_hook(_InputHook(grid))
        for name, grid in self.outputs.items():
            modules[name].register_forward_hook(_OutputHook(grid))
        for name, grid in self.filters.items():
            modules[name].grid = grid

    def to_json(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "FakeQuantization":
        """What :meth:`to_json` wrote."""
        fields = json.loads(text)
        return cls(
            plan=fields["plan"],
            **{key: _grids(fields[key]) for key in ("inputs", "outputs", "filters")},
        )


def _grids(fields: Mapping[str, Mapping[str, Any]]) -> dict[str, Grid]:
    return {
        name: Grid(tuple(f["scale"]), tuple(f["zero_point"]), f["least"], f["most"])
        for name, f in fields.items()
    }


@dataclass(frozen=True)
class _InputHook:
    """An object and not a closure, since a copy of the model copies its hooks."""

    grid: Grid

    def __call__(self, _module: nn.Module, arguments: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return (self.grid.fake_quantize(arguments[0]), *arguments[1:])


@dataclass(frozen=True)
class _OutputHook:
    grid: Grid

    def __call__(self, _module: nn.Module, _arguments: Any, output: Tensor) -> Tensor:
        return self.grid.fake_quantize(output)
