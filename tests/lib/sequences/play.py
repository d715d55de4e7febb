"""A play with a ward in which anything may happen, before anybody says what and what must hold.

The steps stand in files of their own beside this one, by who acts: `facts`, `course`, `hospital`,
`people`, `records`. `sayings` keeps what people said, and `claims` judges.
"""

from __future__ import annotations

import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from service.screening.alert import AlertKind
from tests.lib.any_chart import AnyChart, Known, kind_of, known_of
from tests.lib.any_no import CODES, No
from tests.lib.any_ward import AnyWard, Resource, is_up, patient_in

ANNA, BEA = "anna", "bea"
PEOPLE = st.sampled_from([ANNA, BEA])
ENDINGS = ("rejected", "cancelled", "failed", "on-hold")
KINDS = st.sampled_from([AlertKind.SCREENING, AlertKind.SCREENING, AlertKind.TREATMENT_GAP])
REASONS = st.sampled_from(CODES)
# How long ago the scan was done elsewhere, or how long to wait, in days; None: no day is given.
AGO = st.sampled_from([None, 0, 100, 800])
WAIT = st.sampled_from([None, 30, 500])
MAY_BE_CALLED_TWICE = frozenset(
    {
        ("screenings", "store_all"),
        ("outbox", "mark_sent"),
        ("outbox", "mark_confirmed"),
        ("outbox", "mark_unknown"),
        ("outbox", "mark_unsent"),
        ("outbox", "mark_failed"),
        ("decisions", "remember"),
        ("decisions", "take_back"),
        ("withdrawals", "settle"),
        ("withdrawals", "finish"),
        ("pending", "mark"),
        ("pending", "take_over"),
        ("runs", "finish_reading"),
        ("runs", "start_delivery"),
        ("runs", "finish"),
        ("watermarks", "advance"),
        ("merges", "follow"),
    }
)


def act(**strategies: Any) -> Any:
    """A rule after which BoneFlag mostly looks: what nobody looks at shows nothing."""

    def acting(done: Any) -> Any:
        def acted(self: Any, *, looks: bool, **given: Any) -> None:
            done(self, **given)
            if looks:
                self.look()

        acted.__name__ = done.__name__
        return rule(looks=st.sampled_from([True, True, False]), **strategies)(acted)

    return acting


class Play(RuleBasedStateMachine):
    """The ward, its charts, and what was said in it; nothing happens by itself."""

    def __init__(self) -> None:
        super().__init__()
        self._directory = tempfile.TemporaryDirectory(dir=_memory())
        self.ward: AnyWard | None = None
        self.charts: dict[str, AnyChart] = {}
        self.noes: list[No] = []
        self.judged = 0
        self.is_in_the_middle = False
        self.are_one = False
        self.survivor = ""
        self.opened: dict[str, str] = {}

    def teardown(self) -> None:
        try:
            if self.ward is not None:
                assert self._differing(self.ward.replayed(), is_twice=False) == []
                again = self.ward.replayed(twice=MAY_BE_CALLED_TWICE)
                assert self._differing(again, is_twice=True) == []
        finally:
            if self.ward is not None:
                self.ward.close()
            self._directory.cleanup()

    @initialize(
        has_transactions=st.booleans(),
        conditional_create=st.booleans(),
        keeps_versions=st.booleans(),
        are_both_due=st.booleans(),
    )
    def open_ward(self, *, are_both_due: bool = False, **flavour: bool) -> None:
        directory = Path(self._directory.name) / "ward"
        directory.mkdir()
        self.charts = {
            ANNA: AnyChart(ANNA, date(1990, 6, 1)),
            BEA: AnyChart(BEA, date(1970, 6, 1)),
        }
        self.ward = AnyWard(directory, {}, **flavour)
        self.ward.what_is_known = self._known
        self.ward.server.records_of = self.records_of
        for who in (ANNA, BEA) if are_both_due else (ANNA,):
            self.charts[who].edss.append((self.charts[who].number(), self.today, 6.5))
        self._show()

    @property
    def open(self) -> AnyWard:
        assert self.ward is not None
        return self.ward

    @property
    def has_alerts(self) -> bool:
        return self.ward is not None and bool(self.ward.server.store)

    @property
    def today(self) -> date:
        return self.open.at.date()

    def person(self, who: str) -> str:
        """The same for every record of one person."""
        return ANNA if self.are_one else who

    def records_of(self, who: str) -> list[str]:
        """Every record of the person whom one of them is about."""
        return [record for record in self.charts if self.person(record) == self.person(who)]

    def chart_of(self, who: str) -> AnyChart:
        """The chart that stands for a record: its own, or that of the one that replaced it."""
        chart = self.charts[who]
        return self.charts[chart.replaced_by] if chart.replaced_by else chart

    def chart_read_of(self, who: str) -> AnyChart:
        """The chart by which BoneFlag judges: records that were one stay one to it."""
        return self.charts[self.survivor] if self.are_one else self.charts[who]

    def alerts_of(self, type_: str, who: str) -> list[Resource]:
        """Our Flags or Tasks about a person, whichever record they stand at."""
        return [r for record in self.records_of(who) for r in self.open.alerts(type_, record)]

    def _show(self) -> None:
        for who, chart in self.charts.items():
            self.open.charts[who] = chart.resources()
            self.open.unread[who] = chart.unread

    def _known(self, who: str) -> Known:
        tasks = [t for t in self.alerts_of("Task", who) if is_up(t)]
        said = " ".join(e.get("valueString", "") for t in tasks for e in t["extension"])
        return known_of(self.charts[who], self.today, frozenset(said.split()))

    def look(self) -> None:
        self.open.look()

    def _pick(self, data: st.DataObject, type_: str, which: Any = lambda r: True) -> Any:
        found = [r for r in self.open.server.all(type_) if which(r)]
        return data.draw(st.sampled_from(found)) if found else None

    def _has_another(self, task: Resource) -> bool:
        """Whether a Task of this kind stands already: then a person would make it two."""
        who, kind = patient_in(task), kind_of(task)
        return any(is_up(t) and kind_of(t) is kind for t in self.alerts_of("Task", who))

    def _days(self, days: int) -> date:
        return self.today + timedelta(days=days)

    def _differing(self, ledger: Any, *, is_twice: bool) -> list[str]:
        with ledger:
            again = self.open.tables(ledger)
        now = self.open.tables()
        # Each call tells the audit: one that is made twice is told twice.
        names = now.keys() - ({"audit"} if is_twice else set())
        return [name for name in sorted(names) if now[name] != again[name]]


def id_of(resource: Resource) -> tuple[str, str]:
    return resource["resourceType"], resource["id"]


def version_of(resource: Resource) -> str:
    return str(resource["meta"]["versionId"])


def _memory() -> str | None:
    """A folder in memory, where there is one: the ledger waits for the disk at every commit."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None
