"""The data card that lies beside the synthetic deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ingest.periods import Period
from ingest.synthetic import settings
from ingest.synthetic.days import day_number
from ingest.synthetic.formats import format_of, kela_format, municipal_format

if TYPE_CHECKING:
    from ingest.synthetic.deliveries import SyntheticSummary
    from ingest.synthetic.world import World

# What, value, source.
SOURCED = (
    (
        "Young people aged 18–22 by municipality, 31 Dec 2019",
        "municipalities.csv",
        "Statistics Finland, population statistics (table 11re), CC BY 4.0",
    ),
    (
        "Municipalities and wellbeing services counties",
        "292 on the mainland today; 588 Pertunmaa merged into 507 on 1 Jan 2025",
        "Statistics Finland, classifications, CC BY 4.0",
    ),
    (
        "Aftercare clients",
        "about 10,000 (2021), 88 % aged 18+; open-care clients of 18+: 15,002 (2023)",
        "THL, child welfare statistics, and press reports of them",
    ),
    (
        "Size of single areas",
        "Keski-Suomi 673, Satakunta about 430, Keski-Pohjanmaa 136 adults (2023)",
        "reports of the areas and the press; near 12,000 x share of the country's youth",
    ),
    (
        "Age limit",
        "21 until 2019, 25 until 2023, 23 from 2024, transition to 30 June 2024; Helsinki and Länsi-Uusimaa kept 25",
        "Child Welfare Act 75 §; HE 56/2023; Yle 1/2024",
    ),
    (
        "Clients per social worker in child welfare",
        "mean 28–31, areas from 13 to 48",
        "THL, staffing survey 2022–2024 (child welfare, not aftercare alone)",
    ),
    (
        "Three or more workers in a year, England",
        "24 % (2025), standard deviation between authorities about 8 points",
        "DfE, stability measures, OGL v3; children in care, so for the order of magnitude only",
    ),
    (
        "Transfers between teams among worker changes, England",
        "just over 50 %",
        "Children's Commissioner for England, Stability Index 2019",
    ),
)
INTRODUCTION = (
    "These deliveries are made up by a program. They are not about any real person, worker, "
    "municipality or wellbeing services county, and nothing can be learned from them about one. "
    "Codes of municipalities and areas are the real ones."
)


def data_card(world: World, periods: Sequence[Period], years: int, summary: SyntheticSummary) -> str:
    """The card as Markdown: what it is, magnitudes with source, assumptions, what is planted."""
    return "\n".join(
        [
            "# SYNTEETTINEN / SYNTETISK / SYNTHETIC: data card",
            "",
            INTRODUCTION,
            "",
            f"Scale `{world.scale}`, {years} years ({periods[0].code}–{periods[-1].code}), "
            f"seed {world.seed}: {summary.deliveries:,} deliveries, {summary.files:,} files, "
            f"{summary.rows:,} rows, {summary.bytes / 1e6:,.0f} MB, "
            f"{summary.clients:,} young people over the whole time.",
            "",
            "## Magnitudes with a source",
            "",
            *_table(("what", "value", "source"), SOURCED),
            "",
            "## Assumptions",
            "",
            "No Finnish figure was found for any of these. They are assumptions, chosen so that "
            "the data are plausible:",
            "",
            *(f"- {line}" for line in _assumptions(world)),
            "",
            "## Planted on purpose",
            "",
            *_table(("name", "what", "where"), _planted(world)),
            "",
            f"What is dated before {periods[0].code} above is not in this set.",
            "",
            "## Clients on the last day of each quarter",
            "",
            *_table(("quarter", "clients"), _stocks(world, periods)),
            "",
            "## Formats",
            "",
            *_table(
                ("supplier", "format"),
                [(f"hva-{code}", format_of(code).name) for code in world.places.areas]
                + [("municipalities", municipal_format().name), ("kela", kela_format().name)],
            ),
            "",
        ]
    )


def _assumptions(world: World) -> list[str]:
    low_load, high_load = settings.CLIENTS_PER_WORKER
    low_warm, high_warm = settings.WARM_HANDOVER_RANGE
    low_record, high_record = settings.HANDOVER_COVERAGE_RANGE
    return [
        f"{settings.CLIENTS[world.scale]:,} clients on any day, within 5 %; by area as its youth x "
        f"lognormal({settings.AREA_WEIGHT_SIGMA}) (at small scale: four areas of a given size).",
        f"Responsible workers change {settings.WORKER_CHANGES_PER_YEAR} times a client-year, with "
        "a coefficient of variation of about 0.35 between areas, and variation between "
        f"municipalities (lognormal {settings.CHANGE_SIGMA_MUNICIPALITY}) and teams (lognormal "
        f"{settings.CHANGE_SIGMA_TEAM}). About half are transfers between teams.",
        f"Workers stay {settings.WORKER_TENURE_YEARS} years on average and have "
        f"{low_load:.0f}–{high_load:.0f} clients.",
        f"{low_record:.0%}–{high_record:.0%} of the changes have a handover record, by area, and "
        f"{low_warm:.0%}–{high_warm:.0%} of the records are joint meetings.",
        f"Homes change {settings.MOVES_PER_YEAR} times a client-year, "
        f"{1 - settings.PLANNED_MOVE_SHARE:.0%} of them unplanned; home municipalities "
        f"{settings.MUNICIPALITY_MOVES_PER_YEAR} times.",
        f"{settings.CONTACTS_PER_MONTH} contacts a month, {settings.TWO_WAY_SHARE:.0%} two-way; "
        f"{settings.LOST_CONTACT_SHARE:.0%} of the young people are lost from sight at some time.",
        "Gaps, absences, unknown workers, temporary stays, homelessness, capacity and queue of "
        "supported housing, rental housing: all assumed.",
        "Where the age limit ends aftercare, it ends on the birthday or, in about a third of the "
        "areas, on 31 December of that year; never later.",
        "`client` holds everybody with at least one day in aftercare in the period, as they are at its end, and "
        "those whose placement ended in it (or up to 45 days before) and who came into no aftercare.",
        "After aftercare an area hears nothing more: later ends of homes stay unknown to it.",
        *_assumptions_of_support(),
    ]


def _assumptions_of_support() -> list[str]:
    """What is assumed of placements, plans, network, studies, survey, staff, money and municipalities."""

    def shares(bounds: tuple[float, float]) -> str:
        return f"{bounds[0]:.0%}–{bounds[1]:.0%}"

    def numbers(bounds: tuple[float, float]) -> str:
        return f"{bounds[0]:g}–{bounds[1]:g}"

    return [
        f"By area, {shares(settings.SEAMLESS_START_RANGE)} of those who come into aftercare do so on the day their "
        f"placement ends or the next; {shares(settings.NEVER_IN_AFTERCARE_RANGE)} of the entitling endings at 16 or "
        "over lead to no aftercare. Placements are told from the age of 16 on.",
        f"Plans are renewed after {numbers(settings.PLAN_INTERVAL_RANGE)} days on average, by area and team; "
        f"{shares(settings.NO_PLAN_RANGE)} of the periods have none, {shares(settings.CLOSING_PLAN_RANGE)} of those "
        "that end have a closing plan. That makes about 65–90 % with a valid plan reviewed within a year.",
        f"Support persons: {numbers(settings.SUPPORT_PERSON_RANGE)} links begun per aftercare period by area, and a "
        f"quarter of that in two areas that hardly record them. Network meetings: "
        f"{numbers(settings.NETWORK_MEETINGS_RANGE)} a client-year. Health checks: habits of "
        f"{numbers(settings.HEALTH_CHECK_RANGE)} by area, about half with one in a year.",
        f"{settings.REFERRALS_PER_YEAR} referrals a client-year; a municipality says of "
        f"{shares(settings.RETURN_INFORMATION_RANGE)} what became of them.",
        "Outside work and study about 40 % of those of 18–22, for half a year or more about 27 % (near what the "
        "Jatkos project of Keski-Suomi reported in 2023, and studies of those born 1987); about a third break off "
        "upper secondary at least once (34 % in the same report).",
        f"Municipalities reach {shares(settings.REACHED_WHEN_NEET_RANGE)} of a spell outside work and study, know "
        f"{shares(settings.KNOWN_TO_MUNICIPALITY_RANGE)} of the clients as such in their counts, and give leisure "
        f"support {settings.LEISURE_SUPPORT_PER_YEAR} times a client-year. Codes of employment areas are left empty.",
        "Social assistance for four months in a row: about a third of those of 18–22 in a year. Kela's keys are "
        "those of the common key domain, so clients of an area with keys of its own cannot be found there.",
        f"Survey: {shares(settings.RESPONSE_RATE_RANGE)} answer, by area; the questionnaire changed with 2025H1.",
        f"Staff: clients per worker follow from the assignments; {shares(settings.VACANCY_RANGE)} of the posts are "
        f"vacant and {settings.SICKNESS_RANGE[0]:.1%}–{settings.SICKNESS_RANGE[1]:.1%} of the working days lost to "
        "sickness, by area.",
        f"Costs: {settings.COST_PER_CLIENT_YEAR:,.0f} euros a client-year (2,670 young people for 12 million, HE "
        f"71/2019), times {numbers(settings.COST_SPREAD)} by area; municipalities "
        f"{settings.MUNICIPAL_COST_PER_CLIENT:,.0f} euros. Service classes and accounts are examples.",
    ]


def _planted(world: World) -> list[tuple[str, str, str]]:
    rows = []
    for name, entry in settings.peculiarities(world.scale).items():
        where = "; ".join(f"{key} {_text(value)}" for key, value in entry.items() if key != "what")
        rows.append((name, " ".join(entry["what"].split()), where))
    return rows


def _stocks(world: World, periods: Sequence[Period]) -> list[tuple[str, str]]:
    spells = world.periods
    rows = []
    for period in periods:
        day = day_number(period.last_day)
        clients = np.unique(spells.person[(spells.start <= day) & (spells.end >= day)])
        rows.append((period.code, f"{len(clients):,}"))
    return rows


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [header, ["---"] * len(header), *rows]
    return [f"| {' | '.join(cells)} |" for cells in lines]


def _text(value: object) -> str:
    return ", ".join(str(part) for part in value) if isinstance(value, list) else str(value)
