"""Trying a change and keeping it as a draft: what is taken, what is refused, what is never done."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
import redis
from pydantic import SecretStr

from service.queue import SCREEN_QUEUE, queue_key
from service.screening.overlay import overlay_from
from service.settings import Settings
from service.store.drafts import NewDraft
from service.store.ledger import Ledger
from service.store.simulations import Question, Simulations
from service.web.access.visitor import Role
from service.wiring import configured_for
from tests.lib.overlays import APPROVED
from tests.lib.pages import browsing

EDSS = "criteria.MSO-02.numbers.edss_at_least"
COUNTS = {
    "on": "2026-11-23",
    "today": {"version": "1", "digest": "a"},
    "changed": {"version": "2", "digest": "b"},
    "cohort": 300,
    "is_cohort_complete": True,
    "judged": 300,
    "failed": 0,
    "unread": ["FamilyMemberHistory"],
    "due": {"today": 100, "changed": 160, "newly": 60, "no_longer": None},
    "steps": [{"today": "not-at-risk", "changed": "due", "people": 60}],
    "criteria": [{"number": "MSO-02", "title": "EDSS", "newly": 60, "no_longer": None}],
    "new_alerts": {"today": 10, "changed": 160},
    "scans": {
        "today": {"backlog": 100, "waiting": 10, "monthly": [None] * 12, "a_year": None},
        "changed": {"backlog": 160, "waiting": 10, "monthly": [None] * 12, "a_year": None},
    },
}


@pytest.fixture
def client(redis_url):
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
        yield client


@pytest.fixture(scope="module")
def ledger(tmp_path_factory):
    path = tmp_path_factory.mktemp("ledger") / "ledger.sqlite3"
    with Ledger(f"sqlite:///{path}", attempts_in_a_run=5) as ledger:
        ledger.migrate()
        yield ledger


@pytest.fixture
def browser(ledger, client, redis_url, tmp_path):
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text(APPROVED)
    settings = Settings(
        protocol_overlay=str(overlay), redis_url=SecretStr(redis_url), site_id="ward"
    )
    for draft in ledger.drafts.newest(100):
        ledger.drafts.delete(draft.id, "test", datetime.now(UTC))
    with browsing(settings, ledger, redis_url) as browser:
        browser.signs_in(Role.CLINICAL_LEAD)
        yield browser


@pytest.fixture
def simulations(client):
    return Simulations(client, "ward")


def now():
    return datetime.now(UTC)


def test_the_form_sent_as_it_stands_changes_nothing(browser, ledger):
    assert browser.sends("/protocol/change", act="save", title="As it is").status_code == 303
    (draft,) = ledger.drafts.newest(2)
    assert overlay_from(draft.overlay_text).entries == {}


def test_a_number_of_many_places_stays_what_it_is_in_a_form_sent_as_it_stands(
    browser, ledger, tmp_path
):
    exact = "criteria: {MSO-02: {numbers: {edss_at_least: {value: 5.1234567, source: us}}}}\n"
    (tmp_path / "overlay.yaml").write_text(APPROVED + exact)
    assert "5.1234567" in browser.reads("/protocol")
    form = browser.reads("/protocol/change")
    shown = re.search(rf'name="{EDSS}" [^>]*value="([^"]+)"', form)[1]
    browser.sends("/protocol/change", act="save", **{EDSS: shown})
    (draft,) = ledger.drafts.newest(2)
    entry = overlay_from(draft.overlay_text).entries["MSO-02"]
    assert entry.numbers["edss_at_least"].value == 5.1234567


def test_what_was_changed_is_saved_with_the_name_of_who_is_signed_in(browser, ledger):
    fields = {EDSS: "5.5", "on.MSO-11": "no", "title": "Earlier", "review_by": "2027-01-31"}
    answer = browser.sends("/protocol/change", act="save", **fields)
    (draft,) = ledger.drafts.newest(2)
    assert answer.headers["location"] == f"/protocol/drafts/{draft.id}"
    overlay = overlay_from(draft.overlay_text)
    assert overlay.entries["MSO-02"].numbers["edss_at_least"].value == 5.5
    assert overlay.entries["MSO-11"].is_on is False
    assert (overlay.author.name, overlay.approver) == ("A. Lead", None)


@pytest.mark.parametrize("value", ["9.6", "0.4", "many", "nan", "inf"])
def test_a_number_outside_its_bounds_is_refused_with_what_it_is(browser, ledger, value):
    answer = browser.sends("/protocol/change", act="save", **{EDSS: value})
    assert answer.status_code == 400
    assert "EDSS" in answer.text
    assert ledger.drafts.newest(1) == []


@pytest.mark.parametrize("field", [{"slots": "-1"}, {"slots": "1.5"}, {"sample": "0"}])
def test_slots_and_people_are_whole_numbers(browser, simulations, field):
    answer = browser.sends("/protocol/change", act="simulate", **field)
    assert answer.status_code == 400
    assert simulations.newest(now()) is None


def test_a_title_that_no_alert_may_say_does_not_matter_in_a_draft_but_a_long_one_does(browser):
    assert browser.sends("/protocol/change", act="save", title="x" * 301).status_code == 400


def test_a_change_that_is_tried_is_queued_by_its_number_alone(browser, client, simulations):
    answer = browser.sends("/protocol/change", act="simulate", **{EDSS: "5", "slots": "20"})
    assert answer.headers["location"] == "/protocol/simulation"
    asked = simulations.newest(now())
    assert (asked.state, asked.question.slots, asked.question.sample) == ("waiting", 20, None)
    (message,) = client.lrange(queue_key(SCREEN_QUEUE), 0, -1)
    assert b"A. Lead" not in message


def test_who_tried_what_is_in_the_audit(browser, ledger):
    browser.sends("/protocol/change", act="simulate", **{EDSS: "5"})
    row = list(ledger.audit.rows())[-1]
    assert (row.what, row.by_whom) == ("simulate", "A. Lead")
    assert row.protocol_digest.startswith("sha256:")


def test_who_cancelled_it_is_in_the_audit_once(browser, ledger, simulations):
    browser.sends("/protocol/change", act="simulate")
    number = simulations.newest(now()).number
    browser.signs_in(Role.CLINICAL_LEAD, name="B. Lead")
    before = len(list(ledger.audit.rows()))
    for _ in range(2):
        browser.sends("/protocol/simulation", act="cancel", number=number)
    (row,) = list(ledger.audit.rows())[before:]
    assert (row.what, row.by_whom) == ("simulation cancelled", "B. Lead")


def test_a_second_one_is_refused_while_the_first_is_under_way(browser):
    browser.sends("/protocol/change", act="simulate")
    answer = browser.sends("/protocol/change", act="simulate")
    assert answer.status_code == 409
    assert "under way" in answer.text


def test_a_queue_that_fails_in_this_moment_keeps_nobody_off(browser, client, simulations):
    client.execute_command("ACL SETUSER default -lpush")
    try:
        answer = browser.sends("/protocol/change", act="simulate")
    finally:
        client.execute_command("ACL SETUSER default +lpush")
    assert (answer.status_code, "their queue cannot be reached" in answer.text) == (503, True)
    assert simulations.newest(now()).state == "failed"
    assert browser.sends("/protocol/change", act="simulate").status_code == 303


def test_a_ledger_that_takes_no_audit_starts_nothing_and_keeps_nobody_off(
    browser, client, simulations, ledger
):
    with ledger.audit._database.writing() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    try:
        assert browser.sends("/protocol/change", act="simulate").status_code == 503
    finally:
        with ledger.audit._database.writing() as connection:
            connection.exec_driver_sql("DROP TRIGGER full")
    assert simulations.newest(now()).state == "failed"
    assert client.llen(queue_key(SCREEN_QUEUE)) == 0


def test_a_form_of_yesterday_does_not_undo_what_was_decided_since(browser, ledger, tmp_path):
    form = browser.reads("/protocol/change")
    begun_with = re.search(r'name="begun_with" value="(sha256:\w+)"', form)[1]
    fields = {"act": "save", "begun_with": begun_with, "on.MSO-11": "yes"}
    decided = APPROVED + "criteria: {MSO-11: {is_on: false}}\n"
    (tmp_path / "overlay.yaml").write_text(decided)
    answer = browser.sends("/protocol/change", **fields)
    assert (answer.status_code, ledger.drafts.newest(1)) == (409, [])
    (tmp_path / "overlay.yaml").write_text(APPROVED)
    assert browser.sends("/protocol/change", **fields).status_code == 303


def test_an_answer_by_a_protocol_that_is_in_force_no_more_says_so(browser, simulations):
    digest = configured_for(browser.desk.settings)[0].digest
    for today, says in ((digest, False), ("sha256:abc", True)):
        browser.sends("/protocol/change", act="simulate")
        number = simulations.newest(now()).number
        simulations.finish(number, {**COUNTS, "today": {"version": "1", "digest": today}})
        text = browser.reads("/protocol/simulation")
        assert ("The protocol in force has changed since" in text) is says


def test_nothing_is_started_while_it_is_paused(browser, ledger, simulations):
    ledger.switches.pause("EHR upgrade", now())
    try:
        assert browser.sends("/protocol/change", act="simulate").status_code == 409
    finally:
        ledger.switches.resume()
    assert simulations.newest(now()) is None


def test_a_simulation_survives_a_reload_and_can_be_cancelled(browser, simulations):
    browser.sends("/protocol/change", act="simulate")
    number = simulations.newest(now()).number
    assert "Waiting for a worker" in browser.reads("/protocol/simulation")
    simulations.take(number, now())
    simulations.progress(number, 60, 300, now())
    assert "60 of 300 people read" in browser.reads("/protocol/simulation")
    assert browser.client.get("/protocol/simulation/progress").json() == {
        "state": "reading",
        "done": 60,
        "total": 300,
    }
    browser.sends("/protocol/simulation", act="cancel", number=number)
    assert "It was cancelled." in browser.reads("/protocol/simulation")


def test_an_answer_shows_what_moves_the_limits_and_the_slots(browser, simulations):
    browser.sends("/protocol/change", act="simulate", slots="50")
    simulations.take(simulations.newest(now()).number, now())
    simulations.finish(simulations.newest(now()).number, COUNTS)
    text = browser.reads("/protocol/simulation")
    assert "160 new alerts, the limit is 50" in text
    assert "after 4 months" in text
    assert "7 or fewer" in text
    assert "FamilyMemberHistory could not be read" in text
    assert "after 16 months" in browser.reads("/protocol/simulation?slots=10")


@pytest.mark.parametrize(
    ("alerts", "says"),
    [
        (None, "go on"),
        (45, "go on"),
        (50, "perhaps be held"),
        (55, "55 new alerts, the limit is 50"),
    ],
)
def test_whether_a_run_would_be_held_is_not_claimed_where_rounding_decides(
    browser, simulations, alerts, says
):
    browser.sends("/protocol/change", act="simulate")
    number = simulations.newest(now()).number
    counts = {"today": None, "changed": alerts}
    simulations.finish(number, {**COUNTS, "new_alerts": counts})
    page = browser.reads("/protocol/simulation")
    assert says in re.search(r'>Changed</th>.*?"A run would">(.*)</td></tr>', page)[1]


def test_why_there_is_no_answer_is_told(browser, simulations):
    browser.sends("/protocol/change", act="simulate")
    simulations.fail(simulations.newest(now()).number, "The EHR is away.")
    assert "It ended without an answer. The EHR is away." in browser.reads("/protocol/simulation")


def test_what_was_tried_can_be_saved_as_a_draft(browser, simulations, ledger):
    browser.sends("/protocol/change", act="simulate", title="Earlier", **{EDSS: "5"})
    asked = simulations.newest(now())
    browser.sends("/protocol/simulation", act="save", number=asked.number)
    (draft,) = ledger.drafts.newest(2)
    assert (draft.title, draft.overlay_text) == ("Earlier", asked.question.overlay_text)


def test_what_was_tried_by_another_version_cannot_become_a_draft_and_says_so(browser, simulations):
    newer = "overlay: here\nfor: ms-bone-health\nfor_version: 99.0.0\nversion: 1\n"
    number = simulations.begin(Question(newer, "Newer", "A. Lead", None, None), now())
    answer = browser.sends("/protocol/simulation", act="save", number=number)
    assert (answer.status_code, "update BoneFlag" in answer.text) == (409, True)


def test_only_a_clinical_lead_tries_and_deletes(browser, ledger):
    browser.sends("/protocol/change", act="save", title="Earlier", **{EDSS: "5"})
    (draft,) = ledger.drafts.newest(1)
    browser.signs_in(Role.OPERATOR, name="O. Perator")
    for path in ("/protocol/change", "/protocol/simulation", "/protocol/simulation/progress"):
        assert browser.client.get(path).status_code == 403
    assert browser.sends(f"/protocol/drafts/{draft.id}", act="delete").status_code == 403
    assert "Delete" not in browser.reads("/protocol/drafts")
    assert ledger.drafts.get(draft.id) is not None


def test_a_draft_stands_beside_what_is_in_force_with_what_is_missing(browser, ledger):
    browser.sends("/protocol/change", act="save", title="Earlier", **{EDSS: "5"})
    (draft,) = ledger.drafts.newest(1)
    assert "Earlier" in browser.reads("/protocol/drafts")
    text = browser.reads(f"/protocol/drafts/{draft.id}")
    assert f'<code class="small">{EDSS}</code>' in text
    assert "nobody has approved it" in text
    assert "no review date" in text


def test_a_draft_is_downloaded_as_the_file_that_it_is(browser, ledger):
    browser.sends("/protocol/change", act="save", title="Earlier", **{EDSS: "5"})
    (draft,) = ledger.drafts.newest(1)
    answer = browser.client.get(f"/protocol/drafts/{draft.id}/overlay.yaml")
    assert answer.text == draft.overlay_text
    name = f'attachment; filename="st-elsewhere-2-draft-{draft.id}.yaml"'
    assert answer.headers["content-disposition"] == name


def test_the_digest_of_a_draft_is_that_of_its_file_put_in_place(browser, ledger, tmp_path):
    fields = {EDSS: "5.5", "on.MSO-11": "no", "title": "Früher"}
    browser.sends("/protocol/change", act="save", **fields)
    (draft,) = ledger.drafts.newest(1)
    file = tmp_path / "downloaded.yaml"
    file.write_bytes(browser.client.get(f"/protocol/drafts/{draft.id}/overlay.yaml").content)
    placed = browser.desk.settings.model_copy(update={"protocol_overlay": str(file)})
    assert configured_for(placed)[0].digest == draft.protocol_digest
    assert draft.protocol_digest in browser.reads(f"/protocol/drafts/{draft.id}")


def test_a_change_may_begin_with_a_draft(browser, ledger):
    browser.sends("/protocol/change", act="save", title="Earlier", **{EDSS: "5"})
    (draft,) = ledger.drafts.newest(1)
    assert f"begins with draft {draft.id}" in browser.reads(f"/protocol/change?draft={draft.id}")
    browser.sends("/protocol/change", act="save", draft=str(draft.id), **{"on.MSO-11": "no"})
    second = overlay_from(ledger.drafts.newest(1)[0].overlay_text)
    assert set(second.entries) == {"MSO-02", "MSO-11"}


def test_a_deleted_draft_is_gone(browser, ledger):
    browser.sends("/protocol/change", act="save", **{EDSS: "5"})
    (draft,) = ledger.drafts.newest(1)
    browser.sends(f"/protocol/drafts/{draft.id}", act="delete")
    assert browser.client.get(f"/protocol/drafts/{draft.id}").status_code == 404
    assert browser.client.get(f"/protocol/change?draft={draft.id}").status_code == 404


HEAD = "overlay: here\nversion: 1\n"


@pytest.mark.parametrize(
    "text",
    [
        f"{HEAD}for: ms-bone-health\nfor_version: 99.0.0\n",
        f"{HEAD}for: ms-bone-health\nfor_version: 0.1.0\ncriteria: {{MSO-99: {{is_on: false}}}}\n",
        f"{HEAD}for: another-protocol\nfor_version: 0.1.0\n",
        "overlay: [",
    ],
    ids=["newer", "a criterion that is no more", "of another protocol", "no overlay"],
)
def test_a_draft_that_this_version_cannot_read_says_so_and_can_be_taken_home(browser, ledger, text):
    number = ledger.drafts.save(NewDraft("Old", "A. Lead", "sha256:abc", text), "A. Lead", now())
    for path in (f"/protocol/drafts/{number}", f"/protocol/change?draft={number}"):
        answer = browser.client.get(path)
        assert (answer.status_code, "cannot read the draft" in answer.text) == (409, True), path
    assert browser.sends("/protocol/change", act="save", draft=str(number)).status_code == 409
    assert f'href="/protocol/drafts/{number}/overlay.yaml"' in browser.reads("/protocol/drafts")
    assert browser.reads(f"/protocol/drafts/{number}/overlay.yaml") == text
    assert browser.sends(f"/protocol/drafts/{number}", act="delete").status_code == 303
    assert ledger.drafts.get(number) is None


@pytest.mark.parametrize("number", ["9" * 19, "9" * 5000, "-1", "two"])
def test_a_number_that_no_draft_has_is_no_such_draft(browser, number):
    for path in (f"/protocol/drafts/{number}", f"/protocol/change?draft={number}"):
        assert browser.client.get(path).status_code == 404
    assert browser.sends(f"/protocol/drafts/{number}", act="delete").status_code == 404
    assert browser.client.get(f"/protocol/simulation?slots={number}").status_code == 200


def test_a_page_that_watches_a_simulation_keeps_nobody_signed_in(browser, client):
    [session] = [k for k in client.keys("boneflag:session:*") if client.get(k)]
    client.expire(session, 5)
    assert browser.client.get("/protocol/simulation/progress").status_code == 200
    assert client.ttl(session) <= 5
    browser.reads("/protocol/simulation")
    assert client.ttl(session) > 5
