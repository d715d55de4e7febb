"""The whole play: everybody's steps in one machine."""

from __future__ import annotations

from tests.lib.sequences.course import Course
from tests.lib.sequences.facts import Facts
from tests.lib.sequences.hospital import Hospital
from tests.lib.sequences.people import People
from tests.lib.sequences.records import Records


class AnySequence(Facts, Course, Hospital, People, Records):
    """Anything, in any order."""
