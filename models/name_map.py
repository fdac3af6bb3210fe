"""Which tensor of foreign code is which of ours, as rules that may stand in a TOML file."""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from addersr.errors import AdderSRError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True)
class NameMap:
    """How the tensors of foreign code are called here.

    Attributes:
        rules: a regular expression that matches the whole foreign name, and our name with its
            groups (as for ``re.Match.expand``). The first that matches counts.
        zeros: regular expressions of our names that the foreign network lacks, and where nothing
            is the same as zeros (biases).
    """

    rules: tuple[tuple[str, str], ...]
    zeros: tuple[str, ...] = ()

    def translate(self, name: str) -> str | None:
        """Our name, or None."""
        for pattern, ours in self.rules:
            match = re.fullmatch(pattern, name)
            if match is not None:
                return match.expand(ours)
        return None


def read_name_map(path: Path) -> NameMap:
    """The map in a TOML file.

    The file has a table ``rules``, whose keys are the regular expressions of foreign names and
    whose values are our names, and maybe a list ``zeros``, as in :class:`NameMap`.

    Raises:
        AdderSRError: no such file, no TOML, other keys or types, or a rule that is none.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise AdderSRError(
            f"The name map {path} cannot be read: {error.strerror}. Give a TOML file."
        ) from error
    except ValueError as error:  # of the encoding or of the syntax
        raise AdderSRError(f"The name map {path} is no TOML: {error}.") from error
    unknown = sorted(set(content) - {"rules", "zeros"})
    if unknown:
        raise AdderSRError(
            f"The name map {path} has {', '.join(unknown)}: expected the table 'rules' and maybe "
            "the list 'zeros'."
        )
    rules, zeros = content.get("rules"), content.get("zeros", [])
    if not (isinstance(rules, Mapping) and rules and _all_text(rules.values())):
        raise AdderSRError(
            f"The name map {path} has no rules: expected a table 'rules' of text, with lines like "
            "'body\\.(\\d+)\\.adder' = 'blocks.\\1.adder.weight'."
        )
    if not (isinstance(zeros, list) and _all_text(zeros)):
        raise AdderSRError(f"The name map {path}: expected 'zeros' to be a list of text.")
    for pattern, ours in (*rules.items(), *((zero, "") for zero in zeros)):
        _check(path, pattern, ours)
    return NameMap(tuple(rules.items()), tuple(zeros))


def _all_text(values: Any) -> bool:
    return all(isinstance(value, str) for value in values)


def _check(path: Path, pattern: str, ours: str) -> None:
    try:
        # With an alternative that matches nothing, every group of the pattern exists.
        match = re.match(f"(?:{pattern})|", "")
        if match is not None:
            match.expand(ours)
    except (re.error, IndexError) as error:
        raise AdderSRError(
            f"The name map {path}: the rule {pattern!r} = {ours!r} is wrong: {error}."
        ) from error
