"""The steps of ``addersr bench``, from candidates to a report."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from addersr.cli.bench_candidates import Candidate, candidates
from addersr.cli.output import progress
from addersr.errors import AdderSRError
from addersr.runtime.benchmark.energy import Energy, Meter, absent, find_meter, measure_energy
from addersr.runtime.benchmark.fresh_start import fresh_start
from addersr.runtime.benchmark.machine_state import read_state
from addersr.runtime.benchmark.measure import Plan, Timing, measure
from addersr.runtime.benchmark.modes import Mode
from addersr.runtime.benchmark.node_times import node_times
from addersr.runtime.benchmark.quality import measure_quality
from addersr.runtime.benchmark.report import Measurement, Report
from addersr.runtime.benchmark.subjects import Subject
from addersr.runtime.model_info import read_model_info
from addersr.runtime.network import sample_input


@dataclass(frozen=True)
class Request:
    """What the user asked for."""

    models: tuple[str, ...]
    size: tuple[int, int]
    """Width and height of the LR picture."""
    threads: tuple[int, ...]
    mode_name: str
    mode: Mode
    runs: int | None
    seconds: float | None
    peers: tuple[str, ...] | None
    data: Path | None
    seed: int
    cool_down: float | None

    @property
    def plan(self) -> Plan:
        """With what the mode says where the user said nothing."""
        runs = self.mode.runs if self.runs is None and self.seconds is None else self.runs
        cool_down = self.mode.cool_down if self.cool_down is None else self.cool_down
        return Plan(runs, self.seconds, self.mode.warm_up, cool_down, self.seed)


def run_benchmark(request: Request) -> Report:
    """Measure everything.

    Raises:
        AdderSRError: a model or peer that cannot be had or run, or contradictory wishes.
    """
    plan = request.plan
    before = read_state()
    with ExitStack() as stack:
        found = candidates(request.models, request.peers, request.size, stack)
        timed = [_time(found, threads, plan) for threads in request.threads]
        after = read_state()
        meter = find_meter()
        measurements = [
            _measurement(candidate, subject, timing, request, meter)
            for group in timed
            for candidate, (subject, timing) in zip(found, group, strict=True)
        ]
    width, height = request.size
    settings = {
        "width": width,
        "height": height,
        "mode": request.mode_name,
        "runs": plan.runs,
        "seconds": plan.seconds,
        "warm_up": plan.warm_up,
        "cool_down": plan.cool_down,
        "seed": plan.seed,
    }
    return Report(tuple(measurements), before, after, settings)


def _time(found: Sequence[Candidate], threads: int, plan: Plan) -> list[tuple[Subject, Timing]]:
    subjects = [candidate.prepare(threads) for candidate in found]
    with progress(f"Timing, threads: {threads or 'all'}") as show_progress:
        timings = measure(subjects, plan, progress=show_progress)
    return list(zip(subjects, timings, strict=True))


def _measurement(
    candidate: Candidate,
    subject: Subject,
    timing: Timing,
    request: Request,
    meter: Meter | str,
) -> Measurement:
    width, height = request.size
    threads = subject.threads
    start = quality = layers = None
    energy = _energy(candidate, subject, request, meter)
    model = candidate.model
    if model is not None:
        start = fresh_start(
            model, width=width, height=height, threads=threads, use_library=candidate.use_library
        )
    if model is not None and candidate.use_library:
        x = sample_input(read_model_info(model), width, height)
        layers = tuple(node_times(model, x, runs=request.mode.profile_runs, threads=threads))
        with progress(f"Quality of {candidate.name}") as show_progress:
            quality = measure_quality(model, request.data, threads=threads, progress=show_progress)
    return Measurement(timing, width, height, energy, start, quality, layers)


def _energy(candidate: Candidate, subject: Subject, request: Request, meter: Meter | str) -> Energy:
    """By a sensor; where there is none, an estimate for what has an ONNX file."""
    if not isinstance(meter, str):
        return measure_energy(subject, meter, request.mode.energy_seconds)
    if candidate.model is None:
        return absent(meter)
    try:
        from addersr.export.benchmark.peers import estimate_energy
    except ImportError as error:
        return absent(f"{meter}; an estimate needs {error.name}")
    try:
        return estimate_energy(candidate.model, *request.size)
    except AdderSRError as error:
        return absent(f"{meter}; no estimate: {error}")
