"""A product's name stands in its own file: everything else works by what a server says."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from service.ehr.vendors import VENDORS
from tests.lib.source_tree import HOME, python_modules

# The names of products, makers and their parts, as words.
NAMES = frozenset(
    "aidbox athena athenahealth aws azure cerner epic google hapi healthlake intersystems medplum"
    " meditech millennium oracle smile smilecdr".split()
)
# The quirky demo behaves as they do and shares no code with ehr/.
THEIR_OWN = ("service/ehr/vendors/", "service/demo_ehr/presets/")


def _words(text: str) -> set[str]:
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    return set(re.split(r"[\W_\d]+", parted.lower()))


def _said(path: Path) -> Iterator[tuple[int, str]]:
    """Every name and every text of the code; comments and docstrings may give examples."""
    tree = ast.parse(path.read_text("utf-8"))
    explained = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if id(node) in explained:
            continue
        for value in (getattr(node, "id", None), getattr(node, "attr", None), *_named(node)):
            if isinstance(value, str):
                yield getattr(node, "lineno", 0), value


def _named(node: ast.AST) -> Iterator[object]:
    if isinstance(node, ast.Constant):
        yield node.value
    if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.alias):
        yield node.name
    if isinstance(node, ast.arg | ast.keyword):
        yield node.arg
    if isinstance(node, ast.ImportFrom):
        yield node.module


def _found(path: Path) -> list[str]:
    return [
        f"{path.name}:{line}: {text[:60]}" for line, text in _said(path) if _words(text) & NAMES
    ]


def test_no_other_module_names_a_product():
    found = []
    for path in python_modules("service", "workers"):
        place = path.relative_to(HOME).as_posix()
        if not place.startswith(THEIR_OWN):
            found += [f"{place}: {what}" for what in _found(path)]
    assert not found


def test_no_module_is_called_like_a_product():
    named = [
        path.relative_to(HOME).as_posix()
        for path in python_modules("service", "workers")
        if _words(path.stem) & NAMES
    ]
    assert not [place for place in named if not place.startswith(THEIR_OWN)]


def test_every_product_that_is_known_has_its_name_among_those_looked_for():
    assert all(_words(vendor.key) & NAMES for vendor in VENDORS)


def test_a_name_in_a_string_is_found(tmp_path):
    module = tmp_path / "module.py"
    module.write_text('"""Epic is only explained here."""\nif product == "epic":\n    pass\n')
    assert _found(module) == ["module.py:2: epic"]


def test_a_name_in_an_identifier_is_found(tmp_path):
    module = tmp_path / "module.py"
    module.write_text("is_oracle_health = True\n")
    assert _found(module) == ["module.py:1: is_oracle_health"]
