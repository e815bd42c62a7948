"""Synthetic plans, network, studies, activity, survey, staff, costs and benefits, read from the files.

Prevalences are held against the bounds of the brief; what belongs together is looked up in the other
table; the door itself takes the deliveries of each kind of supplier.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ingest.contracts import contract
from ingest.door import check_delivery, take_in
from ingest.door.rules import REJECT_FILE, RULES
from ingest.periods import Period
from ingest.state import Home
from ingest.synthetic import peculiarities, settings, synthesize
from ingest.synthetic.tables import (
    AREA_HALF_YEAR_TABLES,
    AREA_TABLES,
    AREA_YEAR_TABLES,
    KELA_TABLES,
    LINKED_TABLES,
    MUNICIPAL_TABLES,
)
from ingest.synthetic.workforce import count_day
from tests.unit.synthetic_reading import Delivery, find

PLANTED = peculiarities("small")
OWN_KEYS = PLANTED["own_key_domain"]["organisation"]
DAYS = [pd.Timestamp(day) for day in ("2022-12-31", "2024-06-30", "2025-12-31", "2026-09-30")]
NEET = {"VANHEMPAINVAPAA", "SAIRAUS", "TYOTON", "MUU_NEET"}
# Tables made before plans and network were; what is planted in them is tested elsewhere.
OLDER = set(AREA_TABLES[:9]) | {"rental_housing"}


@pytest.fixture(scope="module")
def deliveries(small_synthetic: Path) -> dict[tuple[str, str], Delivery]:
    found: dict[tuple[str, str], Delivery] = {}
    for delivery in find(small_synthetic):  # by delivery id: a correction replaces the first one
        found[delivery.organisation, delivery.period.code] = delivery
    return found


@pytest.fixture(scope="module")
def areas(deliveries: dict[tuple[str, str], Delivery]) -> list[str]:
    return sorted({organisation for organisation, _ in deliveries if organisation.startswith("hva-")})


class Newest:
    """The newest rows of an area's table, read once; ``all_of`` joins what all areas tell."""

    def __init__(self, deliveries: dict[tuple[str, str], Delivery], areas: list[str]) -> None:
        self._deliveries, self.areas = deliveries, areas
        self._read: dict[tuple[str, str, str], pd.DataFrame] = {}

    def __call__(self, area: str, table: str, period: str = "2026Q3") -> pd.DataFrame:
        key = (area, table, period)
        if key not in self._read:
            self._read[key] = self._deliveries[area, period].typed(table)
        return self._read[key]

    def all_of(self, table: str, period: str = "2026Q3") -> pd.DataFrame:
        return pd.concat([self(area, table, period).assign(area=area) for area in self.areas], ignore_index=True)


@pytest.fixture(scope="module")
def newest(deliveries: dict[tuple[str, str], Delivery], areas: list[str]) -> Newest:
    return Newest(deliveries, areas)


@pytest.fixture(scope="module")
def births(deliveries: dict[tuple[str, str], Delivery]) -> pd.Series:
    """Birth year of everybody who was ever in a client snapshot."""
    frames = [
        delivery.typed("client")[["client_key", "birth_year"]]
        for (organisation, period), delivery in deliveries.items()
        if organisation.startswith("hva-") and delivery.period.type == "quarter" and period[-1] in "24"
    ]
    return pd.concat(frames).drop_duplicates("client_key").set_index("client_key")["birth_year"]


def open_on(rows: pd.DataFrame, day: pd.Timestamp, start: str = "start_date", end: str = "end_date") -> pd.Series:
    return (rows[start] <= day) & ~(rows[end] < day)


def clients_on(newest: Newest, day: pd.Timestamp, at_least: int = 0) -> pd.DataFrame:
    periods = newest.all_of("aftercare_period")
    begun = open_on(periods, day) & (periods["start_date"] <= day - pd.Timedelta(days=at_least))
    return periods[begun].drop_duplicates(["area", "client_key"])


def share(clients: pd.DataFrame, having: pd.DataFrame) -> float:
    keys = set(zip(having["area"], having["client_key"], strict=True))
    return float(np.mean([pair in keys for pair in zip(clients["area"], clients["client_key"], strict=True)]))


# ---- who delivers what, and what the door says ---------------------------------------------------


def test_every_municipality_delivers_its_counts_and_some_deliver_rows(
    deliveries: dict[tuple[str, str], Delivery],
) -> None:
    linked = set(PLANTED["linked_municipalities"]["organisations"])
    by_type = {
        "quarter": {"rental_housing", "employment_service_spell_count"},
        "half_year": {"education_enrolment_count"},
        "year": {"leisure_support_count", "cost_row"},
    }
    assert {table for tables in by_type.values() for table in tables} == set(MUNICIPAL_TABLES)
    of_type = Counter()
    for (organisation, _), delivery in deliveries.items():
        if not organisation.startswith("kunta-"):
            continue
        told = {file["table"] for file in delivery.manifest["files"]} | set(
            delivery.manifest.get("nothing_to_report", [])
        )
        wanted = by_type[delivery.period.type]
        assert told & set(LINKED_TABLES) == told - wanted
        assert bool(told & set(LINKED_TABLES)) == (organisation in linked)
        assert wanted <= told
        of_type[delivery.period.type] += 1
    municipalities = [place for place in settings.municipalities() if place.area in settings.SMALL_AREAS]
    assert of_type["half_year"] == 9 * len(municipalities) - 3  # the merged one stops with 2024
    assert of_type["year"] == 4 * len(municipalities) - 1


def test_kela_delivers_its_years_some_months_later(deliveries: dict[tuple[str, str], Delivery]) -> None:
    of_kela = {period: delivery for (organisation, period), delivery in deliveries.items() if organisation == "kela"}
    assert set(of_kela) == {"2022", "2023", "2024", "2025"}
    for delivery in of_kela.values():
        assert {file["table"] for file in delivery.manifest["files"]} == set(KELA_TABLES)
        extracted = pd.Timestamp(delivery.manifest["extracted_at"]).date()
        assert extracted <= delivery.period.due_after(contract("benefit_month").due_days)


@pytest.mark.parametrize(
    ("organisation", "period", "before"),
    [
        ("hva-90", "2026H1", "2025H2"),
        ("hva-18", "2025", "2024"),
        ("hva-12", "2025", "2024"),
        ("kunta-853", "2026Q3", "2026Q2"),
        ("kunta-853", "2026H1", "2025H2"),
        ("kunta-853", "2025", "2024"),
        ("kunta-588", "2024", "2023"),
        ("kunta-507", "2025", "2024"),
        ("kela", "2025", "2024"),
    ],
)
def test_the_door_finds_nothing(
    organisation: str, period: str, before: str, deliveries: dict[tuple[str, str], Delivery]
) -> None:
    checked = check_delivery(deliveries[organisation, period].folder, deliveries[organisation, before].folder)
    assert checked.findings_by_rule() == {}


def test_the_door_finds_only_what_was_planted_in_a_quarter(deliveries: dict[tuple[str, str], Delivery]) -> None:
    checked = check_delivery(deliveries["hva-18", "2026Q3"].folder, deliveries["hva-18", "2026Q2"].folder)
    assert {found.table for found in checked.findings} <= OLDER


@pytest.mark.slow
def test_the_door_takes_everything_in(small_synthetic: Path, tmp_path: Path) -> None:
    """Nothing is rejected; the tables of support have no finding but the quarter that was left out."""
    home = Home(tmp_path)
    for manifest in small_synthetic.glob("*/*/*/manifest.json"):
        target = home.inbox / manifest.parent.relative_to(small_synthetic)
        target.mkdir(parents=True)
        for file in manifest.parent.iterdir():
            (target / file.name).write_bytes(file.read_bytes())
    report = take_in(home)
    assert {result.outcome for result in report.deliveries} == {"accepted", "accepted_with_findings"}
    found = Counter()
    for receipt in home.outbox.rglob("receipt.json"):
        for finding in json.loads(receipt.read_text(encoding="utf-8"))["findings"]:
            if finding["table"] and finding["table"] not in OLDER:
                found[finding["rule"]] += 1
    assert set(found) == {"WARN_PERIOD_SKIPPED"}
    assert not [code for code in found if RULES[code].severity == REJECT_FILE]


# ---- substitute care -----------------------------------------------------------------------------


def entitling_endings(newest: Newest, births: pd.Series) -> pd.DataFrame:
    """Placements that ended in 2022–2025 at 16 or over and give the right to aftercare."""
    rows = newest.all_of("placement", "2025")
    days = (rows["end_date"] - rows["start_date"]).dt.days + 1
    in_care = rows["legal_basis"].isin(["HUOSTA", "HUOSTA_TV", "YKSIN"])
    alone = (rows["legal_basis"] == "AVO") & (days >= 183) & (rows["child_alone"] == True)  # noqa: E712
    rows = rows[(in_care | alone) & (rows["end_reason"] != "SIIRTO") & (rows["end_date"] >= "2022-01-01")]
    return rows.assign(age=rows["end_date"].dt.year - rows["client_key"].map(births))


def test_most_endings_lead_to_aftercare_and_some_never_do(newest: Newest, births: pd.Series) -> None:
    endings = entitling_endings(newest, births)
    periods = newest.all_of("aftercare_period").groupby(["area", "client_key"])["start_date"].min()
    pairs = pd.MultiIndex.from_arrays([endings["area"], endings["client_key"]])
    wait = (periods.reindex(pairs).to_numpy() - endings["end_date"].to_numpy()) / np.timedelta64(1, "D")
    assert 300 < len(endings) < 1500
    assert 0.55 <= (wait <= 90).mean() <= 0.88  # take-up
    assert 0.40 <= (wait <= 1).mean() <= 0.85  # without a gap
    assert (wait > 90).any()
    assert 0.10 <= np.isnan(wait).mean() <= 0.35  # in no table of aftercare
    assert (endings["age"].dropna() >= 16).all()


def test_who_never_came_into_aftercare_is_in_the_client_table_of_that_time(
    newest: Newest, deliveries: dict[tuple[str, str], Delivery], births: pd.Series
) -> None:
    endings = entitling_endings(newest, births)
    for area in newest.areas:
        in_care = set(newest(area, "aftercare_period")["client_key"])
        never = endings[(endings["area"] == area) & ~endings["client_key"].isin(in_care)]
        inside = never[never["end_date"].between("2025-07-01", "2025-09-30")]
        snapshot = set(deliveries[area, "2025Q3"].raw("client")["client_key"])
        assert set(inside["client_key"]) <= snapshot
        extra = snapshot - in_care
        assert len(extra) <= 0.1 * len(snapshot)
        assert extra <= set(newest(area, "placement", "2025")["client_key"])


def test_placements_of_a_person_follow_each_other(newest: Newest) -> None:
    rows = newest.all_of("placement", "2025")
    rows = rows[rows["legal_basis"] != "JALKI"].sort_values(["area", "client_key", "start_date"])
    same = (rows["client_key"] == rows["client_key"].shift()).to_numpy()
    gap = (rows["start_date"] - rows["end_date"].shift()).dt.days.to_numpy()[same]
    assert same.sum() > 100
    assert (gap == 1).all()
    moved = (rows["end_reason"].shift() == "SIIRTO").to_numpy()
    assert moved[same].all()


# ---- plans ---------------------------------------------------------------------------------------


def test_two_thirds_to_nine_tenths_have_a_valid_plan_reviewed_within_a_year(newest: Newest) -> None:
    plans = newest.all_of("plan")
    plans = plans[plans["plan_type"] != "PAATTAMINEN"]
    shares = []
    for day in DAYS:
        reviewed = plans["review_date"].where(plans["review_date"] <= day, plans["valid_from"])
        valid = plans[open_on(plans, day, "valid_from", "valid_to") & (reviewed >= day - pd.Timedelta(days=365))]
        shares.append(share(clients_on(newest, day, at_least=30), valid))
    assert all(0.62 <= value <= 0.92 for value in shares), shares


def test_plans_of_a_person_have_reviews_after_the_making_and_needs_only_at_the_end(newest: Newest) -> None:
    plans = newest.all_of("plan")
    assert not (plans["review_date"] < plans["valid_from"]).any()
    closing = plans["plan_type"] == "PAATTAMINEN"
    assert plans.loc[~closing, "continuing_need"].isna().all()
    assert plans.loc[closing, "continuing_need"].isin(["yes", "no"]).mean() > 0.7
    periods = newest.all_of("aftercare_period")
    both = plans[closing].merge(periods, on=["area", "client_key"])
    left = (both["end_date"].fillna(DAYS[-1]) - both["valid_from"]).dt.days
    near = both[left.between(0, 92)]
    assert set(near["plan_key"]) == set(plans.loc[closing, "plan_key"])


def test_parties_and_actions_belong_to_plans_and_half_are_recorded_jointly(newest: Newest) -> None:
    plans = newest.all_of("plan").set_index("plan_key")
    parties, actions = newest.all_of("plan_party"), newest.all_of("plan_action")
    assert set(parties["plan_key"]) <= set(plans.index)
    assert (plans["client_key"].reindex(actions["plan_key"]).to_numpy() == actions["client_key"].to_numpy()).all()
    others = parties[parties["sector"] != "NUORI"].groupby("plan_key").size().reindex(plans.index, fill_value=0)
    with_youth = plans.index.isin(parties[parties["sector"] == "NUORI"]["plan_key"])
    assert 0.30 <= (with_youth & (others >= 2)).mean() <= 0.65
    took_part = plans["client_present"].astype(bool) & plans["client_view_recorded"].eq(True)
    assert 0.50 <= took_part.mean() <= 0.90


def test_actions_have_a_day_once_begun_and_practice_comes_before_aftercare(newest: Newest) -> None:
    actions = newest.all_of("plan_action")
    assert (actions["date"].isna() == (actions["status"] == "SUUNNITELTU")).all()
    assert (actions["date"].dropna() <= DAYS[-1]).all()
    done = actions[(actions["status"] == "TEHTY") & actions["date"].between("2025-10-01", "2026-09-30")]
    clients = clients_on(newest, DAYS[-1], at_least=183)
    for code, low, high in (("OIKEUDET", 0.15, 0.45), ("VERKOSTO", 0.06, 0.30), ("OPINTOTUKI", 0.05, 0.30)):
        assert low <= share(clients, done[done["action_code"] == code]) <= high, code
    practice = actions[(actions["action_code"] == "ASUMISHARJOITTELU") & (actions["status"] == "TEHTY")]
    first = newest.all_of("aftercare_period").groupby(["area", "client_key"])["start_date"].min()
    before = practice["date"].to_numpy() < first.reindex(pd.MultiIndex.from_frame(practice[["area", "client_key"]]))
    assert before.mean() > 0.3


# ---- network, health, referrals ------------------------------------------------------------------


def test_support_persons_meetings_and_checks_are_as_frequent_as_assumed(
    newest: Newest, deliveries: dict[tuple[str, str], Delivery]
) -> None:
    links = newest.all_of("support_person")
    named = [share(clients_on(newest, day), links[open_on(links, day)]) for day in DAYS]
    assert all(0.30 <= value <= 0.65 for value in named), named
    lasting = links[open_on(links, DAYS[-1]) & (links["start_date"] <= DAYS[-1] - pd.Timedelta(days=365))]
    assert 0.20 <= share(clients_on(newest, DAYS[-1], at_least=365), lasting) <= 0.65
    assert (links["confirmed_on"].dropna() <= DAYS[-1]).all() and links["confirmed_on"].isna().any()

    meetings = pd.concat([newest.all_of("network_meeting", period) for period in ("2026Q2", "2026Q3")])
    full = meetings[(meetings["client_present"] == True) & (meetings["n_parties"] >= 2)]  # noqa: E712
    assert 0.12 <= share(clients_on(newest, DAYS[-1], at_least=183), full) <= 0.45

    checks = newest.all_of("health_check", "2025")
    made = checks[(checks["status"] == "TEHTY") & (checks["check_type"] != "SUUN")]
    assert 0.35 <= share(clients_on(newest, pd.Timestamp("2025-12-31"), at_least=183), made) <= 0.75
    assert checks["date"].between("2025-01-01", "2025-12-31").all()
    assert set(checks["status"]) == {"TEHTY", "EI_TARVETTA", "KIELTAYTYI", "EI_TEHTY"}


def test_referrals_start_services_or_not_and_some_are_never_heard_of(newest: Newest) -> None:
    rows = newest.all_of("referral")
    begun = rows["service_start_date"].notna()
    assert (begun == (rows["status"] == "ALKANUT")).all()
    assert (rows.loc[begun, "service_start_date"] > rows.loc[begun, "referral_date"]).all()
    municipal = rows["target_service"].isin(
        ["ASUNTO", "OPPILAITOS", "OPISKELUHUOLTO", "OHJAAMO", "TYOLLISYYS", "TYOPAJA", "ETSIVA", "VELKANEUVONTA"]
    )
    old = rows[municipal & rows["referral_date"].between("2024-01-01", "2025-12-31")]
    assert 0.12 <= old["status"].isin(["AVOIN", "JONO"]).mean() <= 0.50  # no return information
    soon = (old["service_start_date"] - old["referral_date"]).dt.days <= 30
    assert 0.25 <= soon.mean() <= 0.60
    assert 0.03 <= (old["status"] == "NUORI_PERUI").mean() <= 0.15
    assert old["target_municipality"].notna().mean() > 0.95
    inner = rows[rows["target_service"].isin(["MIELENTERVEYS", "PAIHDE"])]
    assert len(inner) > 100 and inner["service_start_date"].notna().mean() > 0.5


def test_who_goes_on_needing_help_is_mostly_sent_on(newest: Newest) -> None:
    plans = newest.all_of("plan")
    needs = plans[(plans["continuing_need"] == "yes") & (plans["valid_from"] >= "2022-01-01")]
    needs = needs[needs["valid_to"] < "2026-06-30"]
    referrals = newest.all_of("referral").merge(needs[["area", "client_key", "valid_to"]], on=["area", "client_key"])
    near = (referrals["valid_to"] - referrals["referral_date"]).dt.days.between(0, 60)
    sent = referrals[near][["area", "client_key"]].drop_duplicates()
    assert 0.5 <= share(needs, sent) <= 0.95


# ---- studies and activity ------------------------------------------------------------------------


def test_two_in_five_of_18_to_22_are_outside_work_and_study_many_for_half_a_year(
    newest: Newest, births: pd.Series
) -> None:
    spells = newest.all_of("activity_spell").sort_values(["area", "client_key", "start_date"])
    outside = spells[spells["main_activity"].isin(NEET)].copy()
    # Spells outside that follow each other directly are one.
    same = (outside["client_key"] == outside["client_key"].shift()) & (
        (outside["start_date"] - outside["end_date"].shift()).dt.days == 1
    )
    outside["run"] = (~same).cumsum()
    begun = outside.groupby("run")["start_date"].transform("min")
    prevalence, lasting, unknown = [], [], []
    for day in DAYS[:3]:  # the newest quarter closes the spells of those who left
        clients = clients_on(newest, day)
        age = day.year - clients["client_key"].map(births)
        clients = clients[age.between(18, 22)]
        now = open_on(outside, day)
        prevalence.append(share(clients, outside[now]))
        lasting.append(share(clients, outside[now & (begun <= day - pd.Timedelta(days=183))]))
        unknown.append(1 - share(clients, spells[open_on(spells, day) & (spells["main_activity"] != "TUNTEMATON")]))
    assert 0.34 <= np.mean(prevalence) <= 0.48, prevalence
    assert 0.20 <= np.mean(lasting) <= 0.35, lasting
    assert np.mean(unknown) <= 0.08, unknown


def test_activity_of_a_person_has_no_day_twice(newest: Newest) -> None:
    rows = newest.all_of("activity_spell").sort_values(["area", "client_key", "start_date"])
    same = (rows["client_key"] == rows["client_key"].shift()) & (rows["area"] == rows["area"].shift())
    before = rows["end_date"].shift().fillna(pd.Timestamp("2100-01-01"))
    twice = (rows["start_date"] <= before)[same]
    assert twice.mean() < 0.01  # those who left aftercare and came back have an old spell left open


def test_a_third_broke_off_upper_secondary_at_least_once(
    deliveries: dict[tuple[str, str], Delivery], births: pd.Series
) -> None:
    frames = [
        deliveries[organisation, "2026H1"].typed("education_enrolment").assign(municipality=organisation)
        for organisation in PLANTED["linked_municipalities"]["organisations"]
    ]
    studies = pd.concat(frames)
    for organisation, rows in studies.groupby("municipality"):
        assert (rows["municipality_code"] == str(organisation).removeprefix("kunta-")).all()
    second = studies[studies["level"].isin(["LUKIO", "AMMATILLINEN", "OPPISOPIMUS"])]
    ever = second.groupby("client_key")["end_reason"].agg(lambda reasons: (reasons == "KESKEYTTANYT").any())
    assert len(ever) > 150
    assert 0.24 <= ever.mean() <= 0.46
    assert (studies["end_date"].isna() == studies["end_reason"].isna()).all()
    assert set(studies["client_key"]) & set(births.index)


def test_studying_clients_have_a_study_right(deliveries: dict[tuple[str, str], Delivery], newest: Newest) -> None:
    """The main activity follows from the study right, where its municipality is one of the linked ones."""
    rights = pd.concat(
        [
            deliveries[organisation, "2026H1"].typed("education_enrolment")
            for organisation in PLANTED["linked_municipalities"]["organisations"]
        ]
    )
    day = pd.Timestamp("2026-06-30")
    inside = rights[open_on(rights, day)]
    spells = newest.all_of("activity_spell")
    spells = spells[open_on(spells, day) & (spells["area"] != OWN_KEYS)]
    of_students = spells[spells["client_key"].isin(inside["client_key"])]["main_activity"]
    assert len(of_students) > 30
    assert of_students.isin(["OPISKELU", "OPPISOPIMUS"]).mean() > 0.75


# ---- survey --------------------------------------------------------------------------------------


def test_a_fifth_to_two_fifths_answer_with_keys_of_their_own(
    deliveries: dict[tuple[str, str], Delivery], areas: list[str]
) -> None:
    clients, respondents = set(), []
    rates = {}
    for area in areas:
        clients |= set(deliveries[area, "2026Q3"].raw("aftercare_period")["client_key"])
        for half in ("2025H2", "2026H1"):
            wave, answers = (deliveries[area, half].typed(table) for table in AREA_HALF_YEAR_TABLES)
            assert len(wave) == 1 and answers["respondent_key"].nunique() == wave["responded"].iloc[0]
            rates[area, half] = wave["responded"].iloc[0] / wave["invited"].iloc[0]
            assert answers["value"].between(1, 5).all() and answers["item_code"].nunique() == 9
            respondents += list(answers["respondent_key"].unique())
    assert all(0.16 <= rate <= 0.46 for rate in rates.values()), rates
    assert len(respondents) == len(set(respondents))  # no key comes back in another wave
    assert not clients & set(respondents)


def test_the_questionnaire_changed_and_workers_who_changed_are_felt(
    deliveries: dict[tuple[str, str], Delivery], areas: list[str]
) -> None:
    used = {
        half: {deliveries[area, half].raw("survey_response")["instrument"].iloc[0] for area in areas}
        for half in ("2024H2", "2025H1")
    }
    assert used["2024H2"] == {"3X10D-LASU-1.0"} and used["2025H1"] == {"3X10D-LASU-1.1"}
    answers = pd.concat([deliveries[area, "2025H2"].typed("survey_response") for area in areas])
    good = answers.assign(good=answers["value"] >= 4).groupby("item_code")["good"].mean()
    assert good.between(0.2, 0.9).all()
    assert good["SAMA_TYONTEKIJA"] < good["KUULTU"]


# ---- staff, costs, benefits ----------------------------------------------------------------------


def test_teams_and_clients_of_the_staff_are_those_of_the_assignments(
    deliveries: dict[tuple[str, str], Delivery], areas: list[str]
) -> None:
    for area in areas:
        for code in ("2024Q2", "2026Q3"):
            if (area, code) not in deliveries:
                continue
            staff = deliveries[area, code].typed("workforce_quarter")
            day = pd.Timestamp(count_day(Period.parse(code)))
            assert (staff["count_date"] == day).all()
            assignments = deliveries[area, code].typed("worker_assignment")
            assignments = assignments[open_on(assignments, day) & (assignments["role"] == "VASTUU")]
            periods = deliveries[area, code].typed("aftercare_period")
            in_care = periods[open_on(periods, day)]["client_key"]
            assignments = assignments[assignments["client_key"].isin(in_care)]
            wanted = assignments.groupby("team_key")["client_key"].nunique()
            told = staff[staff["role"] == "VASTUU"].set_index("team_key")
            told = (told["clients_u18"] + told["clients_18p"]).reindex(wanted.index)
            leaky = area in PLANTED["unclosed_assignments"]["organisations"]
            assert ((told - wanted).abs() <= (3 if leaky else 1)).all(), (area, code)
            assert (staff["n_over_limit"] <= staff["n_workers"]).all()


def test_caseloads_vacancies_and_absence_are_of_the_assumed_size(newest: Newest) -> None:
    staff = pd.concat([newest.all_of("workforce_quarter", code) for code in ("2025Q4", "2026Q1", "2026Q2", "2026Q3")])
    responsible = staff[staff["role"] == "VASTUU"]
    sums = responsible.groupby("area")[["clients_u18", "clients_18p", "fte", "n_over_limit", "n_workers"]].sum()
    load = (sums["clients_u18"] + sums["clients_18p"]) / sums["fte"]
    assert load.between(12, 60).all() and load.max() > 1.2 * load.min()
    assert 0 <= (sums["n_over_limit"] / sums["n_workers"]).min() < 0.6
    assert 0.03 <= staff["vacancies_fte"].sum() / (staff["vacancies_fte"] + staff["fte"]).sum() <= 0.30
    assert 0.02 <= staff["sick_days"].sum() / staff["working_days"].sum() <= 0.10
    assert 0.05 <= staff["leavers_fte"].sum() / (staff["fte"].sum() / 4) <= 0.50


def test_second_tuesday_of_april_and_october_else_the_last_day() -> None:
    days = [count_day(Period.parse(f"2025Q{quarter}")).isoformat() for quarter in (1, 2, 3, 4)]
    assert days == ["2025-03-31", "2025-04-08", "2025-09-30", "2025-10-14"]


def test_aftercare_costs_about_4_500_euros_a_client_year(
    deliveries: dict[tuple[str, str], Delivery], newest: Newest
) -> None:
    first, last = pd.Timestamp("2025-01-01"), pd.Timestamp("2025-12-31")
    for area in newest.areas:
        rows = deliveries[area, "2025"].typed("cost_row")
        periods = newest(area, "aftercare_period")
        end = periods["end_date"].fillna(last).clip(upper=last)
        years = ((end - periods["start_date"].clip(lower=first)).dt.days + 1).clip(lower=0).sum() / 365.25
        assert 3000 <= rows["amount_eur"].sum() / years <= 7500, area
        assert (rows["amount_eur"] < 0).sum() == 1  # internal income
        assert rows["municipality_code"].isna().all()
    town = deliveries["kunta-853", "2025"].typed("cost_row")
    assert (town["municipality_code"] == "853").all() and (town["area"] == "05").all()
    assert town["method"].nunique() == 1


def test_a_third_get_social_assistance_for_four_months_in_a_row(
    deliveries: dict[tuple[str, str], Delivery], newest: Newest, births: pd.Series
) -> None:
    paid = deliveries["kela", "2025"].raw("benefit_month")
    assert set(paid["benefit_code"]) == {"PTT", "YAT", "OT", "TMT", "SP", "NKR"}
    assert set(paid["month"]) == {f"2025-{month:02d}" for month in range(1, 13)}
    assistance = paid[paid["benefit_code"] == "PTT"]
    months = assistance.assign(month=assistance["month"].str[-2:].astype(int)).pivot_table(
        index="client_key", columns="month", aggfunc="size", fill_value=0
    )
    run = best = np.zeros(len(months), dtype=int)
    for month in range(1, 13):
        run = np.where(months[month] > 0, run + 1, 0)
        best = np.maximum(best, run)
    long = set(months.index[best >= 4])
    first, last = pd.Timestamp("2025-01-01"), pd.Timestamp("2025-12-31")
    periods = newest.all_of("aftercare_period")
    periods = periods[periods["area"] != OWN_KEYS]
    end = periods["end_date"].fillna(last).clip(upper=last)
    periods = periods.assign(days=((end - periods["start_date"].clip(lower=first)).dt.days + 1).clip(lower=0))
    open_long = periods.groupby("client_key")["days"].sum()
    clients = open_long[open_long >= 90].index
    clients = clients[(2025 - births.reindex(clients)).between(18, 22)]
    assert len(clients) > 200
    assert 0.24 <= np.mean([client in long for client in clients]) <= 0.44
    # Keys of the common domain: nobody of an area with keys of its own can be found there.
    own = set(newest(OWN_KEYS, "aftercare_period")["client_key"])
    assert not own & set(paid["client_key"])


# ---- municipalities ------------------------------------------------------------------------------


def test_counts_of_a_linked_municipality_are_of_those_whom_it_knows(
    deliveries: dict[tuple[str, str], Delivery],
) -> None:
    delivery = deliveries["kunta-853", "2026Q3"]
    counts = delivery.typed("employment_service_spell_count").set_index("service")
    rows = delivery.typed("employment_service_spell")
    last = pd.Timestamp(delivery.period.last_day)
    assert set(counts.index) == {"OHJAAMO", "TYOPAJA", "ETSIVA", "TYOLLISYYS"}
    assert (counts["clients_at_end"] <= counts["clients_during"]).all()
    at_end = rows[open_on(rows, last)].groupby("service")["client_key"].nunique()
    assert (counts["clients_at_end"] <= at_end.reindex(counts.index, fill_value=0)).all()
    assert counts["clients_during"].sum() > 5


def test_municipal_services_reach_part_of_those_outside_work_and_study(
    deliveries: dict[tuple[str, str], Delivery], newest: Newest
) -> None:
    day = pd.Timestamp("2025-12-31")
    homes = newest("hva-05", "residence_spell")
    in_turku = homes[open_on(homes, day) & (homes["municipality"] == "853")]["client_key"]
    spells = newest("hva-05", "activity_spell")
    outside = set(spells[open_on(spells, day) & spells["main_activity"].isin(NEET)]["client_key"]) & set(in_turku)
    services = deliveries["kunta-853", "2026Q3"].typed("employment_service_spell")
    reached = set(services[open_on(services, day) & (services["service"] != "TYOLLISYYS")]["client_key"])
    assert len(outside) > 15
    assert 0.03 <= len(outside & reached) / len(outside) <= 0.65


def test_leisure_support_is_given_within_the_year(deliveries: dict[tuple[str, str], Delivery]) -> None:
    rows = pd.concat(
        [
            deliveries[organisation, str(year)].typed("leisure_support").assign(year=year)
            for organisation in PLANTED["linked_municipalities"]["organisations"]
            for year in range(2022, 2026)
            if "leisure_support" not in deliveries[organisation, str(year)].manifest.get("nothing_to_report", [])
        ]
    )
    assert len(rows) > 40
    assert (rows["date"].dt.year == rows["year"]).all()
    assert rows[rows["kind"] == "RYHMA"]["amount_eur"].isna().all()
    assert rows[rows["kind"] != "RYHMA"]["amount_eur"].between(1, 1000).all()


def test_groups_of_municipalities_are_those_of_the_indicators() -> None:
    seed = Path(__file__).parents[2] / "dbt_project" / "seeds" / "seed_municipality_group.csv"
    with seed.open(encoding="utf-8", newline="") as file:
        groups = {row["municipality_code"]: row["group_code"] for row in csv.DictReader(file)}
    ours = settings.municipality_groups()
    assert ours and all(groups[code] == group for code, group in ours.items())
    today = {place.code for place in settings.municipalities() if not place.last_day}
    assert today == set(ours)


# ---- at each length of history -------------------------------------------------------------------


def test_a_year_of_history_holds_only_periods_that_lie_wholly_in_it(tmp_path: Path) -> None:
    synthesize(tmp_path, scale="small", years=1)
    periods = {delivery.period.code for delivery in find(tmp_path)}
    assert periods == {"2025Q4", "2026Q1", "2026Q2", "2026Q3", "2026H1"}


def test_yearly_tables_of_areas_are_all_delivered(
    deliveries: dict[tuple[str, str], Delivery], areas: list[str]
) -> None:
    for area in areas:
        years = {period for organisation, period in deliveries if organisation == area and len(period) == 4}
        assert years == {"2022", "2023", "2024", "2025"}
        for year in years:
            files = {file["table"]: file["rows"] for file in deliveries[area, year].manifest["files"]}
            assert set(files) == set(AREA_YEAR_TABLES) and all(files.values())
