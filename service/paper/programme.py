"""The programme's numbers in words, for its page and for `boneflag report --html`.

A newcomer would get one thing wrong: the page and the file show the same template, and so the same
numbers. What may be shown was decided before the sheet was made (service/report).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from service.measure import PROGRAMME, STRATIFIERS, Stratifier
from service.paper.press import Plate, printed
from service.reason_words import words_of
from service.report.answers import NO_CODE, OLDER, OUTCOMES, YOUNGER
from service.report.disclosure import HIDDEN_UP_TO, ROUNDED_TO
from service.report.over_time import HAPPENINGS
from service.report.programme import MET, NOT_MET, UNCLEAR
from service.report.sheet import Sheet
from service.report.sheet_pictures import PICTURES

if TYPE_CHECKING:  # pragma: no cover - for the type checker only
    from service.wiring.programme import Moment

# Columns of the tables by group; the CSV has every population.
_COLUMNS = {
    "initial-population": "Cohort",
    "due": "Due",
    "waiting": "Waiting",
    "done": "Done",
    "declined-or-snoozed": "Declined or snoozed",
    "result-needs-action": "Result needs action",
    "not-at-risk": "Not at risk",
    "could-not-determine": "Unknown",
}
_DIVISIONS = tuple(s for s in STRATIFIERS if s.code in ("sex", "age-band", "sex-and-age"))
Row = Mapping[str, int | None]
_VERDICTS = {MET: "Met", UNCLEAR: "Unknown", NOT_MET: "Not met"}


def programme_values(sheet: Sheet, moment: Moment) -> dict[str, Any]:
    """What the template of the numbers is filled with."""
    return {
        "sheet": sheet,
        "now": moment,
        "pictures": PICTURES,
        "parts": PROGRAMME,
        "columns": _COLUMNS,
        "divisions": _DIVISIONS,
        "rows_of": _rows_of,
        "source_columns": {part.code: part.display for part in PROGRAMME},
        "criterion_rows": _criterion_rows(sheet),
        "remarks": _remarks,
        "verdicts": _VERDICTS,
        "happenings": HAPPENINGS,
        "outcomes": OUTCOMES,
        "older": OLDER,
        "younger": YOUNGER,
        "reasons": [(_said(code), n) for code, n in sheet.answers.reasons.items()],
        "hidden_up_to": HIDDEN_UP_TO,
        "rounded_to": ROUNDED_TO,
    }


def report_file(sheet: Sheet, moment: Moment, site: str) -> str:
    """The whole file."""
    plates = {
        name: Plate(partial(picture.draw, sheet), f"{picture.title}. {picture.alt}")
        for name, picture in PICTURES.items()
    }
    return printed("report.html", plates=plates, site=site, **programme_values(sheet, moment))


def _rows_of(division: Stratifier, sheet: Sheet) -> list[tuple[str, Row]]:
    """The groups of a division of which anything may be shown."""
    rows = sheet.numbers.tables[division.code]
    named = [(stratum.display, rows[stratum.code]) for stratum in division.strata]
    return [(word, row) for word, row in named if any(n is not None for n in row.values())]


def _criterion_rows(sheet: Sheet) -> list[tuple[str, Row]]:
    """Every criterion, those first that most people meet as far as it is shown."""
    rows = [(f"{c.code} {c.display}", sheet.numbers.criteria[c.code]) for c in sheet.criteria]
    return sorted(rows, key=lambda row: -(row[1][MET] or 0))


def _said(code: str) -> str:
    """A reason in words, as a clinician chose it."""
    return "No reason given" if code == NO_CODE else words_of(code)


def _remarks(source: Mapping[str, Any]) -> str:
    """What a reading of the cohort says of one source."""
    return "; ".join(filter(None, (source.get("problem"), *source.get("remarks", ()))))
