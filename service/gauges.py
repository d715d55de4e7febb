"""What may be watched of BoneFlag: every metric by name, and its values from one look.

A newcomer would get three things wrong. A label holds a word of ours from a short list and never an
id, an address or a text; what is in no list becomes `other`. Small numbers are in it: a ward with
one person due shows a 1, so that these metrics are for inside the hospital, as the worklist is.
And instants are given as seconds since 1970 and not as ages: whoever reads them makes an age with
`time() - x`, which goes on growing when nobody answers any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from service.ehr.turns import Look
from service.screening.alert import Action, AlertKind
from service.screening.assess import Status
from service.spare_alerts import CLOSED_AS_SPARE
from service.store.entries import EntryState, RunState
from service.store.tallies import OTHER, Tally
from service.store.withdrawals import WITHDRAWN_BY_HOSPITAL

_WORD_FOR = {CLOSED_AS_SPARE: "spare", WITHDRAWN_BY_HOSPITAL: "withdrawn-by-hospital"}
CLOSING_WORDS = (*map(str, Status), *_WORD_FOR)
"""How the reason of a closing may begin."""
_STAGES = ("none", "canary", "full")
_PLAN_STATES = ("planned", "sent", "confirmed", "shadow", "superseded", "failed")
_NO_CODE = "none"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: its name, a sentence, and the names of its labels. All are gauges."""

    name: str
    told: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Gauge:
    """One value of a metric."""

    name: str
    value: float
    labels: tuple[str, ...] = ()


METRICS = (
    Metric(
        "boneflag_source_up", "Whether what is counted could be read (1) or not (0).", ("source",)
    ),
    Metric("boneflag_people", "People of the cohort by latest status.", ("status",)),
    Metric("boneflag_people_known", "People the ledger knows, in the cohort or not."),
    Metric("boneflag_people_in_cohort", "People who are in the cohort now."),
    Metric("boneflag_people_waiting", "People who wait to be screened."),
    Metric("boneflag_people_given_up", "People whose screening failed too often."),
    Metric("boneflag_oldest_waiting_timestamp_seconds", "Since when the longest waiting waits."),
    Metric("boneflag_alerts", "Alerts by how sure we are of them.", ("kind", "state")),
    Metric("boneflag_alerts_opened", "Alerts ever told and still remembered.", ("kind",)),
    Metric("boneflag_alerts_closed", "Closed alerts by what closed them.", ("kind", "reason")),
    Metric("boneflag_decisions", "Decisions of people that stand today.", ("kind", "code")),
    Metric("boneflag_plans", "Plans by state and by what they do.", ("state", "action")),
    Metric("boneflag_plans_given_up", "Plans that failed and that nobody judged anew."),
    Metric("boneflag_plans_outcome_unknown", "Plans of which nobody knows what became."),
    Metric("boneflag_oldest_open_plan_timestamp_seconds", "When the oldest open plan was made."),
    Metric("boneflag_runs", "Runs by kind and state.", ("kind", "state")),
    Metric("boneflag_runs_held", "Held runs that still have something to send."),
    Metric(
        "boneflag_last_finished_timestamp_seconds", "When the last run of a kind ended.", ("kind",)
    ),
    Metric("boneflag_changes_known_timestamp_seconds", "Up to when the EHR's changes are known."),
    Metric("boneflag_last_screened_timestamp_seconds", "When somebody was screened last."),
    Metric("boneflag_duplicates_found", "Spare alerts of ours that runs found."),
    Metric("boneflag_live", "Whether the mode is live (1) or shadow (0)."),
    Metric("boneflag_approval_stage", "The approval that holds: the stage with a 1.", ("stage",)),
    Metric("boneflag_paused", "Whether BoneFlag is paused."),
    Metric("boneflag_cohort_held", "Whether the last reading of the cohort waits for a person."),
    Metric("boneflag_withdrawals_open", "Withdrawals that are not finished."),
    Metric("boneflag_audit_head_number", "The number of the last row of the audit."),
    Metric("boneflag_audit_kept_number", "The highest number that was kept beside the audit."),
    Metric("boneflag_ehr_left_alone_seconds", "For how long the EHR is left alone after failures."),
    Metric("boneflag_ehr_asked_to_wait_seconds", "For how long the EHR asked us to wait."),
    Metric("boneflag_ehr_probe_due", "Whether one request has to find out if the EHR is back."),
    Metric("boneflag_ehr_requests_today", "Requests to the EHR since midnight."),
    Metric("boneflag_ehr_requests_per_day", "The budget of requests a day; 0 is none."),
    Metric("boneflag_queue_messages", "Messages that wait in a queue.", ("queue",)),
)


def gauges_of_ledger(tally: Tally, *, is_live: bool, codes: frozenset[str]) -> Iterator[Gauge]:
    """What the ledger tells; `codes` are the reasons for a no that the protocol knows."""
    yield from _people(tally)
    yield from _alerts(tally, codes)
    yield from _plans(tally)
    yield from _runs(tally)
    yield Gauge("boneflag_live", is_live)
    for stage in _STAGES:
        yield Gauge("boneflag_approval_stage", tally.approval_stage == stage, (stage,))
    yield Gauge("boneflag_paused", tally.is_paused)
    yield Gauge("boneflag_cohort_held", tally.is_cohort_held)
    yield Gauge("boneflag_withdrawals_open", tally.open_withdrawals)
    yield Gauge("boneflag_audit_head_number", tally.audit_head)
    yield Gauge("boneflag_audit_kept_number", tally.audit_kept)


def gauges_of_redis(
    look: Look, requests_per_day: int, queues: Mapping[str, int]
) -> Iterator[Gauge]:
    """What Redis tells: how we stand towards the EHR, and how long the queues are."""
    yield Gauge("boneflag_ehr_left_alone_seconds", look.outage_seconds)
    yield Gauge("boneflag_ehr_asked_to_wait_seconds", look.asked_seconds)
    yield Gauge("boneflag_ehr_probe_due", look.is_probe_due)
    yield Gauge("boneflag_ehr_requests_today", look.requests_today)
    yield Gauge("boneflag_ehr_requests_per_day", requests_per_day)
    for queue, length in sorted(queues.items()):
        yield Gauge("boneflag_queue_messages", length, (queue,))


def _people(tally: Tally) -> Iterator[Gauge]:
    for status in Status:
        yield Gauge("boneflag_people", tally.people.get((status,), 0), (status,))
    yield Gauge("boneflag_people_known", tally.known)
    yield Gauge("boneflag_people_in_cohort", tally.in_cohort)
    yield Gauge("boneflag_people_waiting", tally.waiting)
    yield Gauge("boneflag_people_given_up", tally.given_up)
    yield from _instant("boneflag_oldest_waiting_timestamp_seconds", tally.oldest_waiting)
    yield from _instant("boneflag_last_screened_timestamp_seconds", tally.judged_last)


def _alerts(tally: Tally, codes: frozenset[str]) -> Iterator[Gauge]:
    for kind in AlertKind:
        of_kind = {s: tally.alerts.get((kind, s), 0) for s in EntryState}
        for state, number in of_kind.items():
            yield Gauge("boneflag_alerts", number, (kind, state))
        opened = sum(of_kind.values()) - of_kind[EntryState.PLANNED]
        yield Gauge("boneflag_alerts_opened", opened, (kind,))
    for (of, word), number in sorted(tally.closed.items()):
        yield Gauge("boneflag_alerts_closed", number, (of, _WORD_FOR.get(word, word)))
    decisions: dict[tuple[str, str], int] = {}
    for (of, code), number in tally.decisions.items():
        known = _NO_CODE if code == "" else code if code in codes else OTHER
        decisions[of, known] = decisions.get((of, known), 0) + number
    for labels, number in sorted(decisions.items()):
        yield Gauge("boneflag_decisions", number, labels)
    yield Gauge("boneflag_duplicates_found", tally.duplicates)


def _plans(tally: Tally) -> Iterator[Gauge]:
    for state in _PLAN_STATES:
        for action in Action:
            yield Gauge("boneflag_plans", tally.plans.get((state, action), 0), (state, action))
    yield Gauge("boneflag_plans_given_up", tally.plans_given_up)
    yield Gauge("boneflag_plans_outcome_unknown", tally.plans_unknown)
    yield from _instant("boneflag_oldest_open_plan_timestamp_seconds", tally.oldest_open_plan)


def _runs(tally: Tally) -> Iterator[Gauge]:
    for kind in ("sweep", "poll", "screen"):
        for state in RunState:
            yield Gauge("boneflag_runs", tally.runs.get((kind, state), 0), (kind, state))
        name = "boneflag_last_finished_timestamp_seconds"
        yield from _instant(name, tally.finished.get(kind), kind)
    yield Gauge("boneflag_runs_held", tally.runs_held)
    yield from _instant("boneflag_changes_known_timestamp_seconds", tally.watermarks.get("changes"))


def _instant(name: str, at: datetime | None, *labels: str) -> Iterator[Gauge]:
    """Nothing where it never happened: a zero would be 1970."""
    if at is not None:
        yield Gauge(name, at.timestamp(), labels)
