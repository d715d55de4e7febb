"""The wire between workers and EHR, with faults: before the imitated EHR, or before a real one."""

from __future__ import annotations

import json
import random
import socket
import struct
import threading
import time
from collections.abc import Mapping
from typing import Any

from service.demo_ehr.presets.preset import Preset
from service.demo_ehr.presets.proxy import QuirkyEHR
from service.demo_ehr.recording import Answer, RecordingProxy, _Exchange
from tests.faults.faults import Faults

RESET, TRUNCATED = -1, -2
FHIR = {"Content-Type": "application/fhir+json"}
_HIDDEN = "X-Answered"


class _FaultyExchange(_Exchange):
    """Ends connections as a network does: with a reset, or in the middle of a body."""

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        if status == RESET:
            self.close_connection = True
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()
        elif status == TRUNCATED:
            self.close_connection = True
            self.send_response_only(int(headers.pop(_HIDDEN)))
            self.send_header("Content-Length", str(len(body) + 2))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body[: len(body) // 2])
        else:
            super()._answer(status, headers, body)

    def handle(self) -> None:
        try:
            super().handle()
        except (OSError, ValueError):
            self.close_connection = True  # Whoever was killed does not wait for the answer.


class _Faulty(RecordingProxy):
    """Injects `faults` on the way to the EHR and back."""

    faults: Faults

    def watch(self, faults: Faults) -> None:
        """Begin to inject these."""
        self.faults = faults
        self._server.RequestHandlerClass = _FaultyExchange
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign] # see above

    def respond(
        self, method: str, path: str, query: str, headers: Mapping[str, str], content: bytes
    ) -> Answer:
        """Answer one request, or let it go wrong."""
        is_read = method == "GET" or path.endswith("_search")
        name = b"|".join((method.encode(), path.encode(), query.encode(), content))
        fault, chance = self.faults.next_for(name, is_write=not is_read)
        asked = (method, path, query, headers, content)
        if not fault:
            return super().respond(*asked)
        if is_read:
            answer, happened = self._read(fault, chance, asked)
        else:
            answer, happened = self._write(fault, chance, asked)
        if happened:
            self.faults.count(fault, is_write=not is_read)
        return answer

    def _read(self, fault: str, chance: random.Random, asked: Any) -> tuple[Answer, bool]:
        match fault:
            case "reset before":
                return (chance.choice((0, RESET)), {}, b""), True
            case "throttled":
                return _throttled(chance), True
            case "server error":
                return _outage(chance), True
            case "expired page" if _is_page(asked):
                return (410, FHIR, _issue("not-found")), True
        answer = super().respond(*asked)
        match fault:
            case "reset after":
                return (chance.choice((0, RESET)), {}, b""), True
            case "truncated":
                return _truncated(answer), True
            case "cut short":
                return (answer[0], answer[1], answer[2][: len(answer[2]) // 2]), True
            case "late":
                time.sleep(chance.uniform(0.02, 0.1))
                return answer, True
            case "timeout":
                time.sleep(self.faults.timeout_seconds)
                return answer, True
            case "duplicated page":
                return _twice(answer)
        return answer, False

    def _write(self, fault: str, chance: random.Random, asked: Any) -> tuple[Answer, bool]:
        match fault:
            case "reset before":
                return (chance.choice((0, RESET)), {}, b""), True
            case "error before":
                return _outage(chance), True
            case "throttled":
                return _throttled(chance), True
            case "conflict":
                return (chance.choice((409, 412)), FHIR, _issue("conflict")), True
            case "commit after timeout":
                late = self.faults.timeout_seconds
                threading.Timer(late, super().respond, asked).start()
                time.sleep(late + 0.05)
                return (RESET, {}, b""), True
            case "sent twice":
                super().respond(*asked)
        answer = super().respond(*asked)
        match fault:
            case "lost after commit":
                return (0, {}, b""), True
            case "reset after commit":
                return (RESET, {}, b""), True
            case "error after commit":
                return _outage(chance), True
            case "truncated after commit":
                return _truncated(answer), True
            case "cut short after commit":
                return (answer[0], answer[1], answer[2][: len(answer[2]) // 2]), True
            case "timeout after commit":
                time.sleep(self.faults.timeout_seconds)
        return answer, True


class FaultyEHR(_Faulty, QuirkyEHR):
    """An imitated EHR behind a bad line."""

    def __init__(self, preset: Preset, target_base_url: str, faults: Faults) -> None:
        self.faults = faults
        super().__init__(preset, target_base_url)
        self.watch(faults)


class FaultyLine(_Faulty):
    """A bad line to a real server."""

    def __init__(self, target_base_url: str, faults: Faults) -> None:
        self.faults = faults
        super().__init__(target_base_url)
        self.watch(faults)


def _is_page(asked: Any) -> bool:
    _, path, query, *_ = asked
    return path == "" or "_getpages" in query


def _throttled(chance: random.Random) -> Answer:
    seconds = "1" if chance.random() < 0.005 else "0"
    return 429, {**FHIR, "Retry-After": seconds}, _issue("throttled")


def _outage(chance: random.Random) -> Answer:
    return chance.choice((500, 502, 503, 504)), FHIR, _issue("transient")


def _truncated(answer: Answer) -> Answer:
    status, headers, body = answer
    return TRUNCATED, {**headers, _HIDDEN: str(status)}, body


def _twice(answer: Answer) -> tuple[Answer, bool]:
    """Every match of a page twice."""
    status, headers, body = answer
    try:
        bundle = json.loads(body)
    except ValueError:
        return answer, False
    if status != 200 or not isinstance(bundle, dict) or not bundle.get("entry"):
        return answer, False
    bundle["entry"] += bundle["entry"]
    return (status, headers, json.dumps(bundle).encode()), True


def _issue(code: str) -> bytes:
    issue = {"severity": "error", "code": code}
    return json.dumps({"resourceType": "OperationOutcome", "issue": [issue]}).encode()
