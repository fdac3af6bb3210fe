"""Reads what the runtime must know about an ONNX file before it is loaded.

onnx is not installed where addersr only runs models, and onnxruntime tells neither the opset
versions nor what is wrong in words that help. An ONNX file is one protobuf message; its few
fields that matter here are read straight from the wire format (field numbers: onnx.proto).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from addersr.errors import AdderSRError

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
# ModelProto
_IR_VERSION, _GRAPH, _OPSET_IMPORT, _METADATA, _FUNCTIONS = 1, 7, 8, 14, 25
# OperatorSetIdProto, StringStringEntryProto, GraphProto.node, NodeProto
_DOMAIN, _VERSION = 1, 2
_KEY, _VALUE = 1, 2
_GRAPH_NODE, _NODE_DOMAIN = 1, 7


@dataclass(frozen=True)
class ModelFile:
    """The outside of an ONNX model."""

    opsets: dict[str, int]
    """Version of each operator set by domain; the standard one has the domain ``""``."""
    metadata: dict[str, str]
    functions: int
    """How many operators bring their own definition along."""
    domains: frozenset[str]
    """Domains of the operators in the main graph."""


def read_model_file(model: Path | bytes) -> ModelFile:
    """Read an ONNX file, or the bytes of one.

    Raises:
        AdderSRError: there is no such file, it is empty, or no ONNX model.
    """
    name = "The model" if isinstance(model, bytes) else str(model)
    data = model if isinstance(model, bytes) else _read_bytes(model)
    if not data:
        raise AdderSRError(f"{name} is empty: expected an ONNX model. Export it again.")
    try:
        return _parse(data)
    except ValueError as error:
        raise AdderSRError(
            f"{name} is not an ONNX model or is cut short ({error}). Export it again."
        ) from error


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise AdderSRError(f"There is no model file {path}. Check the name.") from error
    except IsADirectoryError as error:
        raise AdderSRError(f"{path} is a folder: expected an ONNX file.") from error
    except OSError as error:
        raise AdderSRError(f"Cannot read {path}: {error.strerror}.") from error


def _parse(data: bytes) -> ModelFile:
    opsets: dict[str, int] = {}
    metadata: dict[str, str] = {}
    domains: set[str] = set()
    functions = 0
    seen = set()
    for number, value in _fields(data):
        seen.add(number)
        if number == _OPSET_IMPORT:
            fields = dict(_fields(_message(value)))
            opsets[_text(fields.get(_DOMAIN, b""))] = _integer(fields.get(_VERSION, 0))
        elif number == _METADATA:
            fields = dict(_fields(_message(value)))
            metadata[_text(fields.get(_KEY, b""))] = _text(fields.get(_VALUE, b""))
        elif number == _FUNCTIONS:
            functions += 1
        elif number == _GRAPH:
            domains = _node_domains(_message(value))
    if not {_IR_VERSION, _GRAPH, _OPSET_IMPORT} <= seen:
        raise ValueError("it has no graph or no versions")
    return ModelFile(opsets, metadata, functions, frozenset(domains))


def _node_domains(graph: bytes) -> set[str]:
    domains = set()
    for number, value in _fields(graph):
        if number == _GRAPH_NODE:
            fields = dict(_fields(_message(value)))
            domains.add(_text(fields.get(_NODE_DOMAIN, b"")))
    return domains


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Number and value of each field of a message; fixed-size numbers come as their bytes."""
    position = 0
    while position < len(data):
        key, position = _varint(data, position)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, position = _varint(data, position)
            yield number, value
            continue
        if kind == _BYTES:
            length, position = _varint(data, position)
        elif kind in (_FIXED32, _FIXED64):
            length = 4 if kind == _FIXED32 else 8
        else:
            raise ValueError(f"unknown field type {kind}")
        if number == 0 or position + length > len(data):
            raise ValueError("a field reaches past the end")
        yield number, data[position : position + length]
        position += length


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if position >= len(data):
            raise ValueError("a number is cut short")
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
    raise ValueError("a number is too long")


def _message(value: int | bytes) -> bytes:
    if not isinstance(value, bytes):
        raise ValueError("a message was expected, a number came")
    return value


def _text(value: int | bytes) -> str:
    return _message(value).decode("utf-8")


def _integer(value: int | bytes) -> int:
    if not isinstance(value, int):
        raise ValueError("a number was expected, bytes came")
    return value
