"""InterSystems IRIS for Health and Health Connect: an open server without _elements.

A newcomer would get one thing wrong: a hospital may have put its own code before the repository,
so that less than is documented may work.
"""

from __future__ import annotations

from service.ehr.vendors.vendor import Fact, Vendor

_SEEN = "2026-11-22"
_SUPPORTED = "docs.intersystems.com, HXFHIR_server_arch_supported"
_CONFIGURATION = "docs.intersystems.com, HS.FHIRServer.API.ConfigData"

VENDOR = Vendor(
    key="intersystems",
    name="InterSystems IRIS for Health",
    marks=(
        r"software: InterSystems IRIS for Health",
        r"publisher: InterSystems( Corporation)?",
        r"name: InterSystems FHIR Server CapabilityStatement",
    ),
    facts=(
        Fact(
            "cohort",
            "Searches are supported with some limits; a search by code over everybody is not"
            " excluded by them.",
            _SUPPORTED,
            _SEEN,
        ),
        Fact(
            "reading",
            "Patient/$everything is fully supported. Earlier releases say that _elements is not.",
            _SUPPORTED,
            _SEEN,
        ),
        Fact(
            "reading",
            "The operator sets the page size (DefaultSearchPageSize, MaxSearchPageSize), the most"
            " results of a search (MaxSearchResults) and whether unknown parameters are refused"
            " (DefaultPreferHandling). A search that exceeds the most results is refused (413).",
            f"{_CONFIGURATION}; the refusal by a public client's notes on one provider directory",
            _SEEN,
        ),
        Fact("changes", "_lastUpdated.", "from memory", _SEEN),
        Fact(
            "delivery",
            "Create and update are fully supported, conditional ones included; batches too,"
            " transactions without circular references. Creating by PUT is declared.",
            f"{_SUPPORTED}; an InterSystems CapabilityStatement of 2023-07-10",
            _SEEN,
        ),
        Fact(
            "bulk",
            "Bulk export comes from the Bulk FHIR Coordinator, which is set up apart.",
            "docs.intersystems.com, HXFHIRBulk",
            _SEEN,
        ),
        Fact("login", "OAuth 2 or basic authentication, as set up.", _SUPPORTED, _SEEN),
        Fact("limits", "None of its own.", "from memory", _SEEN),
    ),
    ask_for=(
        "An OAuth client for backend services, or the certificate or password that you use"
        " instead.",
        "The most results that a search may have (MaxSearchResults) and the largest page.",
        "Who shows Flags and Tasks to clinicians: the repository itself shows nothing.",
    ),
)
