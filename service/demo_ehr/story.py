"""A story: one invented person, what makes them interesting, and the status they must get.

The expectations are worked out by hand from the clinical specification (section 7 first), never by
running the product. Who is due or not at risk has `reasons`: all risk factors that must be met, and
no other may be. For everybody else they are left out, because something else decided.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from service.demo_ehr.chart import Chart
from service.demo_ehr.codes import JSON, Code
from service.demo_ehr.diagnoses import add_ms
from service.demo_ehr.measurements import add_bmi, add_edss, add_never_smoked

Telling = Callable[[Chart], None]


@dataclass(frozen=True, slots=True)
class Person:
    """One invented person, ready to be loaded; `resources` starts with the Patient."""

    id: str
    story: str
    expected_status: str
    expected_reasons: tuple[str, ...]
    resources: list[JSON] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Story:
    """A function that writes a chart, with what must come out of it."""

    name: str
    sentence: str
    status: str
    reasons: tuple[str, ...]
    tell: Telling

    def person(self, on: date, seed: int) -> Person:
        """The person of this story as their chart stands on a day."""
        person_id = f"{self.name}-01"
        chart = Chart(person_id, on, random.Random(f"{seed}/{person_id}"))  # noqa: S311 - invented people, no secrets
        self.tell(chart)
        return Person(person_id, self.sentence, self.status, self.reasons, chart.resources)


def story(status: str, *reasons: str, about: str) -> Callable[[Telling], Story]:
    """Turn a function into a Story named after it, underscores becoming hyphens."""

    def told_by(tell: Telling) -> Story:
        return Story(tell.__name__.replace("_", "-"), about, status, reasons, tell)

    return told_by


def stories_in(module: object) -> list[Story]:
    """The stories of a module in the order in which they are written."""
    return [value for value in vars(module).values() if isinstance(value, Story)]


def ordinary(
    chart: Chart,
    sex: str | None,
    age: int | None = None,
    *codes: Code,
    born: date | str | None = None,
    edss: float | None = 2.0,
    bmi: float | None = 24.0,
) -> None:
    """An ordinary chart: a confirmed MS diagnosis, an EDSS, a BMI, never a smoker.

    EDSS and BMI are there because somebody of whom nothing is recorded cannot be judged (GAP-02);
    a story that needs them absent says `edss=None`.
    """
    chart.add_patient(sex, age=age, born=born)
    add_ms(chart, *codes)
    measure(chart, edss=edss, bmi=bmi)


def measure(chart: Chart, *, edss: float | None = 2.0, bmi: float | None = 24.0) -> None:
    """The background measurements of an ordinary chart, all of them normal by default."""
    if edss is not None:
        add_edss(chart, edss)
    if bmi is not None:
        add_bmi(chart, bmi)
    add_never_smoked(chart)
