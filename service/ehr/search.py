"""How the pages of a search are followed, and put together again.

A newcomer would get four things wrong. A next link is opaque: it is followed as it stands, and no
page URL is ever built. Pages expire while they are read (Epic 4113, HAPI after an hour): a search
that was half read is thrown away and begun again, because what stood on the lost pages cannot be
known. And a page that brings only what came before is no page: the one that should have come is
missing, or the search runs in circles under ever new addresses. And a last page is not the end of a
search whose total says that more was found: pages were lost, or matches are counted and not shown.
The total is looked at on the last page only, because it is an estimate before (Google), and it
counts here against every resource that came, because some servers count what they include, or count
a match twice that they show twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from urllib.parse import quote, urlencode

import structlog

from service.ehr.bundle import Page, Resource, SearchResult
from service.ehr.errors import EHRConflict, EHRCutShort, EHRNotFound, EHRRejected, Issue

_log = structlog.get_logger()

Params = Mapping[str, str] | Sequence[tuple[str, str]]

MOST_RESTARTS = 2


class _PagesExpiredError(Exception):
    """A next link is not known any more."""


def query_string(params: Params) -> str:
    """Percent-encode search parameters; also what If-None-Exist and `ifNoneExist` want."""
    pairs = list(params.items()) if isinstance(params, Mapping) else list(params)
    return urlencode(pairs, quote_via=quote, safe=",")


def follow_pages(
    type_: str,
    first_page: Callable[[int], Page],
    next_page: Callable[[str, int], Page],
    resolve: Callable[[str], str],
    most_pages: int,
) -> Iterator[Page]:
    """Yield the pages of a search as they come, starting again when they expire.

    `first_page` and `next_page` take the number of the restart, counted from 0; `resolve` makes a
    link absolute, or raises. EHRCutShort where not every page can come.
    """
    for number in range(MOST_RESTARTS + 1):
        try:
            yield from _follow_once(type_, first_page(number), next_page, resolve, most_pages)
        except _PagesExpiredError:
            _log.warning("search_pages_expired", type=type_, search_number=number)
        else:
            return
    raise EHRCutShort(f"The pages of a search for {type_} expired {MOST_RESTARTS + 1} times")


def _follow_once(
    type_: str,
    page: Page,
    next_page: Callable[[str, int], Page],
    resolve: Callable[[str], str],
    most_pages: int,
) -> Iterator[Page]:
    followed: set[str] = set()
    came: set[str] = set()
    entries = 0
    while True:
        own = _by_id((*page.matches, *page.included)).keys()
        if own and own <= came:
            raise EHRCutShort(f"A search for {type_} brings a page again that was already read")
        came |= own
        entries += len(page.matches) + len(page.included)
        yield page
        if page.next_url is None:
            if page.total is not None and page.total > entries:
                raise EHRCutShort(f"A search for {type_} found more than its pages brought")
            return
        if len(followed) + 1 == most_pages:
            raise EHRCutShort(f"A search for {type_} has more than {most_pages} pages")
        url = resolve(page.next_url)
        if url in followed:
            raise EHRCutShort(f"A search for {type_} leads back to a page that was already read")
        followed.add(url)
        try:
            page = next_page(url, page.search_number)
        except (EHRNotFound, EHRRejected, EHRConflict):
            raise _PagesExpiredError from None


def collect(pages: Iterable[Page]) -> SearchResult:
    """Put pages together: each resource once, the later one where an id comes twice.

    Pages that were cut short make an incomplete result, not an error.
    """
    matches: dict[str, Resource] = {}
    included: dict[str, Resource] = {}
    issues: list[Issue] = []
    first: Page | None = None
    cut_short = ""
    try:
        for page in pages:
            if first is None or page.search_number > first.search_number:
                first, matches, included, issues = page, {}, {}, []
            matches.update(_by_id(page.matches))
            included.update(_by_id(page.included))
            issues += page.issues
    except EHRCutShort as error:
        cut_short = str(error)
    return SearchResult(
        tuple(matches.values()),
        tuple(included.values()),
        tuple(issues),
        first.server_time if first else None,
        cut_short,
    )


def _by_id(resources: Iterable[Resource]) -> dict[str, Resource]:
    """Keyed by type and id; a resource without an id is kept under a key of its own."""
    return {f"{r.get('resourceType')}/{r.get('id') or id(r)}": r for r in resources}
