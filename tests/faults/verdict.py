"""The verdict: what must stand in the EHR, and what does. It shares no code with the product.

Four numbers, all of which must be 0. *Duplicates*: more than one active Flag or open Task of one
kind for one person. *Missing*: an alert that must stand and does not, or only half. *Extra*: one
that stands and must not. *Overwritten*: a version of ours, after a person's, in which what the
person wrote is gone. The table that it holds against is the one in docs/architecture.md and in the
specification 3.5: who ended an alert has ended it; what somebody accepted is completed when it is
settled.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from tests.faults.chart_server import GAP, SCREENING, ChartServer, Resource, kind_of
from tests.faults.world import Edit, Person, World

OPEN_TASK = ("draft", "requested", "received", "accepted", "ready", "in-progress", "on-hold")
_SILENT = ("rejected", "on-hold", "flag down")


@dataclass(slots=True)
class Verdict:
    """What was found wrong: a line for each, and the numbers."""

    duplicates: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    overwritten: list[str] = field(default_factory=list)
    retired: int = 0
    open_alerts: int = 0
    edits: int = 0

    @property
    def numbers(self) -> Counter[str]:
        """The four that must be 0."""
        return Counter(
            {
                "duplicates": len(self.duplicates),
                "missing": len(self.missing),
                "extra": len(self.extra),
                "human edits overwritten": len(self.overwritten),
            }
        )

    def __str__(self) -> str:
        lines = [f"{n}: {' | '.join(found[:8])}" for n, found in self._lists() if found]
        return "\n".join([", ".join(f"{n} {c}" for n, c in self.numbers.items()), *lines])

    def _lists(self) -> list[tuple[str, list[str]]]:
        return [(n, getattr(self, n)) for n in ("duplicates", "missing", "extra", "overwritten")]


def judge(world: World, server: ChartServer) -> Verdict:
    """Hold the whole EHR against what the ward knows of each person."""
    verdict = Verdict()
    shown = server.alerts()
    for person in world.people:
        ours = [r for i in person.ids for r in shown.pop(i, ())]
        verdict.retired += sum(r["status"] == "entered-in-error" for r in ours)
        _judge_screening(person, [r for r in ours if kind_of(r) == SCREENING], verdict)
        _judge_gap(person, [r for r in ours if kind_of(r) == GAP], verdict)
        for edit in person.edits:
            verdict.edits += 1
            _judge_edit(person, edit, server, verdict)
    return verdict


def _judge_screening(person: Person, ours: list[Resource], verdict: Verdict) -> None:
    flags = [r for r in ours if r["resourceType"] == "Flag" and r["status"] == "active"]
    tasks = [r for r in ours if r["resourceType"] == "Task" and r["status"] in OPEN_TASK]
    here = f"{person.id} ({_story(person)}): {_seen(ours)}"
    verdict.open_alerts += bool(flags)
    if len(flags) > 1 or len(tasks) > 1:
        verdict.duplicates.append(here)
    must_stand = person.is_at_risk and not person.is_settled_by_facts and person.said not in _SILENT
    # A Task that a person put off, or whose Flag a person took down, stays as they left it.
    is_left_open = person.said in ("on-hold", "flag down")
    if must_stand:
        has_task = bool(tasks) or person.said == "completed"
        if not flags or not has_task:
            verdict.missing.append(here)
    elif flags or (tasks and not is_left_open):
        verdict.extra.append(here)


def _judge_gap(person: Person, ours: list[Resource], verdict: Verdict) -> None:
    tasks = [r for r in ours if r["resourceType"] == "Task" and r["status"] in OPEN_TASK]
    here = f"{person.id} ({_story(person)}), gap: {_seen(ours)}"
    must_stand = person.scan == "low" and not person.is_treated and not person.is_dead
    verdict.open_alerts += bool(tasks)
    if len(tasks) > 1:
        verdict.duplicates.append(here)
    if must_stand and not tasks:
        verdict.missing.append(here)
    if tasks and not must_stand:
        verdict.extra.append(here)


def _judge_edit(person: Person, edit: Edit, server: ChartServer, verdict: Verdict) -> None:
    """Every later version must still hold what the person wrote, but for what the table allows."""
    for version in server.history(edit.ref):
        if int(version["meta"]["versionId"]) <= edit.version:
            continue
        lost = [name for name in edit.wrote if not _still_holds(name, version, edit, person)]
        if lost:
            number = version["meta"]["versionId"]
            what = f"{person.id} ({_story(person)}): {edit.kind} of version {edit.version} of"
            verdict.overwritten.append(f"{what} {edit.ref} lost in {number}: {', '.join(lost)}")
            return


def _still_holds(name: str, version: Resource, edit: Edit, person: Person) -> bool:
    if name == "lastModified":
        return True  # Says when, not what; whoever writes next sets it.
    if name == "note":
        return edit.wrote["note"][-1] in version.get("note", ())
    if name == "code":
        return bool(version["code"].get("text") == edit.wrote["code"]["text"])
    if name == "status" and edit.kind == "accepted" and person.is_settled_by_facts:
        return version["status"] in ("accepted", "completed", "cancelled")
    return bool(version.get(name) == edit.wrote[name])


def _story(person: Person) -> str:
    facts = {
        "at risk": person.is_at_risk,
        f"scan {person.scan}": person.scan,
        "treated": person.is_treated,
        "dead": person.is_dead,
        "ordered": person.is_ordered,
        "left": person.has_left,
        f"said {person.said}": person.said,
        "merged": len(person.ids) > 1,
    }
    return ", ".join(name for name, is_so in facts.items() if is_so)


def _seen(ours: list[Resource]) -> str:
    return ", ".join(sorted(f"{r['resourceType']} {r['status']}" for r in ours)) or "nothing"
