"""YAML that clinicians write by hand, read without its surprises.

A newcomer would get three things wrong. YAML 1.1 reads the name `on` as "true", `010` as eight and
`8E10` as a huge number, so here only true and false are truth values, only plain decimals are
numbers, and only YYYY-MM-DD is a date. A name that stands twice silently wins over the first one,
so here it is refused. And a misspelt name would silently do nothing, so every name is known or
refused, with the nearest one that is.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from difflib import get_close_matches
from typing import Any

import yaml

LONGEST_FILE = 500_000
_TRUTH = {"yes": True, "no": False, "on": True, "off": False}
_KINDS = {dict: "a table", list: "a list", str: "text", bool: "true or false", type(None): "empty"}


class Misread(ValueError):
    """The file does not say what it should; the message names the place and what to do."""


class _Loader(yaml.SafeLoader):
    """The safe loader with the scalars of the module's docstring, refusing repeated names."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own shape

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            line = node.start_mark.line + 1
            raise Misread(f"below line {line}: {', '.join(repeated)} stands twice: keep one")
        return super().construct_mapping(node, deep)


for _tag, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?(0|[1-9][0-9]*)", list("-+0123456789")),
    ("float", r"[-+]?(0|[1-9][0-9]*)?\.[0-9]+", list("-+.0123456789")),
    ("timestamp", r"[0-9]{4}-[0-9]{2}-[0-9]{2}", list("0123456789")),
    ("merge", r"<<", ["<"]),
):
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), _first
    )


def read_yaml(text: str) -> Any:
    """The document as plain values; Misread where it is not YAML."""
    if len(text) > LONGEST_FILE:
        raise Misread(f"the file is longer than {LONGEST_FILE} characters: it cannot be right")
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise Misread(f"{line}not YAML: {error.problem or error.context}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        if isinstance(error, Misread):
            raise
        raise Misread("not YAML, or a date that no calendar has") from None


def nearest(name: str, known: Iterable[str]) -> str:
    """ "; did you mean x?" where something known is near, else what is known."""
    listed = sorted(str(word) for word in known)
    near = get_close_matches(name, listed, n=1)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"known: {', '.join(listed)}" if len(listed) <= 20 else "see the documentation"


class Table:
    """A mapping of the file with the place where it stands; every reader raises Misread."""

    def __init__(self, value: object, path: str) -> None:
        if not isinstance(value, dict):
            raise Misread(f"{path or 'the file'}: write names with values, not {kind_of(value)}")
        self.path = path
        self.value: Mapping[str, Any] = {str(name): item for name, item in value.items()}

    def at(self, name: str) -> str:
        """The path of one name."""
        return f"{self.path}.{name}" if self.path else name

    def only(self, known: Iterable[str]) -> None:
        """Refuse every name that is not known."""
        known = list(known)
        for name in self.value:
            if name not in known:
                raise Misread(
                    f"{self.at(name)}: not a name that is read here; {nearest(name, known)}"
                )

    def has(self, name: str) -> bool:
        """Whether something is given."""
        return self.value.get(name) is not None

    def text(self, name: str, *, longest: int = 300) -> str | None:
        """Words on one line, None where nothing is given; a number is taken as it is written."""
        value = self.value.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, str | int | float | date):
            raise Misread(f"{self.at(name)}: write text, not {kind_of(value)}")
        words = " ".join(str(value).split())
        if not words or len(words) > longest or not words.isprintable():
            raise Misread(f"{self.at(name)}: write 1 to {longest} printable characters")
        return words

    def needed(self, name: str, *, longest: int = 300) -> str:
        """The same where something must be given."""
        words = self.text(name, longest=longest)
        if words is None:
            raise Misread(f"{self.at(name)}: missing; add it")
        return words

    def number(self, name: str) -> float | None:
        """A number."""
        value = self.value.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Misread(f"{self.at(name)}: write a number, not {kind_of(value)}")
        if not math.isfinite(value) or abs(value) > 1e9:
            raise Misread(f"{self.at(name)}: the number is too large")
        return value

    def day(self, name: str) -> date | None:
        """A date."""
        value = self.value.get(name)
        if value is None or isinstance(value, date):
            return value
        raise Misread(f"{self.at(name)}: write a date as YYYY-MM-DD, not {kind_of(value)}")

    def truth(self, name: str) -> bool | None:
        """True or false; yes, no, on and off are understood too."""
        value = self.value.get(name)
        value = _TRUTH.get(value.lower(), value) if isinstance(value, str) else value
        if value is None or isinstance(value, bool):
            return value
        raise Misread(f"{self.at(name)}: write true or false, not {kind_of(value)}")

    def choice(self, name: str, known: Iterable[str]) -> str | None:
        """One of a few words."""
        words = self.text(name)
        known = list(known)
        if words is None or words in known:
            return words
        raise Misread(f"{self.at(name)}: {words!r} is not a choice; {nearest(words, known)}")

    def table(self, name: str) -> Table:
        """A table below this one, empty where nothing is given."""
        value = self.value.get(name)
        return Table({} if value is None else value, self.at(name))

    def tables(self) -> Iterator[tuple[str, Table]]:
        """Every name with the table that it holds."""
        for name, value in self.value.items():
            yield name, Table(value, self.at(name))

    def items(self, name: str) -> list[Any]:
        """A list, empty where nothing is given."""
        value = self.value.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise Misread(f"{self.at(name)}: write a list, not {kind_of(value)}")
        return value

    def table_list(self, name: str) -> list[Table]:
        """A list of tables."""
        return [Table(item, f"{self.at(name)}[{n}]") for n, item in enumerate(self.items(name), 1)]


def kind_of(value: object) -> str:
    """What something is, in words; short things are quoted."""
    if isinstance(value, str) and len(value) <= 40:
        return repr(value)
    if isinstance(value, int | float | date) and not isinstance(value, bool):
        return str(value)
    return _KINDS.get(type(value), "something else")
