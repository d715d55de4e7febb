"""To which value set a foreign code may belong, guessed by words in its display.

A hint is only a hint: nobody is ever judged by it. It saves a terminologist the first look, who
then finds out what the code means at this hospital, writes down the source, and puts it into the
overlay. So the table is short, and a doubtful word gives no hint.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# What turns a word into its opposite, somebody else's, or a plan.
_NOT_A_FACT = re.compile(
    r"\b(?:no|not|non|without|never|family|father|mother|parent\w*|maternal|paternal|suspected"
    r"|rule out|ruled out|denies|declined|refus\w+|education|counsel\w+|advice|risk|at risk"
    r"|prevention|goal|target|fear|history)\b"
)
_SCAN_TYPES = frozenset({"DiagnosticReport", "Observation", "Procedure", "ServiceRequest"})
_FOUND = frozenset({"Condition", "Observation"})
_DIAGNOSED = frozenset({"Condition"})
_OBSERVED = frozenset({"Observation"})
_DEVICE = frozenset({"Device"})

_DENSITY = r"\bp?de?xa\b|densitom|bone (?:mineral )?densit|knochendichte|absorptiom"
_PERIPHERAL = r"forearm|radius|heel|calcane|peripheral|wrist|finger|\bpde?xa\b|ultraso"
_OTHER_SCAN = "body composition|lean mass|fat mass"


@dataclass(frozen=True, slots=True)
class _Hint:
    types: frozenset[str]
    words: re.Pattern[str]
    without: re.Pattern[str] | None
    value_set: str


def _hint(types: frozenset[str], words: str, value_set: str, without: str = "") -> _Hint:
    return _Hint(types, re.compile(words), re.compile(without) if without else None, value_set)


# The first that fits is told, so what is narrower stands before what is wider.
_HINTS = (
    _hint(_OBSERVED, r"\bedss\b|expanded disability status|kurtzke", "edss"),
    _hint(_OBSERVED, rf"t[- ]?score\b.*(?:{_PERIPHERAL})", "dxa-forearm-t-score"),
    _hint(_OBSERVED, rf"(?:{_PERIPHERAL}).*\bt[- ]?score\b", "dxa-forearm-t-score"),
    _hint(_OBSERVED, rf"z[- ]?score\b.*(?:{_PERIPHERAL})", "dxa-forearm-z-score"),
    _hint(_OBSERVED, rf"(?:{_PERIPHERAL}).*\bz[- ]?score\b", "dxa-forearm-z-score"),
    _hint(_OBSERVED, r"\bt[- ]?score\b", "dxa-t-score"),
    # Children's growth is told in Z-scores too.
    _hint(_OBSERVED, rf"(?:{_DENSITY}|spine|hip|femur|femoral).*\bz[- ]?score\b", "dxa-z-score"),
    _hint(_OBSERVED, rf"\bz[- ]?score\b.*(?:{_DENSITY}|spine|hip|femur|femoral)", "dxa-z-score"),
    _hint(_SCAN_TYPES, rf"(?:{_DENSITY}).*(?:{_PERIPHERAL})", "dxa-peripheral"),
    _hint(_SCAN_TYPES, rf"(?:{_PERIPHERAL}).*(?:{_DENSITY})", "dxa-peripheral"),
    _hint(_SCAN_TYPES, _DENSITY, "dxa-central", without=_OTHER_SCAN),
    _hint(_DIAGNOSED, "osteopor.*(?:fractur|fraktur)|fragility fracture", "osteoporotic-fracture"),
    _hint(_DIAGNOSED, "osteopor", "osteoporosis"),
    _hint(_DIAGNOSED, "osteopen", "osteopenia"),
    _hint(_DIAGNOSED, "fracture.*(?:hip|neck of femur|femoral neck)", "fragility-fracture-hip"),
    _hint(_DIAGNOSED, "(?:hip|femoral neck).*fracture", "fragility-fracture-hip"),
    _hint(_DIAGNOSED, "fracture.*vertebra|vertebra.*fracture", "fragility-fracture-vertebra"),
    _hint(_DIAGNOSED, "fracture.*(?:wrist|distal radius)|colles", "fragility-fracture-wrist"),
    _hint(_DIAGNOSED, "(?:wrist|distal radius).*fracture", "fragility-fracture-wrist"),
    _hint(_OBSERVED, r"body mass index|\bbmi\b", "bmi", without="percentile|z[- ]?score"),
    _hint(
        _OBSERVED,
        r"\b(?:body )?weight\b|körpergewicht",
        "body-weight",
        without="birth|ideal|adjusted|change|loss|gain|percentile|score|stated|dry|bearing|molecular",
    ),
    _hint(
        _OBSERVED,
        r"\b(?:body )?height\b|körpergröße",
        "body-height",
        without="fund|uter|percentile|score|sitting|lying|knee|stated|seat|fall",
    ),
    _hint(
        _OBSERVED,
        r"25[- ]?\(?(?:oh|hydroxy)|calcidiol|vitamin d\b",
        "vitamin-d-25oh",
        without=r"1[,-] ?25|calcitriol|dihydroxy|binding|intake|dose",
    ),
    _hint(_DIAGNOSED, "vitamin d defici|vitamin-d-mangel", "vitamin-d-deficiency"),
    _hint(_DEVICE, "wheelchair|rollstuhl", "wheelchair-device"),
    _hint(_FOUND, r"wheelchair|rollstuhl|bed[- ]?(?:bound|ridden|fast)", "wheelchair-or-bed"),
    _hint(
        _FOUND,
        r"\bcane\b|\bwalker\b|rollator|crutch|walking (?:aid|stick|frame)|gehhilfe",
        "walking-aid",
    ),
    _hint(_FOUND, r"\bgait\b|unable to walk|difficulty walking", "poor-mobility"),
    _hint(_FOUND, r"(?:recurrent|repeated|multiple) falls", "repeated-falls"),
    _hint(_OBSERVED, r"\bfalls? (?:in|last|past|within)|number of falls", "falls-question"),
    _hint(_DIAGNOSED, r"\bfall\b", "fall", without="asleep"),
    _hint(_OBSERVED, "smok|tobacco|raucher", "smoking-status"),
    _hint(_OBSERVED, "alcohol|alkohol", "alcohol-intake", without="blood|breath|swab|serum"),
    _hint(_DIAGNOSED, "menopaus", "menopause", without="premature|early|primary ovarian"),
    _hint(_DIAGNOSED, "(?:premature|early) menopaus", "premature-menopause"),
    _hint(_DIAGNOSED, "rheumatoid arthritis", "rheumatoid-arthritis"),
    _hint(_DIAGNOSED, "hospice|terminal care", "hospice-or-terminal-care"),
    _hint(_DIAGNOSED, "multiple sclerosis|multiple sklerose", "multiple-sclerosis"),
)

HINTED = frozenset(hint.value_set for hint in _HINTS)
"""Every value set that a hint may name."""


def hint_of(type_: str, display: str, code: str) -> str:
    """The value set that a code may belong to; "" without a hint."""
    text = f"{display} {code}".lower()
    if _NOT_A_FACT.search(text):
        return ""
    for hint in _HINTS:
        fits = type_ in hint.types and hint.words.search(text)
        if fits and not (hint.without and hint.without.search(text)):
            return hint.value_set
    return ""
