"""Print docs/vendors.md from service/ehr/vendors/, where everything known of a product stands.

`--check` writes nothing and exits with 1 where the page is stale.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import get_args

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))

from service.ehr.strategy import needs_a_patient  # noqa: E402 - the path comes first
from service.ehr.vendors import VENDORS  # noqa: E402 - likewise
from service.ehr.vendors.vendor import Fact, Subject, Vendor  # noqa: E402 - likewise

PAGE = HOME / "docs" / "vendors.md"
MEMORY = "from memory"

_OPENING = """\
# What we know of EHR products

Made by `scripts/print_vendors.py` from `service/ehr/vendors/`; do not edit.

For whoever connects BoneFlag to an EHR. Every hospital has its own release, its own licences and
its own set-up, so **your server's CapabilityStatement decides**, and `boneflag check` says what was
read there and chosen from it. This page says what to expect, and what to ask for before the first
meeting. Each line ends with its sources, numbered below each product, and the day on which it was
last seen there. They are public, many at second hand. *From memory* means that nobody looked it up:
check it before you rely on it.
"""

_UNLISTED = """\
## A product that is not listed

It works by its CapabilityStatement alone, and nothing is missing for want of a name:

- The cohort comes from a search of Conditions by code, unless a Group, a list, a file or an export
  is set. Where that search is refused, `boneflag check` says so and names the settings.
- Several patients are asked for in one search. Every answer is tested; where it looks wrong, the
  same is asked for each patient alone, and that is remembered.
- Alerts go the first way that the statement allows: Flag and Task, Task, Flag, Communication
  where recipients are set; otherwise into a worklist file. What is not listed is never written.
- Changes are polled by `_lastUpdated` where it is listed; otherwise only the sweep sees them.

A product is recognised by the name of its software or its publisher, fitted as a whole: a hospital
or a proxy whose name holds a product's is not taken for it. A product that is not recognised,
behind a proxy that rewrites the statement, loses nothing but the knowledge on this page.

To add one: a file in `service/ehr/vendors/` with what differs from the standard, a source and a day
for each line, and its name in the registry; then `make docs`.
"""

_TITLES: dict[Subject, str] = {
    "cohort": "How the cohort is found",
    "reading": "How charts are read",
    "changes": "How changes are seen",
    "delivery": "How alerts are shown",
    "notices": "Decision support at the point of care",
    "bulk": "Bulk export",
    "login": "Sign-in",
    "limits": "Limits",
    "errors": "What its error codes mean",
}

_NAMES = {
    "code-search": "search by code",
    "group": "Group",
    "patient-list": "patient list",
    "id-file": "file of identifiers",
    "bulk-group": "bulk export of a Group",
    "appointments": "appointments",
    "flag-and-task": "Flag and Task",
    "flag": "Flag",
    "task": "Task",
    "communication": "Communication",
    "service-request": "ServiceRequest proposal",
    "worklist-file": "worklist file",
}


def page(vendors: Iterable[Vendor] = VENDORS) -> str:
    """The whole page."""
    vendors = tuple(vendors)
    lines = [*_OPENING.splitlines(), "", *_table(vendors), "", *_UNLISTED.splitlines()]
    for vendor in vendors:
        lines += ["", *_section(vendor)]
    return "\n".join([*lines, ""])


def _table(vendors: Iterable[Vendor]) -> Iterator[str]:
    yield (
        "| product | how the cohort is found | how it is read | how alerts are shown | changes |"
        + (" what to ask for |")
    )
    yield "|---|---|---|---|---|---|"
    for vendor in vendors:
        cells = (
            f"[{vendor.name}](#{_anchor(vendor.name)})",
            _in_order(vendor.cohort) or _in_order(("code-search", "group", "id-file")),
            _reading(vendor),
            _in_order(vendor.delivery) or _NAMES["flag-and-task"],
            "sweeps only" if needs_a_patient(vendor) else "polled by `_lastUpdated`",
            f"[the list](#{_anchor(_asking(vendor))})",
        )
        yield f"| {' | '.join(cells)} |"


def _in_order(names: Iterable[str]) -> str:
    return ", ".join(_NAMES[name] for name in names)


def _reading(vendor: Vendor) -> str:
    caps = [
        f"{size} {'' if type_ == '*' else type_ + ' '}to a page"
        for type_, size in vendor.page_caps.items()
    ]
    how = "one patient at a time" if vendor.one_at_a_time else "several patients in a search"
    return ", ".join([how, *caps])


def _asking(vendor: Vendor) -> str:
    return f"What to ask the {vendor.name} team for"


def _anchor(title: str) -> str:
    """As web sites that show Markdown make them."""
    kept = (c for c in title.lower() if c.isalnum() or c in " -_")
    return "".join(kept).replace(" ", "-")


def _section(vendor: Vendor) -> Iterator[str]:
    sources: dict[str, int] = {}
    yield f"## {vendor.name}"
    for subject in get_args(Subject):
        facts = [fact for fact in vendor.facts if fact.about == subject]
        if facts:
            yield from ("", f"**{_TITLES[subject]}**", "")
            yield from (_line(fact, sources) for fact in facts)
    if vendor.never_writes:
        yield from ("", "**Never attempted, whatever the statement lists**", "")
        yield from (f"- {type_}: {why}." for type_, why in vendor.never_writes.items())
    yield from ("", f"### {_asking(vendor)}", "")
    yield from (f"{number}. {what}" for number, what in enumerate(vendor.ask_for, 1))
    yield from ("", f"### Sources for {vendor.name}", "")
    yield from (f"{number}. {source}" for source, number in sources.items())


def _line(fact: Fact, sources: dict[str, int]) -> str:
    """One fact with the numbers of its sources, which are added to `sources`."""
    told = []
    for source in fact.source.split("; "):
        if MEMORY in source:
            told.append(f"*{source}*")
        else:
            told.append(f"[{sources.setdefault(source, len(sources) + 1)}]")
    return f"- {fact.says} {', '.join(told)}, {fact.seen_on}"


def main() -> None:
    """Write the page, or with `--check` say whether it is fresh."""
    text = page()
    if "--check" in sys.argv[1:]:
        if not PAGE.exists() or PAGE.read_text("utf-8") != text:
            raise SystemExit("docs/vendors.md is stale: run scripts/print_vendors.py")
        return
    PAGE.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
