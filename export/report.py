"""What a verification found."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Comparison:
    """One way to compute the network, beside the exact result."""

    name: str
    error: float
    """Largest difference from the exact output, on the input where it is nearest its tolerance."""
    tolerance: float
    """What is allowed on that input."""
    sample: str
    """That input."""
    kernel: str | None
    """Kernel of the op library that ran, by its own counter; None when none did."""
    problem: str
    """A sentence when the comparison failed for another reason than the error; else empty."""

    @property
    def passed(self) -> bool:
        """Whether it computes the network."""
        return not self.problem and self.error <= self.tolerance


@dataclass(frozen=True)
class ParameterCheck:
    """Where the model's parameters are in the ONNX file."""

    identical: tuple[str, ...]
    """Stored bit by bit as they are in torch."""
    folded: tuple[str, ...]
    """Not stored: constants computed from them are. The comparisons cover them."""
    wrong: tuple[str, ...]
    """Stored with other bits, or filters that are missing."""

    @property
    def passed(self) -> bool:
        """Whether none is wrong."""
        return not self.wrong


@dataclass(frozen=True)
class VerificationReport:
    """The result of ``verify``."""

    comparisons: tuple[Comparison, ...]
    parameters: ParameterCheck

    @property
    def passed(self) -> bool:
        """Whether the file may be used."""
        return self.parameters.passed and all(row.passed for row in self.comparisons)

    @property
    def problems(self) -> tuple[str, ...]:
        """What failed, one sentence each."""
        sentences = [
            row.problem
            or f"{row.name} is off by {row.error:.1e} on {row.sample}, where at most "
            f"{row.tolerance:.1e} is allowed."
            for row in self.comparisons
            if not row.passed
        ]
        if self.parameters.wrong:
            names = ", ".join(self.parameters.wrong)
            sentences.append(f"Parameters in the file are not those of the model: {names}.")
        return tuple(sentences)

    def to_json(self) -> dict[str, Any]:
        """Everything by name."""
        return {
            "passed": self.passed,
            "comparisons": [{**asdict(row), "passed": row.passed} for row in self.comparisons],
            "parameters": {**asdict(self.parameters), "passed": self.parameters.passed},
            "problems": self.problems,
        }
