"""What people said to our alerts, kept by the play itself and not as the ledger keeps it."""

from __future__ import annotations

from datetime import date
from typing import Any

from service.screening.alert import AlertKind
from tests.lib.any_chart import kind_of
from tests.lib.any_no import BY_HOSPITAL, No, code_on, end_on
from tests.lib.any_ward import ALERT_TYPES, Resource, is_up, patient_in
from tests.lib.sequences.play import ENDINGS, Play, id_of


class Sayings(Play):
    """Which no was said to what, replaced by which, and taken back."""

    def _lose_ledger(self) -> set[str]:
        """Nobody but the ledger knew what was said to BoneFlag itself; about whom that was."""
        self.open.lose_ledger()
        self.are_one = any(chart.replaced_by for chart in self.charts.values())
        lost = [no for no in self.noes if no.is_elsewhere or no.is_hidden]
        lost = [no for no in lost if not no.is_taken_back]
        for no in lost:
            no.is_taken_back = True
        return {record for no in lost for record in self.records_of(no.patient)}

    def _noes_about(self, who: str, kind: AlertKind) -> list[No]:
        """Every no to a kind of alert about a person, whichever record it was said about."""
        person = self.person(who)
        noes = [no for no in self.noes if self.person(no.patient) == person]
        return [no for no in noes if no.is_about(no.patient, kind)]

    def _work_on_task(self, task: Resource | None, status: str, **elements: Any) -> None:
        if task is None or not is_up(task):
            return
        after = self.open.server.edit(task, status=status, **elements)
        if status in ENDINGS:
            self._say_no(after)
        else:
            self._take_back(task)

    def _say_no(self, resource: Resource) -> None:
        """What is said on one half replaces what was said there before; the Task speaks first."""
        code, status = code_on(resource), resource["status"]
        of_alert = [n for n in self.noes if n.resource in self._halves(resource)]
        for no in of_alert:
            is_same = (no.resource, no.code, no.status) == (id_of(resource), code, status)
            speaks = resource["resourceType"] == "Flag" and no.resource[0] == "Task"
            if not no.is_taken_back and (speaks or (is_same and "restriction" not in resource)):
                return
            no.is_taken_back = True
        self._keep(id_of(resource), patient_in(resource), kind_of(resource), code, status)
        self.noes[-1].until = end_on(resource, self.today)

    def _said_elsewhere(self, who: str, kind: AlertKind, code: str, until: date | None) -> None:
        """Of two answers about one alert on one day the later one holds, but the hospital's."""
        for no in self.said_today(who, kind):
            if no.code == BY_HOSPITAL:
                return
            no.is_taken_back = True
        self._keep(("said", str(len(self.noes))), who, kind, code, "")
        self.noes[-1].until = until

    def said_today(self, who: str, kind: AlertKind) -> list[No]:
        """What was said today, elsewhere, about one kind of alert of a person."""
        of_person = [no for no in self.noes if self.person(no.patient) == self.person(who)]
        said = [no for no in of_person if no.is_elsewhere and not no.is_taken_back]
        return [no for no in said if no.kind is kind and no.made_on == self.today]

    def _keep(
        self, resource: tuple[str, str], who: str, kind: AlertKind, code: str, status: str
    ) -> None:
        fractures = frozenset(n for n, _ in self.chart_of(who).fractures)
        version = self.open.protocol.version
        no = No(who, kind, resource, self.today, None, fractures, version, code, status)
        self.noes.append(no)

    def _halves(self, resource: Resource) -> set[tuple[str, str]]:
        """The Flag and the Task of one alert."""
        halves = [r for t in ALERT_TYPES for r in self.open.server.all(t)]
        return {id_of(r) for r in halves if r["identifier"][0] == resource["identifier"][0]}

    def _take_back(self, resource: Resource) -> None:
        for no in self.noes:
            if no.resource == id_of(resource):
                no.is_taken_back = True
