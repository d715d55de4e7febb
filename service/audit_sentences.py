"""The audit in sentences, for the person who asks who looked at a chart, and why."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from service.store.acts import AuditRow

DONE: Mapping[str, str] = {
    "read": "The chart was read",
    "create": "An alert was opened",
    "update": "An alert was brought up to date",
    "close": "An alert was closed",
    "withdraw": "An alert was withdrawn",
    "retire": "A spare copy of an alert was marked as entered in error",
    "explain": "Somebody had it explained what BoneFlag thinks about this person",
    "screen": "Somebody asked for a screening of this person",
    "view": "Somebody looked at a page",
    "sign-in": "Somebody signed in to the pages",
    "list": "The person stood in a list that somebody made",
    "show-audit": "Somebody read what the audit says about this person",
    "search-audit": "Somebody searched the audit",
    "subscribe": "The EHR was asked to tell us of changes",
    "unsubscribe": "The EHR was asked to tell us of changes no longer",
    "forget": "The person was forgotten",
    "card": "The EHR asked for cards while somebody had the chart open",
    "decide": "A decision about an alert was written down",
    "take-back": "A decision about an alert was taken back",
    "settle": "Somebody said whether an alert of unknown outcome arrived",
    "withdrawal": "The hospital began to take alerts back",
    "golive": "Going live was approved",
    "golive ended": "The approval of going live was ended",
    "rollback": "An earlier protocol was brought back",
    "release": "A held run was let go",
    "pause": "All reading and writing was paused",
    "resume": "Reading and writing went on after a pause",
    "retry": "Whoever was given up was made due again",
    "cohort accepted": "A cohort that had moved too much was accepted",
    "ledger rebuilt": "The ledger was filled again from the EHR",
    "simulate": "A change of the protocol was tried on the cohort",
    "simulation cancelled": "The trying of a change was cancelled",
    "draft": "A draft of an overlay was saved",
    "draft deleted": "A draft of an overlay was deleted",
    "purge": "What was over its span was taken out",
    "export": "The audit was exported",
}
"""The words of the audit and what each means."""
_ENDS = {
    "done": "{}",
    "sent": "About to be sent: {}",
    "failed": "Tried in vain: {}",
    "unknown": "Nobody knows yet whether it arrived: {}",
    "nothing changed": "Nothing had to be changed: {}",
}


def sentence_of(row: AuditRow, zone: ZoneInfo) -> str:
    """One row as a line: when, what, why, by whom."""
    done = DONE.get(row.what, f"Done: {row.what}")
    told = _ENDS.get(row.outcome, row.outcome + ": {}").format(done)
    details = [f"because: {row.reason}"] if row.reason else []
    details += [part for part in (row.detail, row.resource) if part]
    if row.run_id is not None:
        kind = f" ({row.run_kind})" if row.run_kind else ""
        details.append(f"run {row.run_id}{kind}")
    if row.protocol_digest:
        details.append(f"protocol {row.protocol_digest}")
    who = f"{row.by_whom}, as {row.client} for the EHR, {row.software}"
    when = f"{row.at.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}"
    return f"{when}  {told}. {'; '.join([*details, who])}"
