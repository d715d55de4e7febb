"""Pictures of numbers and of a person's time, as SVG or PNG bytes.

A newcomer would get three things wrong. A picture judges nothing: what it shows was worked out
elsewhere, and the same numbers stand in a table beside it. matplotlib takes half a second to
import, so only sheet.py touches it, and only when something is drawn. And a count that is hidden is
None here: it is drawn as a dash and never as an empty bar that would read as zero.
"""

from service.pictures.bars import Bar, draw_bars
from service.pictures.look import NARROW_PX, WIDE_PX, Look
from service.pictures.run_chart import Line, draw_run_chart
from service.pictures.timeline import Threshold, draw_timeline

__all__ = [
    "NARROW_PX",
    "WIDE_PX",
    "Bar",
    "Line",
    "Look",
    "Threshold",
    "draw_bars",
    "draw_run_chart",
    "draw_timeline",
]
