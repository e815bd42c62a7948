"""Filled-in template workbooks as a delivery, and the command line of `prepare`."""

from __future__ import annotations

import json

import pytest
from openpyxl import load_workbook

from ingest.contracts import contract
from ingest.contracts.export.templates import template
from ingest.prepare import PrepareError, deliver_workbooks, new_secret
from orchestration.cli import run as aftercare
from tests.unit.prepare_sources import BERTTA, hetu, write_sources

COUNTS, LINKED, RENTAL = "employment_service_spell_count", "employment_service_spell", "rental_housing"
SHEET = {"organisation": "kunta-047", "period": "2025Q3", "extracted_at": "2025-10-20T06:12:00+03:00"}
ROWS = [["047", "OHJAAMO", 2, 3], ["047", "TYOPAJA", 0, 1]]


@pytest.fixture(scope="module")
def templates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("templates")
    for table in (COUNTS, LINKED, RENTAL):
        template(contract(table)).save(folder / f"{table}.xlsx")
    return folder


def fill(templates, into, table, rows, **said):
    """A template as a person fills it in: the manifest sheet and the rows, nothing else."""
    book = load_workbook(templates / f"{table}.xlsx")
    for field, value, *_ in book["manifest"].iter_rows(min_row=2):
        value.value = (SHEET | said).get(field.value, value.value)
    for number, row in enumerate(rows, start=2):
        for place, cell in enumerate(row, start=1):
            book[table].cell(number, place).value = cell
    path = into / f"{table}.xlsx"
    book.save(path)
    return path


def codes(error) -> list[tuple[str, str | None]]:
    return [(problem.code, problem.column) for problem in error.value.problems]


def test_filled_in_templates_become_one_delivery(tmp_path, templates):
    paths = [
        fill(templates, tmp_path, COUNTS, ROWS),
        fill(templates, tmp_path, RENTAL, [["047", 3, 2, 0]]),
        fill(templates, tmp_path, LINKED, [], nothing_to_report="true"),
    ]
    prepared = deliver_workbooks(paths, tmp_path / "out", "synthetic")
    assert prepared.folder == tmp_path / "out" / "kunta-047" / "2025Q3" / prepared.delivery_id
    manifest = json.loads((prepared.folder / "manifest.json").read_text())
    assert {file["table"]: file["rows"] for file in manifest["files"]} == {COUNTS: 2, RENTAL: 1}
    assert manifest["nothing_to_report"] == [LINKED]
    assert manifest["extracted_at"] == SHEET["extracted_at"]
    assert prepared.outcome.startswith("accepted")


def test_nothing_to_report_alone_is_a_delivery(tmp_path, templates):
    path = fill(templates, tmp_path, COUNTS, [], nothing_to_report="kyllä")
    prepared = deliver_workbooks([path], tmp_path / "out")
    assert prepared.outcome == "accepted"
    assert json.loads((prepared.folder / "manifest.json").read_text())["files"] == []


def test_all_mistakes_of_all_workbooks_are_told_at_once(tmp_path, templates):
    paths = [
        fill(templates, tmp_path, COUNTS, ROWS, organisation="kunta-999", period="2025-3"),
        fill(templates, tmp_path, RENTAL, [["047", 3, 2, 0]], extracted_at="eilen"),
        fill(templates, tmp_path, LINKED, [], nothing_to_report="ehkä"),
    ]
    with pytest.raises(PrepareError) as error:
        deliver_workbooks(paths, tmp_path / "out")
    assert codes(error) == [
        ("WORKBOOK_FIELD", "organisation"),
        ("WORKBOOK_FIELD", "period"),
        ("WORKBOOK_FIELD", "extracted_at"),
        ("WORKBOOK_FIELD", "nothing_to_report"),
    ]


def test_workbooks_of_two_periods_are_two_deliveries(tmp_path, templates):
    paths = [
        fill(templates, tmp_path, COUNTS, ROWS),
        fill(templates, tmp_path, RENTAL, [["047", 3, 2, 0]], period="2025Q2"),
    ]
    with pytest.raises(PrepareError) as error:
        deliver_workbooks(paths, tmp_path / "out")
    assert codes(error) == [("WORKBOOK_DIFFERS", "period")]


def test_an_empty_sheet_is_no_zero_and_rows_are_no_nothing(tmp_path, templates):
    paths = [
        fill(templates, tmp_path, COUNTS, []),
        fill(templates, tmp_path, RENTAL, [["047", 3, 2, 0]], nothing_to_report="true"),
    ]
    with pytest.raises(PrepareError) as error:
        deliver_workbooks(paths, tmp_path / "out")
    assert codes(error) == [("WORKBOOK_EMPTY", None), ("TABLE_NOT_EMPTY", None)]


def test_an_identity_number_in_a_workbook_keeps_it_at_home(tmp_path, templates):
    code = hetu("010203", "A", 950)
    path = fill(templates, tmp_path, LINKED, [[code, "OHJAAMO", None, "047", "2025-07-01", None]])
    prepared = deliver_workbooks([path], tmp_path / "out")
    assert prepared.outcome == "rejected"
    assert "FILE_IDENTIFIER" in {finding["rule"] for finding in prepared.receipt["findings"]}
    assert [found for found in (tmp_path / "out").rglob("*") if found.is_file()] == []
    assert code not in json.dumps(prepared.as_dict())


# ---- the command -----------------------------------------------------------------------------------


def test_the_command_prepares_and_says_what_it_did(tmp_path, capsys):
    for name in ("client", "supplier"):
        assert aftercare(["prepare", "--new-secret", str(tmp_path / name)]) == 0
    capsys.readouterr()
    write_sources(tmp_path / "source")
    arguments = [
        "prepare", "--json", "--home", str(tmp_path / "home"), "--profile", "asiakastieto",
        "--into", str(tmp_path / "out"), "--organisation", "hva-05", "--period", "2025Q3",
        "--client-secret-file", str(tmp_path / "client"), "--supplier-secret-file", str(tmp_path / "supplier"),
        "--extracted-at", "2025-10-20T06:12:00+03:00", "--language", "fi", str(tmp_path / "source"),
    ]  # fmt: skip
    assert aftercare(arguments) == 0
    out, err = capsys.readouterr()
    result = json.loads(out)
    assert result["outcome"] == "accepted"
    assert result["delivery"].startswith(str(tmp_path / "out" / "hva-05" / "2025Q3"))
    assert result["report"].startswith(str(tmp_path / "home" / "prepare"))
    assert "Raportti (jää teille, älkää lähettäkö)" in err
    secret = (tmp_path / "client").read_text().strip()
    assert secret not in out + err
    assert BERTTA not in out + err


def test_the_command_tells_all_problems_and_fails(tmp_path, capsys):
    write_sources(tmp_path / "source")
    new_secret(tmp_path / "one")
    (tmp_path / "one").chmod(0o644)
    arguments = [
        "prepare", "--home", str(tmp_path / "home"), "--profile", "asiakastieto", "--into", str(tmp_path / "out"),
        "--organisation", "hva-05", "--period", "2025Q3", "--language", "sv",
        "--client-secret-file", str(tmp_path / "one"), str(tmp_path / "source"),
    ]  # fmt: skip
    assert aftercare(arguments) == 1
    err = capsys.readouterr().err
    assert "chmod 600" in err
    assert "AFTERCARE_SUPPLIER_SECRET" in err
    assert not (tmp_path / "out").exists()


def test_the_command_checks_a_profile_alone(capsys):
    assert aftercare(["prepare", "--profile", "ssda903", "--check-profile"]) == 0
    assert "client, placement, plan" in capsys.readouterr().err
