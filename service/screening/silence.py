"""What silences an alert at once, where only a part of the chart is at hand.

A newcomer would get one thing wrong: a scan that counts in a part of the chart may not count in the
whole of it, since steroids shorten the interval after which it is old. So only what was not weighed
with the whole chart before silences: a new scan, order, therapy or exclusion.
"""

from __future__ import annotations

from collections.abc import Mapping

from service.screening.alert import AlertKind
from service.screening.assess import Assessment
from service.screening.criterion import Role

_ANSWERS: Mapping[AlertKind, frozenset[str]] = {
    AlertKind.SCREENING: frozenset({"central-dxa", "dxa-ordered", "osteoporosis-therapy"}),
    AlertKind.TREATMENT_GAP: frozenset({"osteoporosis-therapy"}),
}


def news_that_silences(kind: AlertKind, now: Assessment, then: Assessment) -> bool:
    """Whether a part of the chart shows what answers an alert and was not known `then`."""
    known = {f.criterion: {e.source for e in f.evidence} for f in then.findings}
    return any(
        e.source not in known.get(f.criterion, ())
        for f in now.findings
        if f.role is Role.EXCLUSION or f.criterion in _ANSWERS[kind]
        for e in f.counting
    )
