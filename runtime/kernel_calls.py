"""Which of our kernels ran, by the counters of the operator library in this process."""

from collections.abc import Mapping

from addersr import custom_ops
from addersr.errors import AdderSRError

# What the names of the library's other kernels have in them.
_NO_ADDERS = ("_conv_", "_quantization", "_image")


def kernel_calls() -> dict[str, int]:
    """How often each kernel of the operator library has run in this process; {} without it."""
    try:
        return dict(custom_ops.library_info().calls)
    except AdderSRError:
        return {}


def kernel_between(before: dict[str, int]) -> str | None:
    """The leading kernel of all that ran since ``before`` was taken; None when none did.

    The counters are those of the process: other sessions that run meanwhile count too.
    """
    now = kernel_calls()
    return leading_kernel({name: calls - before.get(name, 0) for name, calls in now.items()})


def leading_kernel(calls: Mapping[str, int]) -> str | None:
    """The adder kernel that ran most often.

    Args:
        calls: of the library's kernels, by name.

    Returns:
        Where only others ran (those of convolutions in integers, of the borders of a network), the
        one of them that ran most often; None when none ran.
    """
    ran = [name for name, count in calls.items() if count > 0]
    adders = [name for name in ran if not any(other in name for other in _NO_ADDERS)]
    return max(adders or ran, key=calls.__getitem__, default=None)
