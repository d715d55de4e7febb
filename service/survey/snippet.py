"""The codes with a hint, ready to be pasted into a hospital's overlay; all of it commented out.

A newcomer would get two things wrong. Nothing here is in force: somebody finds out what a code
means, writes the source down and takes the "# " away, line by line. And a code without a system, or
with one that is no address, cannot stand in an overlay: it is named in the report only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

SOURCE_TO_WRITE = "write here who looked it up, in which dictionary, on which day"
_ADDRESS = re.compile(r"(?:https?://|urn:)\S+")  # What an overlay takes for a system.
_HEAD = """\
## Codes of this hospital that no value set of BoneFlag holds, with a guess by words where each may
## belong. A guess judges nobody. Find out what a code means here, write the source, then take "# "
## away from its line and from the lines that name its value set and local_codes, and paste them
## into the overlay. `boneflag protocol check` and `boneflag simulate` say what comes of it.
"""
_NOTHING = "## No code with a hint was seen in enough people.\n"


def snippet_of(codes: Sequence[Mapping[str, Any]]) -> str:
    """YAML lines for `local_codes`, from the codes with a hint as `codes_json` gives them."""
    by_set: dict[str, dict[tuple[str, str], str]] = {}
    for code in codes:
        system = code["system"]
        if code["hint"] and system and _ADDRESS.fullmatch(system):
            lines = by_set.setdefault(code["hint"], {})
            lines.setdefault((system, code["code"]), code["display"] or "(no display)")
    if not by_set:
        return _HEAD + _NOTHING
    written = [_HEAD, "# local_codes:\n"]
    for value_set, found in sorted(by_set.items()):
        written.append(f"#   {value_set}:\n")
        written += [_line(*key, display) for key, display in sorted(found.items())]
    return "".join(written)


def _line(system: str, code: str, display: str) -> str:
    fields = {"system": system, "code": code, "display": display, "source": SOURCE_TO_WRITE}
    inner = ", ".join(f"{name}: {_quoted(text)}" for name, text in fields.items())
    return f"#     - {{{inner}}}\n"


def uncommented(snippet: str) -> str:
    """The same with every "# " taken away, as somebody would who believes all of it."""
    lines = [line for line in snippet.splitlines() if not line.startswith("##")]
    return "".join(f"{line.removeprefix('# ')}\n" for line in lines)


def _quoted(text: str) -> str:
    """JSON's quotes are YAML's."""
    return json.dumps(text, ensure_ascii=False)
