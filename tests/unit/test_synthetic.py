"""The synthetic deliveries are what the contracts, the brief of the demo and the data card say.

Read with pandas and an eye on nothing but the files, so that the generator cannot vouch for itself.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from ingest.contracts import Contract, code_lists, contract, contracts
from ingest.periods import Period
from ingest.synthetic import SyntheticError, peculiarities, synthesize
from ingest.synthetic.tables import (
    AREA_HALF_YEAR_TABLES,
    AREA_TABLES,
    AREA_YEAR_TABLES,
    MADE_TABLES,
    GeneratorOutOfDateError,
    check_columns,
)
from tests.unit.synthetic_reading import Delivery, find

PLANTED = peculiarities("small")
NEWEST = "2026Q3"
ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")


@pytest.fixture(scope="module")
def inbox(small_synthetic: Path) -> Path:
    return small_synthetic


@pytest.fixture(scope="module")
def deliveries(inbox: Path) -> list[Delivery]:
    return find(inbox)


@pytest.fixture(scope="module")
def of_areas(deliveries: list[Delivery]) -> list[Delivery]:
    """The quarters of the areas; their years and half-years are tested with the tables in them."""
    return [
        delivery
        for delivery in deliveries
        if delivery.organisation.startswith("hva-") and delivery.period.type == "quarter"
    ]


@pytest.fixture(scope="module")
def newest(of_areas: list[Delivery]) -> dict[str, Delivery]:
    return {d.organisation: d for d in of_areas if d.period.code == NEWEST}


def one(deliveries: list[Delivery], organisation: str, period: str) -> Delivery:
    found = [d for d in deliveries if (d.organisation, d.period.code) == (organisation, period)]
    assert len(found) == 1
    return found[0]


def is_spoiled(organisation: str) -> bool:
    return organisation in PLANTED["bad_rows"]["organisations"]


# ---- manifests -----------------------------------------------------------------------------------


@pytest.mark.slow
def test_manifest_tells_the_hash_and_the_rows_of_every_file(deliveries: list[Delivery]) -> None:
    for delivery in deliveries:
        on_disk = {path.name for path in delivery.folder.iterdir()} - {"manifest.json"}
        assert on_disk == {file["path"] for file in delivery.manifest["files"]}
        for file in delivery.manifest["files"]:
            content = (delivery.folder / file["path"]).read_bytes()
            assert hashlib.sha256(content).hexdigest() == file["sha256"]
    for delivery in (d for d in deliveries if d.organisation.startswith("hva-")):
        for file in delivery.manifest["files"]:
            assert len(delivery.raw(file["table"])) == file["rows"], (delivery.folder, file)


def test_manifest_names_its_folder_and_says_synthetic(deliveries: list[Delivery]) -> None:
    for delivery in deliveries:
        manifest = delivery.manifest
        assert delivery.folder.parts[-3:] == (
            manifest["organisation"],
            manifest["period"],
            manifest["delivery_id"],
        )
        assert manifest["data_kind"] == "synthetic"
        assert ULID.fullmatch(manifest["delivery_id"])
        extracted = datetime.fromisoformat(manifest["extracted_at"])
        assert extracted.date() > delivery.period.last_day


def test_every_area_delivers_every_table_of_its_contracts(deliveries: list[Delivery]) -> None:
    assert set(contracts()) == MADE_TABLES
    by_type = {"quarter": AREA_TABLES, "half_year": AREA_HALF_YEAR_TABLES, "year": AREA_YEAR_TABLES}
    agreed = {name for name, table in contracts().items() if "hva" in table.suppliers}
    assert agreed == {name for names in by_type.values() for name in names}
    for period_type, names in by_type.items():
        assert all(period_type in contract(name).period_types for name in names)
    for delivery in deliveries:
        if delivery.organisation.startswith("hva-"):
            wanted = by_type[delivery.period.type]
            assert {file["table"] for file in delivery.manifest["files"]} == set(wanted)
            assert delivery.manifest["data_from"] == "2021-10-01"


# ---- tables --------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", AREA_TABLES)
def test_columns_are_the_contract_s_in_its_order(table: str, of_areas: list[Delivery]) -> None:
    for delivery in of_areas:
        if delivery.period.code in (NEWEST, "2021Q4"):
            assert tuple(delivery.raw(table).columns) == contract(table).column_names


@pytest.mark.parametrize("table", AREA_TABLES)
def test_primary_key_is_unique(table: str, of_areas: list[Delivery]) -> None:
    key = list(contract(table).primary_key)
    for delivery in of_areas:
        if delivery.period.start.month == 7:
            rows = delivery.raw(table)
            assert not rows.duplicated(key).any(), (delivery.organisation, delivery.period.code)


@pytest.mark.parametrize("table", AREA_TABLES)
def test_values_are_as_the_contract_says_but_for_planted_rows(table: str, newest: dict[str, Delivery]) -> None:
    for organisation, delivery in newest.items():
        rows, problems = delivery.raw(table), []
        for column in contract(table).columns:
            values = rows[column.name]
            given = values[values.notna()]
            if column.required:
                problems += [f"{column.name} empty"] * int(values.isna().sum())
            if column.type == "key":
                problems += [v for v in given if not re.fullmatch(r"[0-9a-f]{64}", v)]
            if column.type == "code":
                assert column.code_list is not None
                allowed = code_lists()[column.code_list].codes
                problems += [v for v in given if v not in allowed]
            if column.type in ("municipality", "wellbeing_area"):
                width = 3 if column.type == "municipality" else 2
                problems += [v for v in given if not re.fullmatch(rf"\d{{{width}}}", v)]
            if column.type == "date":
                typed = pd.to_datetime(given, format="%Y-%m-%d", errors="coerce")
                problems += list(given[typed.isna()])
            if column.type == "int":
                low = column.minimum if column.minimum is not None else -(10**9)
                high = column.maximum if column.maximum is not None else 10**9
                problems += [v for v in given if not low <= int(v) <= high]
        if is_spoiled(organisation) and table in ("housing_spell", "contact"):
            assert 0 < len(problems) <= 3, problems
        else:
            assert problems == []


@pytest.mark.parametrize("table", [name for name in AREA_TABLES if any(c.spell_end_of for c in contract(name).columns)])
def test_no_spell_ends_before_it_starts_but_for_planted_rows(table: str, newest: dict[str, Delivery]) -> None:
    for organisation, delivery in newest.items():
        rows = delivery.typed(table)
        (end,) = (column for column in contract(table).columns if column.spell_end_of)
        backwards = int((rows[end.name] < rows[end.spell_end_of]).sum())
        if is_spoiled(organisation) and table == "worker_assignment":
            assert 0 < backwards <= 3
        else:
            assert backwards == 0, (organisation, table)


@pytest.mark.slow
def test_history_knows_nothing_of_what_came_later(of_areas: list[Delivery]) -> None:
    for delivery in of_areas:
        last_day = pd.Timestamp(delivery.period.last_day)
        for table in ("aftercare_period", "worker_assignment", "housing_spell", "residence_spell"):
            rows = delivery.typed(table)
            assert not (rows["start_date"] > last_day).any()
            assert not (rows["end_date"] > last_day).any()
        periods = delivery.typed("aftercare_period")
        assert (periods["end_date"].isna() == periods["end_reason"].isna()).all()


def test_history_of_a_quarter_goes_on_in_the_next(of_areas: list[Delivery]) -> None:
    earlier = one(of_areas, "hva-05", "2025Q1").typed("aftercare_period").set_index("period_key")
    later = one(of_areas, "hva-05", "2025Q2").typed("aftercare_period").set_index("period_key")
    assert set(earlier.index) <= set(later.index)
    common = later.loc[earlier.index]
    assert (common["start_date"] == earlier["start_date"]).all()
    closed = earlier["end_date"].notna()
    assert closed.any() and (~closed).any()
    assert (common["end_date"][closed] == earlier["end_date"][closed]).all()


def test_increments_hold_the_days_of_their_period_only(of_areas: list[Delivery]) -> None:
    for delivery in of_areas:
        for table, column in (("contact", "date"), ("handover", "handover_date")):
            days = delivery.typed(table)[column].dropna()
            bad = is_spoiled(delivery.organisation) and table == "contact"
            start, end = (
                pd.Timestamp(delivery.period.start),
                pd.Timestamp(delivery.period.last_day),
            )
            outside = int(((days < start) | (days > end)).sum())
            assert outside == 0 or (bad and outside <= 2)


def test_worker_team_and_dwelling_keys_belong_to_one_supplier(newest: dict[str, Delivery]) -> None:
    for table, column in (
        ("worker_assignment", "worker_key"),
        ("worker_assignment", "team_key"),
        ("housing_spell", "dwelling_key"),
    ):
        seen: dict[str, str] = {}
        for organisation, delivery in newest.items():
            for key in delivery.raw(table)[column].dropna().unique():
                assert seen.setdefault(key, organisation) == organisation


def test_keys_of_contacts_and_handovers_are_those_of_the_assignments(
    newest: dict[str, Delivery],
) -> None:
    for delivery in newest.values():
        workers = set(delivery.raw("worker_assignment")["worker_key"].dropna())
        clients = set(delivery.raw("aftercare_period")["client_key"])
        assert set(delivery.raw("contact")["worker_key"].dropna()) <= workers
        assert set(delivery.raw("contact")["client_key"]) <= clients
        # Nothing but the keys: those who came into no aftercare are tested with the placements.
        in_care = set(delivery.raw("client")["client_key"]) & clients
        began = delivery.typed("aftercare_period")
        still = began["end_date"].isna() | (began["end_date"] >= pd.Timestamp(delivery.period.start))
        assert in_care == set(began["client_key"][still])
        handovers = delivery.raw("handover")
        known = handovers["from_worker_key"].dropna().isin(workers)
        assert known.mean() > 0.9 or handovers.empty


def test_a_column_or_table_the_generator_does_not_know_fails_loudly(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    columns = dict.fromkeys(contract("contact").column_names, pa.array(["x"]))
    check_columns("contact", columns)
    with pytest.raises(GeneratorOutOfDateError, match=r"not generated: channel"):
        check_columns("contact", {k: v for k, v in columns.items() if k != "channel"})
    with pytest.raises(GeneratorOutOfDateError, match=r"not in the contract: mood"):
        check_columns("contact", {**columns, "mood": pa.array(["x"])})
    grown: dict[str, Contract] = {**contracts(), "mood_diary": contract("contact")}
    monkeypatch.setattr("ingest.synthetic.deliveries.contracts", lambda: grown)
    with pytest.raises(GeneratorOutOfDateError, match="mood_diary"):
        synthesize(tmp_path, scale="small")


# ---- magnitudes ----------------------------------------------------------------------------------


def test_about_600_clients_on_any_day(newest: dict[str, Delivery]) -> None:
    frames = [d.typed("aftercare_period") for d in newest.values()]
    spells = pd.concat(frames)
    for day in pd.date_range("2021-10-01", "2026-09-30", freq="7D"):
        open_ = (spells["start_date"] <= day) & ~(spells["end_date"] < day)
        assert 530 <= open_.sum() <= 670, day


def test_worker_changes_and_moves_are_of_the_assumed_size(newest: dict[str, Delivery]) -> None:
    starts = moves = 0
    days = 0.0
    first, last = pd.Timestamp("2021-10-01"), pd.Timestamp("2026-09-30")
    for delivery in newest.values():
        periods = delivery.typed("aftercare_period")
        begin, end = periods["start_date"].clip(lower=first), periods["end_date"].fillna(last)
        days += ((end - begin).dt.days + 1).clip(lower=0).sum()
        rows = delivery.typed("worker_assignment")
        rows = rows[(rows["role"] == "VASTUU") & (rows["start_date"] >= first)]
        rows = rows[rows["change_reason"].notna()]  # without the new client system
        starts += (~rows["change_reason"].isin(["UUSI", "POISSAOLO", "POISSAOLO_PALUU"])).sum()
        homes = delivery.typed("housing_spell")
        moves += ((homes["start_date"] >= first) & homes["move_reason"].notna()).sum()
    assert 0.55 <= starts / days * 365.25 <= 1.0
    assert 0.45 <= moves / days * 365.25 <= 0.95


def test_the_edges_are_there(newest: dict[str, Delivery]) -> None:
    """One-day and leap-day spells, borders of periods, re-opened aftercare, two areas at once."""
    assignments = pd.concat([d.typed("worker_assignment") for d in newest.values()])
    closed = assignments[assignments["end_date"].notna()]
    assert (closed["start_date"] == closed["end_date"]).any()
    leap = pd.Timestamp("2024-02-29")
    assert ((closed["start_date"] <= leap) & (closed["end_date"] >= leap)).any()
    borders = {pd.Timestamp(Period.parse(f"{y}Q{q}").start) for y in range(2022, 2026) for q in (1, 2, 3, 4)}
    assert assignments["start_date"].isin(borders).any()
    assert assignments["worker_key"].isna().any()
    assert (assignments["change_reason"] == "POISSAOLO").any()
    homes = pd.concat([d.typed("housing_spell") for d in newest.values()])
    for kind in ("VARUSMIES", "SAIRAALA", "ASUNNOTON", "TUTTAVAN_LUONA", "TUNTEMATON"):
        assert (homes["housing_type"] == kind).any(), kind
    assert homes[homes["end_date"].isna()]["confirmed_on"].isna().any()
    periods = pd.concat([d.typed("aftercare_period") for name, d in newest.items() if name != "hva-90"]).sort_values(
        ["client_key", "start_date"]
    )
    before = periods.groupby("client_key")["end_date"].shift()
    gap = (periods["start_date"] - before).dt.days - 1
    assert (gap.between(1, 30)).any()
    assert (gap > 90).any()
    assert (periods["end_reason"] == "SIIRTO_ALUE").any()


# ---- what is planted -----------------------------------------------------------------------------


def test_planted_late_delivery(of_areas: list[Delivery]) -> None:
    late = [
        (d.organisation, d.period.code)
        for d in of_areas
        if datetime.fromisoformat(d.manifest["extracted_at"]).date() > d.period.due_date
    ]
    assert late == [(PLANTED["late_delivery"]["organisation"], PLANTED["late_delivery"]["period"])]


def test_planted_correction_changes_rows(of_areas: list[Delivery]) -> None:
    organisation, period = (PLANTED["correction"][key] for key in ("organisation", "period"))
    pair = sorted(
        (d for d in of_areas if (d.organisation, d.period.code) == (organisation, period)),
        key=lambda d: str(d.manifest["delivery_id"]),
    )
    first, correction = pair
    assert correction.manifest["correction_of"] == first.manifest["delivery_id"]
    assert len(first.raw("contact")) < len(correction.raw("contact"))
    assert (first.raw("handover")["handover_type"] != "YHTEISTAPAAMINEN").all()
    assert (correction.raw("handover")["handover_type"] == "YHTEISTAPAAMINEN").any()
    corrections = [d for d in of_areas if "correction_of" in d.manifest]
    assert corrections == [correction]


def test_planted_missing_quarter(of_areas: list[Delivery]) -> None:
    have = {(d.organisation, d.period.code) for d in of_areas}
    organisations = {organisation for organisation, _ in have}
    periods = {period for _, period in have}
    missing = {(o, p) for o in organisations for p in periods} - have
    planted = PLANTED["missing_quarter"]
    assert missing == {(planted["organisation"], planted["period"])}
    assert planted["period"] != NEWEST


def test_planted_client_system_change(newest: dict[str, Delivery]) -> None:
    planted = PLANTED["client_system_change"]
    day = pd.Timestamp(planted["first_day"])
    delivery = newest[planted["organisation"]]
    for table, column in (("worker_assignment", "worker_key"), ("housing_spell", "dwelling_key")):
        rows = delivery.typed(table)
        rows = rows[~(rows["end_date"] < rows["start_date"])]
        old, new = rows[rows["start_date"] < day], rows[rows["start_date"] >= day]
        assert not set(old[column].dropna()) & set(new[column].dropna())
        assert (old["end_date"] == day - timedelta(days=1)).sum() >= 100
        assert (new["start_date"] == day).sum() >= 100


def test_planted_key_domain(of_areas: list[Delivery], newest: dict[str, Delivery]) -> None:
    planted = PLANTED["own_key_domain"]
    for delivery in of_areas:
        own = delivery.organisation == planted["organisation"]
        assert delivery.manifest["key_domain"] == (planted["key_domain"] if own else "common")
    clients = {name: set(d.raw("aftercare_period")["client_key"]) for name, d in newest.items()}
    apart = clients.pop(planted["organisation"])
    assert all(not apart & others for others in clients.values())
    others = list(clients.values())
    assert any(a & b for i, a in enumerate(others) for b in others[i + 1 :])


def test_planted_supplier_without_handovers(of_areas: list[Delivery]) -> None:
    for delivery in of_areas:
        empty = delivery.raw("handover").empty
        assert empty == (delivery.organisation == PLANTED["no_handovers"]["organisation"])


def test_planted_unclosed_assignments(newest: dict[str, Delivery]) -> None:
    def left_open(delivery: Delivery) -> int:
        periods = delivery.typed("aftercare_period")
        over = set(periods["client_key"]) - set(periods[periods["end_date"].isna()]["client_key"])
        rows = delivery.typed("worker_assignment")
        return int((rows["end_date"].isna() & rows["client_key"].isin(over)).sum())

    for organisation, delivery in newest.items():
        leaky = organisation in PLANTED["unclosed_assignments"]["organisations"]
        assert (left_open(delivery) > 5) == leaky, organisation


def test_planted_age_limit_exits(newest: dict[str, Delivery]) -> None:
    first, last = (pd.Timestamp(PLANTED["age_limit_exits_2024"][k]) for k in ("first_day", "last_day"))
    for organisation, delivery in newest.items():
        clients = delivery.raw("aftercare_period")  # birth years come from the client snapshots
        periods = delivery.typed("aftercare_period")
        left = periods[(periods["end_reason"] == "IKARAJA") & periods["end_date"].between(first, last)]
        kept = organisation in PLANTED["kept_age_limit_25"]["organisations"]
        assert len(clients) > 0
        assert periods["entitlement_end_date"].notna().any() == kept
        share = len(left) / (periods["end_date"].isna() | (periods["end_date"] >= first)).sum()
        assert share < 0.03 if kept else share > 0.03, (organisation, share)


def test_nobody_is_past_the_age_limit(of_areas: list[Delivery]) -> None:
    for delivery in of_areas:
        kept = delivery.organisation in PLANTED["kept_age_limit_25"]["organisations"]
        day = pd.Timestamp(delivery.period.last_day)
        limit = 25 if kept or day < pd.Timestamp("2024-06-30") else 23
        periods = delivery.typed("aftercare_period")
        open_ = periods[periods["end_date"].isna()]["client_key"]
        births = delivery.typed("client").set_index("client_key")["birth_year"]
        assert (day.year - births.loc[open_.unique()]).max() <= limit


def test_planted_pertunmaa(of_areas: list[Delivery], newest: dict[str, Delivery]) -> None:
    planted = PLANTED["pertunmaa"]
    last_day = pd.Timestamp(planted["last_day"])
    before = one(of_areas, planted["organisation"], "2024Q4").typed("residence_spell")
    after = newest[planted["organisation"]].typed("residence_spell")
    old = after[after["municipality"] == planted["municipality"]]
    assert (before["municipality"] == planted["municipality"]).any()
    split = old[old["end_date"] == last_day]["client_key"]
    goes_on = after[
        (after["municipality"] == planted["merged_into"]) & (after["start_date"] == last_day + timedelta(days=1))
    ]["client_key"]
    assert len(split) and set(split) == set(goes_on)
    assert (old["end_date"].isna() | (old["end_date"] > last_day)).any()  # still written as 588


def test_planted_bad_rows_are_few(newest: dict[str, Delivery]) -> None:
    for organisation in PLANTED["bad_rows"]["organisations"]:
        delivery = newest[organisation]
        assert (delivery.raw("housing_spell")["housing_type"] == "LAITOS").sum() >= 1
        assert delivery.typed("contact")["date"].isna().sum() >= 1
        total = sum(file["rows"] for file in delivery.manifest["files"])
        assert total > 1000


def test_planted_homes_outside_the_responsible_area(newest: dict[str, Delivery]) -> None:
    outside = total = 0
    areas = pd.read_csv(Path(__file__).parents[2] / "ingest/synthetic/municipalities.csv", dtype=str).set_index(
        "municipality_code"
    )["wellbeing_area_code"]
    for delivery in newest.values():
        clients = delivery.raw("client")
        homes = clients["home_municipality"].map(areas)
        outside += (homes.notna() & (homes != clients["responsible_area"])).sum()
        total += len(clients)
    assert 0.02 <= outside / total <= 0.12


def test_planted_back_deliveries(deliveries: list[Delivery]) -> None:
    last = Period.parse(PLANTED["back_deliveries"]["last_period"])
    back = [d for d in deliveries if d.period <= last]
    assert back
    for delivery in back:
        day = datetime.fromisoformat(delivery.manifest["extracted_at"]).date()
        assert date(2023, 2, 1) <= day <= date(2023, 3, 31)


def test_planted_nothing_to_report_names_tables_without_files(
    deliveries: list[Delivery],
) -> None:
    said = [d for d in deliveries if "nothing_to_report" in d.manifest]
    tables = set(PLANTED["nothing_to_report"]["tables"])
    for delivery in said:
        silent = set(delivery.manifest["nothing_to_report"])
        assert silent and silent <= tables
        assert not silent & {file["table"] for file in delivery.manifest["files"]}
    assert any(delivery.manifest["files"] == [] for delivery in said)
    assert {table for delivery in said for table in delivery.manifest["nothing_to_report"]} == tables
    municipal = {d.organisation for d in deliveries if d.organisation.startswith("kunta-")}
    wanted = pd.read_csv(Path(__file__).parents[2] / "ingest/synthetic/municipalities.csv", dtype=str).query(
        "wellbeing_area_code in ('05', '12', '18', '90')"
    )
    assert municipal == {f"kunta-{code}" for code in wanted["municipality_code"]}
    pertunmaa = [d.period.code for d in deliveries if d.organisation == "kunta-588"]
    assert max(pertunmaa) == "2024Q4"


def test_every_peculiarity_stands_in_the_card(inbox: Path) -> None:
    card = (inbox / "DATA_CARD.md").read_text(encoding="utf-8")
    assert "SYNTEETTINEN / SYNTETISK / SYNTHETIC" in card.splitlines()[0]
    for name in PLANTED:
        assert f"| {name} |" in card


def test_all_four_formats_are_there(newest: dict[str, Delivery]) -> None:
    suffixes = {
        organisation: {Path(file["path"]).suffix for file in delivery.manifest["files"]}
        for organisation, delivery in newest.items()
    }
    assert suffixes == {
        "hva-05": {".csv"},
        "hva-12": {".csv"},
        "hva-18": {".xlsx"},
        "hva-90": {".parquet"},
    }
    windows = (newest["hva-12"].folder / "contact.csv").read_bytes()
    assert b"kyll\xe4" in windows and b";" in windows and b"\r\n" in windows


# ---- the same again ------------------------------------------------------------------------------


def contents(inbox: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(inbox.rglob("*")):
        if path.is_file() and not path.name.startswith(".") and path.name != "DATA_CARD.md":
            yield str(path.relative_to(inbox)), hashlib.sha256(path.read_bytes()).hexdigest()


def test_same_seed_same_bytes_and_another_seed_other_content(tmp_path: Path) -> None:
    first = synthesize(tmp_path / "a", scale="small", years=1, seed=7)
    again = synthesize(tmp_path / "b", scale="small", years=1, seed=7)
    other = synthesize(tmp_path / "c", scale="small", years=1, seed=8)
    assert dict(contents(tmp_path / "a")) == dict(contents(tmp_path / "b"))
    assert first.content_sha256 == again.content_sha256 != other.content_sha256


def test_complete_set_is_not_written_again_even_when_taken_in(tmp_path: Path) -> None:
    first = synthesize(tmp_path, scale="small", years=1)
    taken = find(tmp_path)[0].folder
    for path in taken.iterdir():
        path.unlink()
    taken.rmdir()
    again = synthesize(tmp_path, scale="small", years=1)
    assert again.was_there and not taken.exists()
    assert (again.deliveries, again.rows, again.clients) == (
        first.deliveries,
        first.rows,
        first.clients,
    )
    with pytest.raises(SyntheticError, match="seed 1"):
        synthesize(tmp_path, scale="small", years=1, seed=2)


def test_interrupted_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    whole = synthesize(tmp_path / "whole", scale="small", years=1)

    class StoppedError(Exception):
        pass

    def stop(message: str) -> None:
        if message.startswith("hva-12"):
            raise StoppedError

    with pytest.raises(StoppedError):
        synthesize(tmp_path / "broken", scale="small", years=1, progress=stop)
    half = find(tmp_path / "broken")[0].folder
    (half / "manifest.json").unlink()
    (half / "contact.csv").write_text("half a file", encoding="utf-8")
    untouched = find(tmp_path / "broken")[0].folder / "manifest.json"
    stamp = untouched.stat().st_mtime_ns
    finished = synthesize(tmp_path / "broken", scale="small", years=1)
    assert untouched.stat().st_mtime_ns == stamp
    assert finished.content_sha256 == whole.content_sha256
    assert dict(contents(tmp_path / "broken")) == dict(contents(tmp_path / "whole"))


def test_unknown_arguments_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SyntheticError, match="years must be"):
        synthesize(tmp_path, scale="small", years=9)
    with pytest.raises(SyntheticError, match="unknown scale"):
        synthesize(tmp_path, scale="huge")  # type: ignore[arg-type]


# ---- national volume -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def national(tmp_path_factory: pytest.TempPathFactory) -> list[Delivery]:
    folder = tmp_path_factory.mktemp("national") / "inbox"
    summary = synthesize(folder)
    assert 25_000 <= summary.clients <= 30_000
    return find(folder)


@pytest.mark.national
@pytest.mark.slow
def test_national_12_000_clients_within_5_percent_on_any_day(national: list[Delivery]) -> None:
    newest = [d for d in national if d.period.code == NEWEST and d.organisation.startswith("hva-")]
    assert len(newest) == 22
    spells = pd.concat([d.typed("aftercare_period") for d in newest])
    for day in pd.date_range("2021-10-01", "2026-09-30"):
        open_ = (spells["start_date"] <= day) & ~(spells["end_date"] < day)
        clients = spells["client_key"][open_].nunique()
        assert 11_400 <= clients <= 12_600, (day, clients)


@pytest.mark.national
@pytest.mark.slow
def test_national_peculiarities_are_where_they_are_said_to_be(national: list[Delivery]) -> None:
    planted = peculiarities("national")
    areas = [d for d in national if d.organisation.startswith("hva-") and d.period.type == "quarter"]
    assert len(areas) == 22 * 20 - 1 + 1  # one quarter is missing, one was delivered twice
    have = {(d.organisation, d.period.code) for d in areas}
    missing = planted["missing_quarter"]
    assert (missing["organisation"], missing["period"]) not in have
    late = {
        (d.organisation, d.period.code)
        for d in national
        if d.period.type == "quarter" and datetime.fromisoformat(d.manifest["extracted_at"]).date() > d.period.due_date
    }
    assert late == {(planted["late_delivery"]["organisation"], planted["late_delivery"]["period"])}
    corrected = [(d.organisation, d.period.code) for d in areas if "correction_of" in d.manifest]
    assert corrected == [(planted["correction"]["organisation"], planted["correction"]["period"])]
    own = {d.organisation for d in areas if d.manifest["key_domain"] != "common"}
    assert own == {planted["own_key_domain"]["organisation"]}
    silent = {d.organisation for d in areas if not _rows(d, "handover")}
    assert silent == {planted["no_handovers"]["organisation"]}
    municipal = {d.organisation for d in national if d.organisation.startswith("kunta-")}
    assert len(municipal) == 293  # 292 of today and Pertunmaa


@pytest.mark.national
@pytest.mark.slow
def test_national_new_client_system_replaces_most_worker_keys_within_a_week(
    national: list[Delivery],
) -> None:
    planted = peculiarities("national")["client_system_change"]
    day = pd.Timestamp(planted["first_day"])
    rows = one(national, planted["organisation"], NEWEST).typed("worker_assignment")
    rows = rows[rows["worker_key"].notna()]
    last = rows.assign(end_date=rows["end_date"].fillna(pd.Timestamp("2100-01-01")))
    spans = last.groupby("worker_key").agg(first=("start_date", "min"), last=("end_date", "max"))
    active = spans[(spans["first"] < day) & (spans["last"] >= day - timedelta(days=1))]
    began = spans[spans["first"].between(day, day + timedelta(days=6))]
    assert (active["last"] < day + timedelta(days=6)).mean() > 0.9
    assert len(began) > 0.9 * len(active)


def _rows(delivery: Delivery, table: str) -> int:
    return sum(file["rows"] for file in delivery.manifest["files"] if file["table"] == table)
