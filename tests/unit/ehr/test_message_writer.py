"""Telling an alert by a message or a draft: once, and at most once where nobody can look."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from service.ehr.capability import Capability
from service.ehr.delivery.channels import CHANNELS
from service.ehr.errors import EHRCutShort, EHRRejected, EHRUnavailable
from service.ehr.manners import Manners
from service.screening.alert import AlertKind, AlertPlan, AlertState, PostedAlert
from service.store.entries import EntryState
from tests.lib.alerts import ANNA, AT, ON, an_alert, create, resolve, update, withdraw
from tests.lib.channels import RememberedLine, capability_of, options
from tests.lib.fake_fhir_server import FakeFHIRServer
from tests.lib.wire import Wire, answer, bundle, outcome, parameters_of

OTHER = an_alert(content_digest="ff", detail="EDSS 7 on 2026-11-01")
SEARCHABLE = capability_of("Communication")
UNSEARCHABLE = capability_of("Communication", parameters=("recipient", "received", "category"))
BY_PATIENT = capability_of("Communication", parameters=("patient", "sent"))


class Site:
    """One EHR and the line that writes to it by one channel."""

    def __init__(
        self, channel: str, capability: Capability, server: Any = None, **changes: Any
    ) -> None:
        self.server = server or FakeFHIRServer()
        self.wire = Wire(self.server)
        self.client = self.wire.client()
        chosen = CHANNELS[channel]
        self.line = RememberedLine(chosen.writer(self.client, capability, options(**changes)))
        self.reader = chosen.reader(self.client, capability, options(**changes))

    def posted(self) -> PostedAlert:
        """The alert as the reader finds it."""
        (found,) = self.reader.read([ANNA.id], self.line.memory).histories[ANNA.id].posted
        return found

    @property
    def posts(self) -> list[str]:
        """The requests that would create something."""
        return [line for line in self.wire.sent if line.startswith("POST")]


def told(capability: Capability = SEARCHABLE, **changes: Any) -> Site:
    site = Site("communication", capability, **changes)
    site.line.apply(create())
    site.wire.requests.clear()
    return site


# Once


@pytest.mark.parametrize("capability", [SEARCHABLE, UNSEARCHABLE, BY_PATIENT])
def test_a_message_is_sent_and_remembered(capability: Capability) -> None:
    site = Site("communication", capability)
    done = site.line.apply(create())
    assert (done.did, done.channel) == ("created", "communication")
    assert site.line.entry is not None
    assert site.line.entry.message_id == site.server.only("Communication")["id"]


def test_no_flag_and_no_task_is_ever_asked_for() -> None:
    site = Site("communication", SEARCHABLE)
    site.line.apply(create())
    site.line.apply(resolve(site.posted()))
    assert not [line for line in site.wire.sent if "Flag" in line or "Task" in line]


@pytest.mark.parametrize("capability", [SEARCHABLE, BY_PATIENT])
def test_a_message_of_which_the_ledger_has_lost_all_is_found_and_not_sent_again(
    capability: Capability,
) -> None:
    first = told(capability)
    second = Site("communication", capability, first.server)
    done = second.line.apply(create())
    assert done.did == "already-there"
    assert len(first.server.all("Communication")) == 1
    assert done.message is not None
    assert done.message.ref.id == first.server.only("Communication")["id"]


def test_after_a_lost_answer_the_message_is_looked_for_and_found() -> None:
    site = Site("communication", SEARCHABLE)
    site.server.loses_answer_of = lambda request: request.method == "POST"
    with pytest.raises(EHRUnavailable):
        site.line.apply(create())
    done = site.line.apply(create(), is_outcome_unknown=True)
    assert done.did == "already-there"
    assert len(site.server.all("Communication")) == 1


def test_a_request_that_never_arrived_is_sent_again_where_one_can_look() -> None:
    site = Site("communication", SEARCHABLE)
    done = site.line.apply(create(), is_outcome_unknown=True)
    assert done.did == "created"


def test_a_message_whose_identifier_the_server_dropped_is_found_by_its_text() -> None:
    site = Site("communication", SEARCHABLE)
    site.server.loses_answer_of = lambda request: request.method == "POST"
    with pytest.raises(EHRUnavailable):
        site.line.apply(create())
    site.server.edit(site.server.only("Communication"), identifier=None, extension=None)
    done = site.line.apply(create(), is_outcome_unknown=True)
    assert done.did == "already-there"
    assert len(site.server.all("Communication")) == 1


def test_other_messages_of_a_patient_are_not_read_without_need() -> None:
    site = Site("communication", SEARCHABLE)
    site.line.apply(create())
    searches = [parameters_of(r) for r in site.wire.requests if r.method == "GET"]
    assert searches
    assert all("identifier" in parameters for parameters in searches)


def test_a_search_that_was_cut_short_sends_nothing() -> None:
    def cut(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return answer(bundle(next_url="https://elsewhere.example.org/next"))
        return server(request)

    server = FakeFHIRServer()
    site = Site("communication", SEARCHABLE, cut)
    with pytest.raises(EHRCutShort):
        site.line.apply(create())
    assert server.writes == []


# At most once


def test_where_nobody_can_look_nothing_is_sent_after_an_unknown_outcome() -> None:
    site = Site("communication", UNSEARCHABLE)
    site.server.loses_answer_of = lambda request: request.method == "POST"
    with pytest.raises(EHRUnavailable) as lost:
        site.line.apply(create())
    assert lost.value.outcome_unknown
    done = site.line.apply(create(), is_outcome_unknown=True)
    assert done.did == "unknown"
    assert len(site.posts) == 1


def test_what_nobody_can_look_up_is_told_to_an_operator_and_counts_as_told() -> None:
    site = Site("communication", UNSEARCHABLE)
    site.line.apply(create(), is_outcome_unknown=True)
    assert site.line.entry is not None
    assert site.line.entry.state is EntryState.UNKNOWN
    assert site.posted().state is AlertState.ACTIVE
    assert site.posted().content_digest == an_alert().content_digest


def test_an_unknown_alert_stays_unknown_when_what_it_says_changes() -> None:
    site = Site("communication", UNSEARCHABLE)
    site.line.apply(create(), is_outcome_unknown=True)
    assert site.line.apply(update(OTHER, site.posted())).did == "unknown"
    assert site.posts == []


def test_a_duplicate_that_the_server_reports_is_told_already() -> None:
    refused = answer(outcome("fatal", "duplicate", "59141"), 422)
    manners = Manners(already_there_codes=frozenset({"59141"}))
    site = Site("communication", UNSEARCHABLE, lambda _: refused, manners=manners)
    assert site.line.apply(create()).did == "already-there"


def test_a_code_that_means_no_duplicate_here_is_a_rejection() -> None:
    refused = answer(outcome("fatal", "duplicate", "59141"), 422)
    site = Site("communication", UNSEARCHABLE, lambda _: refused)
    with pytest.raises(EHRRejected):
        site.line.apply(create())


# Within an episode


def test_a_message_is_not_said_again_when_what_it_says_changes() -> None:
    site = told()
    done = site.line.apply(update(OTHER, site.posted()))
    assert done.did == "already-there"
    assert len(site.server.all("Communication")) == 1
    assert site.posted().content_digest == "ff"


@pytest.mark.parametrize("capability", [SEARCHABLE, UNSEARCHABLE])
def test_an_alert_that_cannot_be_closed_there_is_not_closed_in_every_sweep(
    capability: Capability,
) -> None:
    site = told(capability)
    done = site.line.apply(resolve(site.posted()))
    assert (done.did, done.remains) == ("already-there", True)
    assert site.server.only("Communication")["status"] == "completed"
    assert site.posts == []
    assert site.posted().state is AlertState.RESOLVED


def test_a_withdrawn_message_is_withdrawn_in_the_ledger() -> None:
    site = told()
    site.line.apply(withdraw(site.posted()))
    assert site.posted().state is AlertState.WITHDRAWN


@pytest.mark.parametrize("capability", [SEARCHABLE, UNSEARCHABLE])
def test_what_is_due_again_after_it_was_closed_is_told_by_one_new_message(
    capability: Capability,
) -> None:
    site = told(capability)
    first = site.server.only("Communication")["id"]
    site.line.apply(resolve(site.posted()))
    again = update(an_alert(), site.posted())
    site.line.apply(again)
    site.line.apply(again, is_outcome_unknown=True)
    _, second = site.server.all("Communication")
    assert second["inResponseTo"] == [{"reference": f"Communication/{first}"}]


@pytest.mark.parametrize("times", [2, 3])
def test_what_is_due_again_several_times_is_told_each_time(times: int) -> None:
    clock = iter(AT + timedelta(days=n) for n in range(100))
    site = told(now=lambda: next(clock))
    for _ in range(times):
        site.line.apply(resolve(site.posted()))
        site.line.apply(update(an_alert(), site.posted()))
    assert len(site.server.all("Communication")) == times + 1


def test_a_reopening_whose_outcome_is_unknown_is_not_sent_twice_where_nobody_can_look() -> None:
    site = told(UNSEARCHABLE)
    site.line.apply(resolve(site.posted()))
    again = update(an_alert(), site.posted())
    assert site.line.apply(again, is_outcome_unknown=True).did == "unknown"
    assert len(site.server.all("Communication")) == 1


def test_a_condition_never_hides_that_an_alert_is_due_again() -> None:
    site = told(capability_of("Communication", conditional_create=True))
    site.line.apply(resolve(site.posted()))
    site.line.apply(update(an_alert(), site.posted()))
    assert len(site.server.all("Communication")) == 2


def test_a_message_about_somebody_else_is_not_taken_for_ours() -> None:
    by_identifier = capability_of("Communication", parameters=("identifier",))
    first = told(by_identifier)
    other = first.server.only("Communication")
    first.server.edit(other, subject={"reference": "Patient/bea"})
    site = Site("communication", by_identifier, first.server)
    assert site.line.apply(create()).did == "created"


# The closing message


def test_no_closing_message_is_sent_unless_the_hospital_wants_one() -> None:
    site = told()
    site.line.apply(resolve(site.posted()))
    assert len(site.server.all("Communication")) == 1


def test_a_closing_message_tells_those_who_were_told() -> None:
    site = told(closing_message=True)
    site.line.apply(resolve(site.posted()))
    first, closing = site.server.all("Communication")
    assert closing["recipient"] == first["recipient"]
    assert closing["topic"]["text"].endswith(": closed")


def test_a_closing_message_whose_answer_was_lost_closes_all_the_same_and_is_not_repeated() -> None:
    site = told(closing_message=True)
    plan = resolve(site.posted())
    site.server.loses_answer_of = lambda request: request.method == "POST"
    site.line.apply(plan)
    site.line.apply(plan, is_outcome_unknown=True)
    assert len(site.server.all("Communication")) == 2
    assert site.posted().state is AlertState.RESOLVED


# A draft order

DRAFTS = capability_of("ServiceRequest")


def drafted(**changes: Any) -> Site:
    site = Site("service-request", changes.pop("capability", DRAFTS), **changes)
    site.line.apply(create())
    site.wire.requests.clear()
    return site


def test_a_draft_that_nobody_touched_is_renewed() -> None:
    site = drafted()
    done = site.line.apply(update(OTHER, site.posted()))
    assert done.did == "updated"
    assert "EDSS 7" in site.server.only("ServiceRequest")["note"][0]["text"]
    assert site.posted().state is AlertState.ACTIVE


def test_a_draft_that_nobody_touched_is_revoked_when_the_gap_is_closed() -> None:
    site = drafted()
    done = site.line.apply(resolve(site.posted()))
    assert not done.remains
    assert site.server.only("ServiceRequest")["status"] == "revoked"
    assert site.posted().state is AlertState.RESOLVED


@pytest.mark.parametrize("close", [resolve, withdraw])
def test_a_closing_whose_answer_was_lost_is_known_as_ours(close: Any) -> None:
    site = drafted()
    plan = close(site.posted())
    site.server.loses_answer_of = lambda request: request.method == "PUT"
    with pytest.raises(EHRUnavailable):
        site.line.apply(plan)
    site.server.loses_answer_of = lambda request: False
    ended = (AlertState.RESOLVED, AlertState.WITHDRAWN)
    assert site.posted().state is ended[close is withdraw]
    assert not site.line.apply(plan, is_outcome_unknown=True).remains
    assert site.posted().state is ended[close is withdraw]


@pytest.mark.parametrize("status", ["draft", "active", "on-hold", "completed"])
def test_a_draft_that_a_person_worked_on_is_left_as_it_is(status: str) -> None:
    site = drafted()
    site.server.edit(site.server.only("ServiceRequest"), status=status)
    assert site.posted().state is AlertState.CHANGED
    done = site.line.apply(resolve(site.posted()))
    assert done.remains
    assert site.server.only("ServiceRequest")["status"] == status
    assert site.posted().state is AlertState.RESOLVED


@pytest.mark.parametrize("status", ["revoked", "entered-in-error"])
def test_a_draft_that_a_person_revoked_is_a_no(status: str) -> None:
    site = drafted()
    site.server.edit(site.server.only("ServiceRequest"), status=status)
    history = site.reader.read([ANNA.id], site.line.memory).histories[ANNA.id]
    assert history.posted[0].state is AlertState.DISMISSED
    (decision,) = history.decisions[AlertKind.SCREENING]
    assert (decision.kind, decision.reason) == ("snoozed", f"ServiceRequest {status}")


def test_a_person_who_was_faster_wins() -> None:
    site = drafted()
    plan = update(OTHER, site.posted())
    current = site.server.only("ServiceRequest")

    def a_person_signs(request: httpx.Request) -> None:
        if request.method == "PUT":
            site.server.edit(current, status="active")

    site.server.before = a_person_signs
    assert site.line.apply(plan).did == "already-there"
    assert site.server.only("ServiceRequest")["status"] == "active"


def test_an_update_whose_answer_was_lost_is_known_as_ours() -> None:
    site = drafted()
    plan = update(OTHER, site.posted())
    site.server.loses_answer_of = lambda request: request.method == "PUT"
    with pytest.raises(EHRUnavailable):
        site.line.apply(plan)
    site.server.loses_answer_of = lambda request: False
    site.line.apply(plan, is_outcome_unknown=True)
    assert site.posted().state is AlertState.ACTIVE


def test_a_server_that_takes_no_updates_is_sent_none() -> None:
    capability = capability_of("ServiceRequest", interactions=("read", "search-type", "create"))
    site = drafted(capability=capability)
    site.line.apply(update(OTHER, site.posted()))
    site.line.apply(resolve(site.posted()))
    assert not [line for line in site.wire.sent if line.startswith("PUT")]


def test_a_treatment_gap_proposes_no_scan() -> None:
    site = Site("service-request", DRAFTS)
    done = site.line.apply(create(an_alert(kind=AlertKind.TREATMENT_GAP)))
    assert done.did == "already-there"
    assert site.wire.sent == []


# Beside it


def test_a_provenance_names_protocol_and_evidence() -> None:
    capability = capability_of("Communication", "Provenance")
    site = Site("communication", capability, provenance=True)
    site.line.apply(create())
    made = site.server.only("Provenance")
    assert made["target"] == [{"reference": f"Communication/{_message_id(site)}"}]
    assert made["policy"][0].endswith("|1.0.0")
    assert len(made["entity"]) == 2


def test_a_provenance_that_is_refused_costs_the_alert_nothing() -> None:
    capability = capability_of("Communication", "Provenance")
    site = Site("communication", capability, provenance=True)
    site.server.before = lambda request: (
        answer(outcome("error", "forbidden"), 403)
        if request.url.path.endswith("/Provenance")
        else None
    )
    assert site.line.apply(create()).did == "created"


def test_no_provenance_is_sent_to_a_server_that_does_not_offer_it() -> None:
    site = Site("communication", SEARCHABLE, provenance=True)
    site.line.apply(create())
    assert site.posts == ["POST /Communication"]


def _message_id(site: Site) -> str:
    return str(site.server.only("Communication")["id"])


# Another channel before


@pytest.mark.parametrize("channel", ["communication", "service-request"])
@pytest.mark.parametrize("plan", [update, resolve, withdraw], ids=["update", "resolve", "withdraw"])
def test_what_another_channel_told_is_not_told_again_within_the_episode(
    channel: str, plan: Any
) -> None:
    site = Site(channel, capability_of("Communication", "ServiceRequest"))
    posted = PostedAlert(an_alert().key, AlertKind.SCREENING, 1, AlertState.ACTIVE, ON, "old")
    site.line.entry = _told_by("worklist-file")
    asked: AlertPlan = plan(OTHER, posted) if plan is update else plan(posted)
    done = site.line.apply(asked)
    assert (done.did, done.channel) == ("already-there", "worklist-file")
    assert site.wire.sent == []


def _told_by(channel: str) -> Any:
    line = told().line
    assert line.entry is not None
    return replace(line.entry, channel=channel, message_id=None, message_type=None)
