"""What BoneFlag asks a FHIR server: reads, searches with their pages, and writes.

A newcomer would get three things wrong. A next link is opaque and is followed as it stands, but
only to our own origin: the token goes with it. Pages expire; then the whole search begins again,
never in its middle. And every search says `no-cache`: HAPI answers the same search from memory for
a minute, which would hide a result that arrived a moment ago.

What is sent once and what is repeated, and when: `transport`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from urllib.parse import quote, urljoin

import structlog

from service.ehr.answer import decode, stored_in
from service.ehr.bundle import (
    Page,
    Resource,
    SearchResult,
    Stored,
    read_page,
    read_transaction_response,
)
from service.ehr.errors import EHRCutShort, EHRMisunderstood
from service.ehr.search import Params, collect, follow_pages, query_string
from service.ehr.transport import (
    FHIR_JSON,
    STRICT,
    Answer,
    MovedError,
    StrictRefusedError,
    Transport,
)

_log = structlog.get_logger()


class FHIRClient(Transport):
    """Requests to one FHIR R4 server; made as `Transport` is. Raises `service.ehr.errors`."""

    # Reading

    def get_json(self, path: str) -> Resource:
        """GET a path below the base URL, such as `metadata`; a JSON object or EHRMisunderstood."""
        response = self._send("reads", "read", "GET", f"{self.base_url}/{path.lstrip('/')}")
        return decode(response.content)

    def read(self, type_: str, id_: str) -> Stored:
        """Read one resource with its version; EHRNotFound where it is not there or deleted.

        A read of a Patient that was merged may give the one that stands, with another id.
        """
        url = f"{self.base_url}/{type_}/{quote(id_, safe='')}"
        headers, what = {"Cache-Control": "no-cache"}, f"read of {type_}"
        was_led_on = False
        try:
            response = self._send("reads", what, "GET", url, headers=headers)
        except MovedError as moved:
            # Epic leads from a merged Patient to the one that stands (4107). Followed once.
            url = urljoin(url, moved.location)
            if type_ != "Patient" or not self._is_ours(url):
                raise
            response = self._send("reads", what, "GET", url, headers=headers)
            was_led_on = True
        stored = replace(_stored(response), was_led_on=was_led_on)
        if stored.resource is None:
            raise EHRMisunderstood(f"The EHR answered a read of {type_} with something else")
        return stored

    def search(self, type_: str, params: Params, *, post: bool = False) -> SearchResult:
        """All pages of a search, each resource once.

        A search that was cut short comes back with `is_complete` False and what did come; a refused
        or rejected one raises. With `post` everything stands in the body of `_search`.
        """
        return collect(self.pages(type_, params, post=post))

    def pages(self, type_: str, params: Params, *, post: bool = False) -> Iterator[Page]:
        """The pages of a search as they come; raises EHRCutShort where not all of them can come.

        Look at `Page.search_number`: expired pages begin the search again, at most twice.
        """

        def first_page(number: int) -> Page:
            return self._page(type_, self._first_answer(type_, params, post), number)

        return self._follow(type_, first_page)

    def everything(self, patient_id: str, params: Params) -> Iterator[Page]:
        """The pages of a whole chart (`Patient/$everything`), as for `pages`.

        What is no Patient counts as included, whatever the server says of it.
        """
        url = f"{self.base_url}/Patient/{quote(patient_id, safe='')}/$everything"

        def first_page(number: int) -> Page:
            asked, headers = f"{url}?{query_string(params)}", {"Cache-Control": "no-cache"}
            answer = self._send("searches", "read of a whole chart", "GET", asked, headers=headers)
            return self._page("Patient", answer, number)

        return self._follow("Patient", first_page)

    def _follow(self, type_: str, first_page: Callable[[int], Page]) -> Iterator[Page]:
        def next_page(url: str, number: int) -> Page:
            headers = self._search_headers()
            answer = self._send("pages", f"search for {type_}", "GET", url, headers=headers)
            return self._page(type_, answer, number)

        def resolve(link: str) -> str:
            return self._next_page_url(type_, link)

        return follow_pages(type_, first_page, next_page, resolve, self._most_pages)

    def _page(self, type_: str, answer: Answer, number: int) -> Page:
        clock = answer.headers.get("Date")
        return read_page(decode(answer.content), answer.content, type_, clock, number)

    def _first_answer(self, type_: str, params: Params, post: bool) -> Answer:
        try:
            return self._search_once(type_, params, post)
        except StrictRefusedError:
            self._is_strict = False
            _log.warning("strict_search_handling_refused", type=type_)
            return self._search_once(type_, params, post)

    def _search_once(self, type_: str, params: Params, post: bool) -> Answer:
        what, url, query = f"search for {type_}", f"{self.base_url}/{type_}", query_string(params)
        headers = self._search_headers()
        if not post:
            return self._send("searches", what, "GET", f"{url}?{query}", headers=headers)
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        return self._send(
            "searches", what, "POST", f"{url}/_search", headers=headers, content=query.encode()
        )

    def _search_headers(self) -> dict[str, str]:
        headers = {"Cache-Control": "no-cache"}
        if self._is_strict:
            headers["Prefer"] = STRICT
        return headers

    def _next_page_url(self, type_: str, link: str) -> str:
        try:
            url = urljoin(f"{self.base_url}/{type_}", link)
        except ValueError:
            url = ""
        if not self._is_ours(url):
            raise EHRCutShort(
                f"A search for {type_} continues on another server than the base URL: correct the"
                " base URL, or allow that origin"
            )
        return url

    # Writing

    def create(self, resource: Resource, *, if_none_exist: str | None = None) -> Stored:
        """POST a resource; `if_none_exist` is a query string (see `query_string`).

        `is_new` is False where a conditional create found one: the stored resource is then as it
        was. EHRConflict where it found several.
        """
        type_ = resource["resourceType"]
        headers = {"If-None-Exist": if_none_exist} if if_none_exist else {}
        url = f"{self.base_url}/{type_}"
        response = self._write(f"create of {type_}", "POST", url, resource, headers)
        return _stored(response)

    def update(self, resource: Resource, *, if_match: str | None = None) -> Stored:
        """PUT a resource with its id; `if_match` is the version that was read, None sends without.

        EHRConflict where the version on the server is another one.
        """
        type_ = resource["resourceType"]
        headers = {"If-Match": f'W/"{if_match}"'} if if_match is not None else {}
        url = f"{self.base_url}/{type_}/{quote(resource['id'], safe='')}"
        response = self._write(f"update of {type_}", "PUT", url, resource, headers)
        return _stored(response)

    def transaction(self, bundle: Resource) -> tuple[Stored, ...]:
        """POST a transaction Bundle; what became of each entry, in the order of the entries."""
        response = self._write("transaction", "POST", self.base_url, bundle, {})
        return read_transaction_response(decode(response.content))

    def _write(
        self, what: str, method: str, url: str, resource: Resource, headers: dict[str, str]
    ) -> Answer:
        headers |= {"Content-Type": FHIR_JSON, "Prefer": "return=representation"}
        return self._send(
            "writes", what, method, url, headers=headers, content=self._json.encode(resource)
        )


def _stored(response: Answer) -> Stored:
    return stored_in(response.content, response.status_code, response.headers)
