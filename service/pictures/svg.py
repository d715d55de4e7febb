"""What an SVG of ours carries beyond its shapes: a name, a role, names of its parts, our fonts.

What matplotlib adds of its own is taken away: a document type at a foreign address, and metadata
with the day on which it was drawn.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping

_SVG = "http://www.w3.org/2000/svg"
_FONTS = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', 'DejaVu Sans', sans-serif"
_OWN_FONT = re.compile(r"'DejaVu Sans'[^;]*")
# Tables of names that are the same for every document; the second is written by matplotlib.
ET.register_namespace("", _SVG)
ET.register_namespace("xlink", "http://www.w3.org/1999/xlink")


def finished_svg(
    drawn: bytes, title: str, titles: Mapping[str, str], size: tuple[float, float]
) -> bytes:
    """The SVG as it is served; `titles` name its parts by id, `size` is in CSS pixels."""
    root = ET.fromstring(drawn)  # noqa: S314 - drawn by us a moment ago, not received
    for metadata in root.findall(f"{{{_SVG}}}metadata"):
        root.remove(metadata)
    root.set("role", "img")
    root.set("aria-labelledby", "title")
    root.set("width", f"{size[0]:g}")
    root.set("height", f"{size[1]:g}")
    name = _title(title)
    name.set("id", "title")
    root.insert(0, name)
    for part in root.iter():
        if (what := titles.get(part.get("id", ""))) is not None:
            part.insert(0, _title(what))
        if style := part.get("style"):
            part.set("style", _OWN_FONT.sub(_FONTS, style))
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def _title(words: str) -> ET.Element:
    title = ET.Element(f"{{{_SVG}}}title")
    title.text = words
    return title
