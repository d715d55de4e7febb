"""Spare alerts in the line: what is counted, retired and remembered."""

from datetime import UTC, date, datetime

import pytest

from service.ehr.alert_history import AlertHistory
from service.ehr.alerts import AlertsRead
from service.ehr.errors import EHRRefused
from service.ehr.merged_alerts import as_one
from service.screening.alert import AlertKind, AlertState, PostedAlert, PostedResource
from service.screening.record import ResourceRef
from service.spare_alerts import CLOSED_AS_SPARE, retire_spare, spare_in
from service.store.entries import EntryState
from service.store.ledger import Ledger

NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)


class EHR:
    """The face that the line sees: what was retired, or a refusal."""

    def __init__(self, ledger, refuses=False):
        self.ledger, self.refuses = ledger, refuses
        self.retired, self.states_before = [], {}

    def retire(self, duplicates):
        if self.refuses:
            raise EHRRefused("not allowed", status=403)
        self.retired = [str(d.ref) for d in duplicates]
        return len(self.retired)


@pytest.fixture
def ledger(tmp_path):
    with Ledger(f"sqlite:///{tmp_path}/ledger.db", attempts_in_a_run=5) as ledger:
        ledger.migrate()
        yield ledger


def posted(key, day, episode):
    flag = PostedResource(ResourceRef("Flag", f"flag-{key}"), "active", "1")
    opened = date(2026, 1, day)
    return PostedAlert(
        key, AlertKind.SCREENING, episode, AlertState.ACTIVE, opened, "says", flag=flag
    )


def spare(ledger):
    """Anna with an older and a newer open alert: her key, and what of it is spare."""
    (key,) = ledger.cohort.register(["anna"], "test", NOW).values()
    run = ledger.runs.open("sweep", "live", "digest", NOW)
    history = as_one([AlertHistory((posted("old", 1, 1), posted("new", 9, 2)))])
    return key, run, spare_in(AlertsRead({"anna": history}), {key: "anna"}, {key: run})


def test_the_newer_alert_is_retired_in_the_ehr_and_closed_in_the_ledger(ledger):
    key, _, found = spare(ledger)
    ehr = EHR(ledger)

    retire_spare(ehr, ledger, found, NOW, {found[0].patient_key})

    assert ehr.retired == ["Flag/flag-new"]
    (entry,) = ledger.alerts.history([key])[key]
    assert (entry.key, entry.state) == ("new", EntryState.CLOSED)
    assert (entry.flag_status, entry.closing_reason) == ("entered-in-error", CLOSED_AS_SPARE)


def test_shadow_mode_counts_spare_alerts_and_touches_nothing(ledger):
    key, run, found = spare(ledger)
    ehr = EHR(ledger)

    retire_spare(ehr, ledger, found, NOW, set())

    assert (ehr.retired, ledger.alerts.history([key])) == ([], {})
    ledger.runs.finish_reading(run)
    ledger.runs.finish(run, NOW)
    assert ledger.runs.get(run).counts["duplicates found"] == 1


def test_an_ehr_that_refuses_to_retire_costs_nobody_their_screening(ledger):
    _, _, found = spare(ledger)

    retire_spare(EHR(ledger, refuses=True), ledger, found, NOW, {found[0].patient_key})


def test_the_audit_tells_before_and_after_that_a_spare_alert_is_retired(ledger):
    key, run, found = spare(ledger)
    retire_spare(EHR(ledger), ledger, found, NOW, {key})
    retire_spare(EHR(ledger, refuses=True), ledger, found, NOW, {key})
    rows = [r for r in ledger.audit.rows() if r.what == "retire"]
    assert [r.outcome for r in rows] == ["sent", "done", "sent", "unknown"]
    assert {(r.patient_key, r.run_id, r.resource) for r in rows} == {(key, run, "Flag/flag-new")}


def test_an_alert_that_the_ledger_knows_as_another_persons_is_left_there(ledger):
    _, _, found = spare(ledger)
    other = ledger.cohort.register(["bert"], "test", NOW)["bert"]
    retire_spare(EHR(ledger), ledger, found, NOW, {found[0].patient_key})
    with ledger._database.writing() as connection:
        connection.exec_driver_sql(f"UPDATE alerts SET patient_key = '{other}'")

    retire_spare(EHR(ledger), ledger, found, NOW, {found[0].patient_key})

    assert [e.key for e in ledger.alerts.history([other])[other]] == ["new"]


def test_whoever_has_one_alert_of_a_kind_has_nothing_spare(ledger):
    history = as_one([AlertHistory((posted("only", 1, 1),))])

    assert spare_in(AlertsRead({"anna": history}), {"k": "anna"}, {"k": 1}) == []
