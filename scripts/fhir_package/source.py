"""What the package is made from, and the heading that every canonical resource has.

A newcomer would get one thing wrong: `status` is draft and `experimental` true in everything that
is generated, because nothing here has been validated on patients. Many servers pass over drafts
when they install a package; fhir_profiles/README.md says which setting helps.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from service.screening.alert import CANONICAL_BASE
from service.screening.protocol import (
    Protocol,
    ProtocolEntry,
    ProtocolNumber,
    packaged_document,
    packaged_protocol,
)
from service.screening.value_sets import Vocabulary, packaged_vocabulary

Resource = dict[str, Any]

HOME = Path(__file__).resolve().parents[2] / "fhir_profiles"
PUBLISHER = "BoneFlag"
LICENCE_NOTICE = "Copyright the BoneFlag contributors, Apache License 2.0."
CRITERION_SYSTEM = f"{CANONICAL_BASE}/CodeSystem/criterion"
STATUS_SYSTEM = f"{CANONICAL_BASE}/CodeSystem/status"
SEEN = frozenset({"V", "V-abs"})
"""The certainties of a citation that a clinician may be shown (specification, marks)."""


@dataclass(frozen=True, slots=True)
class Source:
    """The protocol with its vocabulary, the licence notices by code system, the stored resources.

    `shared` are the numbers of policies that criteria take, by names such as
    `therapy-windows.oral_months`. `stored` are the value sets and profiles that lie in
    fhir_profiles as they are.
    """

    protocol: Protocol
    shared: Mapping[str, ProtocolNumber]
    vocabulary: Vocabulary
    notices: Mapping[str, str]
    published: str
    stored: tuple[Resource, ...]

    @property
    def version(self) -> str:
        """The version of everything that is generated: the protocol's."""
        return self.protocol.version

    @property
    def copyright(self) -> str:
        """Our own notice, and those of the code systems whose codes the criteria use."""
        return "\n\n".join([LICENCE_NOTICE, *self.notices.values()])


def packaged_source(home: Path = HOME) -> Source:
    """Everything as it lies in the checkout."""
    vocabulary = packaged_vocabulary()
    table = yaml.safe_load((home / "value_sets.yaml").read_text("utf-8"))
    paths = [p for folder in ("profiles", "value_sets") for p in (home / folder).glob("*.json")]
    return Source(
        protocol=packaged_protocol(vocabulary),
        shared=dict(_policy_numbers(packaged_document()["policies"])),
        vocabulary=vocabulary,
        notices={system: text.strip() for system, text in table["notices"].items()},
        published=str(packaged_document()["effective_from"]),
        stored=tuple(json.loads(path.read_text("utf-8")) for path in sorted(paths)),
    )


def _policy_numbers(policies: Mapping[str, Any]) -> Iterator[tuple[str, ProtocolNumber]]:
    for policy, content in policies.items():
        for name, number in content.get("numbers", {}).items():
            given = (number["value"], number["unit"], number["source"], number["certainty"])
            yield f"{policy}.{name}", ProtocolNumber(*given)


def canonical(type_: str, id_: str) -> str:
    """The canonical url of a resource of ours."""
    return f"{CANONICAL_BASE}/{type_}/{id_}"


def headed(
    source: Source, type_: str, id_: str, title: str, description: str, **more: Any
) -> Resource:
    """A canonical resource with what all of them share; `more` follows in the order given."""
    return {
        "resourceType": type_,
        "id": id_,
        "url": canonical(type_, id_),
        "version": source.version,
        "name": "".join(part.capitalize() for part in id_.split("-")),
        "title": title,
        "status": "draft",
        "experimental": True,
        "date": source.published,
        "publisher": PUBLISHER,
        "description": description,
        **more,
    }


def numbers_in_words(source: Source, entry: ProtocolEntry) -> list[str]:
    """Each number of a criterion with unit, source and certainty: its own, then the shared."""
    shared = sorted(name for name in entry.parameters if name in source.shared)
    numbers = {**entry.numbers, **{name: source.shared[name] for name in shared}}
    return [
        f"{name} = {number.value:g} {number.unit} ({number.source}; {number.certainty})"
        for name, number in numbers.items()
    ]


def citation_of(entry: ProtocolEntry) -> str:
    """What a clinician may be shown as the ground of a criterion."""
    return entry.citation if entry.certainty in SEEN else "local decision, unconfirmed"
