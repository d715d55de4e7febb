"""The people to whom most stories happen, and the words by which clinicians answer.

Anna is due by one thing alone, a severe EDSS. Ida is due because she is thin, and nothing that she
has breaks a no: what happens to her later can. Otto is 62 and has an untreated osteoporosis.
"""

from tests.lib.patients import Code, bmi, concept, condition, edss, icd, ms, woman
from tests.spec.stories.story import Resource

ANNA: tuple[Resource, ...] = (woman(born="START-40y"), ms(), edss(6.5, on="START-3m"))
ANNA_IS = "Anna, 40: relapsing MS, EDSS 6.5 three months ago, no scan on file"

IDA: tuple[Resource, ...] = (
    woman(born="START-55y"),
    ms(),
    edss(4.0, on="START-3m"),
    bmi(18.0, on="START-3m"),
)
IDA_IS = "Ida, 55: relapsing MS, EDSS 4.0 and BMI 18.0 three months ago, no scan on file"

OSTEOPOROSIS = condition(icd("M81.0"), recorded="START-6m") | {"id": "osteoporosis"}
OTTO: tuple[Resource, ...] = (
    {"resourceType": "Patient", "birthDate": "START-62y", "gender": "male"},
    ms(),
    edss(2.0, on="START-3m"),
    OSTEOPOROSIS,
)
OTTO_IS = "Otto, 62: relapsing MS, EDSS 2.0, osteoporosis for six months, no medicine for it"

WRONG_DIAGNOSIS = concept(
    Code("https://boneflag.example/fhir/CodeSystem/decision-reason", "wrong-diagnosis")
)
PATIENT_DECISION = concept(icd("Z53.20"))


def because(code: str, text: str = "") -> Resource:
    """One of HL7's non-adherence reason codes, with what the clinician typed beside it."""
    system = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"
    return concept(Code(system, code), text=text)
