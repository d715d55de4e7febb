"""`boneflag golive`, `release` and `rollback`: who lets what be written into the EHR."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.running import show_run
from service.cli.speaking import EXIT_SETTINGS, Stop, fhir_id_in, start
from service.settings import Settings

if TYPE_CHECKING:  # pragma: no cover - for the type checker only
    from service.going_live.leave import Volume
    from service.going_live.terms import Proposal, Wish
    from service.screening.protocol import Protocol
    from service.store.ledger import Ledger

_LONGEST_REASON = 200


@dataclass(frozen=True, slots=True)
class _Canary:
    """How a canary is chosen; nothing of it is everybody."""

    number: int | None
    group: str
    file: Path | None

    @property
    def is_wanted(self) -> bool:
        return self.number is not None or bool(self.group) or self.file is not None


def golive(
    approver: Annotated[str, typer.Option(help="Who approves, by name.")] = "",
    canary: Annotated[
        int | None, typer.Option(min=1, help="Write for so many people of the cohort only.")
    ] = None,
    canary_group: Annotated[
        str, typer.Option(help="Write for the members of this FHIR Group only, such as a clinic.")
    ] = "",
    canary_file: Annotated[
        Path | None, typer.Option(help="Write for the people of this file of FHIR ids only.")
    ] = None,
    most_new_alerts: Annotated[
        int | None, typer.Option(min=0, help="Most new alerts of one run, instead of the setting.")
    ] = None,
    most_percent: Annotated[
        float | None,
        typer.Option(min=0, max=100, help="Most of the cohort in one run, instead of the setting."),
    ] = None,
    second_approver: Annotated[
        str, typer.Option(help="Who else approves limits above those of the settings.")
    ] = "",
    yes: Annotated[
        bool, typer.Option("--yes", help="Do it; without this it is only shown.")
    ] = False,
    end: Annotated[
        str | None, typer.Option(help="Stop writing, for this reason; name no patient in it.")
    ] = None,
) -> None:
    """Show what would be written under the protocol as configured, and with --yes approve it."""
    settings = start()
    from service.going_live.releasing import tidied_name
    from service.going_live.terms import Wish
    from service.wiring import ledger_for

    chosen = _Canary(canary, canary_group, canary_file)
    if sum((canary is not None, bool(canary_group), canary_file is not None)) > 1:
        raise Stop("choose one of --canary, --canary-group and --canary-file", EXIT_SETTINGS)
    wish = Wish(
        "canary" if chosen.is_wanted else "full",
        tidied_name(approver),
        tidied_name(second_approver),
        most_new_alerts,
        most_percent,
    )
    with ledger_for(settings) as ledger:
        if end is not None:
            _end(ledger, end)
        else:
            _approve(settings, ledger, wish, chosen, is_sure=yes)


def _end(ledger: Ledger, reason: str) -> None:
    if not reason.strip():
        raise Stop("--end: say why, in a few words", EXIT_SETTINGS)
    if not ledger.approvals.end(reason.strip()[:_LONGEST_REASON], datetime.now(UTC)):
        raise Stop("nothing is approved: there is nothing to end", EXIT_SETTINGS)
    typer.echo(
        "ended: nothing more is written, and sweeps go on in shadow; what stands in the EHR stays"
    )


def _approve(
    settings: Settings, ledger: Ledger, wish: Wish, chosen: _Canary, *, is_sure: bool
) -> None:
    from service.going_live.terms import refusals
    from service.wiring import configured_for

    protocol = configured_for(settings)[0]
    limits = _limits(settings)
    keys = _people(settings, ledger, protocol.digest, chosen)
    why_not = refusals(ledger, settings.mode, _proposal(settings, protocol), wish, limits)
    if chosen.is_wanted and not keys:
        why_not.append("nobody of this canary is in the cohort: sweep first, or choose others")
    _show(ledger, protocol, wish, limits, keys if chosen.is_wanted else None)
    if why_not:
        raise Stop("not approved: " + "; ".join(why_not), EXIT_SETTINGS)
    if not is_sure:
        typer.echo("nothing was approved: the same command with --yes approves it")
        return
    _record(settings, ledger, protocol, wish, keys)
    whom = f"{len(keys)} people" if keys else "everybody"
    typer.echo(f"approved for {whom}: what the next sweep plans is written")


def _proposal(settings: Settings, protocol: Protocol) -> Proposal:
    from service.going_live.proposal import proposal_of
    from service.screening.protocol import packaged_document
    from service.wiring import live_refusals_for, overlay_for

    remarks = live_refusals_for(settings)
    return proposal_of(protocol, packaged_document(), overlay_for(settings), remarks)


def _limits(settings: Settings) -> Volume:
    from service.going_live.leave import Volume

    return Volume(settings.max_new_alerts_per_run, settings.max_new_alerts_percent_per_run)


def _people(settings: Settings, ledger: Ledger, digest: str, chosen: _Canary) -> list[str]:
    from service.going_live.canary import drawn_people, people_of

    if chosen.number is not None:
        return drawn_people(ledger, digest, chosen.number)
    if chosen.group:
        return people_of(ledger, _members(settings, chosen.group))
    if chosen.file is not None:
        return people_of(ledger, _listed(chosen.file))
    return []


def _members(settings: Settings, group: str) -> Iterable[str]:
    from service.ehr.cohort.group import members_of_group
    from service.ehr.errors import EHRNotFound
    from service.wiring import connection_for

    with closing(connection_for(settings)) as ehr:
        try:
            members = members_of_group(ehr.client, fhir_id_in(group.removeprefix("Group/")))
        except EHRNotFound:
            raise Stop(
                "the EHR shows no Group with the id of --canary-group", EXIT_SETTINGS
            ) from None
    return members.ids


def _listed(path: Path) -> Iterable[str]:
    from service.ehr.cohort.id_file import read_id_file

    people = read_id_file(str(path))
    if any(person.system for person in people):
        raise Stop("--canary-file takes FHIR ids, not record numbers", EXIT_SETTINGS)
    return [person.value for person in people]


def _show(
    ledger: Ledger, protocol: Protocol, wish: Wish, limits: Volume, keys: list[str] | None
) -> None:
    from service.going_live.volume import forecast

    typer.echo(f"protocol {protocol.id} {protocol.version} ({protocol.digest[:19]})")
    people = None if keys is None else set(keys)
    whom = "everybody" if people is None else f"a canary of {len(people)} people"
    typer.echo(f"for {whom}, by the last sweep in shadow:")
    found = forecast(ledger, protocol.digest, people)
    for sentence in found.sentences():
        typer.echo(sentence)
    too_many = limits.asked_for(wish.most_new_alerts, wish.most_percent).why_too_many(
        found.opens, len(ledger.cohort.members())
    )
    if too_many:
        typer.echo(f"a run that opens all of it is held: {too_many}")


def _record(
    settings: Settings, ledger: Ledger, protocol: Protocol, wish: Wish, keys: list[str]
) -> None:
    from service.acting import software
    from service.store.approvals import NewApproval

    path = settings.protocol_overlay
    approval = NewApproval(
        stage=wish.stage,
        approver=wish.approver,
        protocol_id=protocol.id,
        protocol_version=protocol.version,
        protocol_digest=protocol.digest,
        software_version=software(),
        overlay_text=Path(path).read_text("utf-8") if path else "",
        second_approver=wish.second_approver,
        most_new_alerts=wish.most_new_alerts,
        most_percent=wish.most_percent,
    )
    ledger.approvals.record(approval, datetime.now(UTC), keys)


def rollback(
    approver: Annotated[str, typer.Option(help="Who brings the earlier protocol back, by name.")],
) -> None:
    """Bring the protocol approved before into force again, whatever the overlay's file says."""
    settings = start()
    from service.acting import software
    from service.going_live.releasing import tidied_name
    from service.going_live.way_back import approval_before, restore
    from service.settings import SettingsInvalid
    from service.wiring import ledger_for, protocol_of

    name = tidied_name(approver)
    if not name or settings.mode != "live":
        raise Stop(
            "--approver: say who brings it back, by a name"
            if not name
            else "BONEFLAG_MODE is shadow: nothing is written, and the overlay's file is in force",
            EXIT_SETTINGS,
        )
    with ledger_for(settings) as ledger:
        before = approval_before(ledger, _digest_in_force(settings))
        if before is None:
            raise Stop("no other protocol was ever approved: there is no way back", EXIT_SETTINGS)
        try:
            digest = protocol_of(settings, before.overlay_text)[0].digest
        except SettingsInvalid:
            digest = ""
        if digest != before.protocol_digest:
            raise Stop(
                f"protocol {before.protocol_version} was approved with {before.software_version},"
                f" and this is {software()}, which makes another protocol of it: install that"
                " version to bring it back. `boneflag golive --end REASON` stops all writing",
                EXIT_SETTINGS,
            )
        restore(ledger, before, name, software(), datetime.now(UTC))
    whom = f"its canary of {before.people} people" if before.people else "everybody"
    typer.echo(
        f"protocol {before.protocol_version} is in force again, for {whom}: the workers take it up"
        " with their next task, and the next sweep plans by it. The overlay's file is not read"
        " until `boneflag golive --end REASON`"
    )


def _digest_in_force(settings: Settings) -> str:
    """Of the protocol that works now; "" where the overlay's file is broken."""
    from service.settings import SettingsInvalid
    from service.wiring import effective_for

    try:
        return effective_for(settings)[0].digest
    except SettingsInvalid:
        return ""


def release(
    run: Annotated[int, typer.Argument(help="The number of a held run.")],
    approver: Annotated[
        str, typer.Option(help="Who lets it go: another person than who approved going live.")
    ],
    inline: Annotated[
        bool, typer.Option("--inline", help="Deliver in this process instead of the workers.")
    ] = False,
) -> None:
    """Let exactly one run be sent that was held because it would open too many alerts."""
    settings = start()
    from service.going_live.releasing import release_run
    from service.wiring import ledger_for, pipeline_for

    with ledger_for(settings) as ledger:
        why_not = release_run(ledger, run, approver, datetime.now(UTC))
        if why_not:
            raise Stop(why_not, EXIT_SETTINGS)
    if not inline:
        typer.echo(f"run {run} is released: the workers deliver it within a minute")
        return
    pipeline = pipeline_for(settings)
    pipeline.deliver(run)
    show_run(pipeline.ledger.runs.get(run), pipeline.ledger, settings)
