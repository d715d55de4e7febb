"""Write docs/pictures/*.png: the pages of the demo as they look. Needs Chromium; about a minute.

What a newcomer would get wrong: these pictures are not compared by anybody. Whoever changes how a
page looks runs this again and looks at what came out. Everybody in them is invented.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))

from tests.browser.opening import opened_chromium, opened_demo  # noqa: E402 - the path comes first
from tests.browser.reader import NARROW, WIDE, Reader, Theme  # noqa: E402 - likewise

PICTURES = HOME / "docs" / "pictures"
MOST_BYTES = 250_000


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture: its file without the ending, the address, and how one looks at it."""

    name: str
    path: str
    width: int = WIDE
    theme: Theme = "light"


PATIENT = "a patient"
WITH_A_LONG_STORY = (
    *("eight-years-of-relapses-01", "dxa-normal-and-worsening-01"),
    *("dxa-normal-and-high-edss-over-01", "lowest-t-score-at-the-hip-01"),
)
"""The first of them who is on the worklist; clinicians answer some alerts of the demo."""
SHOTS = (
    Shot("programme", "/programme"),
    Shot("worklist", "/worklist"),
    Shot("patient", PATIENT),
    Shot("protocol", "/protocol"),
    Shot("operations", "/operations"),
    Shot("programme-dark", "/programme", theme="dark"),
    Shot("worklist-narrow", "/worklist", width=NARROW),
    Shot("patient-narrow-dark", PATIENT, width=NARROW, theme="dark"),
)


def main() -> int:
    """Take them all, or those that are named."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    wanted = [shot for shot in SHOTS if not sys.argv[1:] or shot.name in sys.argv[1:]]
    with tempfile.TemporaryDirectory() as directory, opened_demo(Path(directory)) as pages:
        for file in _taken(wanted, pages.url, pages.password):
            size = file.stat().st_size
            print(f"{file.relative_to(HOME)}: {size // 1000} kB")
            if size > MOST_BYTES:
                print("larger than a picture in the documents may be", file=sys.stderr)
                return 1
    return 0


def _taken(shots: list[Shot], url: str, password: str) -> Iterator[Path]:
    with opened_chromium() as browser:
        reader = Reader(browser, url)
        reader.signs_in(password)
        for shot in shots:
            reader.looks(shot.width, shot.theme)
            reader.opens(_address(reader) if shot.path == PATIENT else shot.path)
            file = PICTURES / f"{shot.name}.png"
            reader.photographs(file)
            yield file
        reader.close()


def _address(reader: Reader) -> str:
    page = reader.opens("/worklist")
    page.get_by_role("link", name="All on one page").click()
    page.wait_for_load_state()
    links = [page.get_by_role("link", name=own, exact=True) for own in WITH_A_LONG_STORY]
    address = next(link.get_attribute("href") for link in links if link.count())
    assert address
    return address


if __name__ == "__main__":
    sys.exit(main())
