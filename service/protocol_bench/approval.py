"""Who wrote an overlay, who approved it, and until when: what stands before it may go live.

Names are compared without case, accents, titles' dots and the order of their parts, so that
"Dr. Ana Núñez" and "NUNEZ, Ana (Dr)" are one person. Two people of one name would be refused too:
give a middle name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date

from service.protocol_bench.remark import Level, Remark, error, warning
from service.screening.overlay import version_order
from service.screening.overlay_file import Overlay

_TITLES = frozenset("dr prof md phd mr mrs ms rn do mba msc frcp facp".split())


def folded_name(name: str) -> frozenset[str]:
    """The parts of a name without case, accents, titles and order."""
    plain = unicodedata.normalize("NFKD", name)
    plain = "".join(c for c in plain if not unicodedata.combining(c)).casefold()
    parts = frozenset(re.findall(r"\w+", plain))
    return (parts - _TITLES) or parts


def approval_remarks(overlay: Overlay, shipped_version: str, on: date) -> Iterator[Remark]:
    """What keeps an overlay from going live on a day, whatever is in it."""
    yield from _people(overlay)
    if overlay.review_by is None:
        yield error("review_by", "no review date", "say until when this was decided")
    elif overlay.review_by < on:
        yield error("review_by", f"past since {overlay.review_by}", "review it and set a new date")
    if overlay.effective_from is not None and overlay.effective_from > on:
        yield error(
            "effective_from",
            f"takes effect on {overlay.effective_from} only",
            "use it from that day on",
        )
    if version_order(overlay.base_version) < version_order(shipped_version):
        yield error(
            "for_version",
            f"written for version {overlay.base_version}; the protocol is now {shipped_version}",
            "look through what changed (CHANGELOG), then set for_version",
        )
    if not overlay.title:
        yield warning("title", "no title", "say in a few words what this overlay is for")


def _people(overlay: Overlay) -> Iterator[Remark]:
    author, approver = overlay.author, overlay.approver
    if author is None:
        yield error("author", "nobody is named as its author", "name who wrote it, with a role")
    if approver is None:
        yield error("approver", "nobody has approved it", "let a second person approve it")
        return
    if author is not None and folded_name(author.name) == folded_name(approver.name):
        yield error(
            "approver",
            f"author and approver are the same person ({approver.name})",
            "let a second person approve it",
        )
    if approver.on is None:
        yield error("approver.on", "no day of approval", "give the day as YYYY-MM-DD")
    elif overlay.review_by is not None and approver.on > overlay.review_by:
        yield error("approver.on", "approved after its own review date", "set a new review date")


def refusals_for_live(remarks: Iterable[Remark]) -> tuple[str, ...]:
    """Why a protocol with these remarks may not go live, one sentence each; empty if it may."""
    return tuple(f"{r.where}: {r.what}; {r.do}" for r in remarks if r.level is Level.ERROR)
