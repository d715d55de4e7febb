"""What a server takes of a message, where that is less than the standard allows.

A newcomer would get one thing wrong: a field that a server does not know is not always passed over.
Some answer an unknown one with an error, and then nothing that we like to say beside the text
(identifier, digest, evidence) can be sent: the text itself must hold it.
"""

from __future__ import annotations

from dataclasses import dataclass

from service.ehr.delivery.recipients import STAFF_TYPES


@dataclass(frozen=True, slots=True)
class MessageStyle:
    """`is_bare`: only status, category, priority, subject, topic, recipient, sender and payload.

    `as_attachment`: the text goes as plain text in an Attachment, and not as a string.
    `sender_types` are the types of which a sender must be; empty where none is needed.
    `recipient_types` are those that can be told.
    """

    is_bare: bool = False
    as_attachment: bool = False
    sender_types: frozenset[str] = frozenset()
    recipient_types: frozenset[str] = STAFF_TYPES


STANDARD_STYLE = MessageStyle()
