"""SMART scopes: what BoneFlag asks for, and what it was given.

A newcomer would get three things wrong. There are two syntaxes: `system/Patient.read` (v1) and
`system/Patient.rs` (v2), and a server that offers both may know the second only in part. A server
may grant fewer scopes than were asked for and says so only in its answer. And it may name scopes of
its own in which nothing can be recognised: then nothing is concluded.

SMART App Launch 2.2, scopes and launch context; the letters of v2 stand in the order c r u d s.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Syntax = Literal["v1", "v2"]
_SCOPE = re.compile(r"system/(\*|[A-Za-z]+)\.(\*|read|write|c?r?u?d?s?)(\?\S+)?")
_LETTERS = {"read": "rs", "write": "cud", "*": "cruds"}
_READING, _WRITING, _CREATING = frozenset("rs"), frozenset("cu"), frozenset("c")


@dataclass(frozen=True, slots=True)
class Access:
    """The resource types that this deployment reads, creates and updates, and only creates."""

    reads: frozenset[str]
    writes: frozenset[str]
    creates: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Grant:
    """What the access token covers of what is needed.

    `restricted` types are read in part only, such as the laboratory results among the Observations.
    `is_clear` is False where no scope of the answer could be read; nothing is missing then.
    """

    unread: tuple[str, ...]
    unwritable: tuple[str, ...]
    restricted: tuple[str, ...]
    is_clear: bool = True

    @property
    def is_whole(self) -> bool:
        """Whether everything that is needed was granted."""
        return not (self.unread or self.unwritable or self.restricted)


def access_for(
    needed: Iterable[str],
    *,
    also_read: Iterable[str] = (),
    writes: Iterable[str] = (),
    creates: Iterable[str] = (),
) -> Access:
    """What a deployment reads and writes; `needed` are the types that the protocol reads.

    `also_read` are those of the cohort's sources and of our alerts, which are read in shadow mode
    too. Many orders only refer to their Medication.
    """
    reads = {*needed, *also_read, "Patient"}
    if any(type_.startswith("Medication") for type_ in reads):
        reads.add("Medication")
    written = frozenset(writes)
    return Access(frozenset(reads), written, frozenset(creates) - written)


def scopes_for(access: Access, syntax: Syntax) -> tuple[str, ...]:
    """The scopes to ask for, by type."""
    types = sorted(access.reads | access.writes | access.creates)
    if syntax == "v2":
        return tuple(f"system/{t}.{_letters_for(t, access)}" for t in types)
    words = {"read": access.reads, "write": access.writes | access.creates}
    return tuple(f"system/{t}.{word}" for t in types for word, named in words.items() if t in named)


def _letters_for(type_: str, access: Access) -> str:
    wanted: frozenset[str] = frozenset()
    wanted |= _READING if type_ in access.reads else frozenset()
    wanted |= _WRITING if type_ in access.writes else frozenset()
    wanted |= _CREATING if type_ in access.creates else frozenset()
    return "".join(letter for letter in "cruds" if letter in wanted)


def syntax_offered(capabilities: Iterable[str], supported: Iterable[str]) -> Syntax:
    """v1 unless only v2 is offered: every server that knows both understands the first."""
    named = set(capabilities)
    if "permission-v1" in named:
        return "v1"
    if "permission-v2" in named:
        return "v2"
    words = {m[2] for scope in supported if (m := _SCOPE.fullmatch(scope))}
    return "v2" if words and not words & {"read", "write", "*"} else "v1"


def among(wanted: Iterable[str], supported: Iterable[str]) -> tuple[str, ...]:
    """Those of the wanted scopes that the listed ones cover, as they were wanted."""
    offered = _letters_by_type(supported, is_whole=True)
    return tuple(
        scope
        for scope in wanted
        if (m := _SCOPE.fullmatch(scope)) and _letters(m[2]) <= _held(offered, m[1])
    )


def grant_of(access: Access, granted: Iterable[str]) -> Grant:
    """Compare the scopes of the answer with what is needed."""
    scopes = tuple(granted)
    whole = _letters_by_type(scopes, is_whole=True)
    partial = _letters_by_type(scopes, is_whole=False)
    if not whole and not partial:
        return Grant((), (), (), is_clear=False)
    lacking = [t for t in sorted(access.reads) if not _held(whole, t) >= _READING]
    unwritable = {t for t in access.writes if not _held(whole, t) >= _WRITING}
    unwritable |= {t for t in access.creates if not _held(whole, t) >= _CREATING}
    restricted = [t for t in lacking if _held(whole, t) | _held(partial, t) >= _READING]
    return Grant(
        unread=tuple(t for t in lacking if t not in restricted),
        unwritable=tuple(sorted(unwritable)),
        restricted=tuple(restricted),
    )


def _letters_by_type(scopes: Iterable[str], *, is_whole: bool) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for scope in scopes:
        match = _SCOPE.fullmatch(scope)
        if match and bool(match[3]) is not is_whole:
            found[match[1]] = found.get(match[1], frozenset()) | _letters(match[2])
    return found


def _held(letters: dict[str, frozenset[str]], type_: str) -> frozenset[str]:
    return letters.get(type_, frozenset()) | letters.get("*", frozenset())


def _letters(word: str) -> frozenset[str]:
    return frozenset(_LETTERS.get(word, word))
