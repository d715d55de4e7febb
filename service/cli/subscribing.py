"""`boneflag subscribe`: let the EHR tell us that something changed, where it can."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.speaking import EXIT_REJECTED, EXIT_SETTINGS, Stop, start

if TYPE_CHECKING:  # pragma: no cover - for the type checker only
    from service.ehr.client import FHIRClient
    from service.settings import Settings


def subscribe(
    remove: Annotated[bool, typer.Option("--remove", help="Switch ours off.")] = False,
) -> None:
    """Ask the EHR to tell us of changes (FHIR Subscriptions), or renew what it gave up."""
    settings = start()
    _require_settings(settings)
    from service.store.acts import Act
    from service.subscribing import subscribe as ask
    from service.subscribing import unsubscribe
    from service.wiring import client_for, effective_for, ledger_for

    client = client_for(settings)
    _require_subscriptions(client)
    types = {need.type for need in effective_for(settings)[0].needs}
    secret = settings.notice_secret.get_secret_value()
    steps = (
        unsubscribe(client, settings.notice_url)
        if remove
        else ask(client, types, settings.notice_url, secret)
    )
    done: Counter[str] = Counter()
    with ledger_for(settings) as ledger:
        for what, id_ in steps:
            done[what] += 1
            if what != "kept":
                # One by one: what comes after it may fail.
                word = "unsubscribe" if remove else "subscribe"
                ledger.audit.record([Act(word, resource=f"Subscription/{id_}")])
    typer.echo(sentence_of(done, remove=remove))


def sentence_of(done: Mapping[str, int], *, remove: bool) -> str:
    """What was done, for the operator."""
    if remove:
        return f"Subscriptions switched off: {done.get('ended', 0)}"
    return (
        f"Subscriptions asked for: {done.get('created', 0)}; asked for again:"
        f" {done.get('renewed', 0)}; they stood already: {done.get('kept', 0)}. The poll goes on"
        " all the same"
    )


def _require_settings(settings: Settings) -> None:
    if settings.mode == "shadow":
        raise Stop(
            "in shadow mode nothing is written to the EHR, and a Subscription is written there:"
            " the poll finds the same changes",
            EXIT_SETTINGS,
        )
    if not settings.notice_url or not settings.notice_secret.get_secret_value():
        raise Stop(
            "BONEFLAG_NOTICE_URL and BONEFLAG_NOTICE_SECRET belong together here: set both",
            EXIT_SETTINGS,
        )


def _require_subscriptions(client: FHIRClient) -> None:
    from service.ehr.capability import read_capability

    offered = read_capability(client)
    if not (offered.can_write("Subscription") and offered.can_search("Subscription")):
        raise Stop(
            "this EHR does not say that Subscriptions can be searched, created and updated by us:"
            " ask its team to set them up (docs/notices.md), or leave it at the poll",
            EXIT_REJECTED,
        )
