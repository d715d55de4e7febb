"""What became of the no that was said in the beginning."""

from __future__ import annotations

import time

from tests.browser.reader import Reader
from tests.browser.worklist import Worklist

PATIENCE_SECONDS = 90.0


def test_whoever_was_declined_is_gone_from_the_list(reader: Reader, declined: str):
    give_up = time.monotonic() + PATIENCE_SECONDS
    while Worklist(reader).has(declined) and time.monotonic() < give_up:
        time.sleep(1)
    assert not Worklist(reader).has(declined)
    page = reader.opens("/worklist?rows=1000&show=all")
    assert declined in page.locator("table.worklist").inner_text()
