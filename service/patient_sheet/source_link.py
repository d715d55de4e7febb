"""Where a clinician opens a resource in the EHR."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from service.screening.record import ResourceRef


class LinkInvalid(ValueError):
    """The template cannot be used; the message says why."""


class SourceLinks:
    """Addresses in the EHR by a template with `{type}` and `{id}`; "" gives none."""

    def __init__(self, template: str) -> None:
        if template:
            parts = urlsplit(template)
            if parts.scheme not in ("https", "http") or not parts.hostname:
                raise LinkInvalid("it is no https:// or http:// address")
            if "{id}" not in template.partition(parts.netloc)[2]:
                raise LinkInvalid("it has no {id} behind the name of the host")
        self._template = template

    def of(self, source: ResourceRef | None) -> str:
        """The address of one resource, "" where there is none."""
        if source is None or not self._template or not source.is_valid:
            return ""
        address = self._template.replace("{type}", quote(source.type, safe=""))
        return address.replace("{id}", quote(source.id, safe=""))
