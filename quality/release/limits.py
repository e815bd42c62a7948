"""Confidence limits as SQL, for figures that are computed from published sums (``comparison``, ``funnel``).

The same formulas as ``dbt_project/macros/intervals.sql``: Wilson for shares; for events Byar from 10, below it
the exact Poisson limits. Here they apply to what is left when a unit is taken out of a sum, and to expected events.
"""

from __future__ import annotations

from scipy.special import gammaincinv

Z = {"95": 1.959963984540054, "998": 3.090232306167813}
_OUTSIDE = {"95": 0.05, "998": 0.002}
# From here on Byar's approximation, below it the exact limits.
BYAR_FROM = 10

# What a value is the ratio's multiple of; a unit that is not here has no ratio of sums to compare.
SCALES = {"share": 1, "per_1000_days": 1000, "per_1000_residents": 1000, "per_100": 100}
SHARE_METHODS = ("wilson", "wilson_clustered")
RATE_METHODS = ("byar", "byar_dispersed")


def scale_sql(unit: str) -> str:
    """The scale of a unit; NULL where there is none."""
    return f"case {unit} " + " ".join(f"when '{name}' then {scale}.0" for name, scale in SCALES.items()) + " end"


def wilson_sql(share: str, number: str, z: float, side: str) -> str:
    """Wilson's ``lower`` or ``upper`` limit of a share of ``number`` units; NULL where there are none."""
    sign = "-" if side == "lower" else "+"
    square = z * z
    # least and greatest pass over NULL, so no limit may be asked for without units.
    return f"""case when ({number}) > 0 and ({share}) between 0 and 1 then
        least(1, greatest(0, (2 * ({share}) * ({number}) + {square} {sign} {z} * sqrt(
            {square} + 4 * ({share}) * ({number}) * (1 - ({share}))
        )) / (2 * (({number}) + {square}))))
    end"""


def effective_number_sql(share: str, lower: str, upper: str, z: float) -> str:
    """How many independent units Wilson's interval rests on.

    With h the half-width and q = p (1 - p), the interval's formula solved for n + z2 is
    z2 (q + root(q2 + h2 (1 - 4 q))) / 2 h2.
    """
    q = f"(({share}) * (1 - ({share})))"
    h = f"((({upper}) - ({lower})) / 2)"
    square = z * z
    root = f"sqrt({q} * {q} + {h} * {h} * greatest(0, 1 - 4 * {q}))"
    return f"({square} * ({q} + {root}) / nullif(2 * {h} * {h}, 0) - {square})"


def poisson_sql(events: str, z: str, side: str) -> str:
    """``lower`` or ``upper`` limit of a number of events at the level of ``z`` (a key of ``Z``)."""
    exact = ", ".join(repr(exact_limit(count, z, side)) for count in range(BYAR_FROM))
    x = f"({events})" if side == "lower" else f"({events} + 1)"
    sign = "-" if side == "lower" else "+"
    return f"""case
        when {events} < {BYAR_FROM} then [{exact}][cast(round({events}) as int) + 1]
        else {x} * power(1 - 1 / (9.0 * {x}) {sign} {Z[z]} / (3 * sqrt({x})), 3)
    end"""


def exact_limit(events: int, z: str, side: str) -> float:
    """The expected number at which as few (``upper``) or as many (``lower``) events have half of alpha."""
    tail = _OUTSIDE[z] / 2
    if side == "upper":
        return float(gammaincinv(events + 1, 1 - tail))
    return float(gammaincinv(events, tail)) if events else 0.0
