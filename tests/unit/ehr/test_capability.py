"""What a server says of itself, and how much of that is believed."""

import pytest

from service.ehr.capability import capability_from, read_capability
from service.ehr.errors import EHRMisunderstood
from tests.lib.wire import Wire, answer, outcome


def statement(**elements):
    return {
        "resourceType": "CapabilityStatement",
        "fhirVersion": "4.0.1",
        "software": {"name": "Some EHR", "version": "May 2026"},
        "rest": [
            {
                "mode": "server",
                "interaction": [{"code": "transaction"}],
                "searchParam": [{"name": "_lastUpdated"}],
                "resource": [
                    {
                        "type": "Flag",
                        "interaction": [
                            {"code": c} for c in ("read", "search-type", "create", "update")
                        ],
                        "searchParam": [{"name": "patient"}],
                        "conditionalCreate": True,
                        "versioning": "versioned-update",
                    },
                    {"type": "Task", "interaction": [{"code": "read"}, {"code": "update"}]},
                ],
            }
        ],
        **elements,
    }


def test_what_is_listed_is_offered():
    capability = capability_from(statement())

    assert capability.can_read("Flag")
    assert capability.can_search("Flag")
    assert capability.can_search("Flag", "patient")
    assert capability.can_write("Flag")
    assert capability.can_create_conditionally("Flag")
    assert capability.has_transactions
    assert capability.software == "Some EHR May 2026"
    assert capability.types["Flag"].versioning == "versioned-update"
    assert capability.gaps == ()


def test_what_is_not_listed_is_not_offered():
    capability = capability_from(statement())

    assert not capability.can_search("Flag", "identifier")
    assert not capability.can_search("Task")
    assert not capability.can_search("Task", "patient")
    assert not capability.can_write("Task")
    assert not capability.can_create_conditionally("Task")
    assert not capability.can_read("Communication")
    assert not capability.can_create_conditionally("Communication")


def test_a_parameter_listed_for_all_types_holds_for_each():
    assert capability_from(statement()).can_search("Flag", "_lastUpdated")


@pytest.mark.parametrize("version", ["4.0.0", "4.0.1", "4.3.0"])
def test_r4_and_r4b_are_read(version):
    assert capability_from(statement(fhirVersion=version)).fhir_version == version


@pytest.mark.parametrize("version", ["3.0.2", "5.0.0", "4.6.0", "1.0.2"])
def test_another_fhir_version_is_a_clear_error(version):
    with pytest.raises(EHRMisunderstood, match=version):
        capability_from(statement(fhirVersion=version))


def test_a_missing_version_is_said_and_r4_assumed():
    capability = capability_from(statement(fhirVersion=None))

    assert "R4 is assumed" in capability.gaps[0]


@pytest.mark.parametrize("rest", [None, [], "x", [{"mode": "client", "resource": []}], [{}]])
def test_a_statement_without_types_offers_nothing_and_says_so(rest):
    capability = capability_from(statement(rest=rest))

    assert not capability.can_search("Patient")
    assert not capability.has_transactions
    assert "nothing can be assumed" in capability.gaps[0]


def test_a_statement_without_search_parameters_says_so():
    resources = [{"type": "Flag", "interaction": [{"code": "search-type"}]}]

    capability = capability_from(statement(rest=[{"resource": resources}]))

    assert capability.can_search("Flag")
    assert "each will be tried" in capability.gaps[0]


def test_broken_parts_of_a_statement_cost_only_themselves():
    resources = [None, {"type": 3}, {"type": "Flag", "interaction": [None, {"code": 1}]}]

    capability = capability_from(statement(rest=[{"resource": resources}], software="x"))

    assert list(capability.types) == ["Flag"]
    assert not capability.can_read("Flag")


def test_metadata_is_asked_of_the_server():
    wire = Wire([answer(statement())])

    assert read_capability(wire.client()).can_read("Flag")
    assert wire.sent == ["GET /metadata"]


def test_an_answer_that_is_no_statement_is_misunderstood():
    with pytest.raises(EHRMisunderstood, match="CapabilityStatement"):
        read_capability(Wire([answer(outcome("error", "x"))]).client())


def offering(**rest):
    return capability_from({"fhirVersion": "4.0.1", "rest": [{"mode": "server", **rest}]})


def test_create_alone_is_no_right_to_update():
    capability = offering(resource=[{"type": "Communication", "interaction": [{"code": "create"}]}])

    assert capability.can_create("Communication")
    assert not capability.can_write("Communication")
    assert not capability.can_create("Flag")


@pytest.mark.parametrize("listed", ["Condition:subject", "*", "Condition.subject", "Condition:*"])
def test_an_include_is_spelled_in_several_ways(listed):
    capability = offering(resource=[{"type": "Condition", "searchInclude": [listed]}])

    assert capability.can_include("Condition", "Condition:subject")


def test_an_include_that_is_not_listed_is_not_offered():
    capability = offering(
        resource=[{"type": "Condition", "searchInclude": ["Condition:encounter"]}]
    )

    assert not capability.can_include("Condition", "Condition:subject")
    assert not capability.can_include("Procedure", "Procedure:subject")


EXPORT = "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/"


@pytest.mark.parametrize(
    ("rest", "levels"),
    [
        ({"resource": [{"type": "Group", "operation": [{"name": "export"}]}]}, {"group"}),
        ({"resource": [{"type": "Patient", "operation": [{"name": "$export"}]}]}, {"patient"}),
        (
            {
                "resource": [
                    {
                        "type": "Group",
                        "operation": [{"name": "g", "definition": f"{EXPORT}group-export|2.0.0"}],
                    }
                ]
            },
            {"group"},
        ),
        ({"operation": [{"name": "export"}]}, {"system"}),
        (
            {"operation": [{"name": "group-export"}, {"name": "patient-export"}]},
            {"group", "patient"},
        ),
        ({}, set()),
    ],
)
def test_bulk_export_is_offered_by_level(rest, levels):
    capability = offering(**rest)

    offered = {level for level in ("group", "patient", "system") if capability.can_export(level)}
    assert offered == levels


def test_everything_batches_and_subscriptions_are_seen():
    listed = [
        {"type": "Patient", "operation": [{"name": "everything"}]},
        {"type": "Subscription", "interaction": [{"code": "create"}]},
    ]

    capability = offering(resource=listed, interaction=[{"code": "batch"}])

    assert capability.has_everything
    assert capability.has_subscriptions
    assert capability.has_batches


def test_a_server_that_says_nothing_has_none_of_them():
    capability = offering()

    assert not capability.has_everything
    assert not capability.has_subscriptions
    assert not capability.has_batches


def both(type_):
    codes = ["read", "search-type", "create", "update"]
    return {"type": type_, "interaction": [{"code": code} for code in codes]}


def test_a_token_that_covers_less_hides_what_it_does_not_cover():
    capability = offering(resource=[both("Condition"), both("Flag")]).within(
        ["Condition"], ["Flag"]
    )

    assert not capability.can_search("Condition")
    assert not capability.can_read("Condition")
    assert capability.can_write("Condition")
    assert capability.can_search("Flag")
    assert not capability.can_create("Flag")


def test_only_what_the_server_offers_is_said_to_be_hidden_by_the_token():
    capability = offering(resource=[both("Condition")]).within(["Condition", "Device"], [])

    assert capability.ungranted == {"Condition"}


def test_parameters_that_are_not_to_be_relied_on_are_taken_out():
    listed = [{"name": "code"}, {"name": "combo-code"}]
    searched = {"interaction": [{"code": "search-type"}], "searchParam": listed}
    offered = offering(resource=[{"type": t, **searched} for t in ("Observation", "Condition")])

    capability = offered.without_parameters({"Observation": ["combo-code"]})

    assert not capability.can_search("Observation", "combo-code")
    assert capability.can_search("Observation", "code")
    assert capability.can_search("Condition", "combo-code")
