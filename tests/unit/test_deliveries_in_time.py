"""What counts when: redeliveries, corrections, withdrawals, and the lake as it was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import duckdb
import pytest

from ingest.door import take_in
from ingest.lake import attach_lake, counting
from ingest.ledger import last_number, number_at, read_events, read_ledger
from ingest.locking import IntakeBusyError, sole_writer
from ingest.state import Home
from ingest.withdrawal import WithdrawalError, withdraw
from orchestration import cli, versions
from tests.unit.deliveries import SPELL_HEADER, client_csv, client_rows, csv_bytes, delivery_id, drop, key

START = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
REASON = {"reason": "sent by mistake", "asked_by": "supplier"}


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


def deliver(home, number, period="2025Q3", clients=1, at=START, spells=None, **manifest):
    """Take in one delivery of ``client`` (a snapshot), and of ``residence_spell`` (a history)."""
    rows = client_rows(clients)
    files = {"client.csv": ("client", client_csv(rows), len(rows))}
    if spells is not None:
        lines = [f"{key(number)},853,{2000 + year}-01-01," for year in range(spells)]
        files["spells.csv"] = ("residence_spell", csv_bytes(SPELL_HEADER, lines), spells)
    extracted = {"2025Q2": "2025-07-20", "2025Q3": "2025-10-20"}[period]
    drop(home.inbox, files, number=number, period=period, extracted_at=f"{extracted}T06:00:00+03:00", **manifest)
    assert take_in(home, clock=lambda: at).accepted == 1


def rows(home, as_of=None):
    """Table -> (period, rows) of the lake's views."""
    with duckdb.connect() as connection:
        attach_lake(connection, home, as_of)
        return {
            table: connection.execute(
                f"select period, count(*) from lake.{table} group by period order by period"
            ).fetchall()
            for table in ("client", "residence_spell")
        }


def counted(home, as_of=None):
    found = counting(home, as_of).select(["table_name", "period", "delivery_id"]).to_pylist()
    return {(row["table_name"], row["period"]): int(row["delivery_id"][-2:]) for row in found}


def test_a_snapshot_counts_per_period_and_a_history_only_in_its_newest(home):
    deliver(home, 1, "2025Q2", clients=1, spells=1)
    deliver(home, 2, "2025Q3", clients=2, spells=2)
    assert rows(home) == {"client": [("2025Q2", 1), ("2025Q3", 2)], "residence_spell": [("2025Q3", 2)]}


def test_a_redelivery_of_an_old_period_counts_in_a_snapshot_and_not_in_a_history(home):
    deliver(home, 1, "2025Q2", clients=1, spells=1)
    deliver(home, 2, "2025Q3", clients=2, spells=2)
    deliver(home, 3, "2025Q2", clients=3, spells=3)
    assert rows(home) == {"client": [("2025Q2", 3), ("2025Q3", 2)], "residence_spell": [("2025Q3", 2)]}


def test_order_is_that_of_acceptance_whatever_the_extract_and_the_clock_say(home):
    deliver(home, 1, clients=1, at=START)
    deliver(home, 2, clients=2, at=START - timedelta(days=400))
    assert rows(home)["client"] == [("2025Q3", 2)]
    assert read_ledger(home)["acceptance_no"].to_pylist() == [1, 2]


def test_the_lake_can_be_read_as_it_was_after_every_acceptance(home):
    deliver(home, 1, "2025Q2", clients=1, spells=1)
    deliver(home, 2, "2025Q3", clients=2, spells=2)
    deliver(home, 3, "2025Q3", clients=3, spells=3, correction_of=delivery_id(2))
    seen = {number: rows(home, number) for number in range(4)}
    assert seen == {
        0: {"client": [], "residence_spell": []},
        1: {"client": [("2025Q2", 1)], "residence_spell": [("2025Q2", 1)]},
        2: {"client": [("2025Q2", 1), ("2025Q3", 2)], "residence_spell": [("2025Q3", 2)]},
        3: {"client": [("2025Q2", 1), ("2025Q3", 3)], "residence_spell": [("2025Q3", 3)]},
    }
    assert rows(home) == seen[3]


def test_a_time_means_the_last_acceptance_at_or_before_it(home):
    for number in (1, 2, 3):
        deliver(home, number, clients=number, at=START + timedelta(days=number))
    moments = [START, START + timedelta(days=1), START + timedelta(days=2, hours=1), START + timedelta(days=99)]
    assert [number_at(home, moment) for moment in moments] == [0, 1, 2, 3]
    assert rows(home, START + timedelta(days=2, hours=1))["client"] == [("2025Q3", 2)]


def test_a_time_without_a_zone_is_refused(home):
    with pytest.raises(ValueError, match="no zone"):
        number_at(home, datetime(2026, 1, 1))


def test_a_withdrawn_delivery_gives_way_to_the_one_before_and_nothing_is_deleted(home):
    deliver(home, 1, clients=1, spells=1)
    deliver(home, 2, clients=2, spells=2)
    files = {path: path.read_bytes() for path in home.root.rglob("*") if path.is_file()}
    done = withdraw(home, delivery_id(2), **REASON, clock=lambda: START)
    assert rows(home) == {"client": [("2025Q3", 1)], "residence_spell": [("2025Q3", 1)]}
    assert (done.number, set(done.counts_now.values())) == (3, {(delivery_id(1), "2025Q3")})
    assert {path: path.read_bytes() for path in files} == files
    event = read_events(home).drop_columns(["at"]).to_pylist()
    assert [(row["event"], row["number"], row["reason"]) for row in event] == [("withdrawn", 3, "sent by mistake")]


def test_withdrawing_the_newest_period_of_a_history_brings_the_period_before_back(home):
    deliver(home, 1, "2025Q2", spells=1)
    deliver(home, 2, "2025Q3", spells=2)
    done = withdraw(home, delivery_id(2), **REASON)
    assert rows(home) == {"client": [("2025Q2", 1)], "residence_spell": [("2025Q2", 1)]}
    assert done.counts_now == {"client": None, "residence_spell": (delivery_id(1), "2025Q2")}


def test_undone_it_counts_again_and_every_state_between_can_be_read(home):
    deliver(home, 1, clients=1)
    deliver(home, 2, clients=2)
    withdraw(home, delivery_id(2), **REASON)
    withdraw(home, delivery_id(2), **REASON, undo=True)
    deliver(home, 5, clients=5)
    assert [counted(home, number).get(("client", "2025Q3")) for number in (0, 1, 2, 3, 4, 5, None)] == [
        None, 1, 2, 1, 2, 5, 5,
    ]  # fmt: skip
    assert last_number(home) == 5


def test_withdrawing_twice_changes_nothing(home):
    deliver(home, 1)
    assert withdraw(home, delivery_id(1), **REASON).number == 2
    assert withdraw(home, delivery_id(1), **REASON).number is None
    assert withdraw(home, delivery_id(1), **REASON, undo=True).number == 3
    assert withdraw(home, delivery_id(1), **REASON, undo=True).number is None


def test_a_withdrawn_delivery_that_comes_again_stays_withdrawn(home):
    deliver(home, 1, clients=1)
    deliver(home, 2, clients=2)
    withdraw(home, delivery_id(2), **REASON)
    drop(home.inbox, {"client.csv": ("client", client_csv(client_rows(2)), 2)}, number=2,
         extracted_at="2025-10-20T06:00:00+03:00")  # fmt: skip
    assert [result.outcome for result in take_in(home).deliveries] == ["duplicate"]
    assert counted(home) == {("client", "2025Q3"): 1}


@pytest.mark.parametrize(
    ("delivery", "texts", "said"),
    [
        (9, {}, "no delivery"),
        (1, {"reason": "Mallikas 010190-999K"}, "identifier"),
        (1, {"asked_by": "maija.mallikas@example.org"}, "identifier"),
        (1, {"reason": " "}, "reason"),
        (1, {"reason": "x" * 201}, "200"),
    ],
)
def test_a_withdrawal_that_cannot_be_says_why_and_changes_nothing(home, delivery, texts, said):
    deliver(home, 1)
    with pytest.raises(WithdrawalError, match=said) as error:
        withdraw(home, delivery_id(delivery), **REASON | texts)
    assert not any(text in str(error.value) for text in texts.values() if text.strip())
    assert last_number(home) == 1


def test_no_withdrawal_while_an_intake_runs(home):
    deliver(home, 1)
    with sole_writer(home), pytest.raises(IntakeBusyError):
        withdraw(home, delivery_id(1), **REASON)


def test_a_withdrawal_makes_the_release_old(home):
    deliver(home, 1)
    deliver(home, 2, clients=2)
    before = versions.input_hash(home)
    withdraw(home, delivery_id(2), **REASON)
    assert versions.input_hash(home) != before
    assert versions.input_hash(home, 2) == before


def test_the_command_says_what_counts_now(home, capsys):
    deliver(home, 1)
    deliver(home, 2, clients=2)
    options = ["--home", str(home.root), "--reason", "wrong file"]
    assert cli.run(["withdraw", delivery_id(2), *options]) == 0
    assert f"client: {delivery_id(1)} 2025Q3 counts" in capsys.readouterr().err
    assert cli.run(["withdraw", delivery_id(8), *options]) == 1
    assert "Nothing was changed" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["yesterday", "2025-11-01", "2025-11-01T12:00:00", "-1"])
def test_build_as_of_wants_a_number_or_a_time_with_its_zone(text, capsys):
    with pytest.raises(SystemExit):
        cli.parser().parse_args(["build", f"--as-of={text}"])
    assert "acceptance number" in capsys.readouterr().err
