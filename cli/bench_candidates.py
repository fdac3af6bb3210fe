"""What ``addersr bench`` runs beside each other: the models that were named, and their peers."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from addersr import zoo
from addersr.errors import AdderSRError
from addersr.runtime.benchmark.subjects import Subject, bare_subject, session_subject
from addersr.runtime.child_session import ChildSession
from addersr.runtime.model_info import read_model_info
from addersr.runtime.network import sample_input
from addersr.runtime.upscaler import resolve_model

PEERS = ("plain", "cnn", "cnn-int8", "ncnn")
NO_PEERS = "none"


@dataclass(frozen=True)
class Candidate:
    """A model, or another way to run one."""

    name: str
    prepare: Callable[[int], Subject]
    """For a number of threads."""
    model: Path | None
    """The ONNX file; None: something else than onnxruntime runs it."""
    use_library: bool = True


@dataclass(frozen=True)
class _Model:
    name: str
    path: Path
    cnn: tuple[str, Path] | None
    """Name and file of its CNN twin, or its own if it is one."""


def candidates(
    models: Sequence[str], peers: Sequence[str] | None, size: tuple[int, int], stack: ExitStack
) -> list[Candidate]:
    """The models and their peers; each once.

    Args:
        models: names of the zoo, or files.
        peers: of ``PEERS``, or ``NO_PEERS``; None: for a single model plain onnxruntime and the
            CNN, as far as there are.
        size: width and height of the LR picture.
        stack: closes child processes and removes files in the end.

    Raises:
        AdderSRError: no such model or peer, or a model that has no such peer.
    """
    wanted = _check_peers(peers)
    if peers is None and len(models) == 1:
        wanted = ("cnn", "plain")
    found: dict[str, Candidate] = {}
    described = _describe(models)
    for model in described:
        found[model.name] = _session(model.name, model.path, size)
    for model in described:
        for peer in wanted:
            candidate = _peer(peer, model, size, stack, required=peers is not None)
            if candidate is not None:
                found.setdefault(candidate.name, candidate)
    return list(found.values())


def _check_peers(peers: Sequence[str] | None) -> tuple[str, ...]:
    chosen = tuple(peers or ())
    for peer in chosen:
        if peer not in (*PEERS, NO_PEERS):
            known = ", ".join((*PEERS, NO_PEERS))
            raise AdderSRError(f"Expected --peer as one of {known}, got {peer!r}.")
    if NO_PEERS in chosen and len(set(chosen)) > 1:
        raise AdderSRError("Expected --peer none alone, or other peers without it.")
    return tuple(peer for peer in chosen if peer != NO_PEERS)


def _describe(models: Sequence[str]) -> list[_Model]:
    paths = [resolve_model(model) for model in models]
    stems = [path.stem for path in paths]
    described = []
    for model, path in zip(models, paths, strict=True):
        info = read_model_info(path)
        name = path.stem if stems.count(path.stem) == 1 else model
        cnn: tuple[str, Path] | None = (name, path) if info.kind == "cnn" else None
        for entry in zoo.entries():
            if entry.onnx == path and entry.kind == "adder" and entry.twin is not None:
                cnn = (entry.twin, zoo.find(entry.twin).onnx)
        described.append(_Model(name, path, cnn))
    return described


def _session(name: str, path: Path, size: tuple[int, int]) -> Candidate:
    x = sample_input(read_model_info(path), *size)
    return Candidate(name, lambda threads: session_subject(name, path, x, threads=threads), path)


def _peer(
    peer: str, model: _Model, size: tuple[int, int], stack: ExitStack, *, required: bool
) -> Candidate | None:
    if peer == "plain":
        if not read_model_info(model.path).uses_adder_ops:
            return None  # it runs in plain onnxruntime as it is
        return _plain(f"{model.name}/plain", model.path, size, stack)
    if model.cnn is None:
        if not required:
            return None
        raise AdderSRError(
            f"{model.name} has no CNN twin in the zoo: leave --peer {peer} out, or name the file "
            "of its CNN as a further MODEL."
        )
    name, path = model.cnn
    if peer == "cnn":
        return _session(name, path, size)
    try:
        from addersr.export.benchmark import peers
    except ImportError as error:
        raise AdderSRError(
            f"The peer {peer} needs {error.name}, which is not installed: "
            "pip install 'addersr[bench]'."
        ) from error
    if peer == "ncnn":
        own_name = f"{name}/ncnn"
        return Candidate(
            own_name, lambda threads: peers.ncnn_subject(own_name, path, *size, threads), None
        )
    folder = Path(stack.enter_context(TemporaryDirectory(prefix="addersr-bench-")))
    target = folder / f"{name}-int8.onnx"
    peers.write_int8(path, target)
    return _session(f"{name}/int8", target, size)


def _plain(name: str, path: Path, size: tuple[int, int], stack: ExitStack) -> Candidate:
    x = sample_input(read_model_info(path), *size)

    def prepare(threads: int) -> Subject:
        child = stack.enter_context(ChildSession(path, threads=threads))
        return bare_subject(name, path, x, child)

    return Candidate(name, prepare, path, use_library=False)
