"""Judged people without a chart: a status, a sex, a band, a day, verdicts."""

from __future__ import annotations

from datetime import date

from service.measure import Stratum
from service.store.entries import Judged

DIGEST = "sha256:of-today"
DAY = date(2026, 11, 22)
CRITERIA = (Stratum("MSO-02", "EDSS 6.0 or more"), Stratum("MSO-11", "Vitamin D low"))


def judged(
    status: str = "due",
    sex: str = "female",
    age_band: str = "40-49",
    *verdicts: tuple[str, str],
    on: date = DAY,
    digest: str = DIGEST,
    short: str = "",
    key: str = "",
) -> Judged:
    """`verdicts` are numbers of criteria, each met or unknown."""
    marks = {"met": "", "unknown": "?"}
    words = [f"{number}{marks[verdict]}" for number, verdict in verdicts if verdict in marks]
    return Judged(status, sex, age_band, on, digest, frozenset([*words, *short.split()]), key)
