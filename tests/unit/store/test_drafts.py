"""Drafts of overlays in the ledger."""

from __future__ import annotations

from service.store.drafts import Draft, NewDraft

from .builders import MINUTE, NOW

NEW = NewDraft("Younger", "A. Lead", "sha256:abc", "overlay: here\n")


def test_a_draft_comes_back_as_it_was_saved(ledger):
    number = ledger.drafts.save(NEW, "A. Lead", NOW)
    assert ledger.drafts.get(number) == Draft(
        "Younger", "A. Lead", "sha256:abc", "overlay: here\n", number, NOW
    )


def test_the_newest_come_first_and_no_more_than_asked_for(ledger):
    first, second, third = (ledger.drafts.save(NEW, "A. Lead", NOW + n * MINUTE) for n in range(3))
    assert [d.id for d in ledger.drafts.newest(2)] == [third, second]
    assert first < second


def test_a_deleted_draft_is_gone_and_its_number_is_not_given_again(ledger):
    number = ledger.drafts.save(NEW, "A. Lead", NOW)
    assert ledger.drafts.delete(number, "O. Perator", NOW)
    assert ledger.drafts.get(number) is None
    assert ledger.drafts.save(NEW, "A. Lead", NOW) > number


def test_deleting_what_is_not_there_changes_nothing_and_says_so(ledger):
    assert not ledger.drafts.delete(99, "A. Lead", NOW)
    assert [row.what for row in ledger.audit.rows()] == []


def test_who_saved_and_who_deleted_is_in_the_audit(ledger):
    ledger.drafts.delete(ledger.drafts.save(NEW, "A. Lead", NOW), "O. Perator", NOW)
    told = [(row.what, row.by_whom, row.protocol_digest) for row in ledger.audit.rows()]
    assert told == [
        ("draft", "A. Lead", "sha256:abc"),
        ("draft deleted", "O. Perator", "sha256:abc"),
    ]
