"""Somebody who signed in, and what they may see.

A newcomer would get one thing wrong: a clinician is no smaller clinical lead. Who came from a chart
sees the patient of that chart and nobody else, whatever other roles they have.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What somebody is here. Somebody without any may sign in and sees nothing."""

    CLINICAL_LEAD = "clinical-lead"
    """Reads every criterion, the worklist and every patient; tries changes."""

    OPERATOR = "operator"
    """Keeps it running: sees numbers and no patient."""

    CLINICIAN = "clinician"
    """Came from a chart, by SMART App Launch: that patient alone."""


@dataclass(frozen=True, slots=True, repr=False)
class Visitor:
    """One session. `name` is who answers in the audit; `patient_key` the ledger's key of the
    patient in context, "" for who came by no chart; `form_token` must come back with every form."""

    name: str
    roles: frozenset[Role]
    form_token: str
    patient_key: str = ""

    def may_see(self, patient_key: str) -> bool:
        """Whether this person's chart is open to them."""
        if Role.CLINICIAN in self.roles:
            return bool(patient_key) and patient_key == self.patient_key
        return Role.CLINICAL_LEAD in self.roles
