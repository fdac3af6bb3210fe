"""What the tables of the papers leave out.

AdderSR (CVPR 2021, table 2) counts EDSR without the convolution between its blocks and the
upsampler, and at ×4 without the upsampler's first stage: 9,248.9 G where the network has 9,384.7
at ×2. VDSR and RDN are counted whole.
"""

_EDSR = {2: ("last",), 3: ("last",), 4: ("last", "upsampler.0")}

_OMITTED = {"edsr": _EDSR}


def omitted(architecture: str | None, scale: int) -> tuple[str, ...]:
    """Modules of an architecture that the published counts leave out."""
    return _OMITTED.get(architecture or "", {}).get(scale, ())


def is_in(layer: str, modules: tuple[str, ...]) -> bool:
    """Whether a layer is one of these modules or part of one."""
    return any(layer == module or layer.startswith(f"{module}.") for module in modules)
