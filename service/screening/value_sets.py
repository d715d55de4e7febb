"""Value sets: which codes mean what, read once from the packaged FHIR ValueSets.

A newcomer would get three things wrong. Systems and codes are spelled in several ways (OID forms,
`G35A` for `G35.A`), so both are folded before they are compared. A filter `concept is-a M80` is a
prefix in a hierarchical classification such as ICD-10-CM or ATC; it is never used for SNOMED CT,
whose hierarchy is not in its numbers. And names: a medicine may be recognised by an ingredient
name as a whole word, but only when none of its codes is known to us, and a condition never is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from service.screening.record import NO_CONCEPTS, Coding, Concepts

SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
ICD10 = "http://hl7.org/fhir/sid/icd-10"
ICD9CM = "http://hl7.org/fhir/sid/icd-9-cm"
ATC = "http://www.whocc.no/atc"
CPT = "http://www.ama-assn.org/go/cpt"
HCPCS = "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
ICD10PCS = "http://www.cms.gov/Medicare/Coding/ICD10"
INGREDIENT_NAME = "https://boneflag.example/fhir/CodeSystem/ingredient-name"

# Other spellings of the same system (specification 2.11; the OIDs of HL7's NamingSystem list).
_SPELLINGS = {
    "urn:oid:2.16.840.1.113883.6.96": SNOMED,
    "urn:oid:2.16.840.1.113883.6.1": LOINC,
    "urn:oid:2.16.840.1.113883.6.88": RXNORM,
    "urn:oid:2.16.840.1.113883.6.90": ICD10CM,
    "urn:oid:2.16.840.1.113883.6.3": ICD10,
    "urn:oid:2.16.840.1.113883.6.4": ICD10PCS,
    "urn:oid:2.16.840.1.113883.6.12": CPT,
    "urn:oid:2.16.840.1.113883.6.285": HCPCS,
    "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets": HCPCS,
    "http://www.nlm.nih.gov/research/umls/hcpcs": HCPCS,
    "http://terminology.hl7.org/CodeSystem/icd9cm": ICD9CM,
}
_DOTTED = frozenset({ICD10CM, ICD10, ICD9CM})
_CLASSIFIED_BY_PREFIX = frozenset({ICD10CM, ICD10, ATC})
_CACHE_LIMIT = 50_000


@cache
def fold_system(system: str) -> str:
    """The one spelling of a code system that BoneFlag compares with."""
    system = system.strip().rstrip("/")
    if system in _SPELLINGS:
        return _SPELLINGS[system]
    if system.startswith(SNOMED + "/"):  # An edition or version of SNOMED CT.
        return SNOMED
    if system.startswith("https://") and "http://" + system[8:] in _KNOWN_HTTP:
        return "http://" + system[8:]
    return system


_KNOWN_HTTP = frozenset({SNOMED, LOINC, RXNORM, ICD10CM, ICD10, ICD9CM, ATC, CPT})


def fold_code(system: str, code: str) -> str:
    """The one spelling of a code in a folded system: no blanks, ICD without its dot."""
    code = code.strip()
    return code.replace(".", "").upper() if system in _DOTTED else code


@dataclass(frozen=True, slots=True)
class DataRequirement:
    """What a criterion needs to read: a resource type, and for Observation the value sets."""

    type: str
    value_sets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ValueSet:
    """One packaged value set.

    `listed` holds (system, code) as published, for searches; `codes` and `prefixes` are folded, for
    comparing; `names` are ingredient names in lower case. `displays` gives what a published code is
    called, for the folded code.
    """

    id: str
    title: str
    version: str
    listed: tuple[tuple[str, str], ...]
    codes: frozenset[tuple[str, str]]
    prefixes: tuple[tuple[str, str], ...]
    names: tuple[str, ...]
    displays: tuple[tuple[tuple[str, str], str], ...] = ()

    @classmethod
    def from_fhir(cls, resource: Mapping[str, Any], without: frozenset[str]) -> ValueSet:
        """Read a FHIR ValueSet, leaving out the code systems named in `without`."""
        listed: list[tuple[str, str]] = []
        prefixes: list[tuple[str, str]] = []
        names: list[str] = []
        displays: list[tuple[tuple[str, str], str]] = []
        for include in resource["compose"]["include"]:
            system = fold_system(include["system"])
            if system in without:
                continue
            for concept in include.get("concept", ()):
                if system == INGREDIENT_NAME:
                    names.append(concept["code"].lower())
                else:
                    listed.append((system, concept["code"]))
                    key = (system, fold_code(system, concept["code"]))
                    displays.append((key, concept.get("display", "")))
            for condition in include.get("filter", ()):
                if condition["op"] != "is-a" or system not in _CLASSIFIED_BY_PREFIX:
                    raise ValueError(f"{resource['id']}: cannot apply {condition} to {system}")
                prefixes.append((system, fold_code(system, condition["value"])))
                listed.append((system, condition["value"]))
        return cls(
            id=resource["id"],
            title=resource["title"],
            version=resource["version"],
            listed=tuple(listed),
            codes=frozenset((s, fold_code(s, c)) for s, c in listed),
            prefixes=tuple(prefixes),
            names=tuple(names),
            displays=tuple(displays),
        )

    def holds(self, coding: Coding) -> bool:
        """Whether a folded coding is in this set."""
        return (coding.system, coding.code) in self.codes or any(
            coding.system == system and coding.code.startswith(prefix)
            for system, prefix in self.prefixes
        )


class Vocabulary:
    """All value sets together: tells which of them hold a coding or name an ingredient."""

    def __init__(self, value_sets: Iterable[ValueSet]) -> None:
        self._sets = {s.id: s for s in value_sets}
        self._known: dict[tuple[str, str], Concepts] = {}
        self._exact: dict[tuple[str, str], set[str]] = {}
        self._prefixed: dict[str, list[tuple[str, str]]] = {}
        self._displays: dict[tuple[str, str], str] = {}
        names: dict[str, set[str]] = {}
        for value_set in self._sets.values():
            self._displays.update(value_set.displays)
            for key in value_set.codes:
                self._exact.setdefault(key, set()).add(value_set.id)
            for system, prefix in value_set.prefixes:
                self._prefixed.setdefault(system, []).append((prefix, value_set.id))
            for name in value_set.names:
                names.setdefault(name, set()).add(value_set.id)
        self._names = {name: frozenset(ids) for name, ids in names.items()}
        # Longest first, so that "peginterferon beta-1a" is not taken for its own ending.
        words = sorted(map(re.escape, names), key=len, reverse=True)
        self._pattern = re.compile(rf"(?<![\w-])(?:{'|'.join(words)})(?![\w-])") if words else None

    @property
    def fingerprint(self) -> str:
        """Every code and name of every set as text, the same for the same content."""
        return json.dumps(
            [[s.id, sorted(s.codes), sorted(s.prefixes), sorted(s.names)] for s in self],
            default=str,
        )

    def __getitem__(self, value_set_id: str) -> ValueSet:
        return self._sets[value_set_id]

    def __contains__(self, value_set_id: object) -> bool:
        return value_set_id in self._sets

    def __iter__(self) -> Iterator[ValueSet]:
        return iter(sorted(self._sets.values(), key=lambda s: s.id))

    def concepts_of(self, system: str, code: str) -> Concepts:
        """The value sets that hold one code, given in any spelling."""
        key = (system, code)
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= _CACHE_LIMIT:
                self._known.clear()
            known = self._known[key] = self._look_up(system, code)
        return known

    def display_of(self, system: str, code: str) -> str:
        """What the published sets call a code, given in any spelling; empty where none holds it."""
        system = fold_system(system)
        return self._displays.get((system, fold_code(system, code)), "")

    def _look_up(self, system: str, code: str) -> Concepts:
        system = fold_system(system)
        code = fold_code(system, code)
        found = set(self._exact.get((system, code), ()))
        found.update(i for prefix, i in self._prefixed.get(system, ()) if code.startswith(prefix))
        return frozenset(found) if found else NO_CONCEPTS

    def named_in(self, text: str) -> Concepts:
        """The value sets whose ingredient names stand in `text` as whole words."""
        if self._pattern is None or not text:
            return NO_CONCEPTS
        found: set[str] = set()
        for match in self._pattern.finditer(text.lower()):
            found |= self._names[match.group()]
        return frozenset(found) if found else NO_CONCEPTS

    def search_codes(
        self, value_set_ids: Iterable[str], without: frozenset[str] = frozenset()
    ) -> tuple[str, ...]:
        """Every listed code of these sets, each once and sorted, with and without the ICD dot.

        Codes of the systems in `without` are left out.

        Without systems: FHIR then matches any system, so that a server which stores OID forms
        answers too. What comes back is classified again in any case.
        """
        found: set[str] = set()
        for value_set_id in value_set_ids:
            for system, code in self._sets[value_set_id].listed:
                if system in without:
                    continue
                found.add(code)
                if system in _DOTTED:
                    found.add(code.replace(".", ""))
        return tuple(sorted(found))


def vocabulary_from(
    resources: Iterable[Mapping[str, Any]], without: Iterable[str] = ()
) -> Vocabulary:
    """Build a vocabulary from FHIR ValueSets, leaving out whole code systems (such as CPT)."""
    left_out = frozenset(without)
    return Vocabulary(ValueSet.from_fhir(resource, left_out) for resource in resources)


@cache
def packaged_vocabulary(use_cpt: bool = True) -> Vocabulary:
    """The value sets that ship with BoneFlag, read once; `use_cpt=False` leaves CPT numbers out."""
    folder = files("fhir_profiles") / "value_sets"
    paths = sorted((p for p in folder.iterdir() if p.name.endswith(".json")), key=lambda p: p.name)
    resources = [json.loads(path.read_text("utf-8")) for path in paths]
    return vocabulary_from(resources, () if use_cpt else (CPT,))
