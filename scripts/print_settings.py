"""Print docs/settings.md and .env.example from service/settings.py, which is where settings are.

`--check` writes nothing and exits with 1 where a file is stale. In .env.example every setting but
the first three is commented out: an empty variable would win over a secret file.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import UnionType
from typing import Literal, Union, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from service.settings import DEFAULT_SECRETS_DIRECTORY, PREFIX, Settings

HOME = Path(__file__).resolve().parent.parent
TO_FILL_IN = {"fhir_base_url": "https://ehr.example/fhir/r4", "site_id": "site", "mode": "shadow"}
SECRET_ADDRESSES = frozenset({"database_url"})
"""No SecretStr, and yet it may hold a password."""

_TYPES: dict[object, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
}
_BOUNDS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}

_INTRODUCTION = f"""\
# Settings

Made by `scripts/print_settings.py` from `service/settings.py`; do not edit.

Each setting is an environment variable. Those marked *secret* are better given as a file: its name
is the variable's in lower case, such as `{DEFAULT_SECRETS_DIRECTORY}/{PREFIX.lower()}redis_url`; an
environment variable wins over a file, also an empty one. `boneflag check` says what they come to.
A setting that cannot be used stops every command with exit code 2 and one sentence.
"""

_OTHER = f"""
## Not settings, but read from the environment

| variable | default | what it is |
|---|---|---|
| `{PREFIX}SECRETS_DIRECTORY` | `{DEFAULT_SECRETS_DIRECTORY}` | Where the secret files are. |
| `{PREFIX}BEAT_FILE` | a file in `/tmp` | Where Celery beat keeps its last runs. |
"""


def is_secret(name: str, field: FieldInfo) -> bool:
    """Whether a setting belongs into a file that only this service can read."""
    return field.annotation is SecretStr or name in SECRET_ADDRESSES


def default_of(field: FieldInfo) -> str:
    """The default as one writes it into an environment variable; "" where there is none."""
    value = field.default
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    return str(value).lower() if isinstance(value, bool) else str(value)


def type_of(field: FieldInfo) -> str:
    """What may be written, with its bounds."""
    annotation = field.annotation
    if get_origin(annotation) is Literal:
        return " or ".join(f"`{choice}`" for choice in get_args(annotation))
    if annotation is SecretStr:
        return "text, *secret*"
    if get_origin(annotation) in (Union, UnionType):
        raise TypeError("a setting of several types cannot be printed: give it one")
    bounds = [
        f"{words} {getattr(limit, key):g}"
        for limit in field.metadata
        for key, words in _BOUNDS.items()
        if hasattr(limit, key)
    ]
    return ", ".join([_TYPES[annotation], *bounds])


def settings_page(fields: Mapping[str, FieldInfo]) -> str:
    """docs/settings.md."""
    rows = [
        f"| `{PREFIX}{name.upper()}` | {_quoted(default_of(field))} | {_type(name, field)} |"
        f" {field.description} |"
        for name, field in fields.items()
    ]
    head = "| variable | default | type | what it is |\n|---|---|---|---|\n"
    return f"{_INTRODUCTION}\n{head}" + "\n".join(rows) + "\n" + _OTHER


def _type(name: str, field: FieldInfo) -> str:
    return f"{type_of(field)}, *secret*" if name in SECRET_ADDRESSES else type_of(field)


def _quoted(text: str) -> str:
    return f"`{text}`" if text else "none"


def example_file(fields: Mapping[str, FieldInfo]) -> str:
    """.env.example."""
    return "\n".join(_example_lines(fields)) + "\n"


def _example_lines(fields: Mapping[str, FieldInfo]) -> Iterator[str]:
    yield "# Copy to .env and fill in. Made by scripts/print_settings.py."
    yield "# A line that stays commented out has the value shown. Secrets belong into files, not"
    yield "# here: an environment variable, even an empty one, wins over the file."
    for name, field in fields.items():
        yield ""
        yield f"# {field.description}"
        line = f"{PREFIX}{name.upper()}={TO_FILL_IN.get(name, default_of(field))}"
        if is_secret(name, field):
            yield f"# Secret: write it into the file {PREFIX.lower()}{name}"
        yield line if name in TO_FILL_IN else f"#{line}"


def build() -> dict[Path, str]:
    """The generated files by path, as they must read."""
    fields = Settings.model_fields
    return {
        HOME / "docs" / "settings.md": settings_page(fields),
        HOME / ".env.example": example_file(fields),
    }


def main(arguments: list[str]) -> int:
    """Write what is stale, or with `--check` only name it; returns the exit code."""
    files = build()
    stale = [p for p, text in files.items() if not p.exists() or p.read_text("utf-8") != text]
    if "--check" in arguments:
        for path in stale:
            print(f"stale: {path.relative_to(HOME)}; run scripts/print_settings.py")
        return 1 if stale else 0
    for path in stale:
        path.write_text(files[path], "utf-8")
    print(f"{len(files)} files, {len(stale)} of them written")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
