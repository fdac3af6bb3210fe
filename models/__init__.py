"""Adder layers, blocks and architectures in torch, each architecture with its CNN twin."""

from addersr.models.adder_conv import AdderConv2d, adder_conv2d
from addersr.models.block import AdderBlock, ConvBlock
from addersr.models.power import PowerActivation
from addersr.models.registry import architectures, create

__all__ = [
    "AdderBlock",
    "AdderConv2d",
    "ConvBlock",
    "PowerActivation",
    "adder_conv2d",
    "architectures",
    "create",
]
