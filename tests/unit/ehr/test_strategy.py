"""The choice for one server, read as a table."""

from dataclasses import replace

import pytest

from service.ehr.capability import capability_from
from service.ehr.strategy import Wishes, choose, needs_a_patient
from service.ehr.vendors.vendor import Vendor
from service.screening.protocol import packaged_protocol
from service.screening.value_sets import packaged_vocabulary

VOCABULARY = packaged_vocabulary(True)
NEEDS = tuple(packaged_protocol(VOCABULARY).needs)
TYPES = sorted({need.type for need in NEEDS})

BIG_EHR = Vendor(
    key="big",
    name="Big EHR",
    marks=("big",),
    cohort=("group", "id-file"),
    delivery=("communication",),
    one_at_a_time=True,
    required_search={"Condition": ({"category": "a"}, {"category": "b"})},
    page_caps={"*": 50},
    ask_for=("Please make a Group.",),
)


def server(*, without=(), parameters=("_lastUpdated",), operations=(), more=("Group", "List")):
    """A server that can be searched for all that is needed, less what is said."""
    listed = [
        {
            "type": type_,
            "interaction": [{"code": "search-type"}, {"code": "read"}],
            "searchParam": [{"name": name} for name in parameters],
            "operation": [{"name": name} for name in operations if type_ in ("Patient", "Group")],
        }
        for type_ in sorted({*TYPES, *more} - set(without))
    ]
    rest = {"mode": "server", "resource": listed}
    return capability_from(
        {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1", "rest": [rest]}
    )


def wishes(*, takes=("flag-and-task", "communication"), **said):
    """What the hospital wants, at a server that takes alerts through some channels only."""
    return Wishes(
        channel_lacks=lambda name: () if name in takes else (f"{name} is not offered",),
        channel_reads=lambda name: {"flag-and-task": 2}.get(name, 0),
        **said,
    )


def chosen(capability=None, vendor=None, **said):
    return choose(capability or server(), vendor, NEEDS, VOCABULARY, wishes(**said))


def faults(strategy):
    return [fault.says for fault in strategy.faults]


# An open server


def test_an_open_server_is_searched_by_code_in_batches_and_gets_flags_and_tasks():
    strategy = chosen()

    assert strategy.sources == ("code-search",)
    assert strategy.reading.what == "batched"
    assert strategy.changes.what == "all"
    assert strategy.delivery.what == "flag-and-task"
    assert strategy.faults == ()
    assert strategy.unseen == ()


def test_requests_are_reckoned_for_a_patient_of_a_full_batch():
    # One search for each type, and two for our alerts, shared by sixty people.
    assert chosen().requests_per_patient == pytest.approx((len(TYPES) + 2) / 60)


def test_a_channel_that_the_server_does_not_take_is_passed_over_and_said_so():
    delivery = chosen(takes=("task",)).delivery

    assert delivery.what == "task"
    assert "flag-and-task is passed over" in delivery.why


# A product that refuses most of it


def test_a_product_that_answers_for_one_patient_is_read_so():
    strategy = chosen(vendor=BIG_EHR, configured=frozenset({"group"}))

    assert strategy.reading.what == "per-patient"
    assert strategy.manners.one_at_a_time
    assert strategy.manners.page_caps == {"*": 50}


def test_a_type_that_needs_two_searches_costs_two():
    strategy = chosen(vendor=BIG_EHR, configured=frozenset({"group"}))

    assert strategy.requests_per_patient == pytest.approx(len(TYPES) + 1)


def test_a_product_gets_alerts_in_the_channel_that_it_shows():
    assert chosen(vendor=BIG_EHR, configured=frozenset({"group"})).delivery.what == "communication"


def test_a_product_that_refuses_the_search_by_code_needs_another_source():
    (says,) = faults(chosen(vendor=BIG_EHR))

    assert "Big EHR refuses" in says
    assert "BONEFLAG_COHORT_GROUP_IDS or BONEFLAG_COHORT_FILE" in says


def test_a_product_that_refuses_searches_without_a_patient_is_not_polled():
    strategy = chosen(vendor=BIG_EHR, configured=frozenset({"group"}))

    assert strategy.changes.what == "never"


def test_what_to_ask_for_comes_with_the_product():
    assert chosen(vendor=BIG_EHR).ask_for == ("Please make a Group.",)
    assert chosen().ask_for == ()


def test_a_product_of_which_no_source_is_known_may_be_searched():
    assert not needs_a_patient(None)
    assert not needs_a_patient(replace(BIG_EHR, cohort=()))
    assert not needs_a_patient(replace(BIG_EHR, cohort=("group", "code-search")))


# The cohort


def test_every_source_that_is_set_is_used():
    strategy = chosen(configured=frozenset({"id-file", "group"}))

    assert strategy.sources == ("group", "id-file")
    assert strategy.cohort[0].why == "BONEFLAG_COHORT_GROUP_IDS is set"


def test_a_source_that_was_named_and_not_filled_is_a_fault():
    (says,) = faults(chosen(cohort=("id-file",)))

    assert says == "the cohort source id-file needs BONEFLAG_COHORT_FILE"


@pytest.mark.parametrize(
    ("source", "type_"),
    [("group", "Group"), ("patient-list", "List"), ("appointments", "Appointment")],
)
def test_a_source_that_the_server_does_not_offer_is_a_fault(source, type_):
    strategy = chosen(server(without=[type_]), configured=frozenset({source}))

    assert [fault.kind for fault in strategy.faults] == ["settings"]
    assert "use another cohort source" in strategy.faults[0].says


def test_a_bulk_group_needs_an_export_of_groups():
    wanted = frozenset({"bulk-group"})

    assert "no bulk export of a Group" in faults(chosen(configured=wanted))[0]
    assert faults(chosen(server(operations=["export"]), configured=wanted)) == []


def test_a_search_by_code_needs_a_search():
    says = faults(chosen(server(without=["Condition"])))

    assert any("Conditions cannot be searched here: set BONEFLAG_COHORT" in s for s in says)


GROUPS = frozenset({"group", "bulk-group"})


def test_a_group_that_can_be_read_is_not_exported_as_well():
    assert chosen(server(operations=["export"]), configured=GROUPS).sources == ("group",)


def test_a_group_that_can_only_be_exported_is_exported():
    capability = server(operations=["export"]).within(["Group"], [])

    assert chosen(capability, configured=GROUPS).sources == ("bulk-group",)


def test_a_group_that_can_be_neither_read_nor_exported_is_a_fault():
    says = faults(chosen(server(without=["Group"]), configured=GROUPS))

    assert "does not let this client read a Group" in says[0]


# Reading


@pytest.mark.parametrize("reading", ["batched", "per-patient"])
def test_a_reading_that_was_set_is_used(reading):
    strategy = chosen(reading=reading)

    assert strategy.reading.what == reading
    assert strategy.manners.one_at_a_time is (reading == "per-patient")
    assert strategy.faults == ()


@pytest.mark.parametrize(
    ("reading", "says"), [("bulk", "no bulk export"), ("everything", "not offer $everything")]
)
def test_a_reading_that_the_server_does_not_offer_is_a_fault(reading, says):
    assert says in faults(chosen(reading=reading))[0]


@pytest.mark.parametrize(
    ("reading", "operation", "cost"), [("bulk", "export", 2 / 60), ("everything", "everything", 1)]
)
def test_a_reading_that_the_server_offers_is_reckoned(reading, operation, cost):
    strategy = chosen(server(operations=[operation]), reading=reading)

    assert strategy.faults == ()
    assert strategy.requests_per_patient == pytest.approx(cost, abs=0.05)


@pytest.mark.parametrize(
    ("operation", "reading"), [("everything", "everything"), ("export", "bulk")]
)
def test_a_server_without_any_search_is_read_as_it_lets_itself_be_read(operation, reading):
    listed = [
        {
            "type": type_,
            "interaction": [{"code": "read"}],
            "operation": [{"name": operation}],
        }
        for type_ in ("Patient", "Group")
    ]
    capability = capability_from(
        {"fhirVersion": "4.0.1", "rest": [{"mode": "server", "resource": listed}]}
    )

    strategy = chosen(capability, configured=frozenset({"group"}))

    assert strategy.reading.what == reading
    assert strategy.faults == ()


def test_a_type_that_cannot_be_searched_is_unseen():
    strategy = chosen(server(without=["DeviceUseStatement"]))

    assert strategy.unseen == ("DeviceUseStatement",)
    assert strategy.faults == ()


def test_a_required_type_that_cannot_be_searched_makes_it_unsuitable():
    strategy = chosen(server(without=["Procedure"]))

    assert [fault.kind for fault in strategy.faults] == ["unsuitable"]
    assert "(Procedure)" in strategy.faults[0].says


def test_a_required_type_that_is_not_granted_is_refused():
    strategy = chosen(server().within(["Procedure"], []))

    assert [fault.kind for fault in strategy.faults] == ["refused"]
    assert "scopes system/TYPE.read" in strategy.faults[0].says


def test_only_a_server_that_lists_elements_is_asked_for_parts_of_resources():
    assert not chosen().manners.uses_elements
    assert chosen(server(parameters=["_lastUpdated", "_elements"])).manners.uses_elements


# Changes


def test_types_without_a_date_of_change_are_left_to_the_sweep():
    capability = server()
    without = dict(capability.types)
    without["Condition"] = replace(without["Condition"], search_parameters=frozenset())

    changes = chosen(replace(capability, types=without)).changes

    assert changes.what == "in part"
    assert changes.why == "only a sweep sees changes of Condition"


def test_a_server_that_lists_no_date_of_change_is_not_polled():
    assert chosen(server(parameters=["patient"])).changes.what == "never"


def test_a_server_that_lists_no_parameters_is_tried():
    assert chosen(server(parameters=())).changes.what == "in part"


# Alerts


def test_a_channel_that_was_set_and_does_not_work_is_a_fault():
    (says,) = faults(chosen(delivery="service-request"))

    assert says == "service-request: service-request is not offered"


def test_a_live_site_without_any_channel_cannot_work():
    strategy = chosen(takes=(), is_live=True)

    assert [fault.kind for fault in strategy.faults] == ["settings"]
    assert "no way to show an alert" in strategy.faults[0].says


def test_a_shadow_site_needs_no_channel():
    strategy = chosen(takes=())

    assert strategy.faults == ()
    assert strategy.delivery.what == "worklist-file"


def test_a_worklist_file_is_what_is_left_where_a_product_takes_nothing():
    assert chosen(vendor=BIG_EHR, takes=("worklist-file",)).delivery.what == "worklist-file"
