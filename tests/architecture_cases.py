"""Every architecture of the registry, as small as its definition allows."""

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from addersr.models import create
from addersr.models.super_resolution import SuperResolution


@dataclass(frozen=True)
class Case:
    """An architecture with arguments that make it small."""

    name: str
    arguments: dict[str, Any] = field(default_factory=dict)
    adders: int = 0
    """Adder layers of its adder version at scale 2."""

    def build(self, kind: str, scale: int = 2, **more: Any) -> SuperResolution:
        """With random weights everywhere, where a new model has zeros, too."""
        torch.manual_seed(0)
        model = create(self.name, kind, scale, **{**self.arguments, **more})
        with torch.no_grad():
            for parameter in model.parameters():
                if not parameter.any():
                    nn.init.normal_(parameter, std=0.1)
        return model


CASES = {
    case.name: case
    for case in (
        Case("carn", {"width": 0.0625}, 18 + 9 + 3 + 1),
        Case("edsr", {"channels": 6, "blocks": 2}, 6),
        Case("espcn", {"features": 6, "mapped": 4}, 1),
        Case("fsrcnn", {"channels": 8, "shrunk": 4, "blocks": 2}, 4),
        Case("mobile", {"channels": 8, "blocks": 2}, 2),
        Case("rdn", {"channels": 6, "blocks": 2, "depth": 2, "growth": 4}, 1 + 6 + 2 + 1),
        Case("sesr", {"channels": 8, "blocks": 2, "expansion": 12}, 2),
        Case("srcnn", {"features": 6, "mapped": 4}, 1),
        Case("vdsr", {"channels": 6, "depth": 4}, 2),
    )
}
