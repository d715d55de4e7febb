"""Going live as an operator does it: shadow, canary, full, upgrade, rollback, on the demo EHR."""

from __future__ import annotations

from datetime import timedelta

import pytest
from typer.testing import CliRunner

from service import cli
from service.settings import load_settings
from tests.lib.demo_site import due, fine
from tests.lib.overlays import APPROVED

pytestmark = pytest.mark.heavy

TOLD = ["Flag active", "Task requested"]
SETTINGS = (
    *("mode", "fhir_base_url", "cohort_group_ids", "database_url", "site_id"),
    *("max_new_alerts_per_run", "max_new_alerts_percent_per_run"),
)
HIGHER_EDSS = """
criteria:
  MSO-02:
    numbers:
      edss_at_least: {value: 7.0, source: "a decision of the ward", certainty: local}
accepts: {MSO-02: "a decision of the ward"}
"""


class Operator:
    """Whoever types the commands at one ward, in live mode and with nothing approved."""

    def __init__(self, ward, monkeypatch):
        self.ward = ward
        self._monkeypatch = monkeypatch
        settings = ward.settings()
        self.set(**{name: getattr(settings, name) for name in SETTINGS})

    def set(self, **values):
        for name, value in values.items():
            self._monkeypatch.setenv(f"BONEFLAG_{name.upper()}", str(value))

    def types(self, line):
        """The exit code and what was printed; blanks within a word are typed as underscores."""
        load_settings.cache_clear()
        words = [word if "/" in word else word.replace("_", " ") for word in line.split()]
        result = CliRunner().invoke(cli.app, words)
        load_settings.cache_clear()
        return result.exit_code, " ".join(result.output.split())

    def approves(self, line):
        code, output = self.types(f"golive --approver Ada_Approver --yes {line}")
        assert code == 0, output

    def goes_live(self):
        self.types("sweep --inline")
        self.approves("--canary 1")
        self.types("sweep --inline")
        self.approves("")

    def changes_the_protocol(self):
        """An EDSS of 6.5 is no MAJOR factor any more: whoever is due no longer is."""
        path = self.ward.directory / "overlay.yaml"
        path.write_text(APPROVED.replace("2027-11-20", "2036-11-20") + HIGHER_EDSS, "utf-8")
        self.set(protocol_overlay=path)


@pytest.fixture
def operator(ward, monkeypatch):
    monkeypatch.setattr("service.logs.configure_logs", lambda *_, **__: None)
    yield Operator(ward, monkeypatch)
    load_settings.cache_clear()


def test_the_setting_live_alone_writes_nothing_and_says_what_is_missing(operator, ward):
    ward.admit(due)

    _, swept = operator.types("sweep --inline")
    _, report = operator.types("report")

    assert ward.proxy.writes == []
    assert "nobody has approved anything" in swept
    assert "going live: nothing is written: BONEFLAG_MODE is live and nobody" in report


def test_without_yes_it_is_only_shown_what_would_open(operator, ward):
    ward.admit_all([due, due, fine])
    operator.types("sweep --inline")

    code, shown = operator.types("golive --approver Ada --canary 2")

    assert code == 0
    assert "2 would open" in shown
    assert "2 of those that would open: MSO-02" in shown
    assert "nothing was approved" in shown
    assert "nobody has approved" in operator.types("report")[1]


def test_in_the_canary_stage_only_the_canary_is_written(operator, ward):
    ids = ward.admit_all([due, due, due])
    operator.types("sweep --inline")

    operator.approves("--canary 1")
    operator.types("sweep --inline")

    assert sorted(ward.shown(i) for i in ids) == [[], [], TOLD]


def test_a_canary_of_one_clinic_is_the_people_of_its_file(operator, ward):
    first, second = ward.admit_all([due, due])
    operator.types("sweep --inline")
    clinic = ward.directory / "clinic.csv"
    clinic.write_text(f"id\n{second}\n", "utf-8")

    operator.approves(f"--canary-file {clinic}")
    operator.types("sweep --inline")

    assert [ward.shown(first), ward.shown(second)] == [[], TOLD]


def test_a_canary_of_one_clinic_is_the_members_of_its_group(operator, ward):
    ward.admit(due)
    operator.types("sweep --inline")

    operator.approves(f"--canary-group {ward.name}")

    assert "live for a canary of 1 people" in operator.types("report")[1]


def test_after_a_delivered_canary_everybody_is_written(operator, ward):
    ids = ward.admit_all([due, due, due])
    operator.goes_live()

    operator.types("sweep --inline")

    assert [ward.shown(i) for i in ids] == [TOLD] * 3


@pytest.mark.parametrize(
    ("typed", "mode", "words"),
    [
        ("--approver Ada", "live", "no canary is under way"),
        ("--canary 1", "live", "nobody is named as approver"),
        ("--canary 1 --approver Ada", "shadow", "BONEFLAG_MODE is shadow"),
        ("--canary 1 --approver the_boneflag_PROJECT", "live", "wrote this protocol"),
    ],
)
def test_who_may_not_say_go_is_told_why(operator, ward, typed, mode, words):
    ward.admit(fine)
    operator.types("sweep --inline")
    operator.set(mode=mode)

    code, output = operator.types(f"golive --yes {typed}")

    assert code == 2
    assert words in output


def test_nobody_approves_a_protocol_that_no_sweep_has_judged_by(operator, ward):
    ward.admit(due)
    code, output = operator.types("golive --yes --approver Ada --canary 1")
    assert code == 2
    assert "no shadow sweep of this protocol was completed" in output


def test_the_whole_cohort_does_not_follow_a_canary_that_has_not_run(operator, ward):
    ward.admit(due)
    operator.types("sweep --inline")
    operator.approves("--canary 1")

    code, output = operator.types("golive --yes --approver Ada")

    assert code == 2
    assert "the canary has not run" in output


def test_what_was_planned_is_not_sent_once_somebody_has_ended_it(operator, ward):
    operator.types("sweep --inline")
    fhir_id = ward.admit(due)
    line = ward.line()
    line.start_sweep()
    for keys in line.hand_out(10, queue_is_empty=True, forgotten_after=timedelta()):
        line.screen(keys)

    operator.types("golive --end the_wrong_people_were_told")
    line.deliver()

    assert ward.shown(fhir_id) == []


def test_a_changed_protocol_writes_nothing_and_shows_what_it_would_close(operator, ward):
    fhir_id = ward.admit(due)
    operator.goes_live()
    ward.proxy.forget()
    operator.changes_the_protocol()

    _, swept = operator.types("sweep --inline")
    _, shown = operator.types("golive --approver Ada --canary 1")

    assert "another one is in force now" in swept
    assert "0 would open, 0 would change, 1 would close" in shown
    assert ward.proxy.writes == []
    assert ward.shown(fhir_id) == TOLD


def test_a_rollback_brings_the_earlier_protocol_back_whatever_the_file_says(operator, ward):
    ids = ward.admit_all([due, due])
    operator.goes_live()
    operator.types("sweep --inline")
    operator.changes_the_protocol()
    operator.types("sweep --inline")
    operator.approves("--canary 1")
    operator.types("sweep --inline")
    under_the_new_one = sorted(ward.shown(i)[0] for i in ids)

    code, output = operator.types("rollback --approver Otto_Other")
    operator.types("sweep --inline")

    assert code == 0, output
    assert under_the_new_one == ["Flag active", "Flag inactive"]
    assert [[f["status"] for f in ward.ours("Flag", i)] for i in ids] == [["active"]] * 2


def test_after_a_rollback_the_file_is_approved_only_once_it_has_been_ended(operator, ward):
    ward.admit(due)
    operator.goes_live()
    operator.changes_the_protocol()
    operator.types("rollback --approver Otto_Other")

    code, output = operator.types("golive --yes --approver Ada --canary 1")

    assert code == 2
    assert "a rollback is in force" in output


def test_after_a_rollback_whoever_was_given_up_is_judged_by_what_is_in_force(operator, ward):
    ward.admit(due)
    operator.goes_live()
    digest = ward.line(is_approved=False).protocol.digest
    operator.changes_the_protocol()
    operator.types("rollback --approver Otto_Other")
    with ward.ledger() as ledger:
        run = ledger.runs.newest(1)[0].id
        ledger.pending.mark(run, ledger.cohort.members(), ward.clock.now())
        ledger.pending.give_up(run, ledger.cohort.members(), "EHR unavailable")

    code, output = operator.types("retry --yes")

    assert code == 0, output
    with ward.ledger() as ledger:
        retried = ledger.runs.newest(1)[0]
    assert (retried.kind, retried.mode, retried.protocol_digest) == ("screen", "live", digest)


def test_without_another_protocol_there_is_no_way_back(operator, ward):
    ward.admit(fine)
    operator.goes_live()
    code, output = operator.types("rollback --approver Otto")
    assert code == 2
    assert "there is no way back" in output


def test_whoever_approved_going_live_does_not_let_a_held_run_go(operator, ward):
    operator.set(max_new_alerts_per_run=1)
    ward.admit_all([due, due, due])
    operator.goes_live()
    operator.types("sweep --inline")
    with ward.ledger() as ledger:
        held = ledger.runs.newest(1)[0]

    code, output = operator.types(f"release {held.id} --approver approver_ADA")
    released, _ = operator.types(f"release {held.id} --approver Otto_Other --inline")

    assert held.state == "held"
    assert (code, released) == (2, 0)
    assert "a second person must let run" in output


def test_higher_limits_than_the_settings_need_a_second_person(operator, ward):
    ward.admit(fine)
    operator.types("sweep --inline")
    wanted = "golive --yes --approver Ada --canary 1 --most-new-alerts 500"

    alone, output = operator.types(wanted)
    together, _ = operator.types(f"{wanted} --second-approver Otto")

    assert (alone, together) == (2, 0)
    assert "need a second person" in output
