"""Periods of deliveries and indicators: how they are written and which days they hold.

``2025Q3`` quarter, ``2025H1`` half-year, ``2025`` year, ``2023-2025`` block of three years.
Intervals are half-open: ``start`` is the first day, ``end_exclusive`` the day after the last.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

_FORMS = {
    "quarter": re.compile(r"(\d{4})Q([1-4])"),
    "half_year": re.compile(r"(\d{4})H([12])"),
    "year": re.compile(r"(\d{4})"),
    "pooled_3_years": re.compile(r"(\d{4})-(\d{4})"),
}
# A delivery is late when it was extracted more than this many days after its period ended ...
DELIVERY_DAYS = 45
# ... but nothing from before the areas existed (2023-01-01) can be late before this day.
FIRST_DUE_DATE = date(2023, 3, 31)


class PeriodError(ValueError):
    """A text that is no period; says what was expected."""


@dataclass(frozen=True, order=True)
class Period:
    """A period with its days. Ordered by first day."""

    start: date
    end_exclusive: date
    code: str
    type: str

    @classmethod
    def parse(cls, code: str) -> Period:
        """Read ``2025Q3``, ``2025H1``, ``2025`` or ``2023-2025``; raises ``PeriodError``."""
        for period_type, form in _FORMS.items():
            match = form.fullmatch(code)
            if not match:
                continue
            year = int(match[1])
            if period_type == "quarter":
                return _months(code, period_type, year, 3 * int(match[2]) - 2, 3)
            if period_type == "half_year":
                return _months(code, period_type, year, 6 * int(match[2]) - 5, 6)
            if period_type == "year":
                return _months(code, period_type, year, 1, 12)
            if int(match[2]) == year + 2:
                return _months(code, period_type, year, 1, 36)
        raise PeriodError(f"{code!r} is no period; expected 2025Q3, 2025H1, 2025 or 2023-2025")

    @property
    def last_day(self) -> date:
        """The last day that belongs to the period."""
        return self.end_exclusive - timedelta(days=1)

    @property
    def due_date(self) -> date:
        """Last day on which a delivery of this period is not late."""
        return self.due_after(DELIVERY_DAYS)

    def due_after(self, days: int) -> date:
        """Last day on which a delivery is not late that is due ``days`` after the period's end."""
        return max(self.last_day + timedelta(days=days), FIRST_DUE_DATE)

    @property
    def next(self) -> Period:
        """The period of the same type that begins where this one ends."""
        return containing(self.end_exclusive, self.type)

    @property
    def before(self) -> Period:
        """The period of the same type that ends where this one begins."""
        return containing(self.start - timedelta(days=1), self.type)


def containing(day: date, period_type: str) -> Period:
    """The quarter, half-year or year that holds a day."""
    match period_type:
        case "quarter":
            return Period.parse(f"{day.year}Q{(day.month + 2) // 3}")
        case "half_year":
            return Period.parse(f"{day.year}H{(day.month + 5) // 6}")
        case "year":
            return Period.parse(f"{day.year}")
    raise PeriodError(f"{period_type!r} is not quarter, half_year or year")


def newest_due(today: date, period_type: str = "quarter", days: int = DELIVERY_DAYS) -> Period:
    """The newest period of a type whose due date has passed."""
    period = containing(today, period_type)
    while period.due_after(days) >= today:
        period = period.before
    return period


def quarters(first: str, last: str) -> list[Period]:
    """All quarters from ``first`` to ``last``, both included."""
    found, current, end = [], Period.parse(first), Period.parse(last)
    while current <= end:
        found.append(current)
        current = current.next
    return found


def _months(code: str, period_type: str, year: int, month: int, length: int) -> Period:
    index = year * 12 + month - 1 + length
    return Period(date(year, month, 1), date(index // 12, index % 12 + 1, 1), code, period_type)
