"""AdderSR: adder-network super-resolution, from training to the device.

The subpackages live in the repository's top-level folders; see ``HACKING.md``.
"""

from importlib.metadata import version

__version__ = version("addersr")
__all__ = ["__version__"]
