"""An overlay that may go live, and a way to change it."""

from __future__ import annotations

from service.screening.overlay import Overlay, overlay_from

APPROVED = """\
overlay: st-elsewhere
for: ms-bone-health
for_version: 0.3.0
version: 1
title: What our bone clinic decided
author: {name: Ida Muster, role: neurologist}
approver: {name: Jon Beispiel, role: head of the bone clinic, on: 2026-11-20}
review_by: 2027-11-20
"""


def overlay(more: str = "", **instead: str) -> Overlay:
    """The approved overlay with `more` below it, and single lines written anew (`""`: left out)."""
    lines = []
    for line in APPROVED.splitlines():
        name = line.partition(":")[0]
        if name not in instead:
            lines.append(line)
        elif instead[name]:
            lines.append(f"{name}: {instead[name]}")
    return overlay_from("\n".join([*lines, more]))
