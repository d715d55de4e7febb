"""The ways in, as the settings want them: OpenID Connect, launches from a chart, a password."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

import redis
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from service.settings import Settings, SettingsInvalid, require_base_url
from service.store.attempts import Attempts
from service.web.access import launch, openid
from service.web.access.cookies import Cookie
from service.web.access.sign_in import is_here, password_routes, sign_out_route
from service.web.access.trips import Trips
from service.web.access.visitor import Role
from service.web.pages.desk import Desk
from service.wiring import launch_provider_for, sign_in_provider_for

_ORIGIN = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+")
PASSWORDS_PER_MINUTE = 10
TRIPS_PER_MINUTE = 600
"""More than any hospital signs in; what is remembered of each stands in Redis for ten minutes."""


def ways_in(desk: Desk, client: redis.Redis) -> Sequence[BaseRoute]:
    """Their routes; SettingsInvalid where nobody could come in, or anybody."""
    settings = desk.settings
    password = settings.page_password.get_secret_value()
    if password and settings.sign_in_issuer:
        raise SettingsInvalid(
            "BONEFLAG_PAGE_PASSWORD and BONEFLAG_SIGN_IN_ISSUER are different ways in: give one"
        )
    if not password and not settings.sign_in_issuer and not settings.launch_client_id:
        raise SettingsInvalid(
            "BONEFLAG_PAGE_URL is set, and nobody could sign in: give BONEFLAG_SIGN_IN_ISSUER and"
            " BONEFLAG_SIGN_IN_CLIENT_ID, or BONEFLAG_LAUNCH_CLIENT_ID (docs/pages.md)"
        )
    _check_addresses(settings)
    routes: list[BaseRoute] = []
    if password:
        attempts = Attempts(client, "password", PASSWORDS_PER_MINUTE)
        routes += password_routes(desk, password, attempts)
    elif settings.sign_in_issuer:
        routes += _openid(desk, client)
    else:
        routes += [Route("/sign-in", _from_charts_only(desk)), sign_out_route(desk)]
    if settings.launch_client_id:
        routes += _launch(desk, client)
    return routes


def _check_addresses(settings: Settings) -> None:
    parts = urlsplit(settings.page_url)
    is_demo = is_here(settings.page_url) and is_here(settings.fhir_base_url)
    if settings.page_password.get_secret_value() and not is_demo:
        raise SettingsInvalid(
            "BONEFLAG_PAGE_PASSWORD is for a demo, with its EHR, on this machine: unset it, and let"
            " people sign in with OpenID Connect (docs/pages.md)"
        )
    if parts.scheme != "https" and not is_here(settings.page_url):
        raise SettingsInvalid(
            "BONEFLAG_PAGE_URL must be https: sessions would cross the network unencrypted"
        )
    if not all(_ORIGIN.fullmatch(origin) for origin in settings.frame_origins):
        raise SettingsInvalid(
            "BONEFLAG_LAUNCH_FRAME_ORIGINS holds what is no origin: give such as"
            " https://ehr.example, without a path"
        )
    if settings.frame_origins and parts.scheme != "https":
        raise SettingsInvalid(
            "BONEFLAG_LAUNCH_FRAME_ORIGINS needs an https BONEFLAG_PAGE_URL: browsers keep no"
            " cookie for a frame without it"
        )


def _openid(desk: Desk, client: redis.Redis) -> list[BaseRoute]:
    settings, entrance = desk.settings, desk.entrance
    provider = sign_in_provider_for(settings, entrance.url + openid.CALLBACK)
    cookie = Cookie.named("boneflag-way", is_secure=entrance.is_secure)
    values = {
        Role.CLINICAL_LEAD: frozenset(settings.lead_values),
        Role.OPERATOR: frozenset(settings.operator_values),
    }
    claims = openid.RoleClaims(settings.sign_in_roles_claim, settings.sign_in_name_claim, values)
    return openid.openid_routes(desk, provider, _trips(openid.KIND, desk, cookie, client), claims)


def _launch(desk: Desk, client: redis.Redis) -> list[BaseRoute]:
    settings, entrance = desk.settings, desk.entrance
    provider = launch_provider_for(settings, entrance.url + launch.CALLBACK)
    is_framed = bool(settings.frame_origins)
    cookie = Cookie.named("boneflag-chart-way", is_secure=entrance.is_secure, is_framed=is_framed)
    trips = _trips(launch.KIND, desk, cookie, client)
    return launch.launch_routes(desk, provider, trips, require_base_url(settings))


def _trips(kind: str, desk: Desk, cookie: Cookie, client: redis.Redis) -> Trips:
    return Trips(kind, desk.entrance.sessions, cookie, Attempts(client, kind, TRIPS_PER_MINUTE))


def _from_charts_only(desk: Desk) -> Callable[[Request], Response]:
    return lambda _: desk.render("sign-in-elsewhere.html", None, where="")
