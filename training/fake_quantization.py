"""Quantisation-aware training: every tensor that the integer network rounds is rounded here, too.

The forward pass computes in real numbers what the integer network will compute; the backward pass
takes a rounding for the identity (straight-through estimator) and lets no gradient through where a
value was clamped. Filters of adder layers lie on the grid of the layer's input; their clamp is no
loss, so they keep their gradient (see :class:`~addersr.models.adder_conv.AdderConv2d`). Scales can
be learned with the weights, with the gradient of "Learned Step Size Quantization" (ICLR 2020, arXiv
1902.08153, equation 3); zero points stay.

Not rounded is what the integers hold to 12 bits and more: the filters of convolutions and the
domain of the tables.
"""

import json
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from addersr.custom_ops.requantization import data_range
from addersr.errors import AdderSRError
from addersr.models.adder_conv import AdderConv2d
from addersr.runtime.plan import Plan, TensorPlan


@dataclass(frozen=True)
class Place:
    """A module, as torch names it, and the tensor of the plan that is rounded there.

    Attributes:
        bits: of the integers that the layer sees, if they are more than the tensor has.
    """

    module: str
    tensor: str
    bits: int | None = None


@dataclass(frozen=True)
class FakeQuantization:
    """Which tensors of a model are rounded where.

    Attributes:
        plan: types, scales and zero points.
        inputs: modules whose input is rounded before they see it (others that read the same tensor
            see it as it is).
        outputs: modules whose output is rounded.
        filters: adder layers; the tensor is their input.
        learned: tensors whose scale is learned.
    """

    plan: Plan
    inputs: tuple[Place, ...]
    outputs: tuple[Place, ...]
    filters: tuple[Place, ...]
    learned: tuple[str, ...] = ()

    def attach(self, model: nn.Module) -> None:
        """Let a model compute with rounded tensors from now on; its state dict stays as it is.

        Raises:
            AdderSRError: the model has no such module, or one that is no adder layer.
        """
        modules = dict(model.named_modules())
        for place in (*self.inputs, *self.outputs, *self.filters):
            if place.module not in modules or (
                place in self.filters and not isinstance(modules[place.module], AdderConv2d)
            ):
                raise AdderSRError(
                    f"The quantisation does not fit the model: it has no layer {place.module} of "
                    f"this kind."
                )
        roundings = Roundings(self.plan, self.learned)
        model.add_module(_ATTRIBUTE, roundings)
        for place in self.inputs:
            hook = _InputHook(roundings[place.tensor])
            modules[place.module].register_forward_pre_hook(hook)
        for place in self.outputs:
            modules[place.module].register_forward_hook(_OutputHook(roundings[place.tensor]))
        for place in self.filters:
            rounding = roundings[place.tensor]
            bits = rounding.plan.bits if place.bits is None else place.bits
            modules[place.module].grid = _FilterGrid(rounding, bits)

    def to_json(self) -> str:
        """One line of JSON."""
        return json.dumps({**asdict(self), "plan": self.plan.to_json()})

    @classmethod
    def from_json(cls, text: str) -> "FakeQuantization":
        """What :meth:`to_json` wrote."""
        fields: dict[str, Any] = json.loads(text)
        places = {
            key: tuple(Place(**place) for place in fields[key])
            for key in ("inputs", "outputs", "filters")
        }
        plan = Plan.from_json(fields["plan"])
        return cls(plan=plan, learned=tuple(fields["learned"]), **places)


_ATTRIBUTE = "_roundings"


def roundings_of(model: nn.Module) -> "Roundings | None":
    """The roundings of a model that a quantisation was attached to."""
    found = getattr(model, _ATTRIBUTE, None)
    return found if isinstance(found, Roundings) else None


class Roundings(nn.Module):
    """The grids of all tensors of a plan, by name."""

    def __init__(self, plan: Plan, learned: tuple[str, ...]) -> None:
        super().__init__()
        self._plan = plan
        self._learned = learned
        self._index = {name: index for index, name in enumerate(plan.tensors)}
        self._all = nn.ModuleList(
            Rounding(tensor, learned=name in learned) for name, tensor in plan.tensors.items()
        )

    def __getitem__(self, tensor: str) -> "Rounding":
        rounding = self._all[self._index[tensor]]
        assert isinstance(rounding, Rounding)
        return rounding

    def current_plan(self) -> Plan:
        """The plan with the learned scales of now."""
        tensors = {
            name: replace(tensor, scale=self[name].scale_values())
            if name in self._learned
            else tensor
            for name, tensor in self._plan.tensors.items()
        }
        return replace(self._plan, tensors=tensors)

    def learned_scales(self) -> list[nn.Parameter]:
        """The logarithms of the learned scales."""
        return [self[name].log_scale for name in self._learned]

    def load_scales(self, values: list[Tensor]) -> None:
        """Set what :meth:`learned_scales` gave."""
        with torch.no_grad():
            for parameter, value in zip(self.learned_scales(), values, strict=True):
                parameter.copy_(value)


class Rounding(nn.Module):
    """The grid ``scale·(q - zero_point)`` of a tensor, of all integers q that its plan allows.

    A learned scale is a parameter of the model, so that optimiser and average find it, but no part
    of its state dict: the weights stay those of an ordinary model.
    """

    def __init__(self, plan: TensorPlan, *, learned: bool) -> None:
        super().__init__()
        self.plan = plan
        self._scale = torch.tensor(plan.scale, dtype=torch.float32)
        self.log_scale = nn.Parameter(self._scale.log(), requires_grad=learned)
        self._learned = learned
        self.zero_point = torch.tensor(plan.zero_point, dtype=torch.float32)

    def scale_values(self) -> tuple[float, ...]:
        """The scales of now."""
        return tuple(self.log_scale.detach().exp().tolist())

    def tensors(self, like: Tensor, groups: int | None = None) -> tuple[Tensor, Tensor]:
        """Scales and zero points, to be used with ``like`` or with its filters by group."""
        scale, zero_point = (
            v.to(like.device, like.dtype).view(
                (-1, 1, 1) if groups is None else (1 if len(v) == 1 else groups, 1, -1, 1, 1)
            )
            for v in (self.log_scale.exp() if self._learned else self._scale, self.zero_point)
        )
        return scale, zero_point

    def forward(self, x: Tensor) -> Tensor:
        """``x`` [N, C, H, W] rounded, the gradient 0 where it was clamped."""
        result: Tensor = _FakeQuantize.apply(x, *self.tensors(x), *self.plan.range)  # type: ignore[no-untyped-call]
        return result

    def _save_to_state_dict(self, *_args: Any, **_kwargs: Any) -> None:
        """Nothing; see the class."""

    def _load_from_state_dict(self, *_args: Any, **_kwargs: Any) -> None:
        """Nothing."""


class _FakeQuantize(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, scale: Tensor, zero_point: Tensor, least: int, most: int
    ) -> Tensor:
        ctx.scale_shape = scale.shape
        steps = x / scale
        integers = torch.round(steps).add_(zero_point)
        inside = (integers >= least) & (integers <= most)
        integers = integers.clamp_(least, most).sub_(zero_point)
        if scale.requires_grad:
            # dY/dscale: the rounding's error in steps, or the integer itself where clamped.
            ctx.save_for_backward(inside, torch.where(inside, integers - steps, integers))
        else:
            ctx.save_for_backward(inside)
        return integers.mul_(scale)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        inside, *of_scale = ctx.saved_tensors
        dscale = (gradients[0] * of_scale[0]).sum_to_size(ctx.scale_shape) if of_scale else None
        return gradients[0] * inside, dscale, None, None, None


@dataclass(frozen=True)
class _FilterGrid:
    """The grid of a layer's input, which its filters share."""

    rounding: Rounding
    bits: int

    def clamp(self, weight: Tensor, groups: int) -> Tensor:
        """Filters [O, C/groups, kh, kw] in the range of the grid, which is that of C channels."""
        scale, zero_point, least, most = self._grid(weight, groups)
        low, high = (least - zero_point) * scale, (most - zero_point) * scale
        return _by_group(weight, groups).maximum(low).minimum(high).view_as(weight)

    def round(self, weight: Tensor, groups: int) -> Tensor:
        """The same, rounded to the grid."""
        scale, zero_point, least, most = self._grid(weight, groups)
        integers = torch.round(_by_group(weight, groups) / scale) + zero_point
        return integers.clamp_(least, most).sub_(zero_point).mul_(scale).view_as(weight)

    def _grid(self, weight: Tensor, groups: int) -> tuple[Tensor, Tensor, int, int]:
        least, most = data_range(self.rounding.plan.dtype, self.bits)
        return (*self.rounding.tensors(weight, groups), least, most)


def _by_group(weight: Tensor, groups: int) -> Tensor:
    """[O, C/groups, kh, kw] as [groups, O/groups, C/groups, kh, kw]."""
    return weight.view(groups, -1, *weight.shape[1:])


@dataclass(frozen=True)
class _InputHook:
    """An object and not a closure, since a copy of the model copies its hooks."""

    rounding: Rounding

    def __call__(self, _module: nn.Module, arguments: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return (self.rounding(arguments[0]), *arguments[1:])


@dataclass(frozen=True)
class _OutputHook:
    rounding: Rounding

    def __call__(self, _module: nn.Module, _arguments: Any, output: Tensor) -> Tensor:
        rounded: Tensor = self.rounding(output)
        return rounded
