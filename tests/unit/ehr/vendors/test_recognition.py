"""Products are recognised by what they say of themselves, and by nothing that deceives.

The statements are small extracts of real ones: field for field as their servers or their source
code write them, with where that was read.
"""

import pytest

from service.ehr import vendors
from service.ehr.vendors import VENDORS, vendor_of

REAL = {
    # github.com/api-evangelist/epic-systems, fhir/epic-fhir-r4-capabilitystatement.json, 2026-07-24
    "epic": {
        "software": {"name": "Epic", "version": "May 2026", "releaseDate": "2026-05-11"},
        "implementation": {
            "description": "FHIR Sandbox FHIR Server",
            "url": "https://fhir.epic.com/interconnect-fhir-oauth/api/FHIR/R4",
        },
        "copyright": "Copyright Epic 1979-2026",
    },
    # github.com/api-evangelist/cerner, conformance/…-r4-secure.json, 2026-08-14
    "oracle_health": {
        "name": "OracleHealthCapabilityStatement",
        "title": "Oracle Health Capability Statement",
        "publisher": "Oracle Health",
        "implementation": {
            "description": "Oracle Health implementation of FHIR on top of Millennium",
            "url": "https://fhir-ehr-code.cerner.com/r4/tenant",
        },
    },
    # github.com/api-evangelist/meditech, conformance/meditech-greenfield-…json, 2026-08-06
    "meditech": {
        "name": "uscore",
        "publisher": "Medical Information Technology, Inc",
        "software": {
            "name": "Interoperability Services: US Core STU6 FHIR R4",
            "version": "2.0.0",
        },
        "url": "https://greenfield-prod-apis.meditech.com/v2/uscore/STU6/metadata",
    },
    # github.com/api-evangelist/athenahealth, conformance/athenahealth-fhir-…json, 2026-08-14
    "athenahealth": {
        "name": "athenahealth_FHIR_R4_CapabilityStatement",
        "publisher": "athenahealth",
        "software": {"name": "athenahealth FHIR Server"},
        "implementation": {
            "url": "https://api.platform.athenahealth.com/fhir/r4",
            "description": "athenahealth R4 FHIR Server",
        },
    },
    # A starter 8.10.0 as answered in tests/hapi; StarterJpaConfig.java for the description
    "hapi": {
        "publisher": "Not provided",
        "software": {"name": "HAPI FHIR Server", "version": "8.10.0"},
        "implementation": {
            "description": "HAPI FHIR R4 Server",
            "url": "http://localhost:8080/fhir",
        },
    },
    # github.com/medplum/medplum, packages/server/src/fhir/metadata.ts
    "medplum": {
        "name": "MedplumCapabilityStatement",
        "publisher": "Medplum",
        "software": {"name": "medplum", "version": "5.0.0"},
        "implementation": {"description": "medplum", "url": "https://api.medplum.com/fhir/R4/"},
    },
    # github.com/microsoft/fhir-server, Data/R4/BaseCapabilities.json and Resources.resx, 2026-08-21
    "azure": {
        "name": "Microsoft FHIR Server for Azure 4.0.0 Capability Statement",
        "publisher": "Microsoft",
        "software": {"name": "FHIR Server for Azure", "version": "4.0.0"},
    },
    # docs.cloud.google.com, method fhir.capabilities, for the address; the rest is not published
    "google": {
        "implementation": {
            "url": "https://healthcare.googleapis.com/v1/projects/p/locations/l/datasets/d/fhirStores/s/fhir"
        },
    },
    # docs.aws.amazon.com/healthlake, reference-fhir-capability-statement, for the address
    "aws_healthlake": {
        "url": "https://healthlake.us-east-1.amazonaws.com/datastore/d/r4/metadata",
    },
    # A statement of an IRIS for Health of 2023-07-10, printed in a public demo of its profiles
    "intersystems": {
        "url": "http://localhost:8083/fhir/r4/metadata",
        "name": "InterSystems FHIR Server CapabilityStatement",
        "publisher": "InterSystems Corporation",
    },
    # github.com/api-evangelist/aidbox, fhir/aidbox-capabilitystatement.json, 2026-07-24
    "aidbox": {
        "name": "aidbox",
        "title": "[a]idbox",
        "implementation": {"description": "Aidbox FHIR Server"},
    },
    # From memory: no statement of it could be found.
    "smile": {"software": {"name": "Smile CDR", "version": "2025.05.R01"}},
}

STRANGERS = {
    "the demo's server": {
        "publisher": "SEKMET FHIR R4 Tester",
        "name": "SekmetCapabilityStatement",
        "software": {"name": "SEKMET FHIR R4 Tester", "version": "0.1.0"},
    },
    # github.com/cerner/fhir.cerner.com, content/soarian/r4.md: the same maker, another product
    "another product of a maker that we know": {
        "publisher": "Cerner Corporation",
        "name": "Soarian Clinicals Capability Statement",
        "implementation": {"description": "Cerner Soarian Clinicals FHIR API"},
    },
    "a hospital that is called like a product": {
        "publisher": "Epic Care Hospital, Medplum Street",
        "software": {"name": "Own Server"},
        "implementation": {"description": "Smile CDR and Aidbox pilot at Epic Care Hospital"},
    },
    "a hospital that publishes under a product's name": {"publisher": "Epic"},
    "a proxy that names what is behind it": {
        "software": {"name": "Gateway for Epic and HAPI FHIR"},
        "publisher": "Some Integrator",
    },
    "an address that holds a product's host": {
        "url": "https://healthcare.googleapis.com.hospital.example/fhir/metadata",
    },
    "a statement that says nothing of itself": {"resourceType": "CapabilityStatement"},
    "a broken statement": {"software": "Epic", "publisher": ["Oracle Health"], "url": "http://[x"},
}


@pytest.mark.parametrize("key", REAL)
def test_a_product_is_recognised_by_a_real_statement(key):
    vendor = vendor_of({"resourceType": "CapabilityStatement", **REAL[key]})

    assert vendor is not None
    assert vendor.key == key


def test_every_product_is_tried_with_a_statement():
    assert set(REAL) == {vendor.key for vendor in VENDORS}


@pytest.mark.parametrize("who", STRANGERS)
def test_nobody_is_taken_for_a_product_that_he_is_not(who):
    assert vendor_of(STRANGERS[who]) is None


def test_an_older_release_is_recognised_by_the_older_name():
    # github.com/cerner/fhir.cerner.com, r4_examples_capabilitystatement.rb, 2023-11-21
    vendor = vendor_of(
        {
            "publisher": "Cerner",
            "description": "Cerner implementation of FHIR on top of Millennium",
        }
    )

    assert vendor is not None
    assert vendor.key == "oracle_health"


def test_the_software_counts_more_than_the_publisher():
    vendor = vendor_of({"publisher": "Medplum", "software": {"name": "Epic"}})

    assert vendor is not None
    assert vendor.key == "epic"


@pytest.mark.parametrize("key", REAL)
def test_the_order_of_the_products_decides_nothing(key, monkeypatch):
    monkeypatch.setattr(vendors, "VENDORS", VENDORS[::-1])

    vendor = vendor_of(REAL[key])

    assert vendor is not None
    assert vendor.key == key
