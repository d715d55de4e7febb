"""The dashboard and the alert rules speak of metrics that exist, and every alert has a runbook."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
import yaml

from service.gauges import METRICS
from tests.lib.source_tree import HOME

LABELS = {metric.name: set(metric.labels) for metric in METRICS}
RUNBOOKS = HOME / "docs" / "runbooks"
GROUPS = yaml.safe_load((HOME / "deploy/prometheus/alerts.yml").read_text("utf-8"))["groups"]
RULES = [rule for group in GROUPS for rule in group["rules"]]
DASHBOARD = json.loads((HOME / "deploy/grafana/boneflag.json").read_text("utf-8"))
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
EXPRESSIONS = [rule["expr"] for rule in RULES] + [
    target["expr"] for panel in PANELS for target in panel["targets"]
]
_SELECTOR = re.compile(r"(boneflag_\w+)(?:\{([^}]*)\})?")
# The job of the example in docs/monitoring.md, and the pages that begin so.
_ALERT_NAME = re.compile(r"BoneFlag[A-Z]\w+")


def selectors(expression: str) -> Iterator[tuple[str, set[str]]]:
    """Each metric that is named, with the labels that are asked of it."""
    for name, labels in _SELECTOR.findall(expression):
        yield name, set(re.findall(r"(\w+)\s*[=!]", labels))


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_metric_that_is_asked_for_exists_with_these_labels(expression):
    asked = list(selectors(expression))
    assert asked
    assert [(name, labels) for name, labels in asked if not labels <= LABELS.get(name, set())] == []
    assert {name for name, _ in asked} <= set(LABELS)


def test_every_metric_has_a_place_on_the_dashboard():
    shown = {n for panel in PANELS for t in panel["targets"] for n, _ in selectors(t["expr"])}
    assert set(LABELS) - shown == set()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_every_alert_leads_to_a_runbook_that_names_what_one_sees(rule):
    page = HOME / rule["annotations"]["runbook"]
    assert page.parent == RUNBOOKS
    assert page.is_file()
    assert f"]({page.name})" in (RUNBOOKS / "README.md").read_text("utf-8")


def test_every_alert_says_what_is_wrong_and_how_grave_it_is():
    for rule in RULES:
        assert rule["annotations"]["summary"].endswith("."), rule["alert"]
        assert rule["labels"]["severity"] in ("warning", "critical"), rule["alert"]


def test_no_alert_is_there_twice():
    names = [rule["alert"] for rule in RULES]
    assert len(names) == len(set(names))


def test_the_runbooks_name_no_alert_that_is_not_there():
    named = {n for p in RUNBOOKS.glob("*.md") for n in _ALERT_NAME.findall(p.read_text("utf-8"))}
    assert named <= {rule["alert"] for rule in RULES}


def test_no_two_panels_have_one_id_or_lie_on_each_other():
    taken: dict[tuple[int, int], int] = {}
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert taken.setdefault((x, y), panel["id"]) == panel["id"]
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))


def test_the_dashboard_loads_on_any_data_source():
    assert DASHBOARD["uid"] == "boneflag"
    assert "id" not in DASHBOARD
    (variable,) = DASHBOARD["templating"]["list"]
    assert (variable["name"], variable["type"]) == ("datasource", "datasource")
    assert {panel["datasource"]["uid"] for panel in PANELS} == {"${datasource}"}
