"""Where a run computes."""

import torch

from addersr.errors import AdderSRError


def find_device(name: str) -> torch.device:
    """The device that torch calls so: "cpu", "cuda", "cuda:1" …

    Raises:
        AdderSRError: there is no such device, or this build of torch cannot use it.
    """
    try:
        device = torch.device(name)
        torch.zeros(1, device=device).item()
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise AdderSRError(
            f"torch {torch.__version__} cannot use the device {name!r} here ({reason}): expected "
            f"cpu, or cuda with a CUDA build of torch and a driver for it."
        ) from error
    return device
