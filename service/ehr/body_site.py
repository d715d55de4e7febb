"""What a bone density code means at the body site that the resource names beside it.

A newcomer would get one thing wrong: a code for a bone density scan may stand for a scan of the
heel, which closes nothing, when only the body site says so; and a code without a site may be a hip.
"""

from __future__ import annotations

from collections.abc import Iterator

from service.ehr.codes import CodeReader
from service.ehr.fields import Json, objects_in
from service.screening.record import NO_CONCEPTS, Concepts

_CENTRAL = frozenset({"dxa-central", "dxa-t-score", "dxa-z-score", "dxa-bone-mineral-density"})
_SITE_UNKNOWN = "dxa-site-unknown"
_MAY_MEAN_ANOTHER = _CENTRAL | {_SITE_UNKNOWN}


def at_site(concepts: Concepts, resource: Json, codes: CodeReader) -> Concepts:
    """The concepts of a resource's code, corrected by its `bodySite` where that says more."""
    if "bodySite" not in resource or concepts.isdisjoint(_MAY_MEAN_ANOTHER):
        return concepts
    sites = _sites(resource, codes)
    if "body-site-central" in sites and _SITE_UNKNOWN in concepts:
        return concepts - {_SITE_UNKNOWN} | {"dxa-central", "dxa-bone-mineral-density"}
    if "body-site-peripheral" in sites and "body-site-central" not in sites:
        return concepts - _MAY_MEAN_ANOTHER | {"dxa-peripheral"}
    return concepts


def _sites(resource: Json, codes: CodeReader) -> Concepts:
    return NO_CONCEPTS.union(
        *(codes.vocabulary.concepts_of(system, code) for system, code in _coded(resource))
    )


def _coded(resource: Json) -> Iterator[tuple[str, str]]:
    for site in objects_in(resource, "bodySite"):
        for coding in objects_in(site, "coding"):
            system, code = coding.get("system"), coding.get("code")
            if isinstance(system, str) and isinstance(code, str):
                # A post-coordinated site, "71341001:272741003=7771000", begins with its bone.
                yield system, code.partition(":")[0]
