"""The protocol's names, units, domains and certainties in words for people."""

from __future__ import annotations

_UNITS = {
    "a": "years",
    "mo": "months",
    "d": "days",
    "mg/mg": "mg per mg",
    "mg/d": "mg a day",
    "{drinks}/d": "drinks a day",
    "{units}/wk": "units a week",
    "{score}": "points",
}
_CAPITALS = {"edss": "EDSS", "bmi": "BMI", "t": "T-score", "z": "Z-score"}
_DOMAINS = {"hormonal-age": "hormones and age", "vitamin-d": "vitamin D"}
CERTAINTIES = {
    "V": "seen in the source",
    "V-abs": "seen in its abstract",
    "local": "local decision, unconfirmed",
}


def plain_words(name: str) -> str:
    """A number's name as words: `edss_at_least` is `EDSS at least`."""
    return " ".join(_CAPITALS.get(word, word) for word in name.replace("-", "_").split("_"))


def unit_words(unit: str) -> str:
    """A UCUM unit as words."""
    return _UNITS.get(unit, unit.strip("{}"))


def domain_words(domain: str) -> str:
    """A domain as words."""
    return _DOMAINS.get(domain, domain)
