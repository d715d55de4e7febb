"""What the command line prints for people."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from service.checking import Check
from service.cohort_drift import Drift
from service.explanation import closed_by_of
from service.screening.criterion import Verdict, Weight
from service.store.cohort_readings import CohortReading
from service.store.entries import Run
from service.store.ledger import Ledger
from service.thought import Thought

_STYLE = {Verdict.MET: "bold", Verdict.UNKNOWN: "yellow", Verdict.NOT_MET: "dim"}
_MARK = {Weight.COUNTS: "•", Weight.SEEN: "·", Weight.UNCLEAR: "?"}


def print_explanation(thought: Thought, answer: dict[str, Any]) -> None:
    """Findings with their evidence, the status, and what would be done."""
    console = Console()
    assessment = thought.assessment
    console.print(f"[bold]{escape(str(assessment.patient))}[/] on {assessment.on}")
    due = f", due on {assessment.due_on}" if assessment.due_on else ""
    console.print(f"Status: [bold]{assessment.status}[/]{due}\n")
    for finding in assessment.findings:
        if finding.verdict is Verdict.NOT_MET and not finding.evidence:
            continue
        grade = f" ({finding.grade}, {finding.domain})" if finding.grade else ""
        style = _STYLE[finding.verdict]
        console.print(
            f"[{style}]{finding.number} {escape(finding.title)}: {finding.verdict}{grade}[/]"
        )
        for item in finding.evidence:
            line = escape(f"   {_MARK[item.weight]} {item.statement} [{item.source}]")
            console.print(line, highlight=False)
        if finding.missing:
            console.print(f"   ? could not be read: {', '.join(sorted(finding.missing))}")
    for name, plan in (("Alert", thought.plan), ("Treatment gap", thought.gap_plan)):
        if plan is not None:
            console.print(f"\n{name}: [bold]{plan.action}[/] ({escape(plan.reason)})")
            closed_by = closed_by_of(plan)
            if closed_by is not None:
                console.print(f"Closed by {escape(str(closed_by))}", highlight=False)
            if plan.alert is not None:
                console.print(escape(plan.alert.detail), highlight=False)
    _print_decision(console, answer)
    for problem in answer["reported"]:
        console.print(f"[yellow]{escape(problem['source'])}: {escape(problem['problem'])}[/]")
    console.print(
        f"\n[dim]Protocol {assessment.protocol_id} {assessment.protocol_version}"
        f" {assessment.protocol_digest}[/]"
    )


def _print_decision(console: Console, answer: dict[str, Any]) -> None:
    decision = answer["decision"]
    domains = ", ".join(decision["domains"]) or "none"
    console.print(
        f"\nDecision: {decision['majors']} MAJOR met, {decision['majors_needed']} needed; or"
        f" {len(decision['domains'])} domains with a met criterion ({domains}),"
        f" {decision['domains_needed']} needed: "
        f"{'reached' if decision['is_reached'] else 'not reached'}",
        highlight=False,
    )
    for sentence in answer["outlook"]["would_change"]:
        console.print(f"  {escape(sentence)}", highlight=False)
    _print_exposure(console, answer["exposure"])
    for change in answer["outlook"]["changes"]:
        why = f" ({', '.join(change['because'])})" if change["because"] else ""
        console.print(
            f"  becomes {change['status']} on {change['on']} if nothing changes{why}",
            highlight=False,
        )


def _print_exposure(console: Console, exposure: dict[str, Any] | None) -> None:
    if exposure is None or not (exposure["stretches"] or exposure["unclear"]):
        return
    life = exposure["lifetime"]
    console.print(
        f"\nGlucocorticoids: {life['mg']:,.0f} mg prednisone-equivalent on {life['days']} days"
        f" since {life['since']}",
        highlight=False,
    )
    if "window" in exposure:
        window = exposure["window"]
        console.print(
            f"  since {window['since']}: {window['mg']:,.0f} mg on {window['days']} days;"
            f" {len(exposure['courses'])} pulse courses ever",
            highlight=False,
        )


def print_check(check: Check) -> None:
    """The table of an integration engineer."""
    console = Console()
    table = Table(title=escape(check.server), show_header=False)
    for name, value in check.lines:
        table.add_row(name, escape(value))
    console.print(table)
    for missing in check.missing:
        console.print(f"[yellow]missing: {escape(missing)}[/]")
    for ask in check.asks:
        console.print(f"[dim]ask your EHR team: {escape(ask)}[/]")


def print_drift(drift: Drift) -> None:
    """How the cohort moved: the newest reading by source, those before it, and who moved why."""
    console = Console()
    left_out = f", {drift.left_out} left out" if drift.left_out else ""
    console.print(f"{drift.members} people in the cohort{left_out}")
    newest = drift.readings[0]
    sources = Table("source", "state", "people", "came", "left", title=_reading_title(newest))
    for name, source in newest.sources.items():
        numbers = (str(source[column]) for column in ("members", "came", "left"))
        sources.add_row(escape(name), source["state"], *numbers)
    console.print(sources)
    for name, source in newest.sources.items():
        for remark in filter(None, (source.get("problem"), *source.get("remarks", ()))):
            console.print(f"[yellow]{escape(name)}: {escape(remark)}[/]")
    for reading in drift.readings[1:]:
        console.print(f"{_reading_title(reading)}: {reading.came} came, {reading.left} left")
    for what, why, number in drift.moves:
        console.print(f"  {number} {what}: {escape(why)}")


def _reading_title(reading: CohortReading) -> str:
    state = "complete" if reading.is_complete else "incomplete"
    held = ", waits to be accepted" if reading.is_held else ""
    return f"{reading.at:%Y-%m-%d %H:%M} UTC, {reading.size} people, {state}{held}"


def print_run(run: Run | None) -> None:
    """How one run went."""
    console = Console()
    if run is None:
        console.print("Nobody changed.")
        return
    console.print(f"Run {run.id} ({run.kind}, {run.mode}): {run.state}")
    for name, number in sorted(run.counts.items()):
        if number:
            console.print(f"  {name}: {number}")
    if run.waiting:
        console.print(f"  still waiting: {run.waiting}")
    if run.held_reason:
        console.print(f"[yellow]{escape(run.held_reason)}[/]")
    if run.mode == "shadow":
        console.print("Shadow mode: nothing was written to the EHR.")


def report_json(ledger: Ledger) -> dict[str, Any]:
    """The report for machines: counts only."""
    counts = ledger.report.counts()
    runs = [
        {
            "run": r.id,
            "kind": r.kind,
            "mode": r.mode,
            "state": str(r.state),
            "started_at": r.started_at.isoformat(),
            "waiting": r.waiting,
            "open_plans": r.open_plans,
            "held_reason": r.held_reason,
            "counts": dict(r.counts),
        }
        for r in ledger.runs.newest(10)
    ]
    return {"counts": counts_json(counts), "runs": runs}


def counts_json(counts: Any) -> dict[str, Any]:
    """The ledger's counts as plain JSON."""
    import dataclasses

    plain: dict[str, Any] = dataclasses.asdict(counts)
    return {
        name: {" ".join(k) if isinstance(k, tuple) else str(k): v for k, v in value.items()}
        if isinstance(value, dict)
        else value
        for name, value in plain.items()
    }


def print_report(ledger: Ledger) -> None:
    """The report for people."""
    console = Console()
    answer = report_json(ledger)
    for name, value in answer["counts"].items():
        if isinstance(value, dict):
            for key, number in sorted(value.items()):
                console.print(f"  {name} {escape(key)}: {number}")
        else:
            console.print(f"{name}: {value}")
    table = Table("run", "kind", "mode", "state", "started", "waiting", title="Last runs")
    for run in answer["runs"]:
        table.add_row(
            str(run["run"]),
            run["kind"],
            run["mode"],
            run["state"],
            run["started_at"][:16],
            str(run["waiting"]),
        )
    console.print(table)
    for run in answer["runs"]:
        if run["held_reason"]:
            console.print(f"[yellow]run {run['run']}: {escape(run['held_reason'])}[/]")
