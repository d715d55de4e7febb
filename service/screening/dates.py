"""Calendar months and ages.

Windows and intervals are calendar months (specification, section 7). A month that has no such day
ends on its last one: a month after 31 January is 28 or 29 February.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date


def add_months(day: date, months: float) -> date:
    """The same day of the month `months` later (earlier when negative), or that month's last.

    Beyond the calendar it is the calendar's first or last day: charts hold years such as 9999.
    """
    count = day.year * 12 + day.month - 1 + int(months)
    year, month = divmod(count, 12)
    if not date.min.year <= year <= date.max.year:
        return date.min if months < 0 else date.max
    if day.day <= 28:
        return date(year, month + 1, day.day)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def age_on(born: date, on: date) -> int:
    """Completed years on a day; negative before birth."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))
