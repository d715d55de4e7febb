"""Settings -> whether and where spans go."""

from __future__ import annotations

from urllib.parse import urlsplit

from service.settings import Settings, SettingsInvalid


def start_traces_for(settings: Settings, service_name: str) -> None:
    """Start sending spans where a collector is named; SettingsInvalid for what is no address."""
    if not settings.traces_url:
        return
    parts = urlsplit(settings.traces_url)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise SettingsInvalid(
            "BONEFLAG_TRACES_URL is no address: give one such as http://collector:4318/v1/traces"
        )
    from service.traces import start_exporting

    start_exporting(settings.traces_url, service_name)
