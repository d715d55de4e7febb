"""The codes that the invented charts are written with.

The demo keeps its own list, so that a wrong code in the product's value sets shows up as a person
with the wrong status. CPT numbers carry no display: the descriptors belong to the AMA.
"""

from __future__ import annotations

from typing import Any, NamedTuple

JSON = dict[str, Any]

SNOMED = "http://snomed.info/sct"
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
ICD10CM_OID = "urn:oid:2.16.840.1.113883.6.90"
ICD10 = "http://hl7.org/fhir/sid/icd-10"
LOINC = "http://loinc.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
CPT = "http://www.ama-assn.org/go/cpt"
ATC = "http://www.whocc.no/atc"
HCPCS = "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
UCUM = "http://unitsofmeasure.org"
HL7_TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
LOCAL = "https://demo-hospital.example/fhir/CodeSystem/local"
"""Codes that only the invented hospital knows: nobody can map them, as in real charts."""


class Code(NamedTuple):
    """One coding; `display` may be empty."""

    system: str
    code: str
    display: str = ""


def coding(code: Code) -> JSON:
    """The FHIR Coding of a code."""
    found = {"system": code.system, "code": code.code}
    return {**found, "display": code.display} if code.display else found


def concept(*codes: Code, text: str = "") -> JSON:
    """A CodeableConcept; without codes it is text alone, as half of real charts are."""
    found: JSON = {"coding": [coding(code) for code in codes]} if codes else {}
    text = text or next((code.display for code in codes if code.display), "")
    return {**found, "text": text} if text else found


def status_concept(system: str, code: str) -> JSON:
    """A concept from one of HL7's own code systems, such as `condition-clinical`."""
    return {"coding": [{"system": f"{HL7_TERMINOLOGY}/{system}", "code": code}]}


# Multiple sclerosis, and what is not multiple sclerosis
MS_LEGACY = Code(ICD10CM, "G35", "Multiple sclerosis")
MS_RELAPSING = Code(ICD10CM, "G35.A", "Relapsing-remitting multiple sclerosis")
MS_RELAPSING_NO_DOT = Code(ICD10CM, "G35A", "Relapsing-remitting multiple sclerosis")
MS_PRIMARY_PROGRESSIVE = Code(ICD10CM, "G35.B1", "Active primary progressive multiple sclerosis")
MS_SECONDARY_PROGRESSIVE = Code(
    ICD10CM, "G35.C0", "Secondary progressive multiple sclerosis, unspecified"
)
MS_UNSPECIFIED = Code(ICD10CM, "G35.D", "Multiple sclerosis, unspecified")
MS_WHO = Code(ICD10, "G35", "Multiple sclerosis")
MS_SNOMED = Code(SNOMED, "24700007", "Multiple sclerosis (disorder)")
MS_SNOMED_RELAPSING = Code(SNOMED, "426373005", "Relapsing remitting multiple sclerosis (disorder)")
MS_SNOMED_SECONDARY = Code(
    SNOMED, "425500002", "Secondary progressive multiple sclerosis (disorder)"
)
MS_RELAPSE = Code(SNOMED, "192929006", "Exacerbation of multiple sclerosis (disorder)")
MS_NAMED_SYNDROME = Code(
    SNOMED, "733028000", "Multiple sclerosis, ichthyosis, factor VIII deficiency syndrome"
)
NO_FAMILY_HISTORY_OF_MS = Code(SNOMED, "1344634002", "No family history of multiple sclerosis")
NEUROMYELITIS = Code(ICD10CM, "G36.0", "Neuromyelitis optica [Devic]")
MOGAD = Code(ICD10CM, "G37.81", "Myelin oligodendrocyte glycoprotein antibody disease")
DEMYELINATION = Code(
    ICD10CM, "G37.9", "Demyelinating disease of central nervous system, unspecified"
)

# Disability
EDSS = Code(SNOMED, "273554001", "Kurtzke multiple sclerosis rating scale (assessment scale)")
EDSS_LOINC_PART = Code(LOINC, "LP241977-0", "Expanded Disability Status Scale")
WHEELCHAIR = Code(SNOMED, "105503008", "Dependence on wheelchair (finding)")
WHEELCHAIR_BOUND_LEGACY = Code(SNOMED, "225612007", "Wheelchair bound (finding)")
WHEELCHAIR_OID = Code(ICD10CM_OID, "Z99.3", "Dependence on wheelchair")
BED_CONFINEMENT = Code(ICD10CM, "Z74.01", "Bed confinement status")
FALL_FROM_WHEELCHAIR = Code(
    ICD10CM, "W05.0XXA", "Fall from non-moving wheelchair, initial encounter"
)
HISTORY_OF_FALLING = Code(ICD10CM, "Z91.81", "History of falling")
UNSTEADINESS = Code(ICD10CM, "R26.81", "Unsteadiness on feet")
WALKING_STICK = Code(SNOMED, "105504002", "Dependence on walking stick (finding)")
REPEATED_FALLS = Code(ICD10CM, "R29.6", "Repeated falls")
FALL_ON_STAIRS = Code(ICD10CM, "W10.9XXA", "Fall (on) (from) unspecified stairs and steps, initial")
FALL_SNOMED = Code(SNOMED, "1912002", "Fall (event)")
FALLS_IN_THE_PAST_YEAR = Code(LOINC, "52552-7", "Falls in the past year")
CONCUSSION = Code(ICD10CM, "S06.0X0A", "Concussion without loss of consciousness, initial")

# Fractures and their mechanisms
WRIST_FRACTURE = Code(ICD10CM, "S52.501A", "Fracture of lower end of right radius, initial")
WRIST_FRACTURE_LATER = Code(ICD10CM, "S52.501D", "Fracture of lower end of right radius, later")
HIP_FRACTURE = Code(ICD10CM, "S72.001A", "Fracture of neck of right femur, initial encounter")
HIP_FRACTURE_SNOMED = Code(SNOMED, "5913000", "Fracture of neck of femur (disorder)")
HUMERUS_FRACTURE = Code(ICD10CM, "S42.201A", "Fracture of upper end of right humerus, initial")
COLLAPSED_VERTEBRA = Code(ICD10CM, "M48.54XA", "Collapsed vertebra, thoracic region, initial")
FINGER_FRACTURE = Code(ICD10CM, "S62.600A", "Fracture of right index finger, initial")
NEOPLASTIC_FRACTURE = Code(ICD10CM, "M84.50XA", "Pathological fracture in neoplastic disease")
PATHOLOGICAL_FRACTURE = Code(ICD10CM, "M84.48XA", "Pathological fracture, other site, initial")
BONE_METASTASIS = Code(ICD10CM, "C79.51", "Secondary malignant neoplasm of bone")
SLIP_ON_SAME_LEVEL = Code(ICD10CM, "W01.0XXA", "Fall on same level from slipping, initial")
FALL_FROM_BUILDING = Code(ICD10CM, "W13.9XXA", "Fall from, out of or through building, initial")
FALL_FROM_LADDER = Code(ICD10CM, "W11.XXXA", "Fall on and from ladder, initial encounter")

# Bone
OSTEOPOROSIS = Code(ICD10CM, "M81.0", "Age-related osteoporosis without current fracture")
OSTEOPOROSIS_SNOMED = Code(SNOMED, "64859006", "Osteoporosis (disorder)")
OSTEOPOROTIC_FRACTURE = Code(ICD10CM, "M80.08XA", "Age-related osteoporosis, fracture of vertebra")
HEALED_OSTEOPOROTIC_FRACTURE = Code(
    ICD10CM, "Z87.310", "Personal history of (healed) osteoporosis fracture"
)
OSTEOPENIA = Code(ICD10CM, "M85.80", "Other specified disorders of bone density and structure")
OSTEOPENIA_SNOMED = Code(SNOMED, "312894000", "Osteopenia (disorder)")
FAMILY_OSTEOPOROSIS = Code(ICD10CM, "Z82.62", "Family history of osteoporosis")
NO_FAMILY_OSTEOPOROSIS = Code(SNOMED, "310251007", "No family history: Osteoporosis (situation)")

# Bone density
DXA_CPT = Code(CPT, "77080")
DXA_SNOMED = Code(SNOMED, "241686001", "Dual energy X-Ray absorptiometry")
DXA_PERIPHERAL_CPT = Code(CPT, "77081")
SEXA_HCPCS = Code(HCPCS, "G0130", "Single energy X-ray absorptiometry, peripheral")
NOT_APPLICABLE = Code(SNOMED, "385432009", "Not applicable (qualifier value)")
DXA_REPORT = Code(LOINC, "38268-9", "DXA Skeletal system Views for bone density")
DXA_FEMUR_REPORT = Code(LOINC, "24701-5", "DXA Femur [Mass/Area] Bone density")
T_SPINE = Code(LOINC, "38267-1", "DXA Lumbar spine [T-score] Bone density")
T_HIP = Code(LOINC, "38264-8", "DXA Hip [T-score] Bone density")
T_FEMUR = Code(LOINC, "38263-0", "DXA Femur [T-score] Bone density")
T_RADIUS = Code(LOINC, "38265-5", "DXA Radius and Ulna [T-score] Bone density")
Z_SPINE = Code(LOINC, "85394-5", "DXA Lumbar spine [Z-score] Bone density")

# Weight, vitamin D, age, pregnancy, smoking
BMI = Code(LOINC, "39156-5", "Body mass index (BMI) [Ratio]")
BODY_WEIGHT = Code(LOINC, "29463-7", "Body weight")
BODY_HEIGHT = Code(LOINC, "8302-2", "Body height")
UNDERWEIGHT = Code(ICD10CM, "R63.6", "Underweight")
BMI_19_9_OR_LESS = Code(ICD10CM, "Z68.1", "Body mass index [BMI] 19.9 or less, adult")
VITAMIN_D_MASS = Code(LOINC, "62292-8", "25-Hydroxyvitamin D3+D2 [Mass/volume] in Serum or Plasma")
VITAMIN_D_MOLES = Code(LOINC, "14635-7", "25-hydroxyvitamin D3 [Moles/volume] in Serum or Plasma")
CALCITRIOL = Code(LOCAL, "calcitriol", "1,25-dihydroxyvitamin D")
VITAMIN_D_DEFICIENCY = Code(ICD10CM, "E55.9", "Vitamin D deficiency, unspecified")
MENOPAUSE = Code(ICD10CM, "Z78.0", "Asymptomatic menopausal state")
PREGNANCY_SUPERVISION = Code(ICD10CM, "O09.90", "Supervision of high risk pregnancy, unspecified")
PREGNANCY = Code(SNOMED, "77386006", "Pregnancy (finding)")
PREGNANCY_STATUS = Code(LOINC, "82810-3", "Pregnancy status")
SMOKING_STATUS = Code(LOINC, "72166-2", "Tobacco smoking status")
NEVER_SMOKED = Code(SNOMED, "266919005", "Never smoked tobacco (finding)")
SMOKES_EVERY_DAY = Code(SNOMED, "449868002", "Current every day smoker")
SMOKER = Code(SNOMED, "77176002", "Smoker (finding)")
UNKNOWN_IF_EVER_SMOKED = Code(SNOMED, "266927001", "Unknown if ever smoked")
DRINKS_A_DAY = Code(LOINC, "74013-4", "Alcoholic drinks per day")

# Hormones, other diseases, the spine, the family
EARLY_MENOPAUSE = Code(ICD10CM, "E28.310", "Symptomatic premature menopause")
OVARIES_ABSENT = Code(ICD10CM, "Z90.722", "Acquired absence of ovaries, bilateral")
AMENORRHOEA = Code(ICD10CM, "N91.1", "Secondary amenorrhea")
TESTICULAR_HYPOFUNCTION = Code(ICD10CM, "E29.1", "Testicular hypofunction")
PROSTATE_CANCER = Code(ICD10CM, "C61", "Malignant neoplasm of prostate")
RHEUMATOID_ARTHRITIS = Code(ICD10CM, "M06.9", "Rheumatoid arthritis, unspecified")
DIABETES_TYPE_1 = Code(ICD10CM, "E10.9", "Type 1 diabetes mellitus without complications")
DIABETES_TYPE_2 = Code(ICD10CM, "E11.9", "Type 2 diabetes mellitus without complications")
CROHN = Code(ICD10CM, "K50.90", "Crohn's disease, unspecified, without complications")
HYPERTHYROIDISM = Code(ICD10CM, "E05.90", "Thyrotoxicosis, unspecified")
LOW_BACK_PAIN = Code(ICD10CM, "M54.50", "Low back pain, unspecified")
LUMBAR_DISC = Code(ICD10CM, "M51.26", "Other intervertebral disc displacement, lumbar region")
MATERNAL_HIP_FRACTURE = Code(
    SNOMED, "391096007", "Family history: Maternal hip fracture (situation)"
)
MOTHER = Code(f"{HL7_TERMINOLOGY}/v3-RoleCode", "MTH", "mother")
STEPMOTHER = Code(f"{HL7_TERMINOLOGY}/v3-RoleCode", "STPMTH", "stepmother")

# Medicines. Products where the source names one, ingredients otherwise.
PREDNISONE = Code(RXNORM, "8640", "prednisone")
PREDNISONE_2_5 = Code(RXNORM, "198146", "prednisone 2.5 MG Oral Tablet")
PREDNISONE_1 = Code(RXNORM, "198144", "prednisone 1 MG Oral Tablet")
PREDNISOLONE_5 = Code(RXNORM, "198142", "prednisolone 5 MG Oral Tablet")
METHYLPREDNISOLONE = Code(RXNORM, "6902", "methylprednisolone")
METHYLPREDNISOLONE_2 = Code(RXNORM, "197969", "methylprednisolone 2 MG Oral Tablet")
BUDESONIDE_ORAL = Code(ATC, "A07EA06", "budesonide")
ANASTROZOLE = Code(RXNORM, "84857", "anastrozole")
LEUPROLIDE = Code(RXNORM, "42375", "leuprolide")
CARBAMAZEPINE = Code(RXNORM, "2002", "carbamazepine")
SERTRALINE = Code(RXNORM, "36437", "sertraline")
OMEPRAZOLE = Code(RXNORM, "7646", "omeprazole")
TRIAMCINOLONE_PASTE = Code(RXNORM, "1085728", "triamcinolone acetonide 0.001 MG/MG Oral Paste")
ALENDRONATE = Code(RXNORM, "46041", "alendronate")
ZOLEDRONATE_5 = Code(RXNORM, "705824", "100 ML zoledronic acid 0.05 MG/ML Injection")
ZOLEDRONATE_ONCOLOGY = Code(RXNORM, "351114", "5 ML zoledronic acid 0.8 MG/ML Injection")
DENOSUMAB_60 = Code(RXNORM, "993456", "1 ML denosumab 60 MG/ML Prefilled Syringe [Prolia]")
DENOSUMAB_ONCOLOGY = Code(RXNORM, "1046402", "1.7 ML denosumab 70 MG/ML Injection [Xgeva]")
TERIPARATIDE_PEN = Code(RXNORM, "1435118", "teriparatide 0.02 MG/ACTUAT Pen Injector")
YORVIPATH = Code(LOCAL, "yorvipath", "teriparatide 0.3 MG/ML Pen Injector [Yorvipath]")
SYSTEMIC_STEROIDS_LONG_TERM = Code(
    ICD10CM, "Z79.52", "Long term (current) use of systemic steroids"
)
INHALED_STEROIDS_LONG_TERM = Code(ICD10CM, "Z79.51", "Long term (current) use of inhaled steroids")

# Care that suspends screening, and decisions
HOSPICE_CARE = Code(SNOMED, "385763009", "Hospice care (regime/therapy)")
HOSPICE_ADMISSION = Code(SNOMED, "305336008", "Admission to hospice (procedure)")
TERMINAL_CARE = Code(SNOMED, "182964004", "Terminal care (regime/therapy)")
PALLIATIVE_CARE = Code(ICD10CM, "Z51.5", "Encounter for palliative care")
PATIENT_DECISION = Code(
    ICD10CM, "Z53.20", "Procedure not carried out because of patient's decision"
)
EQUIPMENT_FAILED = Code(LOCAL, "scanner-broken", "Scanner out of order")
MIGRAINE = Code(ICD10CM, "G43.909", "Migraine, unspecified, not intractable")
ASTHMA = Code(ICD10CM, "J45.909", "Unspecified asthma, uncomplicated")
HYPERTENSION = Code(ICD10CM, "I10", "Essential (primary) hypertension")
