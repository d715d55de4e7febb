"""What can go wrong with the demo EHR.

DemoEHRError
├── DemoEHRNotInstalled   install the optional extra
├── DemoEHRNotStarted     read the end of its log, which the message carries
└── DemoEHRRejected       a resource of ours was not accepted
"""

from __future__ import annotations


class DemoEHRError(Exception):
    """The demo EHR cannot be used."""


class DemoEHRNotInstalled(DemoEHRError):
    """The server of the demo is an optional extra, and it is not there."""

    def __init__(self) -> None:
        super().__init__(
            "The demo EHR needs the package sekmet-fhir, which is not installed. "
            "Install it with: pip install 'boneflag[demo]'"
        )


class DemoEHRNotStarted(DemoEHRError):
    """The server process ended or stayed silent."""


class DemoEHRRejected(DemoEHRError):
    """The server answered a bundle of ours with an error."""
