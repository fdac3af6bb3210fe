"""How thorough a benchmark is."""

from dataclasses import dataclass

from addersr.errors import AdderSRError


@dataclass(frozen=True)
class Mode:
    """Amounts that ``--mode`` stands for."""

    runs: int
    warm_up: int
    cool_down: float
    """Seconds before each number of threads."""
    profile_runs: int
    energy_seconds: float
    """For each model, where there is a sensor."""


MODES = {
    "normal": Mode(runs=50, warm_up=5, cool_down=2.0, profile_runs=11, energy_seconds=3.0),
    "quick": Mode(runs=20, warm_up=3, cool_down=0.5, profile_runs=5, energy_seconds=1.0),
    "rapid": Mode(runs=5, warm_up=1, cool_down=0.0, profile_runs=1, energy_seconds=0.2),
}


def find_mode(name: str) -> Mode:
    """The mode of that name.

    Raises:
        AdderSRError: there is none.
    """
    if name not in MODES:
        raise AdderSRError(f"Expected --mode as one of {', '.join(MODES)}, got {name!r}.")
    return MODES[name]
