"""What products ask of a write, beyond what their statement offers."""

from __future__ import annotations

from collections.abc import Callable, Collection

from service.demo_ehr.presets.exchange import Reply, Request
from service.demo_ehr.presets.preset import Hospital, Quirk

Refuse = Callable[[Request], Reply]


def requires_if_match(refuse: Refuse) -> Quirk:
    """An update must name the version that it replaces."""

    def quirk(_: Hospital, request: Request) -> Reply | None:
        is_blind = request.interaction in ("update", "patch") and "if-match" not in request.headers
        return refuse(request) if is_blind else None

    return quirk


def refuses_client_ids(refuse: Refuse) -> Quirk:
    """An update of something that is not there is no create."""

    def quirk(hospital: Hospital, request: Request) -> Reply | None:
        is_new = request.interaction == "update" and not hospital.holds(request.path)
        return refuse(request) if is_new else None

    return quirk


def ignores_if_none_exist(_: Hospital, request: Request) -> Reply | None:
    """The condition of a create is not looked at: what is there already is made again."""
    request.headers.pop("if-none-exist", None)
    return None


def takes_conditions_by(names: Collection[str], refuse: Refuse) -> Quirk:
    """A conditional create may use these parameters only."""

    def quirk(_: Hospital, request: Request) -> Reply | None:
        condition = request.headers.get("if-none-exist", "")
        asked = {pair.partition("=")[0] for pair in condition.split("&") if pair}
        return refuse(request) if asked - set(names) else None

    return quirk


def takes_bundles_up_to(entries: int, refuse: Refuse) -> Quirk:
    """A batch or transaction has at most so many entries."""

    def quirk(_: Hospital, request: Request) -> Reply | None:
        is_bundle = request.interaction == "transaction"
        is_long = is_bundle and len(request.resource().get("entry", ())) > entries
        return refuse(request) if is_long else None

    return quirk
