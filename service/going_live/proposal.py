"""What would be approved: the protocol as it is configured, and what it still lacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from service.going_live.terms import Proposal
from service.screening.overlay_file import Overlay
from service.screening.protocol import Protocol


def proposal_of(
    protocol: Protocol,
    document: Mapping[str, Any],
    overlay: Overlay | None,
    remarks: Sequence[str],
) -> Proposal:
    """The protocol that ships has an author, and so has the overlay where there is one."""
    authors = [str(document.get("author", ""))]
    if overlay is not None and overlay.author is not None:
        authors.append(overlay.author.name)
    return Proposal(protocol.digest, [name for name in authors if name], remarks)
