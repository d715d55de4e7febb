"""A picture as a reader of its text meets it."""

from __future__ import annotations

import xml.etree.ElementTree as ET

_SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: bytes) -> list[str]:
    """The words that are drawn."""
    return ["".join(text.itertext()) for text in text_parts(svg)]


def text_parts(svg: bytes) -> list[ET.Element]:
    """The same as they are drawn, with place and style."""
    return list(ET.fromstring(svg).iter(f"{_SVG}text"))


def titles(svg: bytes) -> list[str]:
    """The names of the picture and of its parts."""
    return [title.text or "" for title in ET.fromstring(svg).iter(f"{_SVG}title")]


def height_of(svg: bytes, name: str) -> float:
    """How far down the mark stands that has this name."""
    part = next(
        g for g in ET.fromstring(svg).iter(f"{_SVG}g") if g.findtext(f"{_SVG}title") == name
    )
    use = next(part.iter(f"{_SVG}use"), None)
    if use is not None:
        return float(use.get("y", ""))
    path = next(part.iter(f"{_SVG}path")).get("d", "").split()
    return float(path[2])
