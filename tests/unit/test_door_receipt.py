"""The receipt: safe to open, the same in three languages, and nothing from elsewhere."""

from __future__ import annotations

import csv
import io

import pytest

from ingest.door.findings import finding, masked_key
from ingest.door.receipt import Receipt

DANGEROUS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "\uff1d1"]


def receipt(**fields):
    found = finding("FILE_COLUMN_UNKNOWN", table="client", expected="x", **fields)
    return Receipt("01JAZ000000000000000000001", "hva-05", "2025Q3", "rejected", findings=(found,))


@pytest.mark.parametrize("text", DANGEROUS)
def test_no_formula_survives_in_the_list_for_a_spreadsheet(text):
    made = receipt(file=text, column=text, sheet=text)
    cells = [cell for line in csv.reader(io.StringIO(made.to_csv()), delimiter=";") for cell in line]
    assert any(text.strip()[-1] in cell for cell in cells)
    assert not any(cell.lstrip().startswith(("=", "+", "-", "@", "\uff1d")) for cell in cells)


def test_the_list_opens_in_a_finnish_spreadsheet(tmp_path):
    receipt(file="a;b.csv").write(tmp_path)
    content = (tmp_path / "errors.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbfrule;severity;")
    assert '"a;b.csv"' in content.decode("utf-8-sig")


def test_the_page_switches_language_without_script_and_asks_nothing_of_anyone():
    page = receipt(file="<b>.csv").to_html()
    assert all(
        f'id="show-{language}"' in page and f'<section id="{language}"' in page for language in ("fi", "sv", "en")
    )
    assert "<script" not in page and "http" not in page and "url(" not in page
    assert "<b>.csv" not in page and "&lt;b&gt;.csv" in page
    assert '<th scope="col"' in page


@pytest.mark.parametrize(("value", "shown"), [("AB" * 32, "abababab…"), ("853", "853"), ("matti", None), (None, None)])
def test_only_a_pseudonym_or_a_code_names_a_record(value, shown):
    assert masked_key(value) == shown
