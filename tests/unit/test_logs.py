"""Logs: JSON lines with allowed fields only, and libraries that leak nothing."""

import ast
import json
import logging
import re
import subprocess
import sys
from pathlib import Path

import pytest

from service.logs import ALLOWED_FIELDS, LibraryFormatter

ROOT = Path(__file__).parents[2]
LEVELS = {"debug", "info", "warning", "error", "critical", "exception"}


def log_calls():
    """Every call of a structlog logger in the code: file, line, event, fields."""
    for path in sorted([*ROOT.glob("service/**/*.py"), *ROOT.glob("workers/*.py")]):
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            owner = node.func.value
            is_logger = isinstance(owner, ast.Name) and owner.id in ("log", "_log", "logger")
            if is_logger and node.func.attr in LEVELS:
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node


def test_there_are_log_lines_to_look_at():
    assert len(list(log_calls())) > 20


def test_every_event_has_a_static_name_in_snake_case():
    for place, call in log_calls():
        (event,) = call.args
        assert isinstance(event, ast.Constant), f"{place}: the event is put together"
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", event.value), f"{place}: {event.value}"


def test_every_field_that_is_logged_is_on_the_allow_list():
    """A field that is not would be dropped without a word."""
    for place, call in log_calls():
        unknown = {keyword.arg for keyword in call.keywords} - ALLOWED_FIELDS
        assert not unknown, f"{place}: {unknown}"


def lines_of(program):
    """What a process logs that runs this program after the logs are set up."""
    prelude = "from service.logs import configure_logs; configure_logs('DEBUG')\n"
    done = subprocess.run(
        [sys.executable, "-c", prelude + program], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    return done.stderr.splitlines()


@pytest.mark.parametrize(
    "says", ["structlog.get_logger().warning('ehr_unavailable')", "logging.error('gone')"]
)
def test_a_log_on_a_full_disk_costs_its_lines_and_never_the_work(says):
    """`/dev/full` answers as a full disk does: ENOSPC, from the kernel."""
    with Path("/dev/full").open("w") as full:
        program = (
            "from service.logs import configure_logs; configure_logs('DEBUG')\n"
            "import logging, structlog\n"
            f"for _ in range(1000): {says}\n"
            "print('the work is done', flush=True)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", program],
            stdout=subprocess.PIPE,
            stderr=full,
            text=True,
            cwd=ROOT,
        )
    assert (done.stdout, done.returncode) == ("the work is done\n", 0)


def test_a_field_that_is_not_on_the_list_is_dropped():
    (line,) = lines_of(
        "import structlog\n"
        "structlog.get_logger().info('sweep_started', patients=3, patient='Patient/77', name='Ada')"
    )

    event = json.loads(line)
    assert (event["event"], event["patients"], event["level"]) == ("sweep_started", 3, "info")
    assert "77" not in line.replace(event["timestamp"], "")
    assert "Ada" not in line


def test_a_long_value_is_cut():
    (line,) = lines_of("import structlog; structlog.get_logger().info('x', reason='a' * 5000)")

    assert len(json.loads(line)["reason"]) == 200


def test_httpx_says_nothing_about_urls():
    lines = lines_of(
        "import httpx\n"
        "wire = httpx.MockTransport(lambda request: httpx.Response(200))\n"
        "httpx.Client(transport=wire).get('https://ehr.example/Flag?patient=s3cret')"
    )

    assert lines == []


def test_httpx_would_have_said_so():
    """Guards the test above: without our silence the URL is in the log."""
    lines = lines_of(
        "import httpx, logging\n"
        "logging.getLogger('httpx').setLevel(logging.INFO)\n"
        "logging.getLogger().handlers[0].setFormatter(logging.Formatter())\n"
        "wire = httpx.MockTransport(lambda request: httpx.Response(200))\n"
        "httpx.Client(transport=wire).get('https://ehr.example/Flag?patient=s3cret')"
    )

    assert "s3cret" in " ".join(lines)


def test_a_task_of_celery_leaves_neither_its_result_nor_its_exception_in_the_log():
    lines = lines_of(
        "from celery import Celery\n"
        "app = Celery(); app.conf.task_store_eager_result = False\n"
        "@app.task\n"
        "def good(): return 's3cret-result'\n"
        "@app.task\n"
        "def bad(): raise ValueError('s3cret-exception')\n"
        "from celery.app.trace import build_tracer\n"
        "for task in (good, bad):\n"
        "    build_tracer(task.name, task, app=app)('id', (), {}, {})\n"
    )

    assert "s3cret" not in " ".join(lines)


UVICORN = (
    "import logging, logging.config, uvicorn.config\n"
    "logging.config.dictConfig(uvicorn.config.LOGGING_CONFIG)\n"
    "configure_logs('INFO')\n"  # As the web door does, which uvicorn imports after that.
    "from service.screening.dates import add_months\n"
)


def test_an_error_that_nobody_expected_leaves_its_name_and_place_in_the_log_of_the_web_door():
    lines = lines_of(
        f"{UVICORN}"
        "try:\n"
        "    add_months('s3cret', 1)\n"
        "except AttributeError:\n"
        "    logging.getLogger('uvicorn.error').error('Exception\\n', exc_info=True)\n"
    )

    (line,) = map(json.loads, lines)
    assert line["error"] == "AttributeError"
    assert re.fullmatch(r"service\.screening\.dates\.\w+:\d+", line["raised_at"])


def test_an_error_in_a_thread_leaves_no_text_in_the_log():
    lines = lines_of(
        f"{UVICORN}import threading\n"
        "def work(): raise ValueError('s3cret')\n"
        "thread = threading.Thread(target=work); thread.start(); thread.join()\n"
    )

    (line,) = map(json.loads, lines)
    assert (line["error"], "s3cret" in str(line)) == ("ValueError", False)


def test_the_web_door_tells_no_path_though_somebody_let_uvicorn_tell_them():
    lines = lines_of(
        f"{UVICORN}logging.getLogger('uvicorn.access').info('%s', 'GET /patients/s3cret')\n"
    )

    assert lines == []


def record(message, *args, exc_info=None):
    return logging.LogRecord("some.library", logging.ERROR, "f.py", 1, message, args, exc_info)


def formatted(log_record):
    return json.loads(LibraryFormatter().format(log_record))


def test_of_what_a_library_says_only_the_sentence_without_its_values_is_kept():
    line = formatted(record("Cannot read %s of %s", "Patient/77", "Ada"))

    assert line["message"] == "Cannot read %s of %s"
    assert "77" not in json.dumps({k: v for k, v in line.items() if k != "timestamp"})


@pytest.mark.parametrize("message", ["Cannot read Patient/77", ValueError("Patient/77")])
def test_of_a_text_that_may_have_been_put_together_only_its_origin_is_kept(message):
    line = formatted(record(message))

    assert "message" not in line
    assert (line["logger"], line["level"]) == ("some.library", "error")


def test_of_an_exception_the_name_is_kept_and_never_the_text():
    error = KeyError("Patient/77")

    line = formatted(record("failed", exc_info=(KeyError, error, None)))

    assert line["error"] == "KeyError"
    assert "Patient" not in json.dumps(line)
