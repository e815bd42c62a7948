"""The warehouse replaces every key on arrival: what matched still matches, nothing else does."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import pickle
import random
import stat
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest import rekeying
from ingest.contracts import KEY_KINDS, ContractError, code_lists, contract, contracts
from ingest.contracts.reading import _check_neighbours, _parse_column
from ingest.door import check_delivery, take_in
from ingest.lake import attach_lake, lake_schema, table_schema
from ingest.ledger import read_ledger
from ingest.rekeying import (
    SECRET_VARIABLE,
    SecretError,
    WarehouseKeys,
    key_order,
    keys_for_intake,
    keys_in_use,
    rekeyed,
    warehouse_key,
)
from ingest.secret_files import write_secret
from ingest.state import Home
from orchestration import cli
from tests.unit.deliveries import client_csv, client_rows, csv_bytes, delivery_id, drop, key
from tests.unit.faults import KILLED, kill_at

SECRET = bytes(range(100, 132))
ASSIGNMENT = "client_key,worker_key,role,team_key,start_date,end_date,change_reason"


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


@pytest.fixture(autouse=True)
def no_secret_named(monkeypatch):
    monkeypatch.delenv(SECRET_VARIABLE, raising=False)


def column(home: Home, table: str, name: str, organisation: str = "hva-05") -> list:
    with duckdb.connect() as connection:
        attach_lake(connection, home)
        rows = connection.execute(
            f"select {name} from lake.{table} where organisation = ? order by source_row", [organisation]
        ).fetchall()
    return [value for (value,) in rows]


def assignments(*workers: int | None) -> bytes:
    rows = [f"{key(0)},{key(n) if n is not None else ''},VASTUU,,2025-0{i}-01,2025-0{i}-20,"
            for i, n in enumerate(workers, start=1)]  # fmt: skip
    return csv_bytes(ASSIGNMENT, rows)


# ---- the keys --------------------------------------------------------------------------------------


def test_a_warehouse_key_is_the_hmac_of_the_standard_over_scope_and_key():
    keys = WarehouseKeys(SECRET)
    made = keys.of(pa.array([key(1), None]), "client", "common", "hva-05").to_pylist()
    message = b'["client", "common"]\n' + key(1).encode()
    assert made == [hmac.new(SECRET, message, hashlib.sha256).hexdigest(), None]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("client", "common", "hva-05"), ("client", "common", "kunta-091"), True),
        (("client", "common", "hva-05"), ("client", "own", "hva-05"), False),
        (("client", "own", "hva-05"), ("client", "own", "hva-06"), False),
        (("worker", "common", "hva-05"), ("worker", "own", "hva-05"), True),
        (("worker", "common", "hva-05"), ("worker", "common", "hva-06"), False),
        (("worker", "common", "hva-05"), ("team", "common", "hva-05"), False),
        (("client", "common", "hva-05"), ("worker", "common", "common"), False),
        (("client", 'x", "hva-05', "hva-06"), ("client", "x", 'hva-05", "hva-06'), False),
    ],
)
def test_the_scope_decides_which_keys_stay_one_key(one, other, same):
    keys = WarehouseKeys(SECRET)
    made = {keys.of(pa.array([key(1)]), *scope)[0].as_py() for scope in (one, other)}
    assert len(made) == (1 if same else 2)


def test_keys_that_are_remembered_are_those_made_anew_and_only_so_many(monkeypatch):
    monkeypatch.setattr(rekeying, "MOST_REMEMBERED", 10)
    keys = WarehouseKeys(bytes(range(32)))
    scopes = [("client", "common", "hva-05"), ("client", "own", "hva-05"), ("worker", "common", "hva-05")]
    chance = random.Random(1)
    for size in [1, 3, 8, 11, 3, 10, 9] * 6:
        delivered = pa.array([*(key(number) for number in chance.sample(range(40), size)), None])
        scope = chance.choice(scopes)
        assert keys.of(delivered, *scope).equals(WarehouseKeys(bytes(range(32))).of(delivered, *scope))
        assert sum(map(len, keys._known.values())) <= 2 * 10 + 1


def test_the_secret_is_in_no_text_of_the_keys():
    keys = WarehouseKeys(SECRET)
    assert SECRET.hex() not in repr(keys) + str(vars(keys))
    with pytest.raises(TypeError):
        pickle.dumps(keys)


# ---- what the contracts say ------------------------------------------------------------------------


def test_every_key_says_what_it_identifies_and_references_agree():
    for table in contracts().values():
        for of_table in table.columns:
            assert (of_table.type == "key") == (of_table.key_of in KEY_KINDS)
            assert of_table.name != "client_key" or of_table.key_of == "client"
        for reference in table.references:
            target = contracts()[reference.table]
            for name, to_name in zip(reference.columns, reference.to_columns, strict=True):
                assert table.column(name).key_of == target.column(to_name).key_of


def test_a_reference_between_keys_of_two_kinds_is_refused():
    known = dict(contracts())
    handover = contract("handover")
    wrong = [type(c)(**{**vars(c), "key_of": "team"}) if c.name == "from_worker_key" else c for c in handover.columns]
    with pytest.raises(ContractError, match="identify different things"):
        _check_neighbours(type(handover)(**{**vars(handover), "columns": tuple(wrong)}), known)


@pytest.mark.parametrize(
    "change",
    [{"key_of": None}, {"key_of": "person"}, {"type": "int"}, {"type": "int", "key_of": None, "keeps_order": 1}],
)
def test_a_column_that_is_half_a_key_is_refused(change):
    texts = {"fi": "a", "sv": "b", "en": "c"}
    good = {"name": "x_key", "type": "key", "key_of": "worker", "required": True, "serves": ["key"]}
    raw = {**good, "label": texts, "description": texts, **change}
    with pytest.raises(ContractError, match="key"):
        _parse_column({name: value for name, value in raw.items() if value is not None}, "x.yml", {})


# ---- through the door ------------------------------------------------------------------------------


def test_no_delivered_key_is_in_the_lake_and_references_still_match(home):
    kind, action, status = (next(iter(code_lists()[name].codes)) for name in
                            ("handover_type", "plan_action", "plan_action_status"))  # fmt: skip
    rows = {
        "handover": (
            "client_key,handover_date,handover_type,from_worker_key,to_worker_key,client_present",
            [f"{key(0)},2025-08-01,{kind},{key(21)},{key(22)},true"],
        ),
        "plan": (
            "client_key,plan_key,plan_type,valid_from,client_present",
            [f"{key(n)},{key(40 + n)},JALKIHUOLTO,2025-08-01,true" for n in range(2)],
        ),
        "plan_party": ("plan_key,sector", [f"{key(40)},SOSIAALI"]),
        "plan_action": (
            "client_key,plan_key,action_code,status,date",
            [f"{key(1)},{key(41)},{action},{status},2025-08-02"],
        ),
    }
    files = {f"{table}.csv": (table, csv_bytes(*content), len(content[1])) for table, content in rows.items()}
    files["client.csv"] = ("client", client_csv(), 3)
    files["workers.csv"] = ("worker_assignment", assignments(21, 22), 2)
    drop(home.inbox, files)
    spells = csv_bytes(
        "client_key,service,employment_area_code,municipality_code,start_date,end_date",
        [f"{key(2)},OHJAAMO,,853,2025-03-01,"],
    )
    municipal = {"spells.csv": ("employment_service_spell", spells, 1)}
    drop(home.inbox, municipal, number=2, organisation="kunta-853")
    assert take_in(home).accepted == 2
    clients = column(home, "client", "client_key")
    assert column(home, "worker_assignment", "client_key") == [clients[0]] * 2
    assert column(home, "employment_service_spell", "client_key", "kunta-853") == [clients[2]]
    workers = column(home, "worker_assignment", "worker_key")
    assert [column(home, "handover", name)[0] for name in ("from_worker_key", "to_worker_key")] == workers
    plans = column(home, "plan", "plan_key")
    assert column(home, "plan_action", "plan_key") == [plans[1]]
    assert column(home, "plan_party", "plan_key") == [plans[0]]
    given = {key(number) for number in range(50)}
    files_of_rows = [path for path in home.lake.rglob("*.parquet") if not path.is_relative_to(home.ledger)]
    assert len(files_of_rows) == 7
    for path in files_of_rows:
        columns = pq.ParquetFile(path).read().to_pydict().values()
        assert not given & {value for values in columns for value in values if isinstance(value, str)}


def test_warehouse_key_is_the_key_in_the_lake_whatever_the_domain(home):
    drop(home.inbox)
    drop(home.inbox, number=2, organisation="hva-06", key_domain="hva-06 oma",
         files={"c.csv": ("client", client_csv(client_rows(3, "06")), 3)})  # fmt: skip
    assert take_in(home).accepted == 2
    for organisation, domain in (("hva-05", "common"), ("hva-06", "hva-06 oma")):
        wanted = [warehouse_key(home, "client", domain, organisation, key(n)) for n in range(3)]
        assert column(home, "client", "client_key", organisation) == wanted
    assert (
        warehouse_key(home, "client", "common", "x", f" {key(1).upper()} ") == column(home, "client", "client_key")[1]
    )
    assert not set(column(home, "client", "client_key")) & set(column(home, "client", "client_key", "hva-06"))


def test_warehouse_key_tells_what_is_wrong_and_repeats_no_key(home):
    with pytest.raises(SecretError):
        warehouse_key(home, "client", "common", "hva-05", key(1))
    drop(home.inbox)
    take_in(home)
    for arguments in (("person", key(1)), ("client", key(1)[:-1]), ("client", "010190-999K")):
        with pytest.raises(ValueError, match=r"expected|known") as error:
            warehouse_key(home, arguments[0], "common", "hva-05", arguments[1])
        assert arguments[1] not in str(error.value)


def test_the_lake_keeps_the_order_of_worker_keys_as_delivered(home):
    numbers = [3, 1, None, 2, 1]
    drop(
        home.inbox,
        {"client.csv": ("client", client_csv(), 3), "w.csv": ("worker_assignment", assignments(*numbers), 5)},
    )
    take_in(home)
    given = sorted({key(number) for number in numbers if number is not None})
    wanted = [given.index(key(number)) + 1 if number is not None else None for number in numbers]
    assert column(home, "worker_assignment", "worker_key_order") == wanted
    file = next((home.lake / "worker_assignment").rglob("*.parquet"))
    assert pq.ParquetFile(file).schema_arrow.equals(lake_schema(contract("worker_assignment")))


def test_pieces_of_a_file_get_the_keys_and_ranks_of_the_whole():
    table = contract("housing_spell")
    schema = table_schema(table)
    rows = 500
    columns = {field.name: pa.nulls(rows, field.type) for field in schema}
    columns["client_key"] = pa.array([key(row % 7) for row in range(rows)])
    columns["dwelling_key"] = pa.array([None if row % 11 == 0 else key(1000 + row * 37 % 90) for row in range(rows)])
    whole = pa.table(columns, schema=schema)
    keys, sender = WarehouseKeys(SECRET), _Sender()
    pieces = [whole.slice(start, 100) for start in range(0, rows, 100)]
    order = key_order(table, pieces)
    together = pa.concat_tables([rekeyed(piece, table, sender, keys, order) for piece in pieces])
    assert together.equals(rekeyed(whole, table, sender, keys))
    pairs = set(zip(together["dwelling_key_order"].to_pylist(), whole["dwelling_key"].to_pylist(), strict=True))
    ranked = sorted(pair for pair in pairs if pair[0] is not None)
    assert [rank for rank, _ in ranked] == list(range(1, 91))
    assert [value for _, value in ranked] == sorted(value for _, value in ranked)
    assert pairs - set(ranked) == {(None, None)}
    assert rekeyed(schema.empty_table(), table, sender, keys).schema.equals(lake_schema(table))


class _Sender:
    organisation, key_domain = "hva-05", "common"


def drop_two_quarters(home: Home, first: list[int], second: list[int], *, between: Callable[[], object]) -> None:
    """The clients of two quarters with an open aftercare period each, keys in capital letters."""
    header = "client_key,period_key,start_date,end_date,end_reason,legal_basis,entitlement_end_date"
    for number, (period, extracted, clients) in enumerate(
        (("2025Q2", "2025-07-20", first), ("2025Q3", "2025-10-20", second)), start=1
    ):
        spells = [f"{key(n).upper()},{key(100 + n).upper()},2024-01-01,,,HUOSTA," for n in clients]
        rows = [client_rows(3)[n].replace(key(n), key(n).upper()) for n in clients]
        files = {
            "client.csv": ("client", client_csv(rows), len(rows)),
            "periods.csv": ("aftercare_period", csv_bytes(header, spells), len(spells)),
        }
        drop(home.inbox, files, number=number, period=period, extracted_at=f"{extracted}T06:12:00+03:00")
        if number == 1:
            between()
    take_in(home)


def vanished(home: Home) -> tuple[int, list[str | None]]:
    """Of the receipt of the second quarter: how many clients vanished, and by which names."""
    receipt = json.loads((home.outbox / "hva-05" / "2025Q3" / delivery_id(2) / "receipt.json").read_text("utf-8"))
    found = [entry for entry in receipt["findings"] if entry["rule"] == "WARN_CLIENT_VANISHED"]
    return sum(entry["count"] for entry in found), [place["record"] for entry in found for place in entry["places"]]


@pytest.mark.parametrize("together", [True, False], ids=["one-intake", "two-intakes"])
def test_a_receipt_names_a_client_of_the_delivery_before_by_the_key_that_its_supplier_knows(home, together):
    drop_two_quarters(home, [0, 1, 2], [0, 2], between=lambda: None if together else take_in(home))
    assert vanished(home) == (1, [f"{key(1)[:8]}…"])


@pytest.mark.parametrize("together", [True, False], ids=["one-intake", "two-intakes"])
def test_clients_who_are_still_there_have_not_vanished(home, together):
    drop_two_quarters(home, [0, 1], [0, 1, 2], between=lambda: None if together else take_in(home))
    assert vanished(home) == (0, [])


def test_a_client_whose_original_is_gone_is_counted_without_a_name(home):
    def between() -> None:
        take_in(home)
        next(home.archive.rglob("client.csv")).unlink()

    drop_two_quarters(home, [0, 1], [0], between=between)
    assert vanished(home) == (1, [None])


# ---- the secret ------------------------------------------------------------------------------------


def test_the_secret_is_made_once_and_for_its_owner_only(home):
    drop(home.inbox)
    take_in(home)
    assert stat.S_IMODE(home.secrets.stat().st_mode) == 0o700
    assert [path.name for path in home.secrets.iterdir()] == [home.warehouse_secret.name]
    assert stat.S_IMODE(home.warehouse_secret.stat().st_mode) == 0o600
    before = home.warehouse_secret.read_bytes()
    assert len(bytes.fromhex(before.decode())) == 32
    drop(home.inbox, number=2, period="2025Q4", extracted_at="2026-01-20T06:12:00+03:00")
    assert take_in(home).accepted == 1
    assert home.warehouse_secret.read_bytes() == before
    elsewhere = [path for path in home.root.rglob("*") if path.is_file() and path != home.warehouse_secret]
    assert not any(before.strip() in path.read_bytes() for path in elsewhere)


def lose(home: Home) -> None:
    home.warehouse_secret.unlink()


def change(home: Home) -> None:
    home.warehouse_secret.unlink()
    write_secret(home.warehouse_secret)


def open_to_all(home: Home) -> None:
    home.warehouse_secret.chmod(0o644)


def cut_short(home: Home) -> None:
    home.warehouse_secret.write_text("ab" * 31)


def forget(home: Home) -> None:
    home.secret_fingerprint.unlink()


def forget_everything(home: Home) -> None:
    home.secret_fingerprint.unlink()
    home.warehouse_secret.unlink()


@pytest.mark.parametrize("harm", [lose, change, open_to_all, cut_short, forget, forget_everything])
def test_nothing_is_taken_in_whose_keys_would_not_match_those_in_the_lake(home, harm, capsys):
    drop(home.inbox)
    take_in(home)
    harm(home)
    waiting = drop(home.inbox, number=2)
    before = {path: path.read_bytes() for path in home.root.rglob("*") if path.is_file()}
    with pytest.raises(SecretError) as error:
        take_in(home)
    assert str(home.root) in str(error.value)
    assert waiting.is_dir() and read_ledger(home).num_rows == 1
    assert {path: path.read_bytes() for path in home.root.rglob("*") if path.is_file()} == before
    with pytest.raises(SecretError):
        keys_in_use(home)


def test_the_command_says_what_is_wrong_and_what_stays(home, capsys):
    drop(home.inbox)
    take_in(home)
    lose(home)
    drop(home.inbox, number=2)
    assert cli.run(["ingest", "--home", str(home.root)]) == 1
    said = capsys.readouterr().err
    assert "warehouse.secret" in said and "stays there" in said and "Traceback" not in said


def test_the_secret_may_be_given_by_a_file_elsewhere(home, tmp_path, monkeypatch):
    file = tmp_path / "given.secret"
    monkeypatch.setenv(SECRET_VARIABLE, str(file))
    drop(home.inbox)
    with pytest.raises(SecretError):  # a file that is named is never made
        take_in(home)
    assert not file.exists() and not home.secrets.exists()
    write_secret(file)
    assert take_in(home).accepted == 1
    assert not home.secrets.exists()
    message = b'["client", "common"]\n' + key(0).encode()
    secret = bytes.fromhex(file.read_text())
    assert column(home, "client", "client_key")[0] == hmac.new(secret, message, hashlib.sha256).hexdigest()
    monkeypatch.delenv(SECRET_VARIABLE)
    with pytest.raises(SecretError):
        take_in(home)


def _intake(root: Path) -> None:
    take_in(Home(root))


@pytest.mark.slow
def test_a_first_intake_killed_while_the_secret_is_made_goes_on(tmp_path):
    for step in range(1, 10):
        home = Home(tmp_path / str(step))
        drop(home.inbox)
        assert kill_at(step, home.root, _intake, home.root) == KILLED
        assert take_in(home).accepted == 1
        assert keys_in_use(home) is not None


def test_a_supplier_checks_without_any_secret(home, tmp_path, monkeypatch):
    monkeypatch.setenv(SECRET_VARIABLE, str(tmp_path / "nowhere"))
    monkeypatch.setenv("AFTERCARE_HOME", str(home.root))
    first = drop(tmp_path / "mine", period="2025Q2", extracted_at="2025-07-20T06:12:00+03:00")
    second = drop(tmp_path / "mine", number=2)
    assert check_delivery(second, first).is_accepted
    assert not home.root.exists() and not os.path.lexists(tmp_path / "nowhere")


def test_an_empty_home_has_no_keys(home):
    assert keys_in_use(home) is None
    home.root.mkdir()
    made = keys_for_intake(home)
    in_use = keys_in_use(home)
    assert in_use is not None and in_use.fingerprint() == made.fingerprint()
