"""`prepare` from source files to a delivery that the door accepts: mapping, keys, what stays behind."""

from __future__ import annotations

import copy
import csv
import hashlib
import hmac
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from ingest.door import check_delivery
from ingest.prepare import PrepareError, Secrets, lines, load_profile, prepare
from ingest.profiles import profile_path
from tests.unit.prepare_sources import (
    ANNA,
    BERTTA,
    CARL,
    DAVID,
    SECRETS,
    SOURCES,
    delivered,
    hetu,
    order,
    run,
    write_sources,
)

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT.parent / "shared" / "samples" / "ssda903"
CLIENTS, HOUSING, EVENTS = "asiakkaat.csv", "asumiset.xlsx", "tapahtumat.csv"


def client_key(identity: str) -> str:
    return hmac.new(SECRETS.client, identity.encode(), hashlib.sha256).hexdigest()


def own_key(kind: str, *parts: str) -> str:
    return hmac.new(SECRETS.supplier, "\x1f".join([kind, *parts]).encode(), hashlib.sha256).hexdigest()


def sources(name: str) -> list[dict]:
    return copy.deepcopy(SOURCES[name])


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """The whole export prepared once, with a true zero beside it."""
    return run(tmp_path_factory.mktemp("good"), nothing_to_report=("referral",))


# ---- a good delivery ----------------------------------------------------------------------------


def test_delivery_is_accepted_by_the_door_as_it_lies_there(good):
    prepared = good
    assert prepared.outcome == "accepted"
    assert check_delivery(prepared.folder).outcome == "accepted"
    assert prepared.folder.parts[-4:] == ("outgoing", "hva-05", "2025Q3", prepared.delivery_id)


def test_manifest_says_what_lies_beside_it(good):
    prepared = good
    manifest = json.loads((prepared.folder / "manifest.json").read_text())
    assert manifest["organisation"] == "hva-05"
    assert manifest["key_domain"] == "common"
    assert manifest["extracted_at"] == "2025-10-20T06:12:00+03:00"
    assert manifest["nothing_to_report"] == ["referral"]
    assert {file["path"] for file in manifest["files"]} == {
        path.name for path in prepared.folder.iterdir() if path.name != "manifest.json"
    }
    for file in manifest["files"]:
        content = (prepared.folder / file["path"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == file["sha256"]
        assert len(delivered(prepared, file["table"])) == file["rows"]


def test_parquet_says_the_same_as_csv(tmp_path, good):
    prepared = run(tmp_path, tables=("client",), file_format="parquet")
    assert prepared.handed_over
    rows = pq.read_table(prepared.folder / "client.parquet").to_pylist()
    assert [row["birth_year"] for row in rows] == [int(row["birth_year"]) for row in delivered(good, "client")]


def test_keys_are_hmac_of_the_identity_number_and_of_kind_and_number(good):
    prepared = good
    assert {row["client_key"] for row in delivered(prepared, "client")} == set(map(client_key, (ANNA, BERTTA, CARL)))
    row = delivered(prepared, "worker_assignment")[0]
    assert row["worker_key"] == own_key("worker", "T17")
    # Worker t17 and team 17 have one number: one key would join them.
    assert row["team_key"] == own_key("team", "17")
    handover = delivered(prepared, "handover")[0]
    assert handover["from_worker_key"] == own_key("worker", "T17")
    assert handover["to_worker_key"] == own_key("worker", "T18")
    dwelling = {row["client_key"]: row["dwelling_key"] for row in delivered(prepared, "housing_spell")}
    assert dwelling[client_key(ANNA)] == own_key("dwelling", "ESIMERKKIKATU 1", "20100")


@pytest.mark.parametrize(
    "written",
    [ANNA.lower(), f"  {ANNA} ", f"{ANNA[:6]} {ANNA[6:]}", f"{ANNA[:7]} {ANNA[7:]}"],
    ids=["small letters", "blanks around", "blank before the sign", "blank after it"],
)
def test_an_identity_number_gives_one_key_however_it_is_written(tmp_path, written):
    rows = sources(CLIENTS)
    rows[0]["HETU"] = written
    keys = {row["client_key"] for row in delivered(run(tmp_path, {CLIENTS: rows}, tables=("client",)), "client")}
    assert client_key(ANNA) in keys


def test_any_hyphen_is_the_sign_of_the_1900s(tmp_path):
    born_1999 = hetu("010299", "-", 905)
    rows = [sources(CLIENTS)[0] | {"HETU": born_1999.replace("-", "–"), "SYNTYMAAIKA": "01.02.1999"}]
    assert delivered(run(tmp_path, {CLIENTS: rows}, tables=("client",)), "client")[0]["client_key"] == client_key(
        born_1999
    )


def test_signs_of_one_century_are_different_persons(tmp_path):
    old, new = hetu("010203", "A", 901), hetu("010203", "B", 901)
    rows = [sources(CLIENTS)[0] | {"HETU": code} for code in (old, new)]
    keys = {row["client_key"] for row in delivered(run(tmp_path, {CLIENTS: rows}, tables=("client",)), "client")}
    assert keys == {client_key(old), client_key(new)}


def test_birth_dates_become_years_and_what_is_not_asked_for_stays(good):
    prepared = good
    assert sorted(row["birth_year"] for row in delivered(prepared, "client")) == ["2003", "2004", "2005"]
    assert prepared.not_used[CLIENTS] == ["SUKUNIMI"]
    assert prepared.not_used[EVENTS] == ["KUVAUS"]
    whole = b"".join(path.read_bytes() for path in prepared.folder.iterdir())
    for text in (ANNA, BERTTA, "Esimerkki", "kahvilassa", "Salainentie", "01.02.2003", "2003-02-01"):
        assert text.encode() not in whole


def test_one_source_feeds_several_tables(good):
    prepared = good
    assert len(delivered(prepared, "contact")) == 1
    assert len(delivered(prepared, "handover")) == 1
    contact = next(table for table in prepared.tables if table.table == "contact")
    assert contact.left_out == {
        "only tapahtumat.LAJI in TAP, KOTI, PUH, VIDEO, VIESTI": 2,
        "only tapahtumat.PVM within 2025Q3": 1,
    }


def test_end_days_are_shifted_to_the_last_day(tmp_path):
    rows = sources("kotikuntahistoria.csv")
    rows[0]["PAATTYEN"] = "01.06.2020"
    found = delivered(run(tmp_path, {"kotikuntahistoria.csv": rows}, tables=("residence_spell",)), "residence_spell")
    ends = {row["client_key"]: row["end_date"] for row in found}
    assert ends[client_key(ANNA)] == "2020-05-31"


def test_rows_are_sent_by_key_not_in_the_order_of_the_source(tmp_path, good):
    first = delivered(good, "client")
    second = delivered(run(tmp_path, {CLIENTS: sources(CLIENTS)[::-1]}, tables=("client",)), "client")
    assert first == second
    assert [row["client_key"] for row in first] == sorted(row["client_key"] for row in first)


# ---- protected persons -----------------------------------------------------------------------------


def test_places_of_a_protected_person_are_blanked_in_every_table(good):
    prepared = good
    key = client_key(BERTTA)
    for table, column in (("client", "home_municipality"), ("residence_spell", "municipality")):
        assert {row[column] for row in delivered(prepared, table) if row["client_key"] == key} == {"199"}
    housing = [row for row in delivered(prepared, "housing_spell") if row["client_key"] == key]
    assert [(row["municipality"], row["dwelling_key"]) for row in housing] == [("199", "")]


def test_a_protected_person_looks_like_anyone_whose_place_is_not_known(tmp_path):
    """Protected, and not known in the source: the same bytes in every file and in the manifest."""

    def whole(root: Path, clients: list[dict], homes: list[dict], housing: list[dict]) -> dict[str, bytes]:
        changed = {CLIENTS: clients, "kotikuntahistoria.csv": homes, HOUSING: housing}
        folder = run(root, changed, tables=("client", "residence_spell", "housing_spell")).folder
        return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "manifest.json"}

    homes = sources("kotikuntahistoria.csv")
    unknown_homes = [row for row in homes if row["HETU"] != BERTTA]
    unknown_homes.append({"HETU": BERTTA, "KUNTA": "", "ALKUPVM": "01.01.2010", "PAATTYEN": ""})
    clients, housing = sources(CLIENTS), sources(HOUSING)
    unknown_clients = [
        row | ({"KOTIKUNTA": "", "TURVAKIELTO": "E"} if row["HETU"] == BERTTA else {}) for row in clients
    ]
    nowhere = {"Kunta": None, "Katuosoite": None, "Postinumero": None}
    unknown_housing = [row | (nowhere if row["Henkilötunnus"] == BERTTA else {}) for row in housing]
    protected = whole(tmp_path / "protected", clients, homes, housing)
    assert protected == whole(tmp_path / "unknown", unknown_clients, unknown_homes, unknown_housing)


def test_moves_of_a_protected_person_do_not_stay_behind_as_dates(good):
    rows = [row for row in delivered(good, "residence_spell") if row["client_key"] == client_key(BERTTA)]
    assert [(row["start_date"], row["end_date"]) for row in rows] == [("2010-01-01", "")]


def test_a_mark_that_nobody_foresaw_protects(tmp_path):
    rows = sources(CLIENTS)
    rows[0]["TURVAKIELTO"] = "kyllä?"
    found = delivered(run(tmp_path, {CLIENTS: rows}, tables=("client",)), "client")
    assert {row["client_key"]: row["home_municipality"] for row in found}[client_key(ANNA)] == "199"


def test_nothing_is_written_when_a_protected_person_cannot_be_recognised(tmp_path):
    rows = sources(CLIENTS)
    rows[1]["HETU"] = BERTTA[:-1] + ("A" if BERTTA[-1] != "A" else "B")
    with pytest.raises(PrepareError) as error:
        run(tmp_path, {CLIENTS: rows})
    assert [(problem.code, problem.row) for problem in error.value.problems] == [("PROTECTED_UNREADABLE", 3)]
    assert not (tmp_path / "outgoing").exists()


def test_a_municipality_sends_no_row_about_a_protected_person(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    header = "HETU;PALVELU;ALKAA;TURVA\n"
    rows = [f"{person};OHJ;01.02.2025;{mark}\n" for person, mark in ((ANNA, "E"), (BERTTA, "K"), (CARL, "E"))]
    (source / "palvelut.csv").write_text(header + "".join(rows), encoding="utf-8")
    profile = tmp_path / "kunta.yml"
    profile.write_text(
        """
profile: kunta
contract_version: "1.0"
suppliers: [kunta]
identity: personal_identity_code
protected: [{source: palvelut, client: HETU, flag: TURVA, not_values: [E]}]
sources: {palvelut: {files: [palvelut.csv]}}
tables:
  employment_service_spell:
    from: palvelut
    columns:
      client_key: {key: HETU}
      service: {column: PALVELU, codes: {OHJ: OHJAAMO}}
      municipality_code: {from_run: organisation_code}
      start_date: ALKAA
""",
        encoding="utf-8",
    )
    prepared = prepare(load_profile(profile), order(tmp_path, organisation="kunta-734"), SECRETS)
    keys = {row["client_key"] for row in delivered(prepared, "employment_service_spell")}
    assert keys == {client_key(ANNA), client_key(CARL)}
    # Not even the report, which may be passed on in the house, says that somebody was left out.
    table = prepared.tables[0]
    assert (table.rows_not_mapped, table.left_out) == (0, {})


# ---- rows that cannot be mapped ----------------------------------------------------------------------


def test_every_row_that_cannot_be_mapped_is_listed_with_its_place(tmp_path):
    rows = sources("vastuutyontekijat.csv")
    rows[0]["ALKUPVM"] = "31.02.2021"
    rows[1]["ROOLI"] = ""
    rows[2] |= {"ALKUPVM": "05.02.2021", "LOPPUPVM": "01.02.2021"}
    good = sources("vastuutyontekijat.csv")[0]
    prepared = run(
        tmp_path, {"vastuutyontekijat.csv": [*rows, good]}, accept_left_out=True, tables=("worker_assignment",)
    )
    table = next(table for table in prepared.tables if table.table == "worker_assignment")
    assert {(problem.code, problem.row, problem.column) for problem in table.not_mapped} == {
        ("ROW_DATE", 2, "start_date"),
        ("ROW_EMPTY", 3, "role"),
        ("ROW_END_BEFORE_START", 4, "end_date"),
    }
    assert (table.rows, table.rows_not_mapped) == (1, 3)
    with (prepared.report / "rows_not_mapped.csv").open(encoding="utf-8-sig", newline="") as stream:
        listed = list(csv.DictReader(stream, delimiter=";"))
    first = listed[0]
    assert (first["file"], first["row"], first["seen"]) == ("vastuutyontekijat.csv", "2", "3… (10)")
    assert all(row["fi"] and row["sv"] and row["en"] for row in listed)


def test_an_unreadable_identity_is_listed_and_never_repeated(tmp_path, capsys):
    rows = sources("vastuutyontekijat.csv")
    wrong = ANNA[:-1] + ("A" if ANNA[-1] != "A" else "B")
    rows.append(rows[0] | {"HETU": wrong})
    prepared = run(tmp_path, {"vastuutyontekijat.csv": rows}, accept_left_out=True, tables=("worker_assignment",))
    table = next(table for table in prepared.tables if table.table == "worker_assignment")
    assert [(problem.code, problem.row, problem.seen) for problem in table.not_mapped] == [("ROW_IDENTITY", 5, None)]
    everything = "".join(path.read_text("utf-8-sig") for path in prepared.report.iterdir())
    everything += "\n".join(lines(prepared, "fi")) + json.dumps(prepared.as_dict()) + "".join(capsys.readouterr())
    assert wrong not in everything
    assert ANNA not in everything


def test_more_than_a_few_rows_lost_hold_the_delivery_back(tmp_path):
    rows = sources("vastuutyontekijat.csv")
    rows[0]["ALKUPVM"] = "?"
    prepared = run(tmp_path, {"vastuutyontekijat.csv": rows}, tables=("worker_assignment",))
    assert [problem.code for problem in prepared.problems] == ["LEFT_OUT_LIMIT"]
    assert prepared.folder is None
    assert not (tmp_path / "outgoing").exists()
    assert (prepared.report / "rows_not_mapped.csv").is_file()


def test_the_same_row_goes_once_and_rivals_stay_behind(tmp_path):
    rows = sources("vastuutyontekijat.csv")
    rows += [rows[0], rows[1] | {"SYY": "LAHTI"}]
    prepared = run(tmp_path, {"vastuutyontekijat.csv": rows}, accept_left_out=True, tables=("worker_assignment",))
    table = next(table for table in prepared.tables if table.table == "worker_assignment")
    assert (table.rows, table.rows_same, table.rows_not_mapped) == (2, 1, 2)
    assert {(problem.code, problem.row) for problem in table.not_mapped} == {("ROW_KEY_TWICE", 3), ("ROW_KEY_TWICE", 6)}


def test_an_empty_table_must_be_confirmed_as_a_true_zero(tmp_path):
    rows = [row for row in sources(EVENTS) if row["LAJI"] != "SIIRTO"]
    held = run(tmp_path, {EVENTS: rows}, tables=("contact", "handover"))
    assert [(problem.code, problem.table) for problem in held.problems] == [("TABLE_EMPTY", "handover")]
    prepared = run(tmp_path, {EVENTS: rows}, nothing_to_report=("handover",), tables=("contact", "handover"))
    assert prepared.handed_over
    assert json.loads((prepared.folder / "manifest.json").read_text())["nothing_to_report"] == ["handover"]


def test_rows_of_the_wrong_length_are_listed(tmp_path):
    write_sources(tmp_path / "source")
    path = tmp_path / "source" / "vastuutyontekijat.csv"
    path.write_bytes(path.read_bytes() + b"a;b\r\n")
    prepared = prepare(load_profile(profile_path("asiakastieto")), order(tmp_path, accept_left_out=True), SECRETS)
    table = next(table for table in prepared.tables if table.table == "worker_assignment")
    assert [(problem.code, problem.row, problem.seen, problem.expected) for problem in table.not_mapped] == [
        ("ROW_COLUMNS", 5, "2", "7")
    ]


def test_a_delivery_that_the_door_rejects_is_not_handed_over(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    (source / "palvelut.csv").write_text(f"NRO;LISATIETO\n1;{DAVID}\n", encoding="utf-8")
    profile = tmp_path / "leak.yml"
    profile.write_text(
        """
profile: leak
contract_version: "1.0"
suppliers: [kunta]
identity: local_number
key_domain: own
protected: {none_because: nobody here}
sources: {rows: {files: [palvelut.csv]}}
tables:
  employment_service_spell:
    from: rows
    columns:
      client_key: {key: NRO}
      service: {constant: OHJAAMO}
      employment_area_code: LISATIETO
      municipality_code: {from_run: organisation_code}
      start_date: {constant: 2025-07-01}
""",
        encoding="utf-8",
    )
    prepared = prepare(load_profile(profile), order(tmp_path, organisation="kunta-091"), SECRETS)
    assert prepared.outcome == "rejected"
    assert "FILE_IDENTIFIER" in {finding["rule"] for finding in prepared.receipt["findings"]}
    assert prepared.folder is None
    assert [path for path in (tmp_path / "outgoing").rglob("*") if path.is_file()] == []
    assert DAVID not in json.dumps(prepared.as_dict())


# ---- the run ---------------------------------------------------------------------------------------------


def test_dry_run_writes_nothing(tmp_path):
    prepared = run(tmp_path, dry_run=True, tables=("client",))
    assert prepared.handed_over
    assert {path.name for path in tmp_path.iterdir()} == {"source"}


def test_reports_may_not_lie_where_deliveries_go(tmp_path):
    with pytest.raises(PrepareError) as error:
        run(tmp_path, reports=tmp_path / "outgoing" / "reports")
    assert [problem.code for problem in error.value.problems] == ["RUN_REPORTS"]


def test_everything_missing_is_told_at_once(tmp_path):
    write_sources(tmp_path / "source")
    (tmp_path / "source" / "asiakkuudet.csv").unlink()
    clients = tmp_path / "source" / CLIENTS
    clients.write_bytes(clients.read_bytes().replace(b"KOTIKUNTA", b"KUNTA").replace(b"LAPSIA", b"LAPSET"))
    with pytest.raises(PrepareError) as error:
        prepare(load_profile(profile_path("asiakastieto")), order(tmp_path), SECRETS)
    assert {(problem.code, problem.expected) for problem in error.value.problems} == {
        ("SOURCE_MISSING", "asiakkuudet*.csv"),
        ("SOURCE_COLUMNS", "KOTIKUNTA, LAPSIA"),
    }


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"organisation": "kunta-091"}, "RUN_ORGANISATION"),
        ({"organisation": "hva-99"}, "RUN_ORGANISATION"),
        ({"period": "2025Q5"}, "RUN_PERIOD"),
        ({"period": "2026Q1"}, "RUN_TIME"),
        ({"period": "2024-2026"}, "RUN_NO_TABLE"),
        ({"nothing_to_report": ("rental_housing",)}, "RUN_NO_TABLE"),
    ],
)
def test_an_order_that_cannot_be(tmp_path, changed, code):
    with pytest.raises(PrepareError) as error:
        run(tmp_path, **changed)
    assert code in {problem.code for problem in error.value.problems}


KILLED = """
import os, sys
from pathlib import Path
from ingest.prepare import run as running, load_profile, prepare
from ingest.profiles import profile_path
from tests.unit.prepare_sources import SECRETS, order

def stop(*_):
    os.kill(os.getpid(), 9)

setattr(running, sys.argv[2], stop)
prepare(load_profile(profile_path("asiakastieto")), order(Path(sys.argv[1])), SECRETS)
"""


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["find_protected", "check_delivery", "hand_over"])
def test_a_killed_run_leaves_no_delivery_and_the_next_one_cleans_up(tmp_path, moment):
    write_sources(tmp_path / "source")
    code = KILLED.replace("ingest.prepare import run as running, ", "ingest.prepare import ").replace(
        "setattr(running", "setattr(sys.modules['ingest.prepare.run']"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path), moment], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    outgoing = tmp_path / "outgoing"
    visible = [path for path in outgoing.rglob("manifest.json") if ".preparing" not in str(path)]
    assert visible == []
    prepared = prepare(load_profile(profile_path("asiakastieto")), order(tmp_path), SECRETS)
    left = {path.name for path in prepared.folder.parent.iterdir()} | {
        path.name for path in prepared.report.parent.iterdir()
    }
    assert left == {prepared.delivery_id}


# ---- a foreign return ---------------------------------------------------------------------------------------

RETURN = {
    "header.csv": "CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB\n"
    "1,1,15/02/2001,ABAN,U1,,\n2,2,20/03/2002,WROM,U2,,\n3,2,01/04/2005,WROM,U3,,\n",
    "episodes.csv": "CHILD,DECOM,RNE,LS,CIN,PLACE,PLACE_PROVIDER,DEC,REC,REASON_PLACE_CHANGE,HOME_POST,PL_POST,URN\n"
    "1,01/01/2016,S,C2,N1,U4,PR1,31/08/2017,X1,CARPL,AA1 1AA,BB2 2BB,1\n"
    "1,31/08/2017,P,C2,N1,K2,PR1,,X1,,AA1 1AA,BB2 2BB,2\n"
    "2,05/05/2016,S,J1,N1,P2,PR1,,,,AA1 1AA,BB2 2BB,3\n"
    "2,06/06/2017,S,V2,N1,H5,PR1,07/01/2018,E4A,,AA1 1AA,BB2 2BB,3\n"
    "3,05/05/2016,S,C2,N1,P2,PR1,,,,AA1 1AA,BB2 2BB,3\n",
    "reviews.csv": "CHILD,DOB,REVIEW,REVIEW_CODE\n"
    "1,15/02/2001,14/02/2017,PN1\n1,15/02/2001,15/02/2017,PN2\n1,15/02/2001,01/02/2018,PN7\n"
    "1,15/02/2001,01/02/2019,PN1\n2,20/03/2002,20/03/2018,PN5\n",
    "oc3.csv": "CHILD,DOB,IN_TOUCH,ACTIV,ACCOM\n1,15/02/2001,NO,F1,01\n",
}


def foreign(root: Path, source: Path):
    changed = {"sources": (source,), "organisation": "hva-05", "period": "2018Q1"}
    changed["extracted_at"] = order(root).extracted_at.replace(year=2018, month=4, day=10)
    return prepare(load_profile(profile_path("ssda903")), order(root, **changed), SECRETS)


def test_a_foreign_return_becomes_client_placement_and_plan(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    for name, text in RETURN.items():
        (source / name).write_text(text, encoding="utf-8")
    prepared = foreign(tmp_path, source)
    assert prepared.outcome == "accepted"
    one, two = client_key("1"), client_key("2")
    clients = {row["client_key"]: row for row in delivered(prepared, "client")}
    assert set(clients) == {one, two}  # the third is 12
    assert (clients[one]["birth_year"], clients[one]["in_touch_status"]) == ("2001", "EI")
    assert (clients[two]["home_municipality"], clients[two]["in_touch_status"]) == ("199", "")
    names = ("client_key", "start_date", "end_date", "placement_type", "legal_basis", "end_reason")
    assert {tuple(row[name] for name in names) for row in delivered(prepared, "placement")} == {
        (one, "2016-01-01", "2017-08-31", "SIJAISPERHE", "HUOSTA", "SIIRTO"),
        (one, "2017-08-31", "", "LAITOS", "HUOSTA", ""),
        (two, "2017-06-06", "2018-01-07", "OMA_ASUNTO", "AVO", "KOTIUTUS"),
    }
    names = ("client_key", "valid_from", "client_present", "client_view_recorded")
    assert {tuple(row[name] for name in names) for row in delivered(prepared, "plan")} == {
        (one, "2017-02-15", "true", "true"),  # the day of the 16th birthday; the day before is left out
        (one, "2018-02-01", "false", "false"),
        (two, "2018-03-20", "false", "true"),
    }
    assert set(prepared.not_producible) >= {"aftercare_period", "worker_assignment", "housing_spell"}
    assert set(prepared.not_used["episodes.csv"]) >= {"HOME_POST", "PL_POST", "URN"}


@pytest.mark.skipif(not SAMPLE.is_dir(), reason=f"no sample of the whole return in {SAMPLE}")
def test_the_whole_sample_return_passes_the_door(tmp_path):
    prepared = foreign(tmp_path, SAMPLE)
    assert prepared.outcome in ("accepted", "accepted_with_findings")
    tables = {table.table: table for table in prepared.tables}
    assert set(tables) == {"client", "placement", "plan"}
    assert all(table.rows and not table.rows_not_mapped for table in tables.values())
    # Recomputed without the profile: children of 16 or over on 31 March 2018, and their episodes.
    with (SAMPLE / "header.csv").open(newline="") as stream:
        old = {
            row["CHILD"]
            for row in csv.DictReader(stream)
            if (row["DOB"][6:], row["DOB"][3:5], row["DOB"][:2]) <= ("2002", "03", "31")
        }
    with (SAMPLE / "episodes.csv").open(newline="") as stream:
        episodes = [row for row in csv.DictReader(stream) if row["CHILD"] in old and row["LS"][0] != "J"]
    assert {row["client_key"] for row in delivered(prepared, "client")} == set(map(client_key, old))
    assert tables["placement"].rows == len(episodes)
    postcodes = {row[name].encode() for row in episodes for name in ("HOME_POST", "PL_POST") if row[name]}
    whole = b"".join(path.read_bytes() for path in prepared.folder.iterdir())
    assert not [code for code in postcodes if code in whole]


def test_secrets_do_not_show(tmp_path):
    assert SECRETS.client.hex() not in repr(SECRETS)
    assert os.fspath(tmp_path) not in repr(Secrets(b"1" * 32, b"2" * 32))
