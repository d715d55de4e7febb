"""Print docs/criteria.md from the protocol and from the specs that the tests run.

`--check` writes nothing and exits with 1 where the file is stale. What stands there is what is
computed: every number is the protocol's, every table a table of `tests/spec/`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))

from service.screening.protocol import (  # noqa: E402 - the path comes first
    Protocol,
    ProtocolEntry,
    packaged_document,
    packaged_protocol,
)
from service.screening.value_sets import packaged_vocabulary  # noqa: E402 - likewise
from tests.spec.book import MARA_IN_WORDS, TODAY, Spec  # noqa: E402 - likewise

PAGE = HOME / "docs" / "criteria.md"

_OPENING = """\
# Criteria

Made by `scripts/print_criteria.py` from the protocol and from the specs in `tests/spec/`, which CI
runs; do not edit.

**This is a proposal for a clinical lead. Nothing here has been validated on patients.** Run it in
shadow mode first. No MS-specific national guideline is adopted; general guidelines are cited where
a number comes from one.

Certainty of a number: **V** seen in a public source; **V-abs** only the abstract or the opening was
seen; **local** a local decision, unconfirmed.
"""

_QUESTIONS = (
    "Should every adult with MS be offered a first DXA, whatever the risk?",
    "Which grade should MSO-09 have (pulses and high cumulative dose)?",
    "Two or three MINOR criteria under 50?",
    "How is palliative care to be handled? Today it never excludes and the alert says so.",
    "Is the interval table right?",
    "Are the therapy windows right?",
    "Which pathway should the Task link to?",
    "Who owns the Task: neurology or primary care?",
    "Should fractures under 40 count for MSO-06 where trauma is coded?",
    "Which factor for betamethasone?",
    "What is a “fall with injury” (MSO-07)?",
    "Which country's guideline is to be quoted?",
)

# Chapters that belong to no single criterion.
_OTHER = {
    "DECISION": "When an alert is due, and what keeps it quiet",
    "STATUS": "Statuses and their order",
    "PLAN": "What each status does to an alert",
}


def specs() -> list[Spec]:
    """Every spec of the book, in the order of its files."""
    folder = HOME / "tests" / "spec" / "criteria"
    modules = sorted(path.stem for path in folder.glob("test_*.py"))
    found: list[Spec] = []
    for name in modules:
        found += import_module(f"tests.spec.criteria.{name}").SPECS
    return found


def page() -> str:
    """The whole page."""
    vocabulary = packaged_vocabulary()
    protocol = packaged_protocol(vocabulary)
    book = specs()
    lines = [
        *_OPENING.splitlines(),
        "",
        f"Protocol `{protocol.id}` {protocol.version}, {len(protocol.entries)} entries. The specs"
        f" are judged on {TODAY}; {len(book)} tables, {sum(len(s.cases) for s in book)} cases.",
        f"{MARA_IN_WORDS}. A case that does not say who comes is about her.",
        "",
        *_questions(protocol),
        *_policies(),
    ]
    shown: set[str] = set()
    for entry in protocol.entries:
        lines += _entry(entry, [s for s in book if s.about.split()[0] == entry.number])
        shown.add(entry.number)
    for about, title in _OTHER.items():
        lines += ["", f"## {title}"]
        lines += [line for s in book if s.about == about for line in _spec(s)]
        shown.add(about)
    lost = {s.about for s in book if s.about.split()[0] not in shown}
    if lost:
        raise SystemExit(f"no chapter for specs about {', '.join(sorted(lost))}: correct `about`")
    return "\n".join([*lines, "", *_value_sets(), ""])


def _value_sets() -> Iterator[str]:
    yield "## Value sets"
    yield ""
    yield "Codes as listed; a filter on a whole chapter (G35, M80) counts as one."
    yield ""
    yield "| value set | codes | ingredient names | what it holds |"
    yield "|---|---|---|---|"
    for value_set in packaged_vocabulary():
        link = f"[{value_set.id}](../fhir_profiles/value_sets/{value_set.id}.json)"
        names = len(value_set.names) or ""
        yield f"| {link} | {len(value_set.listed)} | {names} | {value_set.title} |"


def _questions(protocol: Protocol) -> Iterator[str]:
    yield "## Questions for the clinical lead"
    yield ""
    yield from (f"{number}. {question}" for number, question in enumerate(_QUESTIONS, 1))
    yield ""
    yield "Numbers that are a local decision, unconfirmed:"
    yield ""
    yield "| where | number | value | said in |"
    yield "|---|---|---|---|"
    for title, numbers in _all_numbers(protocol):
        for name, number in numbers.items():
            if number["certainty"] == "local":
                yield f"| {title} | {_words(name)} | {_value(number)} | {number['source']} |"


def _all_numbers(protocol: Protocol) -> Iterator[tuple[str, dict[str, dict[str, Any]]]]:
    for policy in packaged_document()["policies"].values():
        yield policy["title"], policy["numbers"]
    for entry in protocol.entries:
        yield f"{entry.number} {entry.title}", _numbers_of(entry)


def _numbers_of(entry: ProtocolEntry) -> dict[str, dict[str, Any]]:
    return {
        name: {"value": n.value, "unit": n.unit, "source": n.source, "certainty": n.certainty}
        for name, n in entry.numbers.items()
    }


def _policies() -> Iterator[str]:
    for policy in packaged_document()["policies"].values():
        yield ""
        yield f"## {policy['title']}"
        yield ""
        yield f"{policy['citation']}."
        yield from _number_table(policy["numbers"])
        if "reasons" in policy:
            yield from _reason_table(policy["reasons"])


def _reason_table(reasons: dict[str, dict[str, Any]]) -> Iterator[str]:
    yield ""
    yield "| reason | means | said in | certainty |"
    yield "|---|---|---|---|"
    for code, row in reasons.items():
        yield f"| {code} | {row['means']} | {row['source']} | {row['certainty']} |"


def _entry(entry: ProtocolEntry, book: list[Spec]) -> Iterator[str]:
    yield ""
    yield f"## {entry.number} {entry.title}"
    yield ""
    grade = f", {str(entry.grade).upper()}, domain {entry.domain}" if entry.grade else ""
    role = entry.criterion.role.value
    yield f"{role[0].upper()}{role[1:]}{grade}. {entry.citation} ({entry.certainty})."
    yield ""
    yield f"Needs {', '.join(_needs(entry))}."
    yield from _number_table(_numbers_of(entry))
    yield from (line for spec in book for line in _spec(spec))


def _needs(entry: ProtocolEntry) -> Iterator[str]:
    vocabulary = packaged_vocabulary()
    for need in entry.criterion.needs:
        links = []
        for name in need.value_sets:
            count = len(vocabulary[name].listed) + len(vocabulary[name].names)
            links.append(f"[{name}](../fhir_profiles/value_sets/{name}.json) ({count})")
        yield f"{need.type} of {' and '.join(links)}" if links else need.type
    for need in entry.criterion.helped_by:
        yield f"{need.type} where a diagnosis rests on it"


def _number_table(numbers: dict[str, dict[str, Any]]) -> Iterator[str]:
    if not numbers:
        return
    yield ""
    yield "| number | value | source | certainty |"
    yield "|---|---|---|---|"
    for name, number in numbers.items():
        source, certainty = number["source"], number["certainty"]
        yield f"| {_words(name)} | {_value(number)} | {source} | {certainty} |"


def _words(name: str) -> str:
    return name.replace("_", " ").replace("glucocorticoid-", "factor of ")


def _value(number: dict[str, Any]) -> str:
    return f"{number['value']:g} {number['unit']}"


def _spec(spec: Spec) -> Iterator[str]:
    yield ""
    yield f"### {spec.title}"
    yield ""
    yield spec.sentence
    yield ""
    yield "| who comes | expected |"
    yield "|---|---|"
    for case in spec.cases:
        example = f" (example {case.example})" if case.example else ""
        unread = f" (refused: {', '.join(case.unread)})" if case.unread else ""
        withheld = f" (withheld: {', '.join(case.withheld)})" if case.withheld else ""
        yield f"| {_cell(case.who)}{unread}{withheld} | {_cell(case.expected)}{example} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main() -> None:
    """Write the page, or with `--check` say whether it is fresh."""
    text = page()
    if "--check" in sys.argv[1:]:
        if not PAGE.exists() or PAGE.read_text("utf-8") != text:
            raise SystemExit("docs/criteria.md is stale: run scripts/print_criteria.py")
        return
    PAGE.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
