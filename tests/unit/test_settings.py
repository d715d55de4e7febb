"""Settings: from the environment and from secret files; one sentence for what is wrong."""

import pytest

from service.settings import Settings, SettingsInvalid, load_settings, require_base_url


@pytest.fixture(autouse=True)
def no_settings(monkeypatch):
    """No settings of whoever runs the tests, and none of the test before."""
    import os

    for name in [n for n in os.environ if n.startswith("BONEFLAG_")]:
        monkeypatch.delenv(name)
    load_settings.cache_clear()
    yield
    load_settings.cache_clear()


def test_nothing_is_written_to_the_ehr_unless_somebody_said_live():
    assert load_settings().mode == "shadow"


WRONG = {
    "BONEFLAG_MODE": "lively-s3cret",
    "BONEFLAG_BATCH_SIZE": "many-s3cret",
    "BONEFLAG_FHIR_MAX_CONNECTIONS": "6",
    "BONEFLAG_FHIR_READ_TIMEOUT_SECONDS": "0",
    "BONEFLAG_MAX_NEW_ALERTS_PER_RUN": "-1",
    "BONEFLAG_POLL_INTERVAL_SECONDS": "9",
    "BONEFLAG_SWEEP_AT": "25:00-s3cret",
    "BONEFLAG_TIME_ZONE": "Mars/s3cret",
    "BONEFLAG_USE_CPT": "perhaps-s3cret",
    "BONEFLAG_LOG_LEVEL": "LOUD-s3cret",
    "BONEFLAG_SITE_ID": "",
    "BONEFLAG_ATTEMPTS_PER_RUN": "0",
}


@pytest.mark.parametrize("name", sorted(WRONG))
def test_a_wrong_setting_is_named_in_one_sentence_without_its_value(monkeypatch, name):
    monkeypatch.setenv(name, WRONG[name])

    with pytest.raises(SettingsInvalid) as error:
        load_settings()

    said = str(error.value)
    assert name in said
    assert "\n" not in said
    assert "s3cret" not in said


def test_all_wrong_settings_are_named_at_once(monkeypatch):
    monkeypatch.setenv("BONEFLAG_MODE", "both")
    monkeypatch.setenv("BONEFLAG_SWEEP_AT", "noon")

    with pytest.raises(SettingsInvalid, match=r"BONEFLAG_MODE: .*; BONEFLAG_SWEEP_AT: "):
        load_settings()


@pytest.mark.parametrize("given", ["BONEFLAG_FHIR_USER", "BONEFLAG_FHIR_PASSWORD"])
def test_half_a_login_is_no_login(monkeypatch, given):
    monkeypatch.setenv(given, "s3cret")

    with pytest.raises(SettingsInvalid, match="belong together") as error:
        load_settings()

    assert "s3cret" not in str(error.value)


def test_a_secret_is_read_from_its_file(monkeypatch, tmp_path):
    (tmp_path / "boneflag_fhir_bearer_token").write_text("s3cret\n")
    monkeypatch.setenv("BONEFLAG_SECRETS_DIRECTORY", str(tmp_path))

    assert load_settings().fhir_bearer_token.get_secret_value() == "s3cret"


def test_the_environment_wins_over_a_secrets_file(monkeypatch, tmp_path):
    (tmp_path / "boneflag_fhir_bearer_token").write_text("from the file")
    monkeypatch.setenv("BONEFLAG_SECRETS_DIRECTORY", str(tmp_path))
    monkeypatch.setenv("BONEFLAG_FHIR_BEARER_TOKEN", "from the environment")

    assert load_settings().fhir_bearer_token.get_secret_value() == "from the environment"


def test_a_secrets_directory_that_is_not_there_is_an_error_and_not_no_secrets(monkeypatch):
    monkeypatch.setenv("BONEFLAG_SECRETS_DIRECTORY", "/nowhere/at/all")

    with pytest.raises(SettingsInvalid, match="SECRETS_DIRECTORY is not a directory"):
        load_settings()


def test_a_secret_that_is_no_text_is_told_without_its_content(monkeypatch, tmp_path):
    (tmp_path / "boneflag_fhir_bearer_token").write_bytes(b"\xff\xfes3cret\xff")
    monkeypatch.setenv("BONEFLAG_SECRETS_DIRECTORY", str(tmp_path))

    with pytest.raises(SettingsInvalid, match="secret's file cannot be read") as error:
        load_settings()

    assert "s3cret" not in str(error.value)


def test_secrets_are_not_shown_by_the_settings_themselves(monkeypatch):
    for name in ("FHIR_BEARER_TOKEN", "REDIS_URL"):
        monkeypatch.setenv(f"BONEFLAG_{name}", "s3cret")

    assert "s3cret" not in repr(load_settings())


def test_settings_are_read_once_for_each_process(monkeypatch):
    first = load_settings()
    monkeypatch.setenv("BONEFLAG_MODE", "live")

    assert load_settings() is first


def test_the_groups_of_the_cohort_are_separated_by_commas():
    assert Settings(cohort_group_ids=" ms-a, ms-b,,").group_ids == ("ms-a", "ms-b")
    assert Settings().group_ids == ()


def test_the_base_url_of_the_ehr_has_no_default():
    with pytest.raises(SettingsInvalid, match="BONEFLAG_FHIR_BASE_URL is not set"):
        require_base_url(Settings())
    assert require_base_url(Settings(fhir_base_url="https://e.example")) == "https://e.example"


# Where the cohort comes from


@pytest.mark.parametrize("value", ["", "registry", "group, registry", "auto,nothing"])
def test_a_cohort_source_that_nobody_knows_is_refused(value):
    with pytest.raises(ValueError, match="code-search, group, patient-list, id-file"):
        Settings(cohort_sources=value)


def test_several_cohort_sources_may_be_named():
    assert Settings(cohort_sources="group, id-file").wanted_sources == ("group", "id-file")


def test_a_cohort_source_is_configured_where_its_setting_is_given():
    settings = Settings(cohort_list_ids="urn:x|1", cohort_file="people.csv")

    assert settings.configured_sources == ("patient-list", "id-file")


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({}, ("code-search",)),
        ({"cohort_file": "people.csv"}, ("id-file",)),
        (
            {"cohort_sources": "code-search,group", "cohort_group_ids": "g1"},
            ("code-search", "group"),
        ),
    ],
)
def test_without_a_wish_every_configured_source_is_asked_and_else_the_search_by_code(given, names):
    assert Settings(**given).source_names == names
