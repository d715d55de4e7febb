"""docs/vendors.md says all that is known, in an order that an integration engineer can use."""

from scripts.print_vendors import page
from service.ehr.vendors import VENDORS
from service.ehr.vendors.vendor import Fact, Vendor

INVENTED = Vendor(
    key="invented",
    name="Invented EHR",
    marks=(r"software: Invented",),
    cohort=("group",),
    delivery=("communication", "worklist-file"),
    never_writes={"Flag": "it has none"},
    one_at_a_time=True,
    page_caps={"Observation": 7},
    facts=(
        Fact("cohort", "A Group.", "a page; another page", "2026-11-22"),
        Fact("login", "A key.", "another page; the rest from memory", "2026-11-22"),
    ),
    ask_for=("A Group.",),
)


def test_every_product_has_a_row_and_a_section():
    text = page()
    assert all(f"| [{v.name}](#" in text and f"\n## {v.name}\n" in text for v in VENDORS)


def test_every_fact_and_every_request_to_the_ehr_team_is_printed():
    text = page()
    for vendor in VENDORS:
        assert all(fact.says in text for fact in vendor.facts)
        assert all(what in text for what in vendor.ask_for)


def test_a_product_that_is_not_listed_has_its_chapter():
    assert "\n## A product that is not listed\n" in page()


def test_the_row_says_how_the_cohort_charts_alerts_and_changes_are_handled():
    row = next(line for line in page([INVENTED]).splitlines() if line.startswith("| [Invented"))
    assert row == (
        "| [Invented EHR](#invented-ehr) | Group | one patient at a time, 7 Observation to a page |"
        " Communication, worklist file | sweeps only |"
        " [the list](#what-to-ask-the-invented-ehr-team-for) |"
    )


def test_sources_are_numbered_once_and_memory_is_admitted_in_the_line():
    text = page([INVENTED])
    assert "- A Group. [1], [2], 2026-11-22" in text
    assert "- A key. [2], *the rest from memory*, 2026-11-22" in text
    assert "\n1. a page\n2. another page\n" in text


def test_what_is_never_attempted_is_printed_with_its_reason():
    assert "- Flag: it has none." in page([INVENTED])
