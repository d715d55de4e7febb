"""Whether a medicine acts in the whole body or in one place, by its route and its form.

A newcomer would get three things wrong. "Oral" is not always systemic: an oral paste, an oral rinse
and an "oral inhalation" are local, so a local form in the product's name wins over everything. An
injection is not always systemic either: depots (acetate, acetonide, triamcinolone, betamethasone)
go into joints as often as into muscle, so without a route they are "unclear". And a percentage is a
weak sign of a cream or a drop: it counts only where nothing else is said.

Only the three SNOMED CT route codes that the specification names (2.6 trap 4) are compared; every
other route is read by its words, because sites code routes locally but display them in English.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from service.ehr.fields import Json, objects_in, text_in
from service.screening.record import Route

_SYSTEMIC_CODES = frozenset({"26643006", "47625008", "78421000"})  # Oral, intravenous, i.m.


def _words(*words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w])(?:{'|'.join(words)})(?![\w])", re.IGNORECASE)


_LOCAL_FORM = _words(
    "creams?|ointments?|pastes?|lotions?|gels?(?! ?caps?)|foams?|shampoos?|liniments?|patch(?:es)?",
    "tapes?|topical(?:ly)?|cutaneous|(?<!oral )drops?|ophthalmic|ocular|intravitreal|intraocular",
    r"otic|auricular|nasal|inhal\w*|nebul\w*|aerosols?|sprays?|enemas?|rectal|suppositor\w*",
    "vaginal|intra-?articular|intrasynovial|intralesional|epidural|intradermal|implants?",
    "mouth ?wash(?:es)?|(?:mouth|oral) ?rinse|dental|oromucosal|buccal|lozenges?",
)
_SYSTEMIC_FORM = _words(
    "tablets?|tabs?|caplets?|capsules?|caps?|oral|by mouth|per os|syrup|elixir|granules",
    r"dose ?pac?k|pack|intravenous|i\.?v\.?|infusion|intramuscular|sodium succinate|effervescent",
    r"chewable|orodispersible|disintegrating|solu-?medrol|solu-?cortef",
)
_INJECTION = _words("injections?|injectable|vials?|ampou?les?|ampules?|syringes?")
_DEPOT = _words("(?:hex)?acetonide|methylprednisolone acetate|depo-?medrol|kenalog")
_DEPOT_INJECTION = _words("acetate|triamcinolone|betamethasone")
_PERCENT = re.compile(r"\d\s*%")

_LOCAL_ROUTE = _words(
    r"topical(?:ly)?|(?:per)?cutaneous|skin|scalp|\w*inhal\w*|nebul\w*|respiratory|endotracheal",
    r"nasal(?:ly)?|nostrils?|ophth\w*|ocular|conjunctiv\w*|eyes?|\w*vitreal|otic|auricular|ears?",
    r"rectal(?:ly)?|vaginal(?:ly)?|(?:intra|peri)?-?articular|joint|\w*bursal|\w*synovial|epidural",
    r"caudal|intrathecal|(?:intra)?lesional|intradermal|transdermal|dental|buccal|gingival",
    r"oromucosal|mucous membrane|mouth ?(?:/|and|&) ?throat|oral rinse|infiltration|soft tissue",
    r"perineural|irrigation|urethral",
)
_SYSTEMIC_ROUTE = _words(
    r"oral(?:ly)?|per os|p\.?o\.?|(?:by )?mouth|swallow\w*|intravenous(?:ly)?|i\.?v\.?|ivpb?|ivinj",
    r"infusion|intramuscular(?:ly)?|i\.?m\.?|subcutaneous(?:ly)?|s\.?c\.?|sq|subq|intraosseous",
    r"(?:naso|oro)-?gastric|gastro\w*|jejun\w*|peg|ng|og|(?:par)?enteral|sublingual|\w*tube",
)


def route_of(dosages: Iterable[Json], texts: tuple[str, ...]) -> Route:
    """The route by the dosage instructions and by the names and forms of the product.

    Of several routes a systemic one wins. "unstated" where neither says anything.
    """
    form = _form_of(texts)
    if form == "local":
        return "local"
    routes = {
        route
        for dosage in dosages
        for concept in objects_in(dosage, "route")
        if (route := _route_in(concept)) != "unstated"
    }
    if "systemic" in routes:
        return "systemic"
    return "local" if routes else form


def _route_in(concept: Json) -> Route:
    codings = objects_in(concept, "coding")
    if any(text_in(coding, "code") in _SYSTEMIC_CODES for coding in codings):
        return "systemic"
    words = [text_in(coding, key) for coding in codings for key in ("display", "code")]
    return _route_by_words("; ".join([*words, text_in(concept, "text")]))


@lru_cache(maxsize=1024)
def _route_by_words(words: str) -> Route:
    if _LOCAL_ROUTE.search(words):
        return "local"
    return "systemic" if _SYSTEMIC_ROUTE.search(words) else "unstated"


@lru_cache(maxsize=4096)
def _form_of(texts: tuple[str, ...]) -> Route:
    words = "; ".join(texts)
    if _LOCAL_FORM.search(words):
        return "local"
    if _SYSTEMIC_FORM.search(words):
        return "systemic"
    if _DEPOT.search(words):
        return "unclear"
    if _INJECTION.search(words):
        return "unclear" if _DEPOT_INJECTION.search(words) else "systemic"
    return "local" if _PERCENT.search(words) else "unstated"
