"""Who is meant by the key of an address or of a form, for whoever may see them.

A newcomer would get two things wrong. Whoever came from a chart gets the same answer for every
other person, known or not, and being refused is in the audit. And a key may be that of a record
that was merged since the page was opened: the person is found under the key of today.
"""

from __future__ import annotations

from service.store.acts import Act
from service.store.entries import KnownPerson
from service.web.access.visitor import Visitor
from service.web.pages.desk import OTHER_CHART, Desk, Problem

UNKNOWN = Problem(404, "Nobody here", "BoneFlag knows nobody under this address, or no longer.")
_LEFT_OUT = Problem(
    404,
    "Left out",
    "This person is left out at the hospital's wish: BoneFlag does not read their chart.",
)


def person_for(desk: Desk, visitor: Visitor, key: str, path: str) -> KnownPerson:
    """The person; Problem for who may not see them, and where nobody may be seen.

    `path` stands in the audit where somebody is refused: the path of a route, without an id.
    """
    if not visitor.may_see(key):
        refused = Act("view", detail=path, reason="another chart", outcome="failed")
        desk.record(visitor, [refused])
        raise OTHER_CHART
    person = desk.ledger().people.find(key)
    if person is None:
        raise UNKNOWN
    if person.is_left_out:
        raise _LEFT_OUT
    return person
