"""Ten thousand people by bulk export: memory, requests and time of the process that sweeps them.

Goals: under 250 MB, and at most 0.05 requests a patient, our alerts read back included. The export
is made of invented people and served from files by a small server of its own, which is not
measured; the sweep runs in a process of its own (`benchmarks.bulk_sweeper`).
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from benchmarks.figures import print_note, print_table
from service.demo_ehr.people import each_person

PEOPLE = 10_000
# What charts are filled up to: about ten resources each, and a long chart.
FILLED_UP_TO = (0, 60)
_PIECE_BYTES = 2**18
_SEARCHED = ("Flag", "Task", "Communication", "ServiceRequest")


def measure() -> None:
    """One row for each length of charts."""
    rows = []
    for resources_each in FILLED_UP_TO:
        with tempfile.TemporaryDirectory() as folder:
            files = Path(folder) / "export"
            megabytes, resources = _write_export(files, resources_each)
            with export_server(files) as base_url:
                swept = _sweep(base_url, Path(folder) / "ledger.sqlite3")
        requests = sum(swept["requests"].values())
        rows.append(
            (
                f"{resources / PEOPLE:.0f} resources each, {megabytes:.0f} MB",
                swept["patients"],
                requests,
                f"{requests / swept['patients']:.4f}",
                f"{swept['seconds']:.0f}",
                f"{swept['cpu_seconds']:.0f}",
                f"{swept['started_mib']:.0f}",
                f"{swept['peak_mib']:.0f}",
            )
        )
    columns = (
        "export",
        "patients",
        "requests",
        "a patient",
        "s",
        "CPU s",
        "MiB before",
        "MiB at most",
    )
    print_table("A first sweep by bulk export, in one process", columns, rows)
    print_note("MiB before: with the program loaded and the EHR's capabilities read.")


def _write_export(folder: Path, resources_each: int) -> tuple[float, int]:
    """One file for each type; megabytes and resources."""
    folder.mkdir()
    files: dict[str, BinaryIO] = {}
    resources = 0
    with ExitStack() as stack:
        people = each_person(datetime.now(UTC).date(), PEOPLE, resources_per_person=resources_each)
        for person in people:
            for resource in person.resources:
                type_ = str(resource["resourceType"])
                if type_ not in files:
                    file = (folder / f"{type_}.ndjson").open("wb")
                    files[type_] = stack.enter_context(file)
                files[type_].write(msgspec.json.encode(resource) + b"\n")
                resources += 1
    return sum(f.stat().st_size for f in folder.iterdir()) / 1e6, resources


@contextmanager
def export_server(folder: Path) -> Iterator[str]:
    """A Bulk Data server of ready files, which holds no alerts of ours; its base URL."""

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            path = self.path.partition("?")[0].removeprefix("/fhir/")
            base = f"http://{self.headers['Host']}/fhir"
            if path == "metadata":
                self._json(_statement())
            elif path.endswith("$export"):
                self._head(202, 0, {"Content-Location": f"{base}/status", "Retry-After": "0"})
            elif path == "status":
                self._json(_manifest(folder, base))
            elif path.startswith("files/"):
                self._file(folder / path.removeprefix("files/"))
            else:
                self._json({"resourceType": "Bundle", "type": "searchset", "entry": []})

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self._json({"resourceType": "Bundle", "type": "searchset", "entry": []})

        def do_DELETE(self) -> None:
            self._head(202, 0, {})

        def _json(self, body: Any) -> None:
            content = json.dumps(body).encode()
            self._head(200, len(content), {"Content-Type": "application/fhir+json"})
            self.wfile.write(content)

        def _file(self, file: Path) -> None:
            self._head(200, file.stat().st_size, {"Content-Type": "application/fhir+ndjson"})
            with file.open("rb") as source:
                while piece := source.read(_PIECE_BYTES):
                    self.wfile.write(piece)

        def _head(self, status: int, length: int, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(length)}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/fhir"
    finally:
        server.shutdown()
        server.server_close()


def _manifest(folder: Path, base: str) -> dict[str, Any]:
    output = [{"type": f.stem, "url": f"{base}/files/{f.name}"} for f in sorted(folder.iterdir())]
    return {
        "transactionTime": datetime.now(UTC).isoformat(),
        "requiresAccessToken": False,
        "output": output,
        "error": [],
    }


def _statement() -> dict[str, Any]:
    """Exports, and shows our alerts; charts cannot be searched."""
    interactions = [{"code": c} for c in ("read", "search-type", "create", "update")]
    patient = [{"name": "patient", "type": "reference"}, {"name": "identifier", "type": "token"}]
    types: list[dict[str, Any]] = [
        {"type": t, "interaction": interactions, "searchParam": patient} for t in _SEARCHED
    ]
    export = [{"name": "export", "definition": "http://hl7.org/fhir/uv/bulkdata/group-export"}]
    types.append({"type": "Group", "interaction": [{"code": "read"}], "operation": export})
    types += [{"type": t, "interaction": [{"code": "read"}]} for t in _needed_types()]
    return {
        "resourceType": "CapabilityStatement",
        "fhirVersion": "4.0.1",
        "rest": [{"mode": "server", "resource": types}],
    }


def _needed_types() -> list[str]:
    from service.screening.protocol import packaged_protocol
    from service.screening.value_sets import packaged_vocabulary

    counted = Counter(need.type for need in packaged_protocol(packaged_vocabulary(True)).needs)
    return sorted({*counted, "Patient", "Medication"} - set(_SEARCHED))


def _sweep(base_url: str, ledger: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.bulk_sweeper", base_url, str(ledger)]
    done = subprocess.run(command, capture_output=True, check=True)
    swept: dict[str, Any] = json.loads(done.stdout)
    return swept
