"""Numbers that cannot be meant, and criteria that nobody could ever meet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from service.protocol_bench.plausible import bounds_of, plausible
from service.protocol_bench.remark import Remark, error, note, warning
from service.screening.criterion import Grade, Role
from service.screening.protocol import Protocol, ProtocolEntry
from service.screening.value_sets import Vocabulary


def numbers_in(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Every number of a document: `low-weight.window_months`, its place, and what is given."""
    for policy, given in document["policies"].items():
        for name, number in given.get("numbers", {}).items():
            yield f"{policy}.{name}", f"policies.{policy}.{name}", number
    for item in document["criteria"]:
        for name, number in item.get("numbers", {}).items():
            where = f"criteria.{item['number']}.numbers.{name}"
            yield f"{item['criterion']}.{name}", where, number


def threshold_remarks(document: Mapping[str, Any]) -> Iterator[Remark]:
    """Numbers outside their bounds, pairs that cannot both hold, and how many are local."""
    values = {}
    for name, where, number in numbers_in(document):
        value = values[name] = number["value"]
        bounds = bounds_of(name, str(number["unit"]))
        if bounds is not None and not bounds["least"] <= value <= bounds["most"]:
            yield error(
                f"{where}.value",
                f"{value:g} is outside {bounds['least']:g} to {bounds['most']:g}"
                f" {number['unit']}: {bounds['because']}",
                "correct the value",
            )
    for pair in plausible()["never_above"]:
        number, most = pair["number"], pair["most"]
        if number in values and most in values and values[number] > values[most]:
            yield error(
                number,
                f"{values[number]:g} is more than {most} ({values[most]:g}):"
                " this can never be met as it is meant",
                "correct one of the two",
            )
    yield from _local_count(document)


def _local_count(document: Mapping[str, Any]) -> Iterator[Remark]:
    certainties = [number["certainty"] for _, _, number in numbers_in(document)]
    if local := certainties.count("local"):
        yield note(
            "numbers",
            f"{local} of {len(certainties)} numbers are local decisions, unconfirmed",
            "let the clinical lead confirm them (docs/safety.md)",
        )


def reach_remarks(protocol: Protocol, vocabulary: Vocabulary) -> Iterator[Remark]:
    """Value sets and criteria without a single code, and a decision that cannot be reached."""
    for value_set in vocabulary:
        if not (value_set.listed or value_set.names):
            yield warning(
                f"value set {value_set.id}",
                "holds no code: what rests on it alone can never be met",
                "add local codes",
            )
    for entry in protocol.entries:
        if _has_no_code(entry, vocabulary):
            yield error(
                f"criteria.{entry.number}",
                f"{entry.title}: can never be met, for none of its value sets holds a code",
                "add local codes, or switch it off",
            )
    factors = [e for e in protocol.entries if e.criterion.role is Role.RISK_FACTOR]
    majors = [e for e in factors if e.grade is Grade.MAJOR]
    domains = {e.domain for e in factors}
    numbers = protocol.policies["decision"]
    can_by_major = numbers["majors_needed"] <= len(majors)
    needed = [n for name, n in numbers.items() if name.startswith("minor_domains_needed")]
    if not can_by_major and majors:
        yield error(
            "policies.decision.majors_needed",
            f"{numbers['majors_needed']:g} MAJOR criteria are needed and {len(majors)} are on:"
            " no MAJOR criterion could ever make anybody due",
            "ask for fewer",
        )
    if max(needed) > len(domains):
        yield error(
            "policies.decision.minor_domains_needed",
            f"{max(needed):g} domains are needed and the criteria that are on have"
            f" {len(domains)}: MINOR criteria could never make anybody due",
            "ask for fewer, or switch criteria on",
        )


def _has_no_code(entry: ProtocolEntry, vocabulary: Vocabulary) -> bool:
    """Whether everything that it reads is asked for by code, and there is none to ask for."""
    reads = entry.criterion.reads
    sets = [vocabulary[name] for need in reads for name in need.value_sets]
    return all(need.value_sets for need in reads) and not any(s.listed or s.names for s in sets)
