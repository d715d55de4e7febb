"""The history of our alerts about one patient, judged from Flags and Tasks that were read before.

A newcomer would get two things wrong. The number of an episode stands nowhere in the EHR: the
ledger knows it, or the key is made again for each number until it fits; to count by age would give
a new alert the key of an old one. And nothing here asks the EHR, so that `boneflag explain` judges
a file in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from service.ehr.alert_state import (
    Pair,
    Remembered,
    closed_on,
    content_of,
    decision_on,
    finished_on,
    oldest_first,
    opened_on,
    posted_resource,
    reasons_of,
    ref_of,
    state_of,
)
from service.ehr.delivery.elements import (
    PROTOCOL_DIGEST_URL,
    extension_value,
    key_in,
    objects,
    part,
    stands,
)
from service.ehr.delivery.flag_and_task import ALERT_TYPES
from service.ehr.delivery.task import closed_by_in
from service.ehr.subject import referenced
from service.screening.alert import (
    ALERT_CODE_SYSTEM,
    AlertKind,
    AlertState,
    PostedAlert,
    PostedResource,
)
from service.screening.record import Decision, ResourceRef

Resource = dict[str, Any]
KeyOf = Callable[[ResourceRef, AlertKind, int], str]
Memory = Mapping[str, Remembered]

NO_MEMORY: Memory = {}
_MOST_EPISODES = 50
_CLOSED_STATES = (AlertState.RESOLVED, AlertState.WITHDRAWN)


@dataclass(frozen=True, slots=True, repr=False)
class AlertHistory:
    """All that the EHR shows of our alerts about one patient, the oldest episode first.

    `closed_on` of a dismissed alert is the day of the person's decision, of one whose Task a person
    completed the day of that. `duplicates` are Flags and
    Tasks that stand beside the ones in `posted` and are to be retired; `decisions` are what people
    decided about alerts, by kind, whether or not they have lapsed. `spare` are whole alerts that
    stand open beside an older one of their kind (`merged_alerts`): what of them can be retired is
    among the duplicates.
    """

    posted: tuple[PostedAlert, ...] = ()
    duplicates: tuple[PostedResource, ...] = ()
    decisions: Mapping[AlertKind, tuple[Decision, ...]] = field(default_factory=dict)
    spare: tuple[PostedAlert, ...] = ()


def alert_history(
    patient: ResourceRef,
    resources: Iterable[Resource],
    *,
    snooze_months: int,
    remembered: Memory = NO_MEMORY,
    key_of: KeyOf | None = None,
) -> AlertHistory:
    """Judge the Flags and Tasks of one patient; those that are not ours are passed over.

    `remembered` is the ledger's memory by alert key, empty for a file or a lost ledger. `key_of`
    gives the key of an episode, from which its number is found again; without it, and where the
    ledger is silent, episodes count by the day they opened.
    """
    posted: list[PostedAlert] = []
    duplicates: list[PostedResource] = []
    decisions: dict[AlertKind, tuple[Decision, ...]] = {}
    by_kind: dict[AlertKind, list[Pair]] = {}
    for (_, kind), found in _grouped(patient, resources).items():
        pair, spare = _paired(found)
        by_kind.setdefault(kind, []).append(pair)
        duplicates += [posted_resource(resource) for resource in spare]
    for kind, pairs in by_kind.items():
        pairs.sort(key=lambda pair: (opened_on(pair), pair.key))
        numbers = _episodes(patient, kind, pairs, remembered, key_of)
        taken: list[Decision] = []
        for pair in pairs:
            known = remembered.get(pair.key)
            decision = decision_on(pair, known, snooze_months)
            taken += [decision] if decision else []
            posted.append(_posted(pair, kind, numbers[pair.key], known, decision))
        decisions[kind] = tuple(taken)
    posted.sort(key=lambda alert: (alert.kind, alert.episode))
    return AlertHistory(tuple(posted), tuple(duplicates), decisions)


def _grouped(
    patient: ResourceRef, resources: Iterable[Resource]
) -> dict[tuple[str, AlertKind], list[Resource]]:
    """Our Flags and Tasks about this patient by key and kind."""
    ours: dict[str, list[Resource]] = {}
    for resource in resources:
        key = key_in(resource) if resource.get("resourceType") in ALERT_TYPES else None
        if key is not None and patient_of(resource) == patient:
            ours.setdefault(key, []).append(resource)
    return {(key, _kind_of(found)): found for key, found in ours.items()}


def patient_of(resource: Mapping[str, Any]) -> ResourceRef | None:
    """Whom a Flag or Task is about, None where it names nobody by reference."""
    return referenced(resource.get("for" if resource["resourceType"] == "Task" else "subject"))


def _kind_of(resources: Iterable[Resource]) -> AlertKind:
    """The kind that any of them states; a screening alert where people removed our code."""
    for resource in resources:
        for coding in objects(part(resource, "code"), "coding"):
            if coding.get("system") == ALERT_CODE_SYSTEM and coding.get("code") in set(AlertKind):
                return AlertKind(coding["code"])
    return AlertKind.SCREENING


def _paired(found: list[Resource]) -> tuple[Pair, list[Resource]]:
    """The Flag and Task to keep, and the others that still stand: what a person ended stays so."""
    flags = oldest_first(r for r in found if r["resourceType"] == "Flag")
    flag = flags[0] if flags else None
    focus = str(ref_of(flag)) if flag else None
    tasks = oldest_first((r for r in found if r["resourceType"] == "Task"), focus)
    spare = [r for r in flags[1:] + tasks[1:] if stands(r)]
    return Pair(key_in(found[0]) or "", flag, tasks[0] if tasks else None), spare


def _episodes(
    patient: ResourceRef,
    kind: AlertKind,
    pairs: Sequence[Pair],
    remembered: Memory,
    key_of: KeyOf | None,
) -> dict[str, int]:
    """The number of each episode: the ledger's, else the one that makes its key, else by age."""
    numbers: dict[str, int] = {}
    if key_of is not None:
        made = {key_of(patient, kind, n): n for n in range(1, _MOST_EPISODES + 1)}
        numbers |= {pair.key: made[pair.key] for pair in pairs if pair.key in made}
    for pair in pairs:
        known = remembered.get(pair.key)
        if known is not None and known.episode is not None:
            numbers[pair.key] = known.episode
    for pair in pairs:
        # Two episodes never share a number, even where the ledger knows only the later one.
        numbers.setdefault(pair.key, max(numbers.values(), default=0) + 1)
    return numbers


def _posted(
    pair: Pair, kind: AlertKind, episode: int, known: Remembered | None, decision: Decision | None
) -> PostedAlert:
    state = state_of(pair, known)
    ended = decision.made_on if decision else None
    return PostedAlert(
        key=pair.key,
        kind=kind,
        episode=episode,
        state=state,
        opened_on=opened_on(pair),
        content_digest=content_of(pair, known),
        reasons=reasons_of(pair, known),
        flag=posted_resource(pair.flag) if pair.flag else None,
        task=posted_resource(pair.task) if pair.task else None,
        closed_on=closed_on(pair) if state in _CLOSED_STATES else ended or finished_on(pair),
        protocol_digest=_protocol_of(pair),
        closed_by=closed_by_in(pair.task) if pair.task and state in _CLOSED_STATES else None,
    )


def _protocol_of(pair: Pair) -> str:
    halves = (half for half in (pair.flag, pair.task) if half is not None)
    return next(filter(None, (extension_value(h, PROTOCOL_DIGEST_URL) for h in halves)), "")
