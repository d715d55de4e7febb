"""The ledger: what BoneFlag remembers because the EHR cannot tell it.

A newcomer would get two things wrong. Every method of every part is one transaction, may be called
twice, and holds with several processes at work. And the ledger is no cache of the chart: delete it
and the EHR refills it, except for who was snoozed by means that the EHR does not show.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from types import TracebackType

from service.store.acts import Actor
from service.store.alerts import Alerts
from service.store.approvals import Approvals
from service.store.audit import Audit
from service.store.bulk_jobs import BulkJobs
from service.store.cards import Cards
from service.store.cohort import Cohort
from service.store.cohort_readings import CohortReadings
from service.store.database import Database
from service.store.dead_letters import DeadLetters
from service.store.decisions import Decisions
from service.store.drafts import Drafts
from service.store.duplicates import Duplicates
from service.store.merges import Merges
from service.store.milestones import Milestones
from service.store.outbox import Outbox
from service.store.pending import Pending
from service.store.people import People
from service.store.programme import ProgrammeRows
from service.store.report import Report
from service.store.retention import Retention
from service.store.runs import Runs
from service.store.schema import migrate
from service.store.screenings import Screenings
from service.store.switches import Switches
from service.store.tallies import Tallies
from service.store.unknown_alerts import UnknownAlerts
from service.store.watched import Watched
from service.store.watermarks import Watermarks
from service.store.withdrawals import Withdrawals


class Ledger:
    """The ledger at one address, in parts.

    Nothing is opened until the first use. Give each process its own, or let a forked one inherit
    it: it opens its own connections. Raises StoreError only (`errors`). `actor` is who the audit
    says it was.
    """

    def __init__(self, url: str, *, attempts_in_a_run: int, actor: Actor | None = None) -> None:
        self._database = Database(url, actor)
        self.audit = Audit(self._database)
        self.retention = Retention(self._database)
        self.cohort = Cohort(self._database)
        self.people = People(self._database)
        self.readings = CohortReadings(self._database)
        self.merges = Merges(self._database)
        self.runs = Runs(self._database)
        self.pending = Pending(self._database, attempts_in_a_run)
        self.screenings = Screenings(self._database)
        self.milestones = Milestones(self._database)
        self.outbox = Outbox(self._database)
        self.alerts = Alerts(self._database)
        self.cards = Cards(self._database)
        self.dead_letters = DeadLetters(self._database)
        self.decisions = Decisions(self._database)
        self.duplicates = Duplicates(self._database)
        self.watermarks = Watermarks(self._database)
        self.withdrawals = Withdrawals(self._database)
        self.unknown_alerts = UnknownAlerts(self._database)
        self.report = Report(self._database)
        self.programme = ProgrammeRows(self._database)
        self.tallies = Tallies(self._database)
        self.watched = Watched(self._database)
        self.approvals = Approvals(self._database)
        self.drafts = Drafts(self._database)
        self.switches = Switches(self._database)
        self.bulk_jobs = BulkJobs(self._database)

    def migrate(self) -> None:
        """Bring an empty or older database up to this version; safe from several processes."""
        migrate(self._database)

    def reading_together(self) -> AbstractContextManager[None]:
        """See `Database.reading_together`: what this thread reads meanwhile is one transaction."""
        return self._database.reading_together()

    def close(self) -> None:
        """Give the connections back; using the ledger again opens new ones."""
        self._database.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
