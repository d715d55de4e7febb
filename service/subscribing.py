"""Setting up the EHR's Subscriptions: one for each resource type that the protocol reads.

A newcomer would get three things wrong. They are R4's own, without a payload: the EHR says that
something changed and nothing else, and we ask what. A Subscription that the EHR gave up (`error`,
`off`) does not come back by itself: it is asked for again, in place, so that there are never two of
a kind. And the secret is sent to the EHR in the clear: it is for this one purpose and no other.

FHIR R4, Subscription: `requested` asks the server to switch it on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from service.ehr.client import FHIRClient
from service.ehr.errors import EHRCutShort

SECRET_HEADER = "X-BoneFlag-Secret"  # noqa: S105 - the name of a header
_REASON = "BoneFlag asks who changed, so that alerts come and go sooner"
_STANDING = ("active", "requested")


Done = Literal["created", "renewed", "kept", "ended"]


def subscribe(
    client: FHIRClient, types: Iterable[str], endpoint: str, secret: str
) -> Iterator[tuple[Done, str]]:
    """Let every type have one Subscription that stands and shows this secret.

    Tells of each, as it is done, what was done and its id; `kept` needed nothing. Raises EHRError.
    """
    ours = _ours(client, endpoint)
    for type_ in sorted(set(types)):
        wanted = _resource(type_, endpoint, secret)
        found = ours.get(wanted["criteria"])
        if found is None:
            stored = client.create(wanted)
            yield "created", str((stored.resource or {}).get("id", ""))
        elif _stands(found, wanted):
            yield "kept", found["id"]
        else:
            client.update({**wanted, "id": found["id"]}, if_match=_version(found))
            yield "renewed", found["id"]


def unsubscribe(client: FHIRClient, endpoint: str) -> Iterator[tuple[Done, str]]:
    """Switch ours off; the EHR keeps them as switched off. Raises EHRError."""
    for found in _ours(client, endpoint).values():
        if found.get("status") != "off":
            client.update({**found, "status": "off"}, if_match=_version(found))
            yield "ended", found["id"]


def _ours(client: FHIRClient, endpoint: str) -> dict[str, dict[str, Any]]:
    """Those that tell our address, by criteria; a server that ignores the search gives all."""
    found = client.search("Subscription", {"url": endpoint})
    if not found.is_complete:
        # A second one of a kind would tell everything twice.
        raise EHRCutShort("The EHR did not show all Subscriptions; nothing was changed, try again")
    return {
        str(resource.get("criteria")): dict(resource)
        for resource in found.matches
        if resource.get("resourceType") == "Subscription"
        and resource.get("channel", {}).get("endpoint") == endpoint
    }


def _resource(type_: str, endpoint: str, secret: str) -> dict[str, Any]:
    return {
        "resourceType": "Subscription",
        "status": "requested",
        "reason": _REASON,
        "criteria": f"{type_}?",
        "channel": {
            "type": "rest-hook",
            "endpoint": endpoint,
            "header": [f"{SECRET_HEADER}: {secret}"],
        },
    }


def _stands(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether it need not be asked for again. Some servers hide the header: then it is taken so."""
    shown = found.get("channel", {}).get("header")
    is_same = shown is None or shown == wanted["channel"]["header"]
    return is_same and found.get("status") in _STANDING


def _version(found: Mapping[str, Any]) -> str | None:
    version = found.get("meta", {}).get("versionId")
    return version if isinstance(version, str) else None
