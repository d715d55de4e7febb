"""Starts a real HAPI FHIR R4 server for the integration tests.

The server is built once with Maven and runs as a Java process of its own on the loopback address.
Run ``python hapi_server.py DIRECTORY [PORT]`` to have one at hand until Ctrl-C, or
``python hapi_server.py --archive`` once to make later starts faster.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import httpx

PROJECT = Path(__file__).resolve().parent / "server"
TARGET = PROJECT / "target"
JAR = TARGET / "hapi-test-server.jar"
CLASS_PATH = TARGET / "classpath.txt"
BUILT_FROM = TARGET / "built-from.txt"
ARCHIVE = TARGET / "classes.jsa"

JVM_OPTIONS = (
    "-Xmx1g",
    # Tests are short: the quick compiler and the small collector start a third sooner on two cores.
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
    # Java 17 takes the encoding from the locale, which may be plain ASCII in CI.
    "-Dfile.encoding=UTF-8",
)


class HAPIServer:
    """One HAPI server with its data in a directory, so that it can be stopped and started again.

    ``settings`` are passed on to ``Server.java``, for example ``{"bulkExport": "false"}``;
    the README lists them. The port stays the same through restarts, because clients keep links.
    """

    def __init__(
        self,
        data_directory: Path,
        port: int | None = None,
        settings: Mapping[str, str] | None = None,
        jvm_options: tuple[str, ...] = JVM_OPTIONS,
    ) -> None:
        self.data_directory = Path(data_directory).resolve()
        self.port = port or _free_port()
        self.settings = dict(settings or {})
        self.jvm_options = jvm_options
        self.log_path = self.data_directory / "hapi.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/fhir"

    def __enter__(self) -> HAPIServer:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def start(self, timeout: float = 180) -> None:
        """Builds if needed, starts Java, and returns when the capability statement is answered."""
        if self._process:
            raise RuntimeError("The server was started already.")
        build()
        # Otherwise the answer of another server on this port would pass for ours.
        _free_port(self.port)
        self.data_directory.mkdir(parents=True, exist_ok=True)
        settings = {"port": self.port, "database": self.data_directory / "h2", **self.settings}
        class_archive = [f"-XX:SharedArchiveFile={ARCHIVE}"] if ARCHIVE.exists() else []
        with self.log_path.open("ab") as log:
            process = subprocess.Popen(
                [
                    "java",
                    *class_archive,
                    *self.jvm_options,
                    *(f"-Dboneflag.{name}={value}" for name, value in settings.items()),
                    "-cp",
                    f"{JAR}:{CLASS_PATH.read_text().strip()}",
                    "boneflag.hapi.Server",
                ],
                # The server ends when this pipe closes, so a killed test run leaves no Java behind.
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
            )
        self._process = process
        try:
            self._wait_until_ready(process, timeout)
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """Ends the server as an administrator would: requests end and the database closes."""
        self._end(kill=False)

    def kill(self) -> None:
        """Ends the server without warning, as a power cut would."""
        self._end(kill=True)

    def restart(self) -> None:
        """Stops and starts on the same data and port."""
        self.stop()
        self.start()

    def _end(self, kill: bool) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if kill:
            process.kill()
        else:
            process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdin:
            process.stdin.close()

    def _wait_until_ready(self, process: subprocess.Popen[bytes], timeout: float) -> None:
        deadline = time.monotonic() + timeout
        with httpx.Client(trust_env=False, timeout=30) as client:
            while time.monotonic() < deadline:
                if process.poll() is not None:
                    raise RuntimeError(f"HAPI ended while starting:\n{self._log_end()}")
                try:
                    if client.get(f"{self.base_url}/metadata").status_code == 200:
                        return
                except httpx.TransportError:
                    pass
                time.sleep(0.1)
        raise TimeoutError(f"HAPI was not ready after {timeout} s:\n{self._log_end()}")

    def _log_end(self) -> str:
        return self.log_path.read_text(errors="replace")[-4000:]


def build() -> None:
    """Builds the server with Maven unless the last build came from the same files.

    The lock keeps test processes that start at the same time from building twice.
    """
    sources = [PROJECT / "pom.xml", *sorted((PROJECT / "src").rglob("*.*"))]
    with (PROJECT / "pom.xml").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        digest = hashlib.sha256(b"\0".join(source.read_bytes() for source in sources)).hexdigest()
        if _is_built(digest):
            return
        ARCHIVE.unlink(missing_ok=True)
        maven = subprocess.run(
            ["mvn", "-B", "-ntp", "-q", "package"],
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if maven.returncode:
            raise RuntimeError(f"Maven could not build the server:\n{maven.stdout[-4000:]}")
        BUILT_FROM.write_text(digest)


def archive() -> None:
    """Makes a class archive: half a minute once, three seconds less at every later start.

    A CI run in a fresh clone starts too few servers to earn that back, so nothing calls this.
    """
    build()
    ARCHIVE.unlink(missing_ok=True)
    new = TARGET / "new.jsa"
    new.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        options = (*JVM_OPTIONS, f"-XX:ArchiveClassesAtExit={new}", "-Xlog:disable")
        with HAPIServer(Path(directory), jvm_options=options):
            pass
    new.rename(ARCHIVE)


def _is_built(digest: str) -> bool:
    """Tells whether the build is of these sources and Maven still holds every library it needs."""
    if not BUILT_FROM.exists() or BUILT_FROM.read_text() != digest or not JAR.exists():
        return False
    return all(Path(entry).exists() for entry in CLASS_PATH.read_text().strip().split(":"))


def _free_port(wanted: int = 0) -> int:
    """Finds a free port, or raises OSError if the wanted one has a listener."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", wanted))
        return int(probe.getsockname()[1])


def main(arguments: list[str]) -> None:
    if arguments == ["--archive"]:
        archive()
    elif arguments:
        with HAPIServer(Path(arguments[0]), int(arguments[1]) if arguments[1:] else None) as server:
            # A shell's background process has Ctrl-C turned off, so the other signal ends it too.
            signal.signal(signal.SIGTERM, signal.default_int_handler)
            print(server.base_url, flush=True)
            with contextlib.suppress(KeyboardInterrupt):
                signal.pause()
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
