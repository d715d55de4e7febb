"""The file of `boneflag explain --html`: the words of the page, and no markup of a chart."""

from html import escape

from service.ehr.delivery.flag_and_task import Delivery
from service.explain_file import thought_json
from service.explanation import Outlook
from service.paper.explanation import Explained, explanation_file
from service.patient_sheet.lines import grouped
from service.patient_sheet.source_link import SourceLinks
from service.timeline import Timeline
from tests.lib.patients import edss, ms, ordered, woman
from tests.spec.book import AT, thought_about

CHART = (
    woman(born="1986-06-01"),
    ms(),
    edss(6.5, on="2026-09-01", id="<script>"),
    edss(4.5, on="2020-01-01"),
    ordered("prednisone 20 mg tablet", on="2026-08-01"),
)


def test_a_fact_stands_in_the_file_in_the_words_of_the_page():
    thought, protocol = thought_about(*CHART)
    answer = thought_json(thought, Delivery(), {}, AT, Outlook())
    text = explanation_file(Explained(thought, answer, Timeline(), protocol))
    groups = grouped(thought.assessment, protocol, SourceLinks(""), {})
    findings = (*groups.reasons, *groups.others, *groups.unknown, *groups.unmet)
    facts = [fact for f in findings for fact in (*f.evidence, *f.seen)]
    assert {fact.weight for fact in facts} == {"counts", "seen, does not count", "not clear"}
    for fact in facts:
        assert f"<p>{escape(fact.says)}" in text
        assert all(escape(says) in text for says, _ in fact.sources)
    assert "Observation/&lt;script&gt;" in text
    assert "<script" not in text
