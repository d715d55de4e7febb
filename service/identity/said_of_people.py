"""What a provider says of people beside who they are: names, groups, roles.

A newcomer would get one thing wrong: a claim's name may hold dots itself, as
`https://hospital.example/roles` does. It is looked up as a whole first and as a path after that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LONGEST_NAME = 100


def values_at(claims: Mapping[str, Any], path: str) -> frozenset[str]:
    """The texts under a claim such as `roles` or `realm_access.roles`; one text may be a list."""
    found: Any = claims.get(path)
    if found is None:
        found = claims
        for part in path.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    if isinstance(found, str):
        return frozenset({found, *found.split()})
    items = found if isinstance(found, list) else []
    return frozenset(item for item in items if isinstance(item, str))


def name_of(claims: Mapping[str, Any], preferred: str) -> str:
    """Who answers in the audit: the preferred claim where it is there, else the subject."""
    given = claims.get(preferred)
    name = given if isinstance(given, str) and given.strip() else str(claims["sub"])
    return "".join(c for c in name if c.isprintable()).strip()[:LONGEST_NAME] or "somebody"
