"""The ward between two sweeps: facts arrive, and clinicians answer alerts.

Everything is drawn from the seed. Each move says what it makes true of its person (`Person`), and
that is all that the verdict knows; how BoneFlag thinks is nowhere repeated here. A move is made
only on people for whom its outcome is not in doubt: an order, for example, is placed for somebody
whose alert is to be seen, because whether the order or the alert comes first is nobody's fault.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from service.demo_ehr import codes
from service.demo_ehr.arrivals import a_dxa_arrives
from service.demo_ehr.chart import Chart
from service.demo_ehr.imaging import add_dxa_order
from service.demo_ehr.loading import put_resources
from service.demo_ehr.measurements import add_edss
from service.demo_ehr.medicines import add_order, daily_dose
from service.demo_ehr.story import ordinary
from tests.faults.chart_server import GAP, SCREENING, ChartServer, Resource, kind_of, ref_of

REFUSED = {
    "coding": [
        {
            "system": "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes",
            "code": "patient-refuses",
        }
    ]
}
GROUP = "fault-run"


@dataclass(slots=True)
class Edit:
    """What a person wrote into a resource of ours, and in which version."""

    ref: str
    version: int
    kind: str
    wrote: dict[str, Any]


@dataclass(slots=True)
class Person:
    """What is true of one person, in the words of the ward."""

    ids: list[str]
    chart: Chart
    is_at_risk: bool = False
    scan: str = ""
    is_treated: bool = False
    is_dead: bool = False
    is_ordered: bool = False
    has_left: bool = False
    said: str = ""
    edits: list[Edit] = field(default_factory=list)

    @property
    def id(self) -> str:
        """The id that stands."""
        return self.ids[-1]

    @property
    def is_settled_by_facts(self) -> bool:
        """Whether a scan, a therapy or death has closed the question."""
        return bool(self.scan) or self.is_treated or self.is_dead


Shown = dict[str, list[Resource]]


class World:
    """People, their charts, their Group, and the clinicians; `seed` makes it the same again."""

    def __init__(self, server: ChartServer, seed: str, on: date, prefix: str, people: int) -> None:
        self.server = server
        self.on = on
        self.moves: Counter[str] = Counter()
        self._chance = random.Random(f"world|{seed}")
        self._prefix = prefix
        self._members: list[str] = []
        self.people = [self._admit(number) for number in range(people)]
        self._load(r for person in self.people for r in person.chart.resources)
        self._save_group()

    def _admit(self, number: int) -> Person:
        id_ = f"{self._prefix}-{number}"
        chart = Chart(id_, self.on, random.Random(id_))
        kind = self._chance.choices(("fine", "due", "scanned", "low"), (62, 26, 8, 4))[0]
        sex = self._chance.choice(("female", "male"))
        age = self._chance.randint(52, 62)
        ordinary(chart, sex, age, edss=2.0 if kind == "fine" else 6.5)
        person = Person([id_], chart, is_at_risk=kind != "fine")
        if kind in ("scanned", "low"):
            person.scan = "normal" if kind == "scanned" else "low"
            score = -1.0 if kind == "scanned" else -2.9
            chart.resources += a_dxa_arrives(id_, self.on, score)
        self._members.append(id_)
        return person

    def _load(self, resources: Any) -> None:
        put_resources(self.server.base_url, resources, per_bundle=200)

    def _save_group(self) -> None:
        members = [{"entity": {"reference": f"Patient/{i}"}} for i in self._members]
        group = {"resourceType": "Group", "id": self.group_id, "type": "person", "actual": True}
        self._load([group | {"member": members}])

    @property
    def group_id(self) -> str:
        """The cohort."""
        return f"{GROUP}-{self._prefix}"

    # Between two sweeps

    def move(self, times: int = 1) -> None:
        """A day on the ward: every kind of move, on people drawn by chance, each at most once."""
        shown = self.server.alerts()
        people = list(self.people)
        self._chance.shuffle(people)
        for move, how_many in _MOVES.items():
            done = 0
            for person in list(people):
                if done >= how_many * times:
                    break
                if move(self, person, shown):
                    done += 1
                    people.remove(person)
                    self.moves[move.__name__.strip("_")] += 1
        self._save_group()

    def _write(self, person: Person, resource: Resource, kind: str, **wrote: Any) -> bool:
        """A clinician saves a change; False where the resource has changed under their hands."""
        current = self.server.read(ref_of(resource))
        if current["status"] != resource["status"]:
            return False
        saved = self.server.save({**current, **wrote})
        if saved is None:
            return False
        version = int(saved["meta"]["versionId"])
        person.edits.append(Edit(ref_of(saved), version, kind, wrote))
        return True

    def _becomes_due(self, person: Person, _: Shown) -> bool:
        if person.is_at_risk or person.is_settled_by_facts or person.has_left:
            return False
        self._load([add_edss(person.chart, 7.0, months=0)])
        person.is_at_risk = True
        return True

    def _scan_arrives(self, person: Person, shown: Shown, score: float = -1.1) -> bool:
        if not person.is_at_risk or person.is_settled_by_facts or not _screening(person, shown):
            return False
        scan = a_dxa_arrives(person.id, self.on, score)
        person.chart.resources += scan
        self._load(scan)
        person.scan = "normal" if score > -2.5 else "low"
        return True

    def _low_scan_arrives(self, person: Person, shown: Shown) -> bool:
        if person.said or person.has_left:
            return False
        return self._scan_arrives(person, shown, -3.1)

    def _therapy_starts(self, person: Person, shown: Shown) -> bool:
        is_shown = _screening(person, shown) or _gap(person, shown)
        if person.is_treated or person.is_dead or not is_shown:
            return False
        dosage = daily_dose(None, text="70 mg once a week")
        self._load([add_order(person.chart, codes.ALENDRONATE, dosage, written=self.on)])
        person.is_treated = True
        return True

    def _scan_is_ordered(self, person: Person, shown: Shown) -> bool:
        if person.is_ordered or person.is_settled_by_facts or not _screening(person, shown):
            return False
        self._load([add_dxa_order(person.chart, months=0)])
        person.is_ordered = True
        return True

    def _dies(self, person: Person, _: Shown) -> bool:
        if person.is_dead:
            return False
        person.chart.resources[0]["deceasedBoolean"] = True
        self._load([person.chart.resources[0]])
        person.is_dead = True
        return True

    def _leaves(self, person: Person, shown: Shown) -> bool:
        is_quiet = not person.is_at_risk or _screening(person, shown)
        if person.has_left or person.scan == "low" or not is_quiet:
            return False
        self._members = [i for i in self._members if i not in person.ids]
        person.has_left = True
        return True

    def _is_merged(self, person: Person, _: Shown) -> bool:
        """The whole chart goes on under another id; the old record says which."""
        if len(person.ids) > 1 or person.is_dead or person.has_left:
            return False
        old, new = person.id, f"{person.id}-stands"
        patient = person.chart.resources[0]
        stands = {k: v for k, v in patient.items() if k != "identifier"} | {"id": new}
        self._load([stands, *_moved(person.chart, old, new)])
        link = {"other": {"reference": f"Patient/{new}"}, "type": "replaced-by"}
        self._load([{**patient, "active": False, "link": [link]}])
        person.ids.append(new)
        person.chart.id = new
        person.chart.resources[0] = stands
        if self._chance.random() < 0.5:
            self._members.remove(old)
        self._members.append(new)
        return True

    # What clinicians do with an alert

    def _task_is_rejected(self, person: Person, shown: Shown) -> bool:
        return self._say(person, shown, "rejected", status="rejected", statusReason=REFUSED)

    def _task_is_put_on_hold(self, person: Person, shown: Shown) -> bool:
        return self._say(person, shown, "on-hold", status="on-hold")

    def _task_is_accepted(self, person: Person, shown: Shown) -> bool:
        return self._say(person, shown, "accepted", status="accepted")

    def _task_is_completed(self, person: Person, shown: Shown) -> bool:
        return self._say(person, shown, "completed", status="completed")

    def _say(self, person: Person, shown: Shown, said: str, **wrote: Any) -> bool:
        found = _screening(person, shown)
        if not found or person.said or person.is_settled_by_facts:
            return False
        wrote["lastModified"] = f"{self.on}T23:59:00Z"
        if not self._write(person, found["Task"], said, **wrote):
            return False
        person.said = said
        return True

    def _flag_is_taken_down(self, person: Person, shown: Shown) -> bool:
        found = _screening(person, shown)
        if not found or person.said or person.is_settled_by_facts:
            return False
        if not self._write(person, found["Flag"], "flag down", status="inactive"):
            return False
        person.said = "flag down"
        return True

    def _flag_is_reworded(self, person: Person, shown: Shown) -> bool:
        found = _screening(person, shown)
        if not found or person.said or person.is_settled_by_facts:
            return False
        code = {**found["Flag"]["code"], "text": "Bone health: see my letter of this week"}
        if not self._write(person, found["Flag"], "flag text", code=code):
            return False
        person.said = "flag text"
        return True

    def _note_is_written(self, person: Person, shown: Shown) -> bool:
        found = _screening(person, shown)
        if not found or any(edit.kind == "note" for edit in person.edits):
            return False
        text = f"Called, no answer ({self._chance.randrange(10**6)})"
        current = self.server.read(ref_of(found["Task"]))
        note = [*current.get("note", ()), {"text": text, "authorString": "Nurse"}]
        return self._write(person, current, "note", note=note)


_MOVES: dict[Callable[[World, Person, Shown], bool], int] = {
    World._becomes_due: 15,
    World._scan_arrives: 5,
    World._low_scan_arrives: 2,
    World._therapy_starts: 3,
    World._scan_is_ordered: 2,
    World._task_is_rejected: 3,
    World._task_is_put_on_hold: 2,
    World._task_is_accepted: 3,
    World._task_is_completed: 2,
    World._flag_is_taken_down: 3,
    World._flag_is_reworded: 3,
    World._note_is_written: 4,
    World._dies: 1,
    World._leaves: 1,
    World._is_merged: 1,
}


_SHOWN_TASK = ("requested", "accepted", "completed")


def _screening(person: Person, shown: Shown) -> dict[str, Resource]:
    """The Flag and the Task of the screening alert where it is to be seen whole, else nothing."""
    ours = [r for i in person.ids for r in shown.get(i, ()) if kind_of(r) == SCREENING]
    flags = [r for r in ours if r["resourceType"] == "Flag" and r["status"] == "active"]
    tasks = [r for r in ours if r["resourceType"] == "Task" and r["status"] in _SHOWN_TASK]
    return {"Flag": flags[0], "Task": tasks[0]} if flags and tasks else {}


def _gap(person: Person, shown: Shown) -> bool:
    ours = [r for i in person.ids for r in shown.get(i, ())]
    return any(r["status"] == "requested" and kind_of(r) == GAP for r in ours)


def _moved(chart: Chart, old: str, new: str) -> list[Resource]:
    """The resources of a chart under the record that stands, with the ids that they have."""
    moved = []
    for resource in chart.resources[1:]:
        about = next(n for n in ("subject", "patient", "for") if n in resource)
        assert resource[about]["reference"] == f"Patient/{old}"
        resource[about] = {"reference": f"Patient/{new}"}
        moved.append(resource)
    return moved
