"""Amounts of a medicine: FHIR Quantity and product strength -> milligrams.

A newcomer would get two things wrong. Units are written as UCUM code, as text ("MG", "tablets") or
as both, and the two may contradict each other: then there is no amount. And a dose of "2 tablets"
is milligrams only with a strength, which stands in the product's name ("prednisone 5 MG Oral
Tablet") or in Medication.ingredient; a name with two different strengths has none.

The units are a table of our own: to a UCUM library "MG" is a megagauss, "mg/kg" a bare number, and
"tablet(s)" and "mcg" nothing at all (docs/decisions/0016).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from service.ehr.fields import Json, number_in, object_in, objects_in, text_in

Kind = Literal["mass", "volume", "piece", "item", "pack"]

# What lies outside is no amount of a medicine, and would overflow when it is multiplied.
_LEAST, _MOST = 1e-9, 1e9

_MG = {
    1.0: "mg mgs milligram milligrams milligramme milligrammes",
    1000.0: "g gm gms gram grams gramme grammes",
    0.001: "ug mcg µg μg microg microgram micrograms microgramme microgrammes",
    0.000001: "ng nanogram nanograms",
}
_ML = {
    1.0: "ml mls milliliter milliliters millilitre millilitres cc cm3",
    1000.0: "l liter liters litre litres",
}
_PIECES = (
    "tbl tbls tab tabs tablet tablets cap caps capsule capsules caplet caplets cplt odt pill pills "
    "vial vials amp amps ampul ampule ampules ampoule ampoules syringe syringes sachet sachets"
)
_ITEMS = "1 each ea item items piece pieces"  # A piece, or a pack: only the product tells.
_PACKS = "pack packs kit kits package packages dosepak dose_pack"
_HOURS = {
    24.0: "d day days 24h 24hr 24hours",
    1.0: "h hr hrs hour hours",
    1 / 60: "min minute minutes",
    1 / 3600: "s sec second seconds",
    168.0: "wk week weeks",
    730.5: "mo month months",
    8766.0: "a year years yr yrs",
}


def _table(rows: dict[float, str]) -> dict[str, float]:
    return {word: factor for factor, words in rows.items() for word in words.split()}


_HEADS: dict[str, tuple[Kind, float]] = {
    **{word: ("mass", factor) for word, factor in _table(_MG).items()},
    **{word: ("volume", factor) for word, factor in _table(_ML).items()},
    **dict.fromkeys(_PIECES.split(), ("piece", 1.0)),
    **dict.fromkeys(_ITEMS.split(), ("item", 1.0)),
    **dict.fromkeys(_PACKS.split(), ("pack", 1.0)),
}
HOURS = _table(_HOURS)
"""Hours in a unit of time, by UCUM code and by word, in lower case."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of an amount: `factor` leads to mg, mL, pieces or packs.

    `per_hours` is set for rates: mg/h has 1, mg/d has 24.
    """

    kind: Kind
    factor: float
    per_kg: bool = False
    per_hours: float | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Amount:
    """A positive amount in its unit."""

    value: float
    unit: Unit


@dataclass(frozen=True, slots=True)
class Strength:
    """How much of the drug a product holds; None for what the product does not say."""

    mg_per_piece: float | None = None
    mg_per_ml: float | None = None
    pieces_per_pack: int | None = None


NO_STRENGTH = Strength()


def amount_of(quantity: Json) -> Amount | None:
    """A Quantity as an amount; None without a positive plain number and a unit that we know."""
    value = number_in(quantity, "value")
    if value is None or not _LEAST <= value <= _MOST or quantity.get("comparator"):
        return None
    units = {unit for key in ("code", "unit") if (unit := unit_of(text_in(quantity, key)))}
    return Amount(value, units.pop()) if len(units) == 1 else None


@lru_cache(maxsize=2048)
def unit_of(text: str) -> Unit | None:
    """A UCUM code or a unit in words, in any case; None where it is not understood."""
    head, *per = (_bare(part) for part in _divided(text.lower()).split("/"))
    if head not in _HEADS:
        return None
    kind, factor = _HEADS[head]
    per_kg, per_hours = False, None
    for part in per:
        if part == "kg":
            per_kg = True
        elif part in HOURS:
            per_hours = HOURS[part]
        elif part != "dose":
            return None
    return Unit(kind, factor, per_kg, per_hours)


def _divided(text: str) -> str:
    """UCUM's other ways to divide, written with strokes: mg/(kg.d), mg.kg-1.d-1."""
    text = re.sub(r"/\(([^()]*)\)", lambda match: "/" + match[1].replace(".", "/"), text)
    return re.sub(r"\.([a-z]+)-1(?![\w])", r"/\1", text)


def _bare(part: str) -> str:
    """Without blanks, braces, "(s)" and full stops; "mg{total}" loses its annotation."""
    part = re.sub(r"\(s\)|\s|\.", "", part)
    annotation = re.fullmatch(r"(.*?)\{(.*)\}", part)
    return (annotation[1] or annotation[2]) if annotation else part


def milligrams(amount: Amount, strength: Strength) -> float | None:
    """Milligrams of the drug (per kg, per time, where the unit is so); None without a strength."""
    plain = amount.value * amount.unit.factor
    match amount.unit.kind:
        case "mass":
            return plain
        case "volume":
            return _times(plain, strength.mg_per_ml)
        case "piece":
            return _times(plain, strength.mg_per_piece)
        case "item":
            return _times(plain, None if strength.pieces_per_pack else strength.mg_per_piece)
        case _:
            return _times(_times(plain, strength.mg_per_piece), strength.pieces_per_pack)


def _times(value: float | None, factor: float | None) -> float | None:
    return None if value is None or factor is None else value * factor


_NUMBER = r"\d{1,3}(?:,\d{3}){1,2}|\d{1,7}(?:[.,]\d{1,7})?|\.\d{1,7}"
_NAMED = re.compile(
    rf"(?<![\w.,-])({_NUMBER})[\s-]*({'|'.join(sorted(_table(_MG), key=len, reverse=True))})\b"
    rf"(?:\s*(?:/|\bper\b)\s*({_NUMBER})?\s*([a-zµμ]+))?",
    re.IGNORECASE,
)
_PACK = re.compile(r"\{\s*(\d{1,4})\s*\(")


@lru_cache(maxsize=4096)
def strength_named(texts: tuple[str, ...]) -> Strength:
    """The strength in a product's names; nothing where they name two different ones or none.

    "15 mg/5 mL" is 3 mg per mL; "{21 (methylprednisolone 4 MG Oral Tablet) } Pack" is 4 mg a
    piece and 21 pieces a pack.
    """
    found = {_strength(match) for text in texts for match in _NAMED.finditer(text)}
    if len(found) != 1:
        return NO_STRENGTH
    mg_per_piece, mg_per_ml = found.pop()
    packs = {int(number) for text in texts for number in _PACK.findall(text)}
    return Strength(mg_per_piece, mg_per_ml, packs.pop() if len(packs) == 1 else None)


def _strength(match: re.Match[str]) -> tuple[float | None, float | None]:
    mg = _number(match[1]) * _HEADS[match[2].lower()][1]
    if match[4] is None:
        return mg, None
    return _per(mg, Unit(*_HEADS.get(match[4].lower(), ("mass", 1.0))), _number(match[3] or "1"))


def _per(mg: float, unit: Unit, count: float) -> tuple[float | None, float | None]:
    """(mg per piece, mg per mL) of a ratio; neither for mg per mg, which is a paste or a cream."""
    if count <= 0:
        return None, None
    if unit.kind == "volume":
        return None, mg / (count * unit.factor)
    return (mg / count, None) if unit.kind in ("piece", "item") else (None, None)


def _number(text: str) -> float:
    """1,000 is a thousand, 2,5 is two and a half, and 0,125 is less than one."""
    is_grouped = re.fullmatch(r"[1-9]\d{0,2}(?:,\d{3})+", text)
    return float(text.replace(",", "" if is_grouped else "."))


def strength_of(medications: Iterable[Json]) -> Strength:
    """The strength in Medication.ingredient, where there is one ingredient with a strength."""
    ratios = [
        object_in(ingredient, "strength")
        for medication in medications
        for ingredient in objects_in(medication, "ingredient")
        if ingredient.get("isActive") is not False
    ]
    if len(ratios) != 1:
        return NO_STRENGTH
    mass = amount_of(object_in(ratios[0], "numerator"))
    if mass is None or mass.unit.kind != "mass" or mass.unit.per_kg:
        return NO_STRENGTH
    mg = mass.value * mass.unit.factor
    denominator = object_in(ratios[0], "denominator")
    per = amount_of(denominator) if denominator else Amount(1.0, Unit("piece", 1.0))
    if per is None:
        return NO_STRENGTH
    return Strength(*_per(mg, per.unit, per.value))
