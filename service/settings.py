"""Every setting: its type, its default, one sentence, and its unit in the name.

They come from environment variables `BONEFLAG_…` and, for secrets, from files of the same name in
lower case under `/run/secrets` (or `BONEFLAG_SECRETS_DIRECTORY`). docs/settings.md and
.env.example are generated from this file. Only `service.wiring` and the doors read it.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

PREFIX = "BONEFLAG_"
DEFAULT_SECRETS_DIRECTORY = "/run/secrets"
AUTO = "auto"
COHORT_SOURCES = (
    "code-search",
    "group",
    "patient-list",
    "id-file",
    "bulk-group",
    "appointments",
)


class SettingsInvalid(Exception):
    """A setting is missing or wrong; the message says which and what to do, never its value."""


class Settings(BaseSettings):
    """The settings of one deployment, which serves one EHR."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", hide_input_in_errors=True)

    site_id: str = Field(
        "site",
        min_length=1,
        description="Name of this site; part of every alert's identifier, so never change it.",
    )
    mode: Literal["shadow", "live"] = Field(
        "shadow",
        description="`shadow` writes nothing to the EHR; `live` posts alerts once `boneflag golive`"
        " has approved the protocol.",
    )
    fhir_base_url: str = Field(
        "", description="Base URL of the FHIR R4 server, such as `https://ehr.example/fhir/r4`."
    )
    fhir_bearer_token: SecretStr = Field(
        SecretStr(""), description="A fixed access token, for gateways and sandboxes."
    )
    fhir_user: str = Field("", description="User for basic authentication.")
    fhir_password: SecretStr = Field(
        SecretStr(""), description="Password for basic authentication."
    )
    smart_client_id: str = Field(
        "", description="Client id for SMART Backend Services, as your EHR team registered it."
    )
    smart_key_files: str = Field(
        "",
        description="Files with the private keys of SMART Backend Services (PEM, JWK or JWKS),"
        " separated by commas: the first signs, the next is tried while the EHR does not know it.",
    )
    smart_token_url: str = Field(
        "",
        description="Token endpoint; empty takes what the EHR says, which must be on its own"
        " server.",
    )
    smart_scopes: str = Field(
        "",
        description="Scopes to ask for, separated by spaces; empty derives them from the protocol"
        " and the mode.",
    )
    fhir_client_certificate_file: str = Field(
        "", description="PEM file with our certificate, where the EHR asks for one (mTLS)."
    )
    fhir_client_key_file: str = Field(
        "", description="PEM file with its private key; empty where the certificate's file has it."
    )
    fhir_allow_plain_http: bool = Field(
        False, description="Allow http without TLS to another host; only inside a closed network."
    )
    fhir_ca_file: str = Field(
        "", description="PEM file with the certificate authority of the hospital, if private."
    )
    fhir_max_connections: int = Field(
        5, ge=1, le=5, description="Most connections to the EHR at a time from one process."
    )
    ehr_requests_per_second: float = Field(
        10.0,
        ge=0.5,
        description="Most requests to the EHR in a second, of all workers together, over any ten"
        " seconds.",
    )
    ehr_busy_hours: str = Field(
        "",
        pattern=r"^$|^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$",
        description="Local time in which the EHR is busy and the lower rate holds, such as"
        " `07:00-19:00`; empty: one rate around the clock.",
    )
    ehr_busy_requests_per_second: float = Field(
        2.0, ge=0.5, description="Most requests to the EHR in a second during its busy hours."
    )
    ehr_requests_per_day: int = Field(
        0,
        ge=0,
        description="Most requests to the EHR from one midnight to the next, writes included; 0 is"
        " no budget. What is left comes the next day.",
    )
    fhir_read_timeout_seconds: float = Field(
        60.0, gt=0, description="Longest wait for an answer to one request."
    )
    fhir_page_size: int = Field(
        500, ge=1, description="Resources asked for on one page; servers may give fewer."
    )
    fhir_post_search: bool = Field(
        True, description="Search by POST where the server takes it, to keep ids out of URLs."
    )
    reading: Literal["auto", "batched", "per-patient", "everything", "bulk"] = Field(
        "auto", description="How charts are read; `boneflag check` says what `auto` chooses."
    )
    delivery: Literal[
        "auto",
        "flag-and-task",
        "flag",
        "task",
        "communication",
        "service-request",
        "worklist-file",
        "cds-hooks",
    ] = Field(
        "auto", description="How alerts are shown; `boneflag check` says what `auto` chooses."
    )
    batch_size: int = Field(60, ge=1, le=200, description="People read together in one batch.")
    cohort_sources: str = Field(
        "auto",
        description="Where the cohort comes from, separated by commas: `code-search`, `group`,"
        " `patient-list`, `id-file`, `bulk-group`, `appointments`; `auto` takes all that are set"
        " below, else `code-search` (docs/cohort.md).",
    )
    cohort_group_ids: str = Field(
        "", description="Ids of FHIR Groups that hold the cohort, separated by commas."
    )
    cohort_list_ids: str = Field(
        "",
        description="Identifiers (`system|value`) of patient lists of the EHR that hold the cohort,"
        " separated by commas.",
    )
    cohort_file: str = Field(
        "",
        description="File with the people of the cohort: FHIR ids or record numbers, as CSV or"
        " NDJSON.",
    )
    cohort_file_system: str = Field(
        "",
        description="Identifier system of the record numbers in the files of people, such as"
        " `urn:oid:1.2.3`; empty: a single column holds FHIR ids.",
    )
    cohort_exclude_file: str = Field(
        "",
        description="File with people who must not be looked at, such as those who opted out and"
        " test patients; same format.",
    )
    cohort_appointment_days: int = Field(
        0,
        ge=0,
        le=365,
        description="People with an appointment within so many days belong to the cohort; 0 asks"
        " for no appointments.",
    )
    cohort_alarm_percent: int = Field(
        20,
        ge=1,
        le=100,
        description="A cohort that moves by more than this share is not taken over until somebody"
        " accepts it (`boneflag cohort --accept`).",
    )
    bulk_level: Literal["group", "patient", "system"] = Field(
        "group", description="What a bulk export is asked for: one Group, all patients, everything."
    )
    bulk_group_id: str = Field(
        "", description="Id of the Group to export; empty takes the first of the cohort's Groups."
    )
    bulk_filters_observations: bool = Field(
        False,
        description="Ask the bulk export for the needed Observations only (`_typeFilter`): smaller,"
        " where the EHR understands it.",
    )
    bulk_by_post: bool = Field(
        False, description="Begin a bulk export by POST, as Bulk Data 4.0 wants it, not by GET."
    )
    bulk_spool_directory: str = Field(
        "",
        description="Directory on a disk for a bulk export while it is read, encrypted and without"
        " a name; empty takes the system's own.",
    )
    bulk_patience_hours: int = Field(
        72, ge=1, description="Longest time from asking for a bulk export to having read it."
    )
    database_url: str = Field(
        "sqlite:///boneflag.sqlite3",
        description="The ledger: `sqlite:///file` or `postgresql+psycopg://user:password@host/db`.",
    )
    redis_url: SecretStr = Field(
        SecretStr(""),
        description="Redis for the queue; empty: `boneflag sweep` starts an embedded one and"
        " workers, for a first look only.",
    )
    max_new_alerts_per_run: int = Field(
        50, ge=0, description="A run that would open more alerts than this sends nothing."
    )
    max_new_alerts_percent_per_run: float = Field(
        20.0,
        ge=0,
        le=100,
        description="A run that would open alerts about more than this share of the cohort sends"
        " nothing; counts from 10 new alerts on.",
    )
    audit_retention_days: int = Field(
        2190,
        ge=0,
        description="How long the audit is kept; 0 for ever. HIPAA keeps such records six years"
        " (45 CFR 164.316(b)(2)(i)); your own law may say otherwise.",
    )
    history_retention_days: int = Field(
        730,
        ge=0,
        description="How long what was superseded or settled is kept (assessments, plans, runs,"
        " moves of the cohort); 0 for ever. A local choice.",
    )
    left_people_retention_days: int = Field(
        2190,
        ge=0,
        description="How long somebody is remembered who left the cohort, with nothing open and no"
        " decision standing; 0 for ever. A local choice.",
    )
    attempts_per_run: int = Field(
        5, ge=1, description="How often one person's screening is tried in one run."
    )
    poll_interval_seconds: int = Field(
        300, ge=10, description="How often the EHR is asked who changed."
    )
    sweep_at: str = Field(
        "02:00",
        pattern=r"^([01]\d|2[0-3]):[0-5]\d$",
        description="Local time of the nightly sweep of the whole cohort.",
    )
    time_zone: str = Field(
        "UTC", description="IANA time zone of the hospital; decides which day today is."
    )
    use_cpt: bool = Field(
        True, description="Use CPT numbers (AMA copyright; needs a licence in the USA)."
    )
    protocol_overlay: str = Field(
        "",
        description="YAML file in which the hospital changes the protocol (docs/protocol.md); empty"
        " uses the protocol as it ships.",
    )
    alert_author: str = Field(
        "", description="Reference for Flag.author and Task.requester, such as `Device/boneflag`."
    )
    alert_owner: str = Field(
        "", description="Reference for Task.owner, such as `PractitionerRole/bone-clinic`."
    )
    alert_recipients: str = Field(
        "",
        description="Staff who are told, as references separated by commas, such as"
        " `Practitioner/1,osteoporosis-treatment-gap=Group/2`, where a kind of alert may have its"
        " own; they also own a Task where ALERT_OWNER is empty.",
    )
    closing_message: bool = Field(
        False, description="Send a second message when an alert that was told by message is over."
    )
    write_provenance: bool = Field(
        False, description="Write a Provenance beside each alert where the EHR takes one."
    )
    repeat_on_new_channel: bool = Field(
        False,
        description="After a change of DELIVERY, tell the alerts that stand open again by the new"
        " one.",
    )
    cds_hooks_url: str = Field(
        "",
        description="Address at which the EHR reaches this service, such as"
        " `https://boneflag.example`, without `/cds-services`; empty: no cards are served"
        " (docs/cds-hooks.md).",
    )
    cds_hooks_issuers: str = Field(
        "",
        description="Who may ask for cards: the `iss` of their tokens, letter by letter, separated"
        " by commas.",
    )
    cds_hooks_key_urls: str = Field(
        "",
        description="Addresses of the JWK Sets of those who ask for cards, separated by commas; no"
        " other `jku` is ever fetched, and the first holds for tokens that name none.",
    )
    cds_hooks_origins: str = Field(
        "",
        description="Origins of browsers that may ask for cards (CORS), such as"
        " `https://ehr.example`, separated by commas; an EHR that asks from its server needs none.",
    )
    cds_hooks_patience_seconds: float = Field(
        2.0,
        gt=0,
        le=10,
        description="Longest time in which what a card request lacks is fetched from the EHR; then"
        " the answer is given from what is there.",
    )
    cards_beside: bool = Field(
        False,
        description="Show alerts as cards too that stand told by another channel, such as a Flag.",
    )
    card_source_url: str = Field(
        "",
        description="Page of the hospital about this programme, to which the source of a card"
        " leads; empty: no link.",
    )
    worklist_file: str = Field(
        "",
        description="Path of the worklist without an ending: `.csv` and `.ndjson` are added; it"
        " holds patient data, in a folder that every worker can write to.",
    )
    alert_profiles: bool = Field(
        False, description="Name our profiles in meta.profile; the server must hold them."
    )
    health_max_age_seconds: int = Field(
        1800, ge=1, description="Ready needs a real answer of the EHR within this time."
    )
    notice_secret: SecretStr = Field(
        SecretStr(""),
        description="What the EHR must show, or sign with, when it tells at `/notices` that"
        " something changed; empty: there is no such page (docs/notices.md).",
    )
    notice_url: str = Field(
        "",
        description="Address of `/notices` as the EHR reaches it, for `boneflag subscribe`, such as"
        " `https://boneflag.hospital.example/notices`.",
    )
    metrics_token: SecretStr = Field(
        SecretStr(""),
        description="What Prometheus must show as a bearer token at `/metrics`; empty: there is no"
        " such page (docs/monitoring.md).",
    )
    traces_url: str = Field(
        "",
        description="Where an OpenTelemetry collector takes traces by OTLP over HTTP, such as"
        " `http://collector:4318/v1/traces`; empty: none are made (docs/monitoring.md).",
    )
    page_url: str = Field(
        "",
        description="Address of the pages as browsers see it, such as"
        " `https://boneflag.hospital.example`, without a path; empty: there are none"
        " (docs/pages.md).",
    )
    page_password: SecretStr = Field(
        SecretStr(""),
        description="Password for the pages of a demo; refused where the pages or the EHR are not"
        " on this machine.",
    )
    page_patience_seconds: float = Field(
        5.0,
        gt=0,
        description="Longest wait for the EHR while a clinician opens a patient's page; after it"
        " the page shows what the ledger holds.",
    )
    page_source_url: str = Field(
        "",
        description="Link into the EHR for each resource that the patient's page names, such as"
        " `https://ehr.example/open?type={type}&id={id}`; empty: `Condition/123` is plain text.",
    )
    sign_in_issuer: str = Field(
        "",
        description="Issuer of the OpenID Connect provider with which operators and clinical leads"
        " sign in to the pages, such as `https://login.hospital.example/realms/staff`.",
    )
    sign_in_client_id: str = Field(
        "", description="Client id that the provider gave to the pages (docs/pages.md)."
    )
    sign_in_client_secret: SecretStr = Field(
        SecretStr(""), description="Its secret; empty for a public client."
    )
    sign_in_scopes: str = Field(
        "openid profile email", description="Scopes to ask the provider for, separated by spaces."
    )
    sign_in_name_claim: str = Field(
        "preferred_username",
        description="Claim that names who looks, in the audit; one that people cannot change by"
        " themselves. Where it is missing, the subject (`sub`) stands there.",
    )
    sign_in_roles_claim: str = Field(
        "roles",
        description="Claim with the roles or groups of a person; dots lead inwards, as in"
        " `realm_access.roles`.",
    )
    sign_in_lead_values: str = Field(
        "boneflag-clinical-lead",
        description="Roles or groups that make somebody a clinical lead, separated by commas.",
    )
    sign_in_operator_values: str = Field(
        "boneflag-operator",
        description="Roles or groups that make somebody an operator, separated by commas.",
    )
    sign_in_ca_file: str = Field(
        "",
        description="PEM file with the certificate authority of the provider, if private; it need"
        " not be the one of the EHR.",
    )
    launch_client_id: str = Field(
        "",
        description="Client id of SMART App Launch, by which a clinician opens a patient's page"
        " from the chart; empty: there is no such way in.",
    )
    launch_client_secret: SecretStr = Field(
        SecretStr(""), description="Its secret; empty for a public client."
    )
    launch_frame_origins: str = Field(
        "",
        description="Origins of the EHR that may show a patient's page in a frame, such as"
        " `https://ehr.example`, separated by commas; empty: none may.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Least severe level that is logged."
    )

    @field_validator("cohort_sources")
    @classmethod
    def _are_known_sources(cls, value: str) -> str:
        unknown = [name for name in _listed(value) if name not in (AUTO, *COHORT_SOURCES)]
        if unknown or not _listed(value):
            raise ValueError(f"takes auto, or some of: {', '.join(COHORT_SOURCES)}")
        return value

    @field_validator("time_zone")
    @classmethod
    def _is_known_time_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError("not an IANA time zone such as Europe/Berlin") from error
        return value

    @field_validator("ehr_busy_hours")
    @classmethod
    def _has_two_ends(cls, value: str) -> str:
        if value and value[:5] == value[6:]:
            raise ValueError("begins when it ends: write such as 07:00-19:00")
        return value

    @model_validator(mode="after")
    def _has_whole_login(self) -> Settings:
        if bool(self.fhir_user) != bool(self.fhir_password.get_secret_value()):
            raise ValueError("FHIR_USER and FHIR_PASSWORD belong together: give both or neither")
        if bool(self.smart_client_id) != bool(self.smart_key_files):
            raise ValueError(
                "SMART_CLIENT_ID and SMART_KEY_FILES belong together: give both or neither"
            )
        if bool(self.sign_in_issuer) != bool(self.sign_in_client_id):
            raise ValueError(
                "SIGN_IN_ISSUER and SIGN_IN_CLIENT_ID belong together: give both or neither"
            )
        if self.fhir_client_key_file and not self.fhir_client_certificate_file:
            raise ValueError("FHIR_CLIENT_KEY_FILE needs FHIR_CLIENT_CERTIFICATE_FILE")
        return self

    @model_validator(mode="after")
    def _has_one_login(self) -> Settings:
        logins = {
            "FHIR_BEARER_TOKEN": self.fhir_bearer_token.get_secret_value(),
            "FHIR_USER": self.fhir_user,
            "SMART_CLIENT_ID": self.smart_client_id,
        }
        given = [name for name, value in logins.items() if value]
        if len(given) > 1:
            raise ValueError(f"{' and '.join(given)} are different logins: give one of them")
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The hospital's time zone."""
        return ZoneInfo(self.time_zone)

    @property
    def group_ids(self) -> tuple[str, ...]:
        """The cohort's Groups."""
        return _listed(self.cohort_group_ids)

    @property
    def list_ids(self) -> tuple[str, ...]:
        """The identifiers of the cohort's patient lists."""
        return _listed(self.cohort_list_ids)

    @property
    def card_issuers(self) -> tuple[str, ...]:
        """Who may ask for cards."""
        return _listed(self.cds_hooks_issuers)

    @property
    def card_key_urls(self) -> tuple[str, ...]:
        """Where their keys are."""
        return _listed(self.cds_hooks_key_urls)

    @property
    def card_origins(self) -> tuple[str, ...]:
        """The origins of browsers that may ask."""
        return _listed(self.cds_hooks_origins)

    @property
    def lead_values(self) -> tuple[str, ...]:
        """What makes somebody a clinical lead."""
        return _listed(self.sign_in_lead_values)

    @property
    def operator_values(self) -> tuple[str, ...]:
        """What makes somebody an operator."""
        return _listed(self.sign_in_operator_values)

    @property
    def frame_origins(self) -> tuple[str, ...]:
        """Who may show a patient's page in a frame."""
        return _listed(self.launch_frame_origins)

    @property
    def configured_sources(self) -> tuple[str, ...]:
        """The cohort sources that are given what they need; the search by code needs nothing."""
        given = {
            "group": self.group_ids,
            "patient-list": self.list_ids,
            "id-file": self.cohort_file,
            "bulk-group": self.exported_group_id,
            "appointments": self.cohort_appointment_days,
        }
        return tuple(name for name in COHORT_SOURCES if given.get(name))

    @property
    def exported_group_id(self) -> str:
        """The Group whose members or charts are exported; "" for none."""
        return self.bulk_group_id or next(iter(self.group_ids), "")

    @property
    def wanted_sources(self) -> tuple[str, ...]:
        """The cohort sources as they were set; `auto` leaves the choice to the strategy."""
        return _listed(self.cohort_sources)

    @property
    def source_names(self) -> tuple[str, ...]:
        """The cohort sources that may be asked: as set, else all configured ones, else by code."""
        if AUTO not in self.wanted_sources:
            return self.wanted_sources
        return self.configured_sources or ("code-search",)


def _listed(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


@cache
def load_settings() -> Settings:
    """Read the settings once for each process; raises SettingsInvalid with every fault at once."""
    named = os.environ.get(PREFIX + "SECRETS_DIRECTORY")
    folder = Path(named or DEFAULT_SECRETS_DIRECTORY)
    if named and not folder.is_dir():
        raise SettingsInvalid(f"{PREFIX}SECRETS_DIRECTORY is not a directory: secrets are missing")
    sources: dict[str, Any] = {"_secrets_dir": folder} if folder.is_dir() else {}
    try:
        return Settings(**sources)
    except ValidationError as error:
        raise SettingsInvalid(_sentence(error)) from None
    except SettingsError:
        raise SettingsInvalid(
            "a secret's file cannot be read: the user that runs BoneFlag must be allowed to"
        ) from None


def _sentence(error: ValidationError) -> str:
    faults = []
    for fault in error.errors(include_input=False, include_url=False):
        name = PREFIX + "_".join(str(p) for p in fault["loc"]).upper() if fault["loc"] else ""
        faults.append(f"{name}: {fault['msg']}" if name else fault["msg"])
    return "settings cannot be used: " + "; ".join(faults)


def require_base_url(settings: Settings) -> str:
    """The FHIR base URL; SettingsInvalid where none is given."""
    if not settings.fhir_base_url:
        raise SettingsInvalid(
            f"{PREFIX}FHIR_BASE_URL is not set: give the base URL of your FHIR R4 server"
        )
    return settings.fhir_base_url
