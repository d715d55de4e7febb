"""Whether a medicine acts in the whole body or in one place, by its route and its form.

A newcomer would get four things wrong. "Oral" is not always systemic: an oral paste, an oral rinse
and an "oral inhalation" are local, so only a form that is swallowed (a tablet, a syrup) outweighs a
local word. A word in a name is not always the medicine's own: "0.9 %" and "5 %" belong to the bag
that it is mixed into, and "drops of water" to a tablet; so a stated route into a vein or muscle
wins, and a percentage is a weak sign that counts only where nothing else is said. An injection is
not always systemic: depots (acetate, acetonide, triamcinolone, betamethasone) go into joints as
often as into muscle. And what contradicts itself is "unclear", never "local": local records are
dropped, and a lost infusion is worse than one to look at.

Only the three SNOMED CT route codes that the specification names (2.6 trap 4) are compared; every
other route is read by its words, because sites code routes locally but display them in English.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal

from service.ehr.fields import Json, objects_in, text_in
from service.screening.record import Route

_Way = Literal["injected", "swallowed", "unclear", "placed", "local", "unstated"]
"""How a route gets a medicine in: "placed" is put into one part of the body, "local" onto it."""

_ORDER: tuple[_Way, ...] = ("injected", "swallowed", "unclear", "placed", "local", "unstated")
_CODES: dict[str, _Way] = {
    "26643006": "swallowed",  # Oral.
    "47625008": "injected",  # Intravenous.
    "78421000": "injected",  # Intramuscular.
}


def _words(*words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w])(?:{'|'.join(words)})(?![\w])", re.IGNORECASE)


_INCIDENTAL = re.compile(
    r"\bdrops? of water|\bdrops? ?(?:/|per) ?min\w*|\bnot (?:for|by|via)\b[^;.()]*", re.IGNORECASE
)

# Where even a tablet, a capsule or a syrup may act in one place, and where one surely does.
_IN_A_CAVITY = (
    r"enemas?|rectal|suppositor\w*|dental|mouth ?wash(?:es)?|(?:mouth|oral) ?rinse|gargle",
)
_PIECE_IN_PLACE = (r"inhal\w*|nebul\w*|vaginal|oromucosal|buccal|lozenges?|muco-?adhesive",)
_INTO_A_PLACE = (
    "intra-?articular|intrasynovial|intralesional|epidural|intradermal|intravitreal|intraocular",
    "implants?",
)
_LOCAL_FORM = _words(
    "creams?|ointments?|pastes?|lotions?|gels?(?! ?caps?)|foams?|shampoos?|liniments?|patch(?:es)?",
    "tapes?|topical(?:ly)?|cutaneous|(?<!oral )drops?|ophthalmic|ocular|otic|auricular|nasal",
    "aerosols?|sprays?",
    *_IN_A_CAVITY,
    *_PIECE_IN_PLACE,
    *_INTO_A_PLACE,
)
_CAVITY_FORM = _words(*_IN_A_CAVITY, *_PIECE_IN_PLACE)
_PIECE_FORM = _words(*_PIECE_IN_PLACE)
_PLACED_FORM = _words(*_INTO_A_PLACE)
_SWALLOWED_FORM = _words(
    r"tab(?:let\w*|s)?|caplets?|capsules?|caps?|pills?|syrup|elixir|granules|dose ?pac?k|chewable",
    "effervescent|orodispersible|disintegrating",
    "oral (?:solution|suspension|liquid|concentrate|drops|powder)",
)
_INFUSED_FORM = _words(
    r"intravenous(?:ly)?|i\.?v\.?|ivpb?|piggy ?back|mini-? ?bags?|infusion|intramuscular(?:ly)?",
    r"i\.?m\.?|sodium succinate|solu[- ]?medrol|solu[- ]?cortef",
)
_MOUTH_OR_PACK = _words("oral|by mouth|per os|pack")
_INJECTION = _words("injections?|injectable|vials?|ampou?les?|ampules?|syringes?")
_DEPOT = _words("(?:hex)?acetonide|methylprednisolone acetate|depo[- ]?medrol|kenalog")
_DEPOT_INJECTION = _words("acetate|triamcinolone|betamethasone")

_DILUENT = r"(?:sodium chloride|nacl|(?:normal )?saline|n/?s|dextrose|glucose)"
_BAG = _words(_DILUENT, r"d5\w*|d10w|ringer\S*|water for inj\w*|bag", r"(?:in|\+) ?\d{2,4} ?ml")
_NUMBER = r"\d+(?:[.,]\d+)?\s*%"
# 0.9 % and 0.45 % are always saline: no steroid for the skin or the eye has that strength.
_DILUENT_PERCENT = re.compile(
    rf"\b0?[.,](?:9|45)0?\s*%|{_NUMBER}\s*{_DILUENT}\b"
    rf"|\b{_DILUENT}\W{{0,3}}(?:(?:injection|infusion|solution)\W{{0,3}})?{_NUMBER}",
    re.IGNORECASE,
)
# What is more than 10 % is no strength of a steroid: "repackaged 100 %", "25 % reduced".
_PERCENT = re.compile(r"(?<![\d.,])(?:\d|10)(?:[.,]\d+)?\s*%")
# "5 mg" or "1 g" is a dose; "10 mg/mL" is a strength, and "30 g" a tube of cream.
_PLAIN_DOSE = re.compile(
    r"\d\s*m(?:illi|c)?gr?(?:am)?s?\b(?!\s*(?:/|per\b))|(?<![\d.,])[12]\s*(?:g|gm|grams?)\b",
    re.IGNORECASE,
)

_PLACED_ROUTE = _words(
    r"\w*vitreal|rectal(?:ly)?|vaginal(?:ly)?|(?:intra|peri)?-?articular|joint|\w*bursal",
    r"\w*synovial|epidural|caudal|intrathecal|(?:intra)?lesional|intradermal|infiltration",
    "soft tissue|perineural|irrigation|urethral",
)
_LOCAL_ROUTE = _words(
    r"topical(?:ly)?|(?:per)?cutaneous(?! endoscop\w*)|skin|scalp|\w*inhal\w*|nebul\w*|respiratory",
    r"endotracheal|nasal(?:ly)?|nostrils?|ophth\w*|ocular|conjunctiv\w*|eyes?|otic|auricular|ears?",
    r"transdermal|dental|buccal|gingival|oromucosal|mucous membrane|mouth ?(?:/|and|&|or) ?throat",
    "oral rinse",
)
_VEIN_OR_MUSCLE = _words(r"intravenous(?:ly)?|i\.?v\.?|ivpb?|intramuscular(?:ly)?|i\.?m\.?")
_INJECTED_ROUTE = _words(
    r"intravenous(?:ly)?|i\.?v\.?|ivpb?|ivinj|infusion|piggy ?back|intramuscular(?:ly)?|i\.?m\.?",
    r"subcut(?:aneous(?:ly)?)?|s\.?c\.?|sq|subq|intraosseous|intra-?(?:vascular|arterial)",
    "parenteral|central (?:line|venous)",
)
_SWALLOWED_ROUTE = _words(
    r"oral(?:ly)?|per os|p\.?o\.?|(?:by )?mouth|swallow\w*|gastro\w*|jejun\w*|peg|ng|og|enteral",
    r"(?:naso|oro)-?(?:gastric|jejunal|enteric)|sublingual|\w*tube",
)


def route_of(dosages: Iterable[Json], texts: tuple[str, ...]) -> Route:
    """The route by the dosage instructions and by the names and forms of the product.

    Of several routes a systemic one wins. "unstated" where neither says anything; "unclear" where
    they contradict each other, or where an injection may be a depot.
    """
    ways = {_way_in(concept) for dosage in dosages for concept in objects_in(dosage, "route")}
    return _route(next((way for way in _ORDER if way in ways), "unstated"), texts)


@lru_cache(maxsize=4096)
def _route(way: _Way, texts: tuple[str, ...]) -> Route:
    words = _INCIDENTAL.sub(" ", "; ".join(texts))
    is_local = _LOCAL_FORM.search(words) is not None
    match way:
        case "injected":
            return _injected(words) if is_local else "systemic"
        case "swallowed":
            return _swallowed(words) if is_local else _unless_only_a_percentage(words)
        case "placed":
            return "local"
        case "local":
            # A tablet that goes onto the skin, or an infusion into the nose, is a contradiction.
            is_systemic = _is_systemic(words) or _BAG.search(words)
            return "unclear" if is_systemic and not is_local else "local"
        case "unclear":
            return "unclear"
        case _:
            return _local_by_form(words) if is_local else _form(words)


def _injected(words: str) -> Route:
    """A local word beside a route into vein or muscle: the product may be another than ordered."""
    if _PLACED_FORM.search(words) and not _INFUSED_FORM.search(words):
        return "unclear"
    is_to_inject = _is_systemic(words) or _BAG.search(words) or _INJECTION.search(words)
    return "systemic" if is_to_inject else "unclear"


def _swallowed(words: str) -> Route:
    """A local word beside a route by mouth: an oral paste is local, a tablet in its note is not."""
    if _CAVITY_FORM.search(words):
        return "unclear" if _is_systemic(words) else "local"
    if _SWALLOWED_FORM.search(words):
        return "systemic"
    return "unclear" if _INFUSED_FORM.search(words) else "local"


def _local_by_form(words: str) -> Route:
    """A local word, and no route."""
    is_infused = _INFUSED_FORM.search(words) is not None
    is_swallowed = _SWALLOWED_FORM.search(words) is not None and not _PIECE_FORM.search(words)
    return "unclear" if is_infused or is_swallowed else "local"


def _form(words: str) -> Route:
    """No local word, and no route."""
    if _is_systemic(words) or _MOUTH_OR_PACK.search(words):
        return "systemic"
    if _DEPOT.search(words):
        return "unclear"
    if _INJECTION.search(words):
        return "unclear" if _DEPOT_INJECTION.search(words) else "systemic"
    has_percentage = _has_its_own_percentage(words)
    if _BAG.search(words):
        return "unclear" if has_percentage else "systemic"
    # Beside "5 mg" a percentage is no strength, and the ingredient says what it is taken for.
    return "local" if has_percentage and not _PLAIN_DOSE.search(words) else "unstated"


def _unless_only_a_percentage(words: str) -> Route:
    """No local word, and a route by mouth."""
    is_told = _is_systemic(words) or _PLAIN_DOSE.search(words)
    return "unclear" if _has_its_own_percentage(words) and not is_told else "systemic"


def _has_its_own_percentage(words: str) -> bool:
    """Whether a percentage may be the strength of a cream or a drop, and not of a bag."""
    return _PERCENT.search(_DILUENT_PERCENT.sub(" ", words)) is not None


def _is_systemic(words: str) -> bool:
    return bool(_SWALLOWED_FORM.search(words) or _INFUSED_FORM.search(words))


def _way_in(concept: Json) -> _Way:
    codings = objects_in(concept, "coding")
    for coding in codings:
        if (way := _CODES.get(text_in(coding, "code"))) is not None:
            return way
    words = [text_in(coding, key) for coding in codings for key in ("display", "code")]
    return _way_by_words("; ".join([*words, text_in(concept, "text")]))


@lru_cache(maxsize=1024)
def _way_by_words(words: str) -> _Way:
    is_placed = _PLACED_ROUTE.search(words) is not None
    if is_placed or _LOCAL_ROUTE.search(words):
        # "Intramuscular or intra-articular" is both; "oral inhalation" and "epidural infusion" not.
        if _VEIN_OR_MUSCLE.search(words):
            return "unclear"
        return "placed" if is_placed else "local"
    if _INJECTED_ROUTE.search(words):
        return "injected"
    return "swallowed" if _SWALLOWED_ROUTE.search(words) else "unstated"
