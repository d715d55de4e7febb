"""Settings -> the protocol in force, with the hospital's overlay, and the day at the hospital."""

from __future__ import annotations

from contextlib import closing
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from service.screening.protocol import (
    Protocol,
    ProtocolInvalid,
    packaged_document,
    packaged_protocol,
)
from service.screening.value_sets import Vocabulary, packaged_vocabulary
from service.settings import Settings, SettingsInvalid

if TYPE_CHECKING:  # pragma: no cover - for the type checker only
    from service.screening.overlay import Overlay
    from service.store.approvals import Approval

_log = structlog.get_logger()


def vocabulary_for(settings: Settings) -> Vocabulary:
    """The value sets in force, with the hospital's codes."""
    return effective_for(settings)[1]


def shipped_vocabulary_for(settings: Settings) -> Vocabulary:
    """The value sets as they ship, without an overlay's codes."""
    return packaged_vocabulary(settings.use_cpt)


def protocol_for(settings: Settings) -> Protocol:
    """The protocol in force; SettingsInvalid where its overlay may not go live.

    An overlay that may not go live works in shadow mode, with a warning in the log.
    """
    _gate(settings)
    return effective_for(settings)[0]


def overlay_for(settings: Settings) -> Overlay | None:
    """The hospital's overlay, None where none is configured; SettingsInvalid if unreadable."""
    if not settings.protocol_overlay:
        return None
    from service.screening.overlay import overlay_from

    try:
        text = Path(settings.protocol_overlay).read_text("utf-8")
    except UnicodeDecodeError:
        raise SettingsInvalid("the protocol overlay is not UTF-8 text") from None
    except OSError as error:
        raise SettingsInvalid(f"the protocol overlay cannot be read: {error.strerror}") from None
    try:
        return overlay_from(text)
    except ProtocolInvalid as fault:
        raise SettingsInvalid(f"the protocol overlay cannot be used: {fault}") from None


def overlay_in_force_for(settings: Settings) -> Overlay | None:
    """The overlay that the protocol in force has: that of a rollback while one is current."""
    restored = restored_for(settings)
    if restored is None:
        return overlay_for(settings)
    from service.screening.overlay import overlay_from

    return overlay_from(restored.overlay_text) if restored.overlay_text else None


def effective_for(settings: Settings) -> tuple[Protocol, Vocabulary]:
    """The protocol in force and its value sets, whether or not it may go live.

    While a rollback is current, that is the one it restored, whatever the overlay's file says.
    """
    restored = restored_for(settings)
    if restored is None:
        return configured_for(settings)
    return protocol_of(settings, restored.overlay_text)


def configured_for(settings: Settings) -> tuple[Protocol, Vocabulary]:
    """The protocol and the value sets as the overlay's file says."""
    return _with_overlay(settings, overlay_for(settings))


def protocol_of(settings: Settings, overlay_text: str) -> tuple[Protocol, Vocabulary]:
    """The protocol and the value sets with an overlay that the ledger kept, "" for none."""
    from service.screening.overlay import overlay_from

    try:
        overlay = overlay_from(overlay_text) if overlay_text else None
    except ProtocolInvalid as fault:
        raise SettingsInvalid(f"the overlay that was kept cannot be used: {fault}") from None
    return _with_overlay(settings, overlay)


def _with_overlay(settings: Settings, overlay: Overlay | None) -> tuple[Protocol, Vocabulary]:
    vocabulary = shipped_vocabulary_for(settings)
    if overlay is None:
        return packaged_protocol(vocabulary), vocabulary
    from service.screening.overlay import overlaid

    try:
        return overlaid(overlay, packaged_document(), vocabulary)
    except ProtocolInvalid as fault:
        raise SettingsInvalid(f"the protocol overlay cannot be used: {fault}") from None


def restored_for(settings: Settings) -> Approval | None:
    """The rollback that is in force; None where none is, or where the ledger cannot say.

    Taking the file's protocol then does no harm: nothing is written under what nobody approved.
    """
    approval = approval_for(settings)
    return approval if approval is not None and approval.restores is not None else None


def approval_for(settings: Settings) -> Approval | None:
    """The current approval; None in shadow mode, without one, or where the ledger cannot say."""
    if settings.mode != "live":
        return None
    from service.store.approvals import approvals_at
    from service.store.errors import StoreError

    try:
        approvals = approvals_at(settings.database_url)
        if approvals is None:
            return None
        with closing(approvals):
            return approvals.current()
    except StoreError as error:
        _log.warning("approval_unknown", error=type(error).__name__)
        return None


def live_refusals_for(settings: Settings) -> tuple[str, ...]:
    """Why the configured overlay may not go live today; empty where none is or it may."""
    overlay = overlay_for(settings)
    if overlay is None:
        return ()
    from service.protocol_bench.approval import refusals_for_live
    from service.protocol_bench.check import check_protocol

    vocabulary = shipped_vocabulary_for(settings)
    remarks = check_protocol(packaged_document(), vocabulary, overlay, today_for(settings))
    return refusals_for_live(remarks)


def _gate(settings: Settings) -> None:
    if restored_for(settings) is not None:
        return  # What the file says is not in force.
    refusals = live_refusals_for(settings)
    if refusals and settings.mode == "live":
        raise SettingsInvalid(
            f"the protocol overlay may not go live: {'; '.join(refusals)}. Stay in shadow mode"
            " until `boneflag protocol check` finds no error"
        )
    if refusals:
        _warn_once(settings.protocol_overlay, len(refusals))


@cache
def _warn_once(_path: str, refusals: int) -> None:
    _log.warning("overlay_not_ready_for_live", count=refusals)


def today_for(settings: Settings) -> date:
    """Today at the hospital."""
    return datetime.now(settings.zone).date()
