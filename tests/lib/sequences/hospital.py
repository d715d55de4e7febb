"""The hospital takes alerts back, and people answer to BoneFlag itself."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition

from service.deciding import Answer
from service.screening.alert import AlertKind
from tests.lib.any_no import BY_HOSPITAL, DONE_ELSEWHERE, end_of
from tests.lib.any_ward import is_up
from tests.lib.sequences.claims import Claims
from tests.lib.sequences.play import AGO, ANNA, BEA, KINDS, PEOPLE, REASONS, WAIT, act


class Hospital(Claims):
    """Withdrawals, and what is said elsewhere than on a Flag or Task."""

    @act(who=st.sampled_from([ANNA, BEA, None]))
    def hospital_takes_alerts_back(self, who: str | None) -> None:
        number = len(self.open.server.ours)
        if not self.open.withdraw(who):
            return
        for write in self.open.server.ours[number:]:
            assert not is_up(write.after), "taken back, and it stands"
            assert who is None or write.patient in self.records_of(who), (
                "another person's alert was taken back"
            )
            self._judge_update(write)
        self.judged = len(self.open.server.ours)
        keys = self.open.ledger.cohort.keys_of([who] if who else list(self.charts)).values()
        assert self.open.ledger.alerts.open(list(keys)) == {}
        for kind in AlertKind if who else ():
            self._said_elsewhere(who or "", kind, BY_HOSPITAL, None)

    @precondition(lambda self: self.ward is not None)
    @act(who=PEOPLE, kind=KINDS, code=REASONS, ago=AGO, wait=WAIT)
    def no_is_said_to_boneflag(
        self, who: str, kind: AlertKind, code: str, ago: int | None, wait: int | None
    ) -> None:
        done_on = self._days(-ago) if ago is not None and code == DONE_ELSEWHERE else None
        until = self._days(wait) if wait is not None and code != "wrong-diagnosis" else None
        if self.open.decide(who, Answer(code, "neurologist", kind, until, done_on)):
            self._said_elsewhere(who, kind, code, end_of(code, self.today, until, done_on))

    @precondition(lambda self: self.ward is not None)
    @act(who=PEOPLE, kind=KINDS)
    def no_is_taken_back_from_boneflag(self, who: str, kind: AlertKind) -> None:
        self.open.take_back(who, kind)
        for no in self._noes_about(who, kind):
            no.is_taken_back = no.is_taken_back or no.is_elsewhere
