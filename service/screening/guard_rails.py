"""What no sentence of an alert may say, whoever wrote it (specification 3.7).

A hospital may change titles, advice and a closing line. It may not name a medicine or a dose, say
that a person has osteoporosis, or show a computed fracture risk: the alert asks a clinician to
consider an assessment, and everything else is that clinician's.
"""

from __future__ import annotations

import re

from service.screening.value_sets import Vocabulary

_DOSE = re.compile(
    r"\d\s*(?:mg|mcg|µg|μg|ug|g|iu|units?|tablets?|ampoules?)(?![\w/])(?!\s*/\s*d?l)", re.IGNORECASE
)
_CLASSES = re.compile(
    r"\b(?:bisphosphonates?|antiresorptives?|alendron\w*|risedron\w*|zoledron\w*|ibandron\w*"
    r"|\w+(?:umab|omab|ozumab)|teriparatide|fosamax|actonel|prolia|evenity|forteo|aclasta|reclast)",
    re.IGNORECASE,
)
_DIAGNOSIS = re.compile(
    r"\b(?:has|have|had|having|suffers? from|diagnosed with)\s+(?:an?\s+|the\s+)?osteoporosis\b",
    re.IGNORECASE,
)
_RISK = re.compile(
    r"\d\s*(?:%|percent)[^.]*\bfracture|\bfracture (?:risk|probability)[^.]*\d\s*(?:%|percent)",
    re.IGNORECASE,
)
_LINK = re.compile(r"https?:|www\.", re.IGNORECASE)


def why_forbidden(text: str, vocabulary: Vocabulary) -> str:
    """Why a sentence may not stand in an alert, and what to do; "" where it may."""
    if vocabulary.named_in(text) or _CLASSES.search(text):
        return "it names a medicine: leave treatment to the clinician and the linked pathway"
    if _DOSE.search(text):
        return "it names a dose: leave treatment to the clinician and the linked pathway"
    if _DIAGNOSIS.search(text):
        return "it says that the person has osteoporosis: write 'consider' instead"
    if _RISK.search(text):
        return "it shows a fracture risk: no computed percentage is shown"
    if _LINK.search(text):
        return "it holds a link: put it under links"
    return ""
