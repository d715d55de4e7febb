"""Carries out an alert plan in the EHR: look first, create once, update what is unchanged.

A newcomer would get four things wrong.

*Nothing here remembers.* Every step looks at the EHR first, so that a plan can be carried out again
after any crash, and a second time changes nothing. After an unknown outcome nothing is sent from
here: `EHRUnavailable(outcome_unknown=True)` goes up, the queue comes again, and the look finds it.

*If-None-Exist is help, not proof.* It races on most servers, and it answers with our own
old, closed Flag. So what was created is read back by its identifier, and of several one is kept.

*A person is never overwritten.* An update says which version it read. On 409 or 412 the resource is
read once more; if somebody ended the matter since the plan was made, it is left alone.

*The order.* The Flag is created first, because the Task points at it; the Task is closed first,
because the mark it then carries tells that the Flag was ours to close (see `alert_state`).

Source: architecture, "Exactly one alert"; integration notes 1.5 and 3.6.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

import structlog

from service.ehr.alert_state import (
    Remembered,
    oldest_first,
    posted_resource,
    ref_of,
    version_of,
)
from service.ehr.alerts import about
from service.ehr.bundle import Stored
from service.ehr.capability import Capability
from service.ehr.client import FHIRClient
from service.ehr.delivery.elements import key_in, part, stands
from service.ehr.delivery.flag import closed_flag, withdrawn_flag
from service.ehr.delivery.flag_and_task import AlertType, Delivery, temporary_url
from service.ehr.delivery.provenance import ProvenanceRecorder
from service.ehr.delivery.task import closed_task, has_closing_output, without_closing_output
from service.ehr.delivery.told import is_told_elsewhere
from service.ehr.errors import (
    EHRConflict,
    EHRCutShort,
    EHRMisunderstood,
    EHRNotFound,
    EHRRefused,
    EHRRejected,
    EHRUnavailable,
)
from service.ehr.manners import STANDARD, Manners
from service.ehr.plan_progress import Outcome, PlanProgress
from service.ehr.search import query_string
from service.screening.alert import (
    ALERT_IDENTIFIER_SYSTEM,
    Action,
    Alert,
    AlertPlan,
    PostedResource,
)
from service.screening.record import ResourceRef

_log = structlog.get_logger()

Resource = dict[str, Any]
_NOTHING_REMEMBERED = Remembered()


class Writer:
    """Carries out plans on one server. `now` gives aware instants, for lastModified."""

    def __init__(
        self,
        client: FHIRClient,
        capability: Capability,
        delivery: Delivery,
        *,
        now: Callable[[], datetime],
        channel: str = "flag-and-task",
        manners: Manners = STANDARD,
        provenance: ProvenanceRecorder | None = None,
    ) -> None:
        self._client = client
        self._capability = capability
        self._delivery = delivery
        self._now = now
        self._channel = channel
        self._manners = manners
        self._provenance = provenance

    def apply(self, plan: AlertPlan, remembered: Remembered = _NOTHING_REMEMBERED) -> Outcome:
        """Make the EHR say what the plan says; any number of times has the effect of one.

        `remembered` tells what was confirmed in the EHR before: what is gone since was deleted by
        somebody and is not made again. Raises the errors of `service.ehr.errors`; after
        EHRUnavailable and EHRConflict the plan is to be carried out again.
        """
        progress = PlanProgress(plan, remembered)
        if plan.action is Action.KEEP:
            return progress.outcome(self._channel)
        if is_told_elsewhere(plan, remembered, self._channel):
            return Outcome("already-there", channel=remembered.channel, remains=True)
        types = self._delivery.types_for(plan.kind)
        for type_ in types:
            self._look(type_, progress)
        if not progress.leave_what_a_person_ended(types):
            self._create_missing(types, progress)
            self._revise(types, progress)
        return progress.outcome(self._channel)

    def retire(self, duplicates: Iterable[PostedResource]) -> int:
        """Mark duplicates as entered in error; how many were.

        Ones that are gone, or that somebody changed since they were read, count for none.
        """
        return sum(self._retire(duplicate) for duplicate in duplicates)

    # Looking

    def _look(self, type_: AlertType, progress: PlanProgress) -> None:
        """Find the one resource of this type with the plan's key, and retire any others."""
        found = oldest_first(self._found(type_, progress), progress.focus_for(type_))
        progress.found[type_] = found[0] if found else None
        for spare in found[1:]:
            if stands(spare):
                progress.duplicates_retired += self._retire(posted_resource(spare))

    def _found(self, type_: AlertType, progress: PlanProgress) -> list[Resource]:
        """What the plan was made for, by its id; else what has the plan's key, past every cache."""
        posted = progress.posted(type_)
        if posted is not None:
            try:
                return [self._read(posted.ref)]
            except EHRNotFound:
                pass  # Deleted, or moved by a merge of patients: the search tells.
        if progress.plan.alert is None:  # A closing touches only what was read.
            return []
        params = about(self._capability, type_, [progress.plan.alert.patient.id])
        if self._capability.can_search(type_, "identifier"):
            params["identifier"] = f"{ALERT_IDENTIFIER_SYSTEM}|{progress.key}"
        result = self._client.search(type_, params)
        if not result.is_complete:
            raise EHRCutShort(f"Whether our {type_} is there cannot be told: the answer is cut off")
        return [resource for resource in result.matches if key_in(resource) == progress.key]

    def _read(self, ref: ResourceRef) -> Resource:
        stored = self._client.read(ref.type, ref.id)
        if stored.resource is None:
            raise EHRMisunderstood(f"The EHR answered a read of {ref.type} with something else")
        return _with_version(stored)

    def _retire(self, spare: PostedResource) -> int:
        """Mark one duplicate as entered in error; 0 where it is gone or marked already.

        Which one is spare was decided by what stood there then: where it stands in another version
        now, or somebody works on it at this moment, the next look decides again.
        """
        try:
            current = self._read(spare.ref)
            was_touched = None not in (spare.version, version_of(current)) and (
                spare.version != version_of(current)
            )
            if was_touched or current.get("status") != spare.status:
                return 0
            self._client.update(_retired(current, self._now()), if_match=version_of(current))
        except (EHRNotFound, EHRConflict):
            return 0
        _log.warning("duplicate_alert_retired", type=spare.ref.type)
        return 1

    # Creating

    def _create_missing(self, types: Iterable[AlertType], progress: PlanProgress) -> None:
        alert = progress.plan.alert
        missing = [t for t in types if progress.found[t] is None and not progress.was_deleted(t)]
        if alert is None or not missing:
            return
        if self._capability.has_transactions and len(missing) > 1:
            try:
                self._create(missing, alert, progress)
            except EHRRefused:
                # Nothing was done. Some servers want more for a transaction than the right to write
                # both types: one wants `system/*.write` (seen 2026-11-22).
                _log.info("transaction_refused")
            else:
                return
        for type_ in missing:
            self._create([type_], alert, progress)

    def _create(self, types: list[AlertType], alert: Alert, progress: PlanProgress) -> None:
        try:
            sent = self._send_new(types, alert, progress)
        except (EHRConflict, EHRRejected) as error:
            if isinstance(error, EHRRejected) and not self._is_duplicate(error):
                raise
            # It is there already, or several are: reading back sorts them out.
            _log.warning("alert_create_conflicted")
            sent = {}
        self._read_back(types, sent, progress)
        if self._provenance is not None:
            for type_, stored in sent.items():
                current = progress.found[type_]
                if stored.is_new and current is not None:
                    self._provenance.record(ref_of(current), alert, "CREATE")

    def _is_duplicate(self, error: EHRRejected) -> bool:
        codes = self._manners.already_there_codes
        return any(issue.detail_code in codes for issue in error.issues)

    def _send_new(
        self, types: list[AlertType], alert: Alert, progress: PlanProgress
    ) -> dict[AlertType, Stored]:
        """Create one resource, or several in one transaction."""
        if len(types) > 1:
            answer = self._client.transaction(self._transaction(types, alert))
            sent = dict(zip(types, answer, strict=False))
        else:
            resource = self._new(types[0], alert, progress.focus_for(types[0]))
            condition = self._condition(types[0], alert)
            sent = {types[0]: self._client.create(resource, if_none_exist=condition)}
        progress.did_create = any(stored.is_new for stored in sent.values())
        return sent

    def _transaction(self, types: list[AlertType], alert: Alert) -> Resource:
        entries = []
        for type_ in types:
            request = {"method": "POST", "url": type_}
            condition = self._condition(type_, alert)
            if condition:
                request["ifNoneExist"] = condition
            focus = temporary_url(alert.key, "Flag") if type_ == "Task" else None
            resource = self._new(type_, alert, focus)
            url = temporary_url(alert.key, type_)
            entries.append({"fullUrl": url, "resource": resource, "request": request})
        return {"resourceType": "Bundle", "type": "transaction", "entry": entries}

    def _new(self, type_: AlertType, alert: Alert, focus: str | None) -> Resource:
        return self._delivery.new(type_, alert, self._now(), focus)

    def _condition(self, type_: AlertType, alert: Alert) -> str | None:
        """What If-None-Exist says: a query string without the type (integration notes 1.5)."""
        if not self._capability.can_create_conditionally(type_):
            return None
        return query_string({"identifier": f"{ALERT_IDENTIFIER_SYSTEM}|{alert.key}"})

    def _read_back(
        self, types: Iterable[AlertType], sent: Mapping[AlertType, Stored], progress: PlanProgress
    ) -> None:
        """What really stands there now; EHRUnavailable where nothing can be seen of it."""
        for type_ in types:
            self._look(type_, progress)
            stored = sent.get(type_)
            if progress.found[type_] is None and stored is not None and stored.ref is not None:
                # The search index lags on some servers; the id does not.
                progress.found[type_] = self._read(stored.ref)
            if progress.found[type_] is None:
                raise EHRUnavailable(
                    f"A {type_} that was just created cannot be seen yet: look again later",
                    outcome_unknown=True,
                )

    # Changing

    def _revise(self, types: tuple[AlertType, ...], progress: PlanProgress) -> None:
        is_closing = progress.plan.action in (Action.RESOLVE, Action.WITHDRAW)
        for type_ in reversed(types) if is_closing else types:
            current = progress.found[type_]
            if current is not None:
                progress.found[type_] = self._revise_one(type_, current, progress)

    def _revise_one(self, type_: AlertType, current: Resource, progress: PlanProgress) -> Resource:
        """Bring one resource to what the plan wants, unless a person ended it meanwhile."""
        try:
            return self._update(type_, current, progress)
        except EHRConflict:
            # Somebody was faster: once more with what they made of it. A second conflict goes up.
            return self._update(type_, self._read(ref_of(current)), progress)

    def _update(self, type_: AlertType, current: Resource, progress: PlanProgress) -> Resource:
        if progress.is_ended_by_person(type_, current):
            progress.left_alone.add(type_)
            return current
        focus = progress.focus_for(type_)
        changed = self._delivery.revised(current, progress.plan, self._now(), focus)
        if changed is not None:
            stored = self._save(changed, current, progress.plan)
            progress.did_update = True
            alert = progress.plan.alert
            if self._provenance is not None and alert is not None:
                self._provenance.record(ref_of(current), alert, "UPDATE")
            current = _with_version(stored) if stored.resource else self._read(ref_of(current))
        if changed is not None or progress.is_our_doing(type_, current):
            progress.settled.add(type_)
        return current

    def _save(self, changed: Resource, current: Resource, plan: AlertPlan) -> Stored:
        """Update what was read; where the server refuses a part that we can do without, without it.

        An alert that cannot be closed would be worse than one that points at nothing.
        """
        try:
            return self._client.update(changed, if_match=version_of(current))
        except EHRRejected:
            lesser = self._acceptable(changed, current, plan)
            if lesser is None:
                raise
            return self._client.update(lesser, if_match=version_of(current))

    def _acceptable(self, changed: Resource, current: Resource, plan: AlertPlan) -> Resource | None:
        """Some servers let nobody enter a Flag in error: there a withdrawn one becomes inactive.

        And some refuse a Task that points at what is not there (any more).
        """
        if has_closing_output(changed):
            _log.info("task_may_not_point_at_what_closed_it")
            return without_closing_output(changed)
        is_withdrawn_flag = plan.action is Action.WITHDRAW and changed["resourceType"] == "Flag"
        if not is_withdrawn_flag or current.get("status") != "active":
            return None
        _log.info("flag_may_not_be_an_error")
        return closed_flag(current, plan.closed_on or self._now().date())


def _with_version(stored: Stored) -> Resource:
    """The resource with the version of its ETag, where its meta does not tell."""
    resource = dict(stored.resource or {})
    if version_of(resource) is None and stored.version is not None:
        resource["meta"] = {**part(resource, "meta"), "versionId": stored.version}
    return resource


def _retired(resource: Resource, at: datetime) -> Resource:
    if resource["resourceType"] == "Flag":
        return withdrawn_flag(resource)
    reason = "The same alert was in the EHR twice"
    return closed_task(resource, "entered-in-error", "duplicate", reason, at)
