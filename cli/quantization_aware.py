"""What ``addersr train --quantize`` rounds: the start is exported, calibrated and looked into."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from addersr.errors import AdderSRError

if TYPE_CHECKING:
    from addersr.export.quantization.layers import Network
    from addersr.runtime.plan import Plan
    from addersr.training import TrainingConfig
    from addersr.training.fake_quantization import FakeQuantization


def fake_quantization(
    config: "TrainingConfig", progress: Callable[[int, int], None]
) -> "FakeQuantization":
    """The plan that ``addersr quantize`` would choose for the run's start, and where it applies.

    Raises:
        AdderSRError: the start cannot be exported or quantised, or has another scale than the run.
    """
    try:
        from addersr.export import export_onnx
        from addersr.export.quantization import quantize
        from addersr.export.quantization.modules import find_modules
    except ImportError as error:
        raise AdderSRError(
            f"--quantize needs {error.name}, which is not installed: "
            f"pip install 'addersr[export,train]'."
        ) from error
    from addersr.models.registry import complete
    from addersr.training.fake_quantization import FakeQuantization, Place
    from addersr.training.start import initial_model

    model, fresh = initial_model(config)
    if fresh:
        raise AdderSRError(
            f"The start {config.start} was trained for another scale: expected one of scale "
            f"{config.scale} beside --quantize."
        )
    exported = export_onnx(
        model.eval(),
        architecture=config.architecture,
        arguments=complete(config.architecture, json.loads(json.dumps(config.arguments))),
    )
    precision = config.quantize or "u8"
    calibrated = quantize(
        exported, config.data, precision=precision, bits=config.bits, fallback=False,
        progress=progress,
    )  # fmt: skip
    network, plan = calibrated.network, calibrated.plan
    modules = find_modules(model, network)
    return FakeQuantization(
        plan=plan,
        inputs=tuple(
            Place(name, tensor) for tensor, names in modules.readers.items() for name in names
        ),
        outputs=tuple(Place(name, tensor) for tensor, name in modules.makers.items()),
        filters=tuple(
            Place(
                modules.adders[layer.name],
                layer.x,
                max(plan.tensors[name].bits for name in (layer.x, layer.y)),
            )
            for layer in network.layers
            if layer.kind == "adder"
        ),
        learned=_learned(network, plan),
    )


def _learned(network: "Network", plan: "Plan") -> tuple[str, ...]:
    """Tensors between layers whose scale no other tensor shares."""
    from addersr.export.quantization.layers import Layer

    moved = {
        name
        for step in network.steps
        if not isinstance(step, Layer)
        for name in (step.y, *step.inputs)
    }
    return tuple(
        tensor
        for tensor in network.tensors
        if tensor not in (network.start, network.last, *moved)
        and plan.tensors[tensor].dtype == "uint8"
    )
