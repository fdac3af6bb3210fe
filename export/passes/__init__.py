"""From the traced graph to the one that runs fast: small passes, each named and tested alone.

They run in the order of ``PASSES``, and each leaves a graph that computes the same. ``ImageIo`` and
``FixedSize`` change what goes in and comes out; they run when the user asks for it.
"""

import onnx_ir as ir
from onnx_ir.passes import InPlacePass

from addersr.export.passes.adder_to_fused import AdderToFused
from addersr.export.passes.channels_last import ChannelsLast
from addersr.export.passes.collapse_convolutions import FOLDED_FILTERS, CollapseConvolutions
from addersr.export.passes.fixed_size import FixedSize
from addersr.export.passes.fold_affine import FoldAffine
from addersr.export.passes.fuse_activation import FuseActivation
from addersr.export.passes.fuse_power import FusePower
from addersr.export.passes.fuse_residuals import FuseResidual, FuseShortcut
from addersr.export.passes.image_io import ImageIo

PASSES: tuple[type[InPlacePass], ...] = (
    AdderToFused,
    FoldAffine,
    FuseShortcut,
    FusePower,
    FuseActivation,
    FuseResidual,
    CollapseConvolutions,
    ChannelsLast,
)

__all__ = ["FOLDED_FILTERS", "PASSES", "FixedSize", "ImageIo", "run_passes"]


def run_passes(model: ir.Model) -> None:
    """Run all of ``PASSES``, in place.

    Raises:
        AdderSRError: a layer has values with which it cannot be exported.
    """
    for make in PASSES:  # not Sequential, which puts an error of its own around ours
        make()(model)
