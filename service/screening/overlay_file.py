"""What stands in an overlay file, read strictly: a misspelt name would silently change nothing.

Every fault is a ProtocolInvalid that begins with the place, such as
`criteria.MSO-13.numbers.age_minor.value: write a number, not 'fifty'`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from service.screening.plain_yaml import Misread, Table, read_yaml
from service.screening.protocol import CERTAINTIES, ProtocolInvalid
from service.screening.value_sets import (
    ATC,
    CPT,
    HCPCS,
    ICD9CM,
    ICD10,
    ICD10CM,
    ICD10PCS,
    INGREDIENT_NAME,
    LOINC,
    RXNORM,
    SNOMED,
    fold_system,
)

SYSTEMS = {
    "snomed": SNOMED,
    "loinc": LOINC,
    "rxnorm": RXNORM,
    "icd-10-cm": ICD10CM,
    "icd-10": ICD10,
    "icd-9-cm": ICD9CM,
    "icd-10-pcs": ICD10PCS,
    "atc": ATC,
    "cpt": CPT,
    "hcpcs": HCPCS,
    "name": INGREDIENT_NAME,
}
"""Short names of code systems, as in fhir_profiles/value_sets.yaml."""

OVERLAY_NAMES = (
    *("overlay", "for", "for_version", "version", "title", "author", "approver", "review_by"),
    *("effective_from", "criteria", "policies", "local_codes", "owner", "links", "texts"),
    "accepts",
)
ENTRY_NAMES = ("is_on", "title", "grade", "advice", "citation", "certainty", "numbers")
NUMBER_NAMES = ("value", "unit", "source", "certainty")
CODE_NAMES = ("system", "code", "display", "source")
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_VERSION = re.compile(r"[0-9]+(?:\.[0-9]+){0,3}")
_SYSTEM = re.compile(r"(?:https?://|urn:)[^\s]+")
_LINK = re.compile(r"https://[a-zA-Z0-9.-]+(?::\d+)?(?:/[^\s<>\"'\[\]()]*)?")
_LONGEST_TITLE = 60


@dataclass(frozen=True, slots=True)
class Signature:
    """Who wrote or approved an overlay."""

    name: str
    role: str
    on: date | None


@dataclass(frozen=True, slots=True)
class NumberChange:
    """A number in its new value; `unit` is None where the file does not repeat it."""

    path: str
    value: float
    unit: str | None
    source: str
    certainty: str


@dataclass(frozen=True, slots=True)
class EntryChange:
    """What changes about one criterion; None is "as shipped"."""

    is_on: bool | None
    title: str | None
    grade: str | None
    advice: str | None
    citation: str | None
    certainty: str
    numbers: Mapping[str, NumberChange]


@dataclass(frozen=True, slots=True)
class LocalCode:
    """One code of the hospital, with its system folded."""

    system: str
    code: str
    display: str
    source: str


@dataclass(frozen=True, slots=True)
class Link:
    """A page of the hospital's pathway."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Overlay:
    """An overlay as its file gives it. `written` is the file itself, for the digest.

    `accepts` maps what the overlay silences (`MSO-02`, `decision.majors_needed`) to the reason.
    """

    id: str
    base: str
    base_version: str
    version: str
    title: str
    author: Signature | None
    approver: Signature | None
    review_by: date | None
    effective_from: date | None
    entries: Mapping[str, EntryChange]
    policies: Mapping[str, Mapping[str, NumberChange]]
    local_codes: Mapping[str, tuple[LocalCode, ...]]
    owner: str | None
    links: tuple[Link, ...]
    closing: str | None
    accepts: Mapping[str, str]
    written: Mapping[str, Any] = field(repr=False)

    @property
    def local_lines(self) -> tuple[str, ...]:
        """What the hospital adds to every alert, one line each."""
        return (
            *((f"Owner here: {self.owner}.",) if self.owner else ()),
            *(f"{link.title}: {link.url}" for link in self.links),
            *((self.closing,) if self.closing else ()),
        )

    @property
    def texts(self) -> tuple[tuple[str, str], ...]:
        """Every text that a clinician may read in an alert, with its place in the file."""
        found = [
            (f"criteria.{number}.{name}", text)
            for number, change in self.entries.items()
            for name in ("title", "advice", "citation")
            if (text := getattr(change, name)) is not None
        ]
        found += [("owner", self.owner)] if self.owner else []
        found += [(f"links[{n}].title", link.title) for n, link in enumerate(self.links, 1)]
        found += [("texts.closing", self.closing)] if self.closing else []
        return tuple(found)


def overlay_from(text: str) -> Overlay:
    """Read an overlay file; ProtocolInvalid says where it cannot be understood."""
    try:
        return _overlay(Table(read_yaml(text), ""))
    except Misread as fault:
        raise ProtocolInvalid(str(fault)) from None


def _overlay(file: Table) -> Overlay:
    file.only(OVERLAY_NAMES)
    texts = file.table("texts")
    texts.only(("closing",))
    return Overlay(
        id=_matching(file, "overlay", _ID, "small letters, digits and hyphens"),
        base=file.needed("for"),
        base_version=_matching(file, "for_version", _VERSION, "a version such as 0.1.0"),
        version=_matching(file, "version", _VERSION, "a version such as 1 or 1.2"),
        title=file.text("title") or "",
        author=_signature(file, "author"),
        approver=_signature(file, "approver"),
        review_by=file.day("review_by"),
        effective_from=file.day("effective_from"),
        entries={name: _entry(table) for name, table in file.table("criteria").tables()},
        policies={name: _numbers(table) for name, table in file.table("policies").tables()},
        local_codes=_local_codes(file.table("local_codes")),
        owner=file.text("owner", longest=100),
        links=tuple(map(_link, file.table_list("links"))),
        closing=texts.text("closing"),
        accepts=_accepts(file.table("accepts")),
        written=file.value,
    )


def _matching(file: Table, name: str, pattern: re.Pattern[str], what: str) -> str:
    words = file.needed(name)
    if not pattern.fullmatch(words):
        raise Misread(f"{file.at(name)}: write {what}, not {words!r}")
    return words


def _signature(file: Table, name: str) -> Signature | None:
    if not file.has(name):
        return None
    person = file.table(name)
    person.only(("name", "role", "on"))
    return Signature(person.needed("name"), person.text("role") or "", person.day("on"))


def _entry(table: Table) -> EntryChange:
    table.only(ENTRY_NAMES)
    if table.has("certainty") and not table.has("citation"):
        raise Misread(f"{table.at('certainty')}: goes with a new citation; remove it")
    return EntryChange(
        is_on=table.truth("is_on"),
        title=table.text("title", longest=_LONGEST_TITLE),
        grade=table.choice("grade", ("major", "minor")),
        advice=table.text("advice"),
        citation=table.text("citation"),
        certainty=table.choice("certainty", CERTAINTIES) or "local",
        numbers=_numbers(table.table("numbers")),
    )


def _numbers(table: Table) -> dict[str, NumberChange]:
    return {name: _number(number) for name, number in table.tables()}


def _number(table: Table) -> NumberChange:
    table.only(NUMBER_NAMES)
    value = table.number("value")
    if value is None:
        raise Misread(f"{table.at('value')}: missing; add it")
    return NumberChange(
        table.path,
        value,
        table.text("unit"),
        table.needed("source"),
        table.choice("certainty", CERTAINTIES) or "local",
    )


def _local_codes(table: Table) -> dict[str, tuple[LocalCode, ...]]:
    return {name: tuple(map(_local_code, table.table_list(name))) for name in table.value}


def _local_code(table: Table) -> LocalCode:
    table.only(CODE_NAMES)
    system = table.needed("system")
    if system not in SYSTEMS and not _SYSTEM.fullmatch(system):
        raise Misread(
            f"{table.at('system')}: write an address such as https://… or urn:oid:…, or one of"
            f" {', '.join(SYSTEMS)}"
        )
    code = table.needed("code")
    if isinstance(table.value["code"], bool | float):
        raise Misread(f"{table.at('code')}: put the code in quotes, so that no digit is lost")
    return LocalCode(
        fold_system(SYSTEMS.get(system, system)),
        code,
        table.needed("display"),
        table.needed("source"),
    )


def _link(table: Table) -> Link:
    table.only(("title", "url"))
    url = table.needed("url")
    if not _LINK.fullmatch(url):
        raise Misread(f"{table.at('url')}: write a whole https:// address")
    return Link(table.needed("title", longest=100), url)


def _accepts(table: Table) -> dict[str, str]:
    return {name: table.needed(name) for name in table.value}
