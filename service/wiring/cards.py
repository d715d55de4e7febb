"""Settings -> what answers CDS Hooks: who may ask, the line for cards, and what is heard."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from service.screening.alert import Alert
from service.settings import Settings, SettingsInvalid, require_base_url
from service.wiring.ehr import proposal_options_for
from service.wiring.login import politeness_for, redis_for, tls_for
from service.wiring.protocol import protocol_for, today_for, vocabulary_for

if TYPE_CHECKING:  # pragma: no cover - for the type checker only
    from service.cards.feedback import CardFeedback
    from service.cards.line import CardLine
    from service.ehr.client import FHIRClient
    from service.ehr.smart.callers import Callers
    from service.store.ledger import Ledger

CARDS = "cds-hooks"
_KEYS_PATIENCE_SECONDS = 5.0
# Who opens a chart waits for it, and without it this process remembers by itself.
_REDIS_PATIENCE_SECONDS = 1.0


def card_line_for(settings: Settings, ledger: Ledger) -> CardLine:
    """What answers calls."""
    from service.cards.call import CardOptions
    from service.cards.lent_charts import LentCharts
    from service.cards.line import CardLine
    from service.ehr.lent_access import LentReading
    from service.ehr.parse import RecordParser

    vocabulary = vocabulary_for(settings)
    base_url = require_base_url(settings)
    politeness = politeness_for(settings)
    patience = settings.cds_hooks_patience_seconds

    def with_token(token: str) -> FHIRClient:
        return _impatient_client(settings, base_url, patience, token=token, politeness=politeness)

    return CardLine(
        ledger,
        protocol_for(settings),
        RecordParser(vocabulary),
        CardOptions(
            settings.site_id, settings.mode, settings.delivery == CARDS, settings.cards_beside
        ),
        lent_charts=LentCharts(LentReading(base_url, vocabulary, with_token), patience),
        propose=_proposing(settings),
        now=lambda: datetime.now(UTC),
        today=lambda: today_for(settings),
    )


def card_feedback_for(settings: Settings, ledger: Ledger) -> CardFeedback:
    """What hears what is said to cards."""
    from service.cards.feedback import CardFeedback

    return CardFeedback(
        ledger,
        protocol_for(settings),
        settings.mode,
        now=lambda: datetime.now(UTC),
        zone=settings.zone,
    )


def callers_for(settings: Settings) -> Callers:
    """Who may ask for cards; SettingsInvalid where nobody could show who they are."""
    from service.ehr.smart.callers import Callers
    from service.store.nonces import Nonces

    issuers, key_urls = settings.card_issuers, settings.card_key_urls
    if not issuers or not key_urls:
        raise SettingsInvalid(
            "BONEFLAG_CDS_HOOKS_URL is set, and who may ask is not: give BONEFLAG_CDS_HOOKS_ISSUERS"
            " and BONEFLAG_CDS_HOOKS_KEY_URLS (docs/cds-hooks.md)"
        )
    for url in key_urls:
        _impatient_client(settings, _folder_of(url), _KEYS_PATIENCE_SECONDS).close()
    has_redis = bool(settings.redis_url.get_secret_value())
    shared = redis_for(settings, _REDIS_PATIENCE_SECONDS) if has_redis else None

    def fetch(url: str) -> dict[str, Any]:
        with _impatient_client(settings, _folder_of(url), _KEYS_PATIENCE_SECONDS) as client:
            return client.get_json(url.rpartition("/")[2])

    return Callers(
        issuers,
        key_urls,
        fetch,
        Nonces(shared).take,
        lambda: datetime.now(UTC),
    )


def card_url_for(settings: Settings) -> str:
    """The address at which the EHR reaches us; SettingsInvalid for what is none."""
    url = settings.cds_hooks_url.rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.netloc or parts.query:
        raise SettingsInvalid(
            "BONEFLAG_CDS_HOOKS_URL is no address: give one such as https://boneflag.example"
        )
    return url


def _folder_of(url: str) -> str:
    return url.rpartition("/")[0]


def _impatient_client(
    settings: Settings, base_url: str, patience_seconds: float, *, token: str = "", **options: Any
) -> FHIRClient:
    from service.ehr.client import FHIRClient
    from service.ehr.options import BearerToken, RetryOptions, Timeouts

    wait = patience_seconds
    try:
        return FHIRClient(
            base_url,
            auth=BearerToken(token) if token else None,
            timeouts=Timeouts(wait, wait, wait, wait),
            retries=RetryOptions(attempts=1, total_seconds=wait),
            allow_insecure=settings.fhir_allow_plain_http,
            tls=tls_for(settings),
            **options,
        )
    except ValueError:
        raise SettingsInvalid(
            "BONEFLAG_CDS_HOOKS_KEY_URLS cannot be used: give https addresses of JWK Sets"
        ) from None


def _proposing(settings: Settings) -> Any:
    """What makes the draft of an order; none where no code of a scan is configured."""
    from service.ehr.delivery.service_request import new_service_request
    from service.ehr.errors import EHRRejected

    shown, codes = proposal_options_for(settings)

    def propose(alert: Alert) -> dict[str, Any] | None:
        if not codes:
            return None
        try:
            return new_service_request(alert, datetime.now(UTC), shown, codes)
        except EHRRejected:
            return None

    return propose
