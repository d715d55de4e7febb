"""Open FHIR servers: they take a search without a patient and every kind of alert.

They differ in what becomes of unknown parameters, in page sizes and links, and in how reliable a
conditional create is. Sources are those of the integration notes, paragraphs 1.1 to 1.5, read on
2026-11-22, unless a line says otherwise:

- hapi: strict, 200 on a page (application.yaml of the starter); R4 knows no Flag?status.
- medplum: the statement of medplum/medplum, packages/server/src/fhir/metadata.ts, for its name;
  that unknown parameters are refused is from memory.
- azure: name and publisher from microsoft/fhir-server, Data/R4/BaseCapabilities.json; 10 on a page
  and 1000 at most, no total, lenient, 500 entries in a bundle.
- google: If-None-Exist by `identifier` only, no ids chosen by clients, lenient. Name from memory.
- aws-healthlake: 100 on a page at most (from memory), no conditional writes found, searches lag.
- aidbox: pages by `_page`. intersystems and smile: from memory only, nothing known to differ.
"""

from __future__ import annotations

from dataclasses import replace

from service.demo_ehr.presets.asking import refuses_closed_charts
from service.demo_ehr.presets.exchange import Reply, Request, issue, refusal
from service.demo_ehr.presets.faults import FAULTS
from service.demo_ehr.presets.offer import Offer, offers
from service.demo_ehr.presets.preset import Pages, Preset
from service.demo_ehr.presets.writing import (
    refuses_client_ids,
    takes_bundles_up_to,
    takes_conditions_by,
)

_TABLE = """
    Appointment rscud _id _lastUpdated identifier patient date status actor
    Communication rscud _id _lastUpdated identifier patient subject category recipient sender sent
    Condition rscud _id _lastUpdated identifier patient subject code category clinical-status
    Device rscud _id _lastUpdated identifier patient status type
    DeviceUseStatement rscud _id _lastUpdated identifier patient subject device
    DiagnosticReport rscud _id _lastUpdated identifier patient subject code category date status
    DocumentReference rscud _id _lastUpdated identifier patient subject category date type status
    Encounter rscud _id _lastUpdated identifier patient subject class date status type
    FamilyMemberHistory rscud _id _lastUpdated identifier patient code relationship status
    Flag rscud _id _lastUpdated identifier patient subject author date encounter
    Group rscud _id _lastUpdated identifier type member name
    List rscud _id _lastUpdated identifier code patient subject status item
    Medication rscud _id _lastUpdated identifier code status
    MedicationAdministration rscud _id _lastUpdated identifier patient subject code status
    MedicationDispense rscud _id _lastUpdated identifier patient subject code status
    MedicationRequest rscud _id _lastUpdated identifier patient subject code status intent
    MedicationStatement rscud _id _lastUpdated identifier patient subject code status
    Observation rscud _id _lastUpdated identifier patient subject code category date combo-code value-concept
    Patient rscud _id _lastUpdated identifier name family given birthdate gender active
    Procedure rscud _id _lastUpdated identifier patient subject code date status
    Provenance rscud _id _lastUpdated target patient agent
    ServiceRequest rscud _id _lastUpdated identifier patient subject code status intent category
    Task rscud _id _lastUpdated identifier patient subject code status owner focus authored-on
"""  # noqa: E501 - a table
_BOTH = ("transaction", "batch")
_EXPORTS = ("$export",)
# Parameters of every search in R4, which statements of open servers seldom list.
_UNLISTED = frozenset(("_elements", "_summary", "_sort", "_total"))


def _open(*, conditional: bool = True, chooses_ids: bool = True) -> dict[str, Offer]:
    offered = offers(
        _TABLE,
        conditional_create=conditional,
        conditional_update=conditional,
        update_create=chooses_ids,
        versioning="versioned-update",
    )
    return offered | {
        type_: replace(offered[type_], operations=_EXPORTS) for type_ in ("Group", "Patient")
    }


def _closed(_: Request) -> Reply:
    return refusal(403, issue("error", "forbidden"))


def _bad_condition(_: Request) -> Reply:
    return refusal(400, issue("error", "invalid", text="Only identifier is taken as a condition"))


def _not_there(_: Request) -> Reply:
    return refusal(404, issue("error", "not-found", text="enableUpdateCreate is not set"))


def _too_long(_: Request) -> Reply:
    return refusal(413, issue("error", "too-costly", text="At most 500 entries in a bundle"))


_CLOSED_CHARTS = refuses_closed_charts(_closed)
_GONE = refusal(410, issue("error", "not-found", text="The search has expired"))

HAPI = Preset(
    "hapi",
    "an open server: several patients in a search, Flag and Task, unknown parameters refused",
    {"software": {"name": "HAPI FHIR Server", "version": "8.10.0"}},
    _open(),
    _BOTH,
    _EXPORTS,
    quirks=(_CLOSED_CHARTS,),
    pages=Pages(
        usual=20, most=200, parameter="_getpages", link="{base}?_getpages={page}", expired=_GONE
    ),
    unknown="refuse",
    knows=_UNLISTED,
)
MEDPLUM = Preset(
    "medplum",
    "an open server: Flag and Task, pages of 20",
    {
        "name": "MedplumCapabilityStatement",
        "publisher": "Medplum",
        "software": {"name": "MedplumCapabilityStatement", "version": "5.0.0"},
    },
    _open(),
    _BOTH,
    quirks=(_CLOSED_CHARTS,),
    pages=Pages(usual=20, most=1000, parameter="_cursor", link="{base}/{type}?_cursor={page}"),
    unknown="refuse",
    knows=_UNLISTED,
)
AZURE = Preset(
    "azure",
    "a cloud server: Flag and Task, pages of 10, no total, unknown parameters ignored",
    {
        "name": "Microsoft FHIR Server",
        "publisher": "Microsoft",
        "software": {"name": "Azure Healthcare APIs"},
    },
    _open(),
    _BOTH,
    _EXPORTS,
    quirks=(_CLOSED_CHARTS, takes_bundles_up_to(500, _too_long)),
    pages=Pages(usual=10, parameter="ct", link="{base}/{type}?ct={page}", total=False),
    knows=_UNLISTED,
)
GOOGLE = Preset(
    "google",
    "a cloud server: Flag and Task, conditions by identifier only, no ids chosen by clients",
    {"software": {"name": "Google Cloud Healthcare API"}, "publisher": "Google"},
    _open(chooses_ids=False),
    _BOTH,
    quirks=(
        _CLOSED_CHARTS,
        takes_conditions_by(("identifier",), _bad_condition),
        refuses_client_ids(_not_there),
    ),
    pages=Pages(usual=100, parameter="_page_token", link="{base}/{type}?_page_token={page}"),
    knows=_UNLISTED,
)
AWS_HEALTHLAKE = Preset(
    "aws-healthlake",
    "a cloud server: Flag and Task, no conditional writes, searches lag behind writes",
    {"software": {"name": "Amazon HealthLake"}, "publisher": "Amazon Web Services"},
    _open(conditional=False),
    _BOTH,
    _EXPORTS,
    quirks=(*FAULTS["eventual"].quirks, _CLOSED_CHARTS),
    shapes=FAULTS["eventual"].shapes,
    pages=Pages(usual=100, most=100, parameter="page", link="{base}/{type}?page={page}"),
    knows=_UNLISTED,
)
INTERSYSTEMS = Preset(
    "intersystems",
    "an open server of which nothing is known to differ",
    {"software": {"name": "InterSystems IRIS for Health"}, "publisher": "InterSystems"},
    _open(),
    _BOTH,
    quirks=(_CLOSED_CHARTS,),
    pages=Pages(usual=100, parameter="queryId", link="{base}/{type}?queryId={page}"),
    knows=_UNLISTED,
)
AIDBOX = Preset(
    "aidbox",
    "an open server: Flag and Task, pages by number",
    {"software": {"name": "Aidbox"}, "publisher": "Health Samurai"},
    _open(),
    _BOTH,
    quirks=(_CLOSED_CHARTS,),
    pages=Pages(usual=100, parameter="_page", link="{base}/{type}?_page={page}"),
    knows=_UNLISTED,
)
SMILE = replace(
    HAPI,
    name="smile",
    sentence="an open server of which nothing is known to differ from the open source one",
    product={"software": {"name": "Smile CDR"}, "publisher": "Smile Digital Health"},
)
