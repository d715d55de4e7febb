"""SMART settings -> a client that signs in: what is chosen, and how it says that it cannot."""

import pytest
from pydantic import SecretStr, ValidationError

from service.checking import check_ehr
from service.ehr.cohort.members import CohortMembers
from service.ehr.cohort.source import CohortSource
from service.ehr.connection import EHRConnection
from service.ehr.errors import EHRRefused
from service.ehr.smart.keys import new_key
from service.ehr.smart.scopes import access_for
from service.ehr.strategy import Wishes, choose
from service.screening.protocol import packaged_protocol
from service.screening.value_sets import packaged_vocabulary
from service.settings import Settings, SettingsInvalid
from service.wiring import client_for
from tests.lib.login_server import LoginServer
from tests.lib.wire import answer, bundle

BASE = "https://ehr.example.org/fhir"
KEY = new_key("ES384")
VOCABULARY = packaged_vocabulary(True)
PROTOCOL = packaged_protocol(VOCABULARY)
NEEDED = sorted({need.type for need in PROTOCOL.needs})


@pytest.fixture
def key_file(tmp_path):
    path = tmp_path / "key.pem"
    path.write_bytes(KEY.pem)
    return str(path)


def smart(key_file, **values):
    given = {"smart_client_id": "us", "smart_key_files": key_file, "fhir_base_url": BASE}
    return Settings(**given | values)


def login_of(settings):
    with client_for(settings) as client:
        return client._smart._sign_in._login


def test_client_id_and_key_make_a_client_that_signs_in(key_file):
    login = login_of(smart(key_file))

    assert (login.client_id, [key.kid for key in login.keys]) == ("us", [KEY.kid])
    assert (login.token_url, login.scopes) == ("", "")


def test_a_shadow_site_asks_to_read_what_the_protocol_needs_and_to_write_nothing(key_file):
    access = login_of(smart(key_file)).access

    assert access.reads >= {*NEEDED, "Patient", "Medication", "Flag", "Task"}
    assert access.writes == frozenset()
    assert "Group" not in access.reads


def test_a_live_site_asks_to_write_alerts_and_nothing_else(key_file):
    assert login_of(smart(key_file, mode="live")).access.writes == {"Flag", "Task"}


def test_a_cohort_in_groups_asks_to_read_groups(key_file):
    assert "Group" in login_of(smart(key_file, cohort_group_ids="ms")).access.reads


@pytest.mark.parametrize(
    "other",
    [
        {"fhir_bearer_token": SecretStr("s3cret")},
        {"fhir_user": "ada", "fhir_password": SecretStr("s3cret")},
    ],
)
def test_two_logins_are_a_mistake(key_file, other):
    with pytest.raises(ValidationError, match="different logins: give one of them") as told:
        smart(key_file, **other)

    assert "s3cret" not in str(told.value)


def test_a_token_and_a_password_are_two_logins_too():
    with pytest.raises(ValidationError, match="FHIR_BEARER_TOKEN and FHIR_USER"):
        Settings(fhir_bearer_token=SecretStr("t"), fhir_user="ada", fhir_password=SecretStr("p"))


@pytest.mark.parametrize("half", [{"smart_client_id": "us"}, {"smart_key_files": "key.pem"}])
def test_half_of_smart_is_a_mistake(half):
    with pytest.raises(ValidationError, match="belong together"):
        Settings(**half)


def test_a_client_key_without_its_certificate_is_a_mistake():
    with pytest.raises(ValidationError, match="needs FHIR_CLIENT_CERTIFICATE_FILE"):
        Settings(fhir_client_key_file="key.pem")


@pytest.mark.parametrize("files", ["/nowhere/key.pem", " , "])
def test_a_key_that_is_not_there_is_a_mistake(files):
    with pytest.raises(SettingsInvalid, match="BONEFLAG_SMART_KEY_FILES cannot be used"):
        client_for(smart(files))


@pytest.mark.parametrize("url", ["http://login.example.net/t", "s3cret", "https://u:s3cret@h/t"])
def test_a_token_endpoint_that_is_not_safe_is_a_mistake_and_not_quoted(key_file, url):
    with pytest.raises(SettingsInvalid, match="BONEFLAG_SMART_TOKEN_URL cannot be used") as told:
        client_for(smart(key_file, smart_token_url=url))

    assert "s3cret" not in str(told.value)


# What `boneflag check` says about the scopes


def check(scope, mode="live"):
    codes = [{"code": code} for code in ("search-type", "create", "update")]
    listed = [
        {"type": type_, "interaction": codes, "searchParam": [{"name": "_lastUpdated"}]}
        for type_ in sorted({*NEEDED, "Flag", "Task"})
    ]
    statement = {
        "resourceType": "CapabilityStatement",
        "fhirVersion": "4.0.1",
        "rest": [{"mode": "server", "resource": listed, "interaction": [{"code": "transaction"}]}],
    }

    def chart(request):
        return answer(statement if request.url.path.endswith("/metadata") else bundle())

    server = LoginServer([KEY])
    server.token_answer["scope"] = scope
    server.instead_of_chart = chart
    alerts = ("Flag", "Task")
    access = access_for(NEEDED, also_read=alerts, writes=alerts if mode == "live" else ())
    client = server.client(server.auth(KEY, access=access))
    nobody = CohortMembers((), "test", True)
    ehr = EHRConnection(
        client,
        VOCABULARY,
        None,
        cohort_sources=[CohortSource("code-search", lambda _: nobody)],
        choose=lambda capability, vendor: choose(
            capability, vendor, PROTOCOL.needs, VOCABULARY, wishes(capability, mode)
        ),
    )
    return check_ehr(ehr, PROTOCOL, Settings(mode=mode))


def wishes(capability, mode):
    """Flag and Task, where both may be written."""

    def lacks(name):
        unwritable = [t for t in ("Flag", "Task") if not capability.can_write(t)]
        is_it = name == "flag-and-task"
        return tuple(f"{t} may not be written" for t in unwritable) if is_it else ("not here",)

    return Wishes(channel_lacks=lacks, channel_reads=lambda _: 2, is_live=mode == "live")


def test_a_check_with_every_scope_says_nothing_of_them():
    checked = check("system/*.*")

    assert checked.can_work
    assert not any("granted" in line for line in checked.missing)
    assert dict(checked.lines)["login"] == "SMART, all that is needed is granted"


def test_a_check_with_fewer_scopes_says_so_beside_the_login():
    checked = check("system/*.read", "live")

    assert dict(checked.lines)["login"] == "SMART, less than needed"


def test_a_check_names_the_types_that_are_not_granted():
    granted = " ".join(f"system/{t}.read" for t in NEEDED if t != "FamilyMemberHistory")

    checked = check(f"{granted} system/Medication.read system/Flag.read system/Task.read", "shadow")

    assert checked.can_work
    assert "FamilyMemberHistory is not granted to this client: it stays unread" in checked.missing
    assert not any("FamilyMemberHistory cannot" in line for line in checked.missing)


def test_a_check_names_the_types_that_are_granted_in_part():
    checked = check("system/*.write system/*.rs?category=laboratory", "shadow")

    assert "Observation is granted in part only: the rest stays unseen" in checked.missing


def test_a_check_says_where_the_scopes_cannot_be_read():
    assert any("cannot be understood" in line for line in check("user_impersonation").missing)


def test_required_types_that_are_not_granted_stop_everything():
    with pytest.raises(EHRRefused, match=r"\(Condition.*ask your EHR team"):
        check("system/Patient.read")


def test_a_live_site_that_may_not_write_cannot_work():
    checked = check("system/*.read system/Flag.write")

    assert not checked.can_work
    assert "Task may not be written" in checked.why_not


def test_a_shadow_site_need_not_write():
    assert check("system/*.read", "shadow").can_work
