"""Build the FHIR ValueSets from codes.csv and value_sets.yaml.

A newcomer would get three things wrong. A filter stands alone in its include, because FHIR joins
the filters of one include with "and". A row that nobody has verified never reaches value_sets/,
whatever the table says: it goes to unverified/, which nothing loads. And CPT codes carry no
display, since their descriptors belong to the AMA.

    python scripts/build_fhir_profiles.py            write the files
    python scripts/build_fhir_profiles.py --check    exit 1 when one is missing, stale or left over
"""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import simple_icd_10_cm as tabular
import yaml

HOME = Path(__file__).resolve().parent.parent / "fhir_profiles"
BASE = "https://boneflag.example/fhir"
CODE_SOURCE = f"{BASE}/StructureDefinition/code-source"
INGREDIENT_NAME = f"{BASE}/CodeSystem/ingredient-name"
CPT = "http://www.ama-assn.org/go/cpt"


class TableError(Exception):
    """value_sets.yaml and codes.csv do not fit together; the message says what to change."""


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """One code of a set; `is_prefix` means the code and everything below it."""

    system: str
    code: str
    is_prefix: bool
    display: str
    source: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row of codes.csv."""

    group: str
    note: str
    is_verified: bool
    can_be_applied: bool
    entry: Entry


def read_rows(path: Path) -> list[Row]:
    """Read codes.csv, in its order."""
    with path.open(encoding="utf-8", newline="") as file:
        return [_row(line) for line in csv.DictReader(file)]


def _row(line: Mapping[str, str]) -> Row:
    source = f"{line['evidence']} ({line['status']})"
    entry = Entry(
        system=INGREDIENT_NAME if line["match"] == "name" else line["system"],
        code=line["code"],
        is_prefix=line["match"] == "prefix",
        display="" if line["system"] == CPT else line["display"],
        source=line["evidence"] if line["status"] == "VERIFIED" else source,
    )
    return Row(
        group=line["group"],
        note=line["note"].split(";")[0].strip(),
        is_verified=line["status"] == "VERIFIED",
        can_be_applied=line["match"] != "descendants",
        entry=entry,
    )


def select_rows(rows: Iterable[Row], selector: Mapping[str, Any]) -> list[Row]:
    """The rows of a group that a selector asks for; fails when it asks for what is not there."""
    of_group = [r for r in rows if r.group == selector["group"]]
    chosen = [r for r in of_group if _is_chosen(r, selector)]
    missing = set(selector.get("codes", ())) - {r.entry.code for r in chosen}
    if missing or not chosen:
        raise TableError(f"{dict(selector)} selects nothing, or not {sorted(missing)}")
    return chosen


def _is_chosen(row: Row, selector: Mapping[str, Any]) -> bool:
    if "codes" in selector and row.entry.code not in selector["codes"]:
        return False
    if "notes" in selector and row.note not in selector["notes"]:
        return False
    word = selector.get("display_word")
    # Whole words: "prednisolone" also stands inside "methylprednisolone".
    return word is None or re.search(rf"\b{re.escape(word)}\b", row.entry.display) is not None


def added_entries(addition: Mapping[str, Any], table: Mapping[str, Any]) -> Iterator[Entry]:
    """The codes that the table brings in itself, each with its source written out."""
    system = table["systems"][addition["system"]]
    source = table["sources"][addition["source"]].strip()
    for code, display in addition.get("codes", {}).items():
        yield Entry(system, code, False, display, source)
    for code, display in addition.get("is_a", {}).items():
        yield Entry(system, code, True, display, source)
    for name in addition.get("names", ()):
        yield Entry(system, name, False, name, source)
    if "is_a_range" in addition:
        for code in _categories(*addition["is_a_range"]):
            yield Entry(system, code, True, tabular.get_description(code), source)


def _categories(first: str, last: str) -> list[str]:
    """Every three-character category of ICD-10-CM from `first` to `last`, both included."""
    codes = {c for c in tabular.get_all_codes(with_dots=True) if len(c) == 3 and first <= c <= last}
    return sorted(codes)


def build_entries(
    table: Mapping[str, Any], rows: list[Row]
) -> tuple[dict[str, list[Entry]], dict[str, list[Entry]]]:
    """The verified and the unverified entries of each set; fails when a row has no place."""
    verified: dict[str, list[Entry]] = {}
    unverified: dict[str, list[Entry]] = {}
    placed: set[tuple[str, Entry]] = set()
    for spec in table["value_sets"]:
        chosen = [r for s in spec.get("rows", ()) for r in select_rows(rows, s)]
        placed.update((r.group, r.entry) for r in chosen)
        accepted = [r for r in chosen if r.is_verified or "accept_unverified" in spec]
        if unfit := [r.entry.code for r in accepted if not r.can_be_applied]:
            raise TableError(f"{spec['id']}: {unfit} can only be applied by a terminology server")
        entries = {r.entry for r in accepted}
        entries.update(e for a in spec.get("add", ()) for e in added_entries(a, table))
        entries.update(e for other in spec.get("union", ()) for e in verified[other])
        verified[spec["id"]] = _each_code_once(spec["id"], entries)
        if rest := [r.entry for r in chosen if r not in accepted]:
            unverified[spec["id"]] = sorted(rest)
    for left_out in table["left_out"]:
        placed.update((r.group, r.entry) for r in select_rows(rows, left_out))
    if lost := sorted({r.group for r in rows if (r.group, r.entry) not in placed}):
        raise TableError(f"rows of {lost} are in no set; put them under left_out with the reason")
    return verified, unverified


def _each_code_once(set_id: str, entries: Iterable[Entry]) -> list[Entry]:
    """Sorted, one entry a code; a code that two places source keeps the source sorted first."""
    found: dict[tuple[str, str, bool], Entry] = {}
    for entry in sorted(entries):
        kept = found.setdefault((entry.system, entry.code, entry.is_prefix), entry)
        if kept.display != entry.display:
            raise TableError(f"{set_id}: {entry.code} has two displays")
    if not found:
        raise TableError(f"{set_id} is empty")
    return list(found.values())


def _sourced(entry: Entry) -> dict[str, Any]:
    return {"extension": [{"url": CODE_SOURCE, "valueString": entry.source}]}


def _concept(entry: Entry) -> dict[str, Any]:
    return {"code": entry.code} | ({"display": entry.display} if entry.display else {})


def compose(entries: list[Entry]) -> dict[str, Any]:
    """One include of exact codes for each system, then one include for each prefix."""
    include: list[dict[str, Any]] = []
    for system in sorted({e.system for e in entries if not e.is_prefix}):
        exact = [e for e in entries if e.system == system and not e.is_prefix]
        include.append({"system": system, "concept": [_sourced(e) | _concept(e) for e in exact]})
    for entry in (e for e in entries if e.is_prefix):
        condition = {"property": "concept", "op": "is-a", "value": entry.code}
        include.append({"system": entry.system, "filter": [_sourced(entry) | condition]})
    return {"include": include}


def expansion(entries: list[Entry], timestamp: str) -> dict[str, Any] | None:
    """All codes of a set, or None where a prefix leaves them open."""
    if any(e.is_prefix for e in entries):
        return None
    contains = [{"system": e.system} | _concept(e) for e in entries]
    return {"timestamp": timestamp, "total": len(contains), "contains": contains}


def value_set(
    spec: Mapping[str, Any], entries: list[Entry], table: Mapping[str, Any], *, is_verified: bool
) -> dict[str, Any]:
    """One FHIR R4 ValueSet, with the source of every code in it."""
    set_id = spec["id"] if is_verified else f"unverified-{spec['id']}"
    systems = {e.system for e in entries}
    notices = table.get("notices", {}).items()
    notice = "\n\n".join(text.strip() for system, text in notices if system in systems)
    purpose = "Screening of people with multiple sclerosis for osteoporosis. Not validated."
    if not is_verified:
        purpose = (
            "Codes that nobody has verified yet. BoneFlag does not load this file; it is kept so "
            "that somebody with access to the code system can check it."
        )
    resource: dict[str, Any] = {
        "resourceType": "ValueSet",
        "id": set_id,
        "url": f"{BASE}/ValueSet/{set_id}",
        "version": table["version"],
        "name": "".join(part.capitalize() for part in set_id.split("-")),
        "title": spec["title"] if is_verified else f"UNVERIFIED: {spec['title']}",
        "status": "draft",
        "experimental": not is_verified,
        "date": str(table["published"]),
        "publisher": "BoneFlag",
        "description": spec["description"].strip(),
        "purpose": purpose,
    }
    if notice:
        resource["copyright"] = notice
    resource["compose"] = compose(entries)
    if expanded := expansion(entries, f"{table['published']}T00:00:00Z"):
        resource["expansion"] = expanded
    return resource


def ingredient_names(names: Iterable[str], table: Mapping[str, Any]) -> dict[str, Any]:
    """The CodeSystem of every ingredient name that a value set uses."""
    concepts = [{"code": name, "display": name} for name in sorted(set(names))]
    return {
        "resourceType": "CodeSystem",
        "id": "ingredient-name",
        "url": INGREDIENT_NAME,
        "version": table["version"],
        "name": "IngredientName",
        "title": "Names by which BoneFlag recognises a medicine",
        "status": "draft",
        "experimental": False,
        "date": str(table["published"]),
        "publisher": "BoneFlag",
        "description": (
            "Names of ingredients, and of a few products that share an ingredient with another "
            "purpose, in lower case. They are matched as whole words where no code of a medicine "
            "is known."
        ),
        "caseSensitive": False,
        "content": "complete",
        "count": len(concepts),
        "concept": concepts,
    }


def build(home: Path = HOME) -> dict[Path, str]:
    """Every generated file by path, as it must read."""
    table = yaml.safe_load((home / "value_sets.yaml").read_text("utf-8"))
    verified, unverified = build_entries(table, read_rows(home / "codes.csv"))
    files: dict[Path, str] = {}
    for spec in table["value_sets"]:
        for folder, sets in (("value_sets", verified), ("unverified", unverified)):
            if spec["id"] in sets:
                made = value_set(spec, sets[spec["id"]], table, is_verified=sets is verified)
                files[home / folder / f"{spec['id']}.json"] = _json(made)
    names = {e.code for s in verified.values() for e in s if e.system == INGREDIENT_NAME}
    path = home / "profiles" / "CodeSystem-ingredient-name.json"
    files[path] = _json(ingredient_names(names, table))
    return files


def _json(resource: Mapping[str, Any]) -> str:
    return json.dumps(resource, indent=2, ensure_ascii=False) + "\n"


def stale_paths(files: Mapping[Path, str], home: Path = HOME) -> list[Path]:
    """Files that are missing, read differently, or are no longer generated."""
    present = {p for folder in ("value_sets", "unverified") for p in (home / folder).glob("*.json")}
    changed = {p for p, text in files.items() if not p.exists() or p.read_text("utf-8") != text}
    return sorted(changed | (present - set(files)))


def main(arguments: list[str]) -> int:
    """Write what is stale, or with `--check` only name it; returns the exit code."""
    files = build()
    stale = stale_paths(files)
    if "--check" in arguments:
        for path in stale:
            print(f"stale: {path.relative_to(HOME.parent)}; run scripts/build_fhir_profiles.py")
        return 1 if stale else 0
    for path in stale:
        if path not in files:
            path.unlink()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files[path], "utf-8")
    print(f"{len(files)} files, {len(stale)} of them written or removed")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
