"""What a column takes, and how a delivered text becomes a typed value (as SQL)."""

from __future__ import annotations

from ingest.contracts import Column, accepted_versions, code_lists
from ingest.reference import UNKNOWN_MUNICIPALITIES, municipalities, wellbeing_areas

TRUE_WORDS = ("true", "1", "kyllä", "k", "ja", "j", "yes", "y", "tosi", "sant")
FALSE_WORDS = ("false", "0", "ei", "e", "nej", "n", "no", "epätosi", "falskt")
# A four-digit year outside these is a typing error (or two digits read as four).
FIRST_YEAR, LAST_YEAR = 1900, 2100
# A spreadsheet keeps a day as a number: 1 is 1900-01-01, and since it takes 1900 for a leap year
# the days from 1900-03-01 on count from 1899-12-30. These are 1954-10-03 and 2064-04-08.
FIRST_SERIAL, LAST_SERIAL = 20_000, 60_000
# Longest list of codes that is spelled out in a message.
_SPELLED_CODES = 20
_CODE_WIDTHS = {"municipality": 3, "wellbeing_area": 2}


def expected_values(column: Column, version: str | None = None) -> str:
    """What a column takes in a contract version, in a form that all three languages can read."""
    match column.type:
        case "key":
            return "64 × 0-9 a-f"
        case "date":
            return f"2025-10-20, 20.10.2025 ({FIRST_YEAR}–{LAST_YEAR})"
        case "int":
            return "0, 1, 2, …"
        case "decimal":
            return "12.5, 12,5"
        case "bool":
            return "true/false, 1/0, kyllä/ei, ja/nej, yes/no"
        case "municipality":
            return "005 … 992 (Tilastokeskus, Statistikcentralen, Statistics Finland), 198, 199, 200"
        case "wellbeing_area":
            return "01 … 21, 90, 91"
        case "code" if column.code_list:
            codes = code_lists(version)[column.code_list].codes
            more = ", …" if len(codes) > _SPELLED_CODES else ""
            return ", ".join(codes[:_SPELLED_CODES]) + more
        case _:
            return "text"


def code_width(column: Column, version: str | None = None) -> int | None:
    """How many digits every code of the column has, where leading zeros may get lost."""
    if column.type == "code" and column.code_list:
        codes = code_lists(version)[column.code_list].codes
        widths = {len(code) for code in codes}
        zeros = any(code.startswith("0") for code in codes)
        return widths.pop() if zeros and len(widths) == 1 and all(code.isdigit() for code in codes) else None
    return _CODE_WIDTHS.get(column.type)


def code_sets() -> dict[str, tuple[str, ...]]:
    """Name of an ENUM -> its values: the code lists of every version that is taken, municipalities,
    areas and words for yes and no."""
    sets = {
        list_name(name, version): codes.codes
        for version in accepted_versions()
        for name, codes in code_lists(version).items()
    }
    sets["true_word"], sets["false_word"] = TRUE_WORDS, FALSE_WORDS
    sets["municipality_code"] = tuple(sorted(set(municipalities()) | UNKNOWN_MUNICIPALITIES))
    sets["wellbeing_area_code"] = tuple(wellbeing_areas())
    return sets


def list_name(code_list: str, version: str) -> str:
    """Name of the ENUM of a code list as a version has it."""
    return f"list_{code_list}_{version.replace('.', '_')}"


def quoted(text: str) -> str:
    """A SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def is_serial(text: str) -> str:
    """SQL: whether ``text`` is a day as a spreadsheet keeps it."""
    return (
        f"regexp_full_match({text}, '[2-6]\\d{{4}}([.,]0+)?') "
        f"and try_cast({text}[1:5] as integer) between {FIRST_SERIAL} and {LAST_SERIAL}"
    )


def typed_value(column: Column, version: str) -> str:
    """SQL from the text ``r_<name>`` to the typed value as ``version`` reads it; null when it cannot be read."""
    text = f"r_{column.name}"
    match column.type:
        case "key":
            # Two tests, since lower() on every key costs more than the test itself; and the length on
            # its own, since a pattern that counts costs a third more.
            return (
                f"case when strlen({text}) = 64 and not regexp_matches({text}, '[^0-9a-f]') then {text} "
                f"when strlen({text}) = 64 and not regexp_matches({text}, '[^0-9a-fA-F]') then lower({text}) end"
            )
        case "date":
            # Excel and databases write midnight after the day.
            read = (
                f"case when strlen({text}) = 10 and {text}[5] = '-' then try_cast({text} as date) "
                f"when regexp_full_match({text}, '\\d{{1,2}}\\.\\d{{1,2}}\\.\\d{{4}}"
                "( 0{1,2}[.:]00([.:]00)?)?') "
                f"then try_strptime(split_part({text}, ' ', 1), '%d.%m.%Y')::date "
                f"when regexp_full_match({text}, "
                "'\\d{4}-\\d{2}-\\d{2}[T ]00:00(:00(\\.0+)?)?(Z|[+-]00:?00)?') "
                f"then try_cast({text}[1:10] as date) "
                f"when {is_serial(text)} then date '1899-12-30' + try_cast({text}[1:5] as integer) end"
            )
            return (
                f"case when ({read}) between date '{FIRST_YEAR}-01-01' and date '{LAST_YEAR}-12-31' then ({read}) end"
            )
        case "int":
            return (
                f"case when regexp_full_match({text}, '[+-]?\\d{{1,9}}([.,]0+)?') "
                f"then try_cast(regexp_replace({text}, '[.,]0+$', '') as integer) end"
            )
        case "decimal":
            return (
                f"case when regexp_full_match({text}, '[+-]?\\d{{1,15}}([.,]\\d{{1,15}})?') "
                f"then try_cast(replace({text}, ',', '.') as double) end"
            )
        case "bool":
            # Not `in (…)`: long lists become joins, and a join may change the order of the rows.
            return (
                f"case when try_cast(lower({text}) as true_word) is not null then true "
                f"when try_cast(lower({text}) as false_word) is not null then false end"
            )
        case "municipality":
            return _code(column, text, "municipality_code", version)
        case "wellbeing_area":
            return _code(column, text, "wellbeing_area_code", version)
        case "code":
            return _code(column, text, list_name(str(column.code_list), version), version)
        case _:
            return text


def _code(column: Column, text: str, enum: str, version: str) -> str:
    width = code_width(column, version)
    if width:
        text = f"case when strlen({text}) < {width} then lpad({text}, {width}, '0') else {text} end"
    return f"cast(try_cast({text} as {enum}) as varchar)"
