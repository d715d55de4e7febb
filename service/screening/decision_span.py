"""How long a person's no stands: by its reason, unless the person gave a date.

The specification's spans (3.5, integration notes 3.5) stand in the protocol. A day that a person
set for the next visit is taken as it is. "Done elsewhere" with the day of the scan stands for the
interval of a scan of unknown result from that day on, but never less than a postponement: who has
just answered is not asked again the next morning.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from service.screening.dates import add_months
from service.screening.decision_meaning import POLICY, SPANS, Meaning
from service.screening.protocol import Protocol
from service.screening.record import NO_END, Decision


def settled(decision: Decision, protocol: Protocol) -> Decision:
    """The decision with kind and end by this protocol; a code outside its table is left out."""
    meaning = protocol.reasons.get(decision.code)
    return replace(
        decision,
        kind="declined" if meaning is Meaning.DECLINED else "snoozed",
        code=decision.code if meaning else "",
        until=_until(decision, meaning or Meaning.NOT_APPROPRIATE, protocol),
        protocol_version=decision.protocol_version or protocol.version,
    )


def _until(decision: Decision, meaning: Meaning, protocol: Protocol) -> date:
    made_on, given = decision.made_on, decision.given_until
    if given is not None and given > made_on and meaning is not Meaning.WRONG_DIAGNOSIS:
        return given
    if meaning not in SPANS:
        return NO_END
    policy, number = SPANS[meaning]
    if meaning is Meaning.DONE_ELSEWHERE and decision.done_on is not None:
        interval = protocol.policies["rescreen-interval"]["unknown_result_months"]
        least = add_months(made_on, protocol.policies[POLICY]["postponed_months"])
        return max(add_months(min(decision.done_on, made_on), interval), least)
    return add_months(made_on, protocol.policies[policy][number])
