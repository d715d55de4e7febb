"""The quiet majority: people with MS in whom little happens, and people without MS.

Stories are crowded with edge cases; a ward is not. These charts give the demo its proportions and
the benchmarks their volume. Each kind is built so that its status is certain: relapses bring at
most one three-day pulse in the last twelve months, nothing else on the list of criteria occurs.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta

from service.demo_ehr import codes
from service.demo_ehr.chart import Chart
from service.demo_ehr.dates import months_before
from service.demo_ehr.diagnoses import add_condition, add_ms, add_visit_diagnosis
from service.demo_ehr.imaging import add_dxa, add_dxa_order
from service.demo_ehr.measurements import add_bmi, add_edss, add_never_smoked, add_vitamin_d
from service.demo_ehr.medicines import add_daily_course, add_order, add_pulse, daily_dose
from service.demo_ehr.story import Person

MS_DRUGS = (
    "interferon beta-1a 30 microgram injection",
    "glatiramer acetate 40 mg/mL injection",
    "teriflunomide 14 mg tablet",
    "dimethyl fumarate 240 mg capsule",
    "ocrelizumab 300 mg infusion",
    "natalizumab 300 mg infusion",
)
RELAPSING = (codes.MS_RELAPSING, codes.MS_SNOMED_RELAPSING, codes.MS_UNSPECIFIED, codes.MS_LEGACY)
PROGRESSIVE = (codes.MS_PRIMARY_PROGRESSIVE, codes.MS_SECONDARY_PROGRESSIVE)


def _sex(chart: Chart) -> str:
    return chart.random.choice(("female", "female", "female", "male"))


def _begin(chart: Chart, sex: str, age: int, ms: codes.Code, edss: float) -> None:
    """A chart with several years of unchanging measurements."""
    draw = chart.random
    chart.add_patient(sex, age=age)
    add_ms(chart, ms)
    bmi = draw.randint(210, 310) / 10
    for year in range(draw.randint(1, 4)):
        months = 12 * year + draw.randint(1, 11)
        add_edss(chart, edss, months=months)
        add_bmi(chart, bmi, months=months)
    add_never_smoked(chart)
    if draw.random() < 0.5:
        add_vitamin_d(chart, draw.randint(55, 120), months=draw.randint(1, 20))
    if draw.random() < 0.8:
        written = months_before(chart.on, draw.randint(1, 10))
        dosage = daily_dose(None, route=None, text="as prescribed")
        add_order(chart, draw.choice(MS_DRUGS), dosage, written=written)


def _add_relapses(chart: Chart) -> None:
    """Old relapses, and perhaps one this year: a pulse each, some with a short taper."""
    draw = chart.random
    days = [draw.randint(400, 3000) for _ in range(draw.randint(0, 2))]
    if draw.random() < 0.4:
        days.append(draw.randint(40, 330))
    for ago in days:
        add_visit_diagnosis(chart, codes.MS_RELAPSE, day=chart.days_ago(ago))
        if draw.random() < 0.7:
            add_pulse(chart, ago=ago)
            if draw.random() < 0.5:
                _add_taper(chart, chart.days_ago(ago - 3))
        else:
            add_daily_course(chart, codes.METHYLPREDNISOLONE, 500, days=5, ended_ago=ago - 5)


def _add_taper(chart: Chart, first: date) -> None:
    steps = []
    for number, dose in enumerate((60, 40, 20, 10)):
        start = first + timedelta(days=3 * number)
        end = start + timedelta(days=2)
        steps.append(daily_dose(dose, start=start, end=end, sequence=number + 1))
    add_order(chart, codes.PREDNISONE, *steps, written=first, status="completed")


def well(chart: Chart) -> None:
    """Relapsing MS under 50 with little disability."""
    draw = chart.random
    edss = draw.choice((0, 1.0, 1.5, 2.0, 2.5, 3.0))
    _begin(chart, _sex(chart), draw.randint(22, 49), draw.choice(RELAPSING), edss)
    _add_relapses(chart)


def well_in_the_fifties(chart: Chart) -> None:
    """Relapsing MS from 50 to 63: age is one minor criterion and stays alone."""
    draw = chart.random
    edss = draw.choice((1.0, 2.0, 2.5, 3.0, 3.5))
    _begin(chart, _sex(chart), draw.randint(50, 63), draw.choice(RELAPSING), edss)


def scanned(chart: Chart) -> None:
    """A normal central DXA 3 to 20 months ago; the shortest interval that could apply is 24."""
    draw = chart.random
    edss = draw.choice((2.0, 3.0, 6.0, 6.5))
    _begin(chart, _sex(chart), draw.randint(51, 78), draw.choice(RELAPSING), edss)
    add_dxa(chart, draw.randint(-9, 8) / 10, months=draw.randint(3, 20))


def treated(chart: Chart) -> None:
    """Known osteoporosis on a weekly tablet."""
    draw = chart.random
    _begin(chart, _sex(chart), draw.randint(55, 80), draw.choice(RELAPSING), 3.0)
    add_condition(chart, codes.OSTEOPOROSIS, recorded=months_before(chart.on, 40))
    dosage = daily_dose(None, text="70 mg once a week")
    written = months_before(chart.on, draw.randint(1, 4))
    add_order(chart, codes.ALENDRONATE, dosage, written=written)


def untreated(chart: Chart) -> None:
    """Known osteoporosis that nobody treats."""
    draw = chart.random
    _begin(chart, _sex(chart), draw.randint(55, 80), draw.choice(RELAPSING), 3.0)
    add_condition(chart, codes.OSTEOPOROSIS, recorded=months_before(chart.on, 40))


def older(chart: Chart) -> None:
    """Old enough for a first DXA on age alone."""
    draw = chart.random
    sex = _sex(chart)
    age = draw.randint(66, 80) if sex == "female" else draw.randint(71, 82)
    _begin(chart, sex, age, draw.choice(RELAPSING), 2.0)


def disabled(chart: Chart) -> None:
    """EDSS 6 to 8 under 50."""
    draw = chart.random
    edss = draw.choice((6.0, 6.5, 7.0, 8.0))
    _begin(chart, _sex(chart), draw.randint(28, 49), draw.choice(RELAPSING), edss)


def progressive(chart: Chart) -> None:
    """A progressive course from 50 to 63: course and age, two minor criteria."""
    draw = chart.random
    _begin(chart, _sex(chart), draw.randint(50, 63), draw.choice(PROGRESSIVE), 3.5)


def ordered(chart: Chart) -> None:
    """Due, and a DXA was ordered one to four months ago."""
    disabled(chart)
    add_dxa_order(chart, months=chart.random.randint(1, 4))


def without_ms(chart: Chart) -> None:
    """Somebody else's patient: the cohort search must not bring them."""
    draw = chart.random
    chart.add_patient(draw.choice(("female", "male")), age=draw.randint(20, 88))
    code = draw.choice((codes.MIGRAINE, codes.ASTHMA, codes.HYPERTENSION, codes.OSTEOPOROSIS))
    add_condition(chart, code, recorded=months_before(chart.on, draw.randint(2, 90)))
    add_bmi(chart, draw.randint(170, 340) / 10)
    add_never_smoked(chart)


KINDS: tuple[tuple[int, Callable[[Chart], None], str, tuple[str, ...]], ...] = (
    (44, well, "not-at-risk", ()),
    (13, well_in_the_fifties, "not-at-risk", ("MSO-13",)),
    (9, scanned, "satisfied", ()),
    (2, treated, "satisfied", ()),
    (1, untreated, "result-needs-action", ()),
    (5, older, "due", ("MSO-13",)),
    (5, disabled, "due", ("MSO-02",)),
    (3, progressive, "due", ("MSO-01", "MSO-13")),
    (1, ordered, "ordered-waiting", ()),
    (17, without_ms, "not-in-cohort", ()),
)
"""How many in a hundred, who, and what must come out."""
_WEIGHTS = [kind[0] for kind in KINDS]


def quiet_person(number: int, on: date, seed: int) -> Person:
    """The `number`-th quiet person; the same for a seed whatever the size of the cohort."""
    draw = random.Random(f"{seed}/quiet/{number}")  # noqa: S311 - invented people, no secrets
    _, tell, status, reasons = draw.choices(KINDS, weights=_WEIGHTS)[0]
    name = tell.__name__.replace("_", "-")
    chart = Chart(f"quiet-{name}-{number:05d}", on, draw)
    tell(chart)
    return Person(chart.id, tell.__doc__ or name, status, reasons, chart.resources)
