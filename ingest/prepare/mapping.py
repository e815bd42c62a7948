"""From loaded sources to the rows of a contract table: one query a table, generated from the profile.

A source row ends in one of four ways: it is delivered; the profile leaves it out (a decision,
counted by its reason); it cannot be mapped (listed, row by row, in the supplier's own report); or
it says the same as another row and goes once.

Protected persons: where a place is asked for, their rows are mapped as if the source were empty
there, so a blanked value is the same value as any other unknown one. A table that is nothing but a
history of places (its key names a municipality and it has spells) gets one spell for them, or the
days on which they moved would stay behind. A municipality sends no row about them at all: the
sender itself would say where they live.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import duckdb

from ingest.contracts import Column, Contract, code_lists
from ingest.door.findings import masked
from ingest.periods import Period
from ingest.prepare.keying import (
    CLIENT_KIND,
    client_key_sql,
    kind_of_key,
    normalised_identity_sql,
    supplier_key_sql,
)
from ingest.prepare.messages import PrepareError, Problem
from ingest.prepare.profile import Condition, Profile, Protected, Ref, TableProfile, Value, references
from ingest.prepare.sources import Loaded, table_name
from ingest.reference import UNKNOWN_MUNICIPALITIES, municipalities, wellbeing_areas

TRUE_WORDS = ("TRUE", "1", "KYLLÄ", "K", "JA", "J", "YES", "Y")
FALSE_WORDS = ("FALSE", "0", "EI", "E", "NEJ", "N", "NO")
FIRST_YEAR, LAST_YEAR = 1900, 2100
LONGEST_TEXT = 40
# Rows that are listed one by one in the report; all are counted.
LISTED = 100_000
EXPECTED_IDENTITY = {
    "personal_identity_code": "010203-123N (ddmmyy, -+A…FU…Y, nnn, 0-9A-Y)",
    "local_number": "text",
}
_DWELLING = "dwelling"
_PROTECTED_TABLE = "protected_client"


@dataclass(frozen=True)
class Run:
    """What a run says beside the profile. ``supplier`` is ``hva``, ``kunta`` or ``kela``."""

    organisation: str
    period: Period
    extracted_on: date

    @property
    def supplier(self) -> str:
        """The kind of supplier."""
        return self.organisation.partition("-")[0]

    def value(self, name: str) -> str:
        """A value that a profile asks for with ``from_run``."""
        return {
            "organisation_code": self.organisation.partition("-")[2],
            "period": self.period.code,
            "period_year": str(self.period.last_day.year),
            "period_start": self.period.start.isoformat(),
            "period_end": self.period.last_day.isoformat(),
            "extracted_on": self.extracted_on.isoformat(),
        }[name]


@dataclass
class Mapped:
    """What became of a table. Its rows lie in the table ``out_<table>``, in the order to send.

    ``left_out`` counts the profile's own decisions by reason; ``not_mapped`` are listed problems and
    ``rows_not_mapped`` counts all such rows; ``rows_same`` went once with another.
    """

    table: str
    rows_read: int = 0
    rows: int = 0
    rows_same: int = 0
    rows_not_mapped: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    not_mapped: list[Problem] = field(default_factory=list)


def find_protected(connection: duckdb.DuckDBPyConnection, profile: Profile, loaded: Loaded) -> None:
    """Keys of the protected persons, in a table of the connection.

    Raises ``PrepareError`` when one of them cannot be recognised: nothing may be sent then.
    """
    connection.execute(f"create or replace table {_PROTECTED_TABLE} (key varchar)")
    problems: list[Problem] = []
    for entry in profile.protected:
        if entry.source in loaded.absent:
            raise PrepareError((Problem("SOURCE_MISSING", column=entry.source, expected="protected"),))
        client = loaded.columns[entry.source][entry.client]
        rows = _protected_rows(entry, loaded)
        normalised = normalised_identity_sql(client, profile.identity)
        unreadable = connection.execute(f"select _file, _row from ({rows}) where {normalised} is null").fetchall()
        problems += [
            Problem(
                "PROTECTED_UNREADABLE",
                **_place(loaded, file, row),
                column=entry.client,
                expected=EXPECTED_IDENTITY[profile.identity],
            )
            for file, row in unreadable
        ]
        # A row of the wrong length might be about a protected person as well.
        problems += loaded.ragged[entry.source]
        keys = f"select {client_key_sql('n')} from (select {normalised} as n from ({rows}))"
        connection.execute(f"insert into {_PROTECTED_TABLE} {keys}")
    if problems:
        raise PrepareError(tuple(problems))


def map_table(
    connection: duckdb.DuckDBPyConnection,
    profile: Profile,
    mapped: TableProfile,
    contract: Contract,
    loaded: Loaded,
    run: Run,
) -> Mapped:
    """Map one table; its rows are left in ``out_<table>`` of the connection."""
    query = _Query(profile, mapped, contract, loaded, run)
    stage = _quoted_name(f"stage_{contract.table}")
    connection.execute(f"create or replace temp table {stage} as {query.sql()}")
    outcome = Mapped(contract.table, rows_read=loaded.rows[mapped.source])
    for number, count in connection.execute(
        f"select _out, count(*) from {stage} where _out is not null and _out >= 0 group by 1 order by 1"
    ).fetchall():
        outcome.left_out[query.reasons[number]] = count
    ragged = [_of_table(problem, contract.table) for problem in loaded.ragged[mapped.source]]
    outcome.not_mapped += ragged
    outcome.rows_not_mapped += len(ragged)
    bad = f"from {stage} where _out is null and len(_problems) > 0"
    outcome.rows_not_mapped += connection.execute(f"select count(*) {bad}").fetchall()[0][0]
    listed = connection.execute(
        f"select _file, _row, unnest(_problems) as problem {bad} order by _file, _row limit {LISTED}"
    ).fetchall()
    outcome.not_mapped += [query.problem(file, row, problem) for file, row, problem in listed]
    _keep_distinct(connection, query, stage, outcome)
    connection.execute(f"drop table {stage}")
    outcome.rows = connection.execute(f"select count(*) from {out_name(contract.table)}").fetchall()[0][0]
    return outcome


def out_name(table: str) -> str:
    """The table in the connection that holds the rows to send."""
    return _quoted_name(f"out_{table}")


def columns_to_send(contract: Contract, mapped: TableProfile) -> list[str]:
    """The columns of a delivered table: those of the contract that the profile makes."""
    return [column.name for column in contract.columns if column.name in mapped.columns]


def _keep_distinct(connection: duckdb.DuckDBPyConnection, query: _Query, stage: str, outcome: Mapped) -> None:
    """Each row once; rows that differ under one key are nobody's to choose from and stay behind."""
    contract = query.contract
    names = columns_to_send(contract, query.mapped)
    listed = ", ".join(_quoted_name(name) for name in names)
    good = f"select _file, _row, _protected, {listed} from {stage} where _out is null and len(_problems) = 0"
    key = [_quoted_name(name) for name in contract.primary_key if name in names]
    if query.is_history_of_places:
        kept = f"select _file, _row, {listed} from good where not _protected"
        one = ", ".join(query.one_spell(name) for name in names)
        kept += f" union all select min(_file), min(_row), {one} from good where _protected group by client_key"
    else:
        kept = f"select _file, _row, {listed} from good"
    counted = f"with good as ({good}), kept as ({kept}) select min(_file) as _file, min(_row) as _row, {listed}, "
    counted += f"count(*) as _same from kept group by {listed}"
    work = _quoted_name(f"distinct_{contract.table}")
    over = f"partition by {', '.join(key)}" if key else ""
    connection.execute(
        f"create or replace temp table {work} as select *, count(*) over ({over}) as _rivals from ({counted})"
    )
    twice = connection.execute(
        f"select _file, _row from {work} where _rivals > 1 order by _file, _row limit {LISTED}"
    ).fetchall()
    expected = ", ".join(contract.primary_key)
    outcome.not_mapped += [
        Problem("ROW_KEY_TWICE", **_place(query.loaded, file, row), table=contract.table, expected=expected)
        for file, row in twice
    ]
    counts = connection.execute(
        f"select coalesce(sum(_same) filter (where _rivals > 1), 0), "
        f"coalesce(sum(_same - 1) filter (where _rivals = 1), 0) from {work}"
    ).fetchall()[0]
    outcome.rows_not_mapped += int(counts[0])
    outcome.rows_same = int(counts[1])
    # By key: the order of the source could say who stands last, or who belongs together.
    order = ", ".join([*key, *(_quoted_name(name) for name in names if _quoted_name(name) not in key)])
    connection.execute(
        f"create or replace table {out_name(contract.table)} as select row_number() over (order by {order}) as _n, "
        f"_file, _row, {listed} from {work} where _rivals = 1"
    )
    connection.execute(f"drop table {work}")


class _Query:
    """The query of one table: stage by stage, from text to typed values, problems and decisions."""

    def __init__(self, profile: Profile, mapped: TableProfile, contract: Contract, loaded: Loaded, run: Run) -> None:
        self.profile = profile
        self.mapped = mapped
        self.contract = contract
        self.loaded = loaded
        self.run = run
        wanted = dict.fromkeys(references(mapped))
        self.aliases = {ref: f"x{place}" for place, ref in enumerate(wanted)}
        self.reasons: list[str] = []
        self.checked: list[tuple[str, str | None]] = []  # (contract column or condition, expected)
        client = mapped.columns.get("client_key")
        self.client = client.refs[0] if client is not None else None
        # Which client a row is about decides what is blanked in it.
        self.blanks = self.client is not None and bool(profile.protected)

    @property
    def is_history_of_places(self) -> bool:
        """Whether the table says nothing but where a person was, and when."""
        key = [self.contract.column(name) for name in self.contract.primary_key]
        spells = any(column.spell_end_of for column in self.contract.columns)
        return self.blanks and spells and any(column.type == "municipality" for column in key)

    def one_spell(self, name: str) -> str:
        """SQL of a column of the one spell that stands for a protected person's history of places."""
        column, quoted = self.contract.column(name), _quoted_name(name)
        if column.spell_end_of:
            return f"case when bool_or({quoted} is null) then null else max({quoted}) end as {quoted}"
        starts = any(other.spell_end_of == name for other in self.contract.columns)
        return f"{'min' if starts else 'any_value'}({quoted}) as {quoted}"

    def problem(self, file: int, row: int, found: Mapping[str, object]) -> Problem:
        """A problem as the query found it."""
        column, expected = self.checked[int(str(found["i"]))]
        seen = found["s"]
        return Problem(
            str(found["k"]),
            **_place(self.loaded, file, row),
            table=self.contract.table,
            column=column,
            seen=masked(str(seen)) if seen is not None else None,
            expected=expected,
        )

    def sql(self) -> str:
        """The whole query."""
        problems: list[str] = []
        values: list[str] = []
        decisions: list[str] = []
        problems += self.join_problems()
        for condition in self.mapped.only:
            decisions.append(self.condition(condition, problems))
        typed: list[str] = []
        for column in self.contract.columns:
            value = self.mapped.columns.get(column.name)
            if value is None:
                continue
            typed += self.typed(column, value)
            self.check(column, value, problems)
            decisions += self.left_out(column, value)
            values.append(f"t_{column.name} as {_quoted_name(column.name)}")
        for column in self.contract.columns:
            start = column.spell_end_of
            if start and {column.name, start} <= set(self.mapped.columns):
                backwards = f"t_{column.name} < t_{start}"
                self.add(problems, backwards, "ROW_END_BEFORE_START", column.name, f"{column.name} ≥ {start}", None)
        hidden = "false"
        if self.blanks and self.run.supplier == "kunta":
            hidden = "_protected"
        reasons = " ".join(f"when not ({holds}) then {place}" for place, holds in enumerate(decisions))
        out = f"case when {hidden} then -1 {reasons} end"
        found = f"list_filter([{', '.join(problems)}], lambda x: x is not null)" if problems else "[]::integer[]"
        listed = ", ".join(values)
        return (
            f"with joined as ({self.joined()}), keyed as ({self.keyed()}), "
            f"typed as (select *, {', '.join(typed)} from keyed) "
            f"select _file, _row, _protected, {out} as _out, {found} as _problems, {listed} from typed"
        )

    def add(
        self, problems: list[str], condition: str, code: str, column: str, expected: str | None, seen: str | None
    ) -> None:
        place = len(self.checked)
        self.checked.append((column, expected))
        text = seen or "null::varchar"
        problems.append(f"case when {condition} then {{'i': {place}, 'k': '{code}', 's': {text}}} end")

    # ---- from sources to one row ----

    def joined(self) -> str:
        base = self.mapped.source
        columns = [
            f"b.{self.loaded.columns[base][ref.column]} as {alias}"
            for ref, alias in self.aliases.items()
            if ref.source == base
        ]
        joins = []
        for place, join in enumerate(self.mapped.joins):
            mine = {ref: alias for ref, alias in self.aliases.items() if ref.source == join.source}
            if join.source in self.loaded.absent:
                columns += [f"null::varchar as {alias}" for alias in mine.values()]
                columns.append(f"null::bigint as _found{place}")
                continue
            names = self.loaded.columns[join.source]
            keys = [f"upper({names[other]}) as k{number}" for number, (_, other) in enumerate(join.on)]
            taken = [f"{names[ref.column]} as {alias}" for ref, alias in mine.items()]
            # Several rows that say the same in what is asked for are one.
            inner = f"select distinct {', '.join([*keys, *taken])} from {table_name(join.source)}"
            by = ", ".join(f"k{number}" for number in range(len(keys)))
            anyone = "".join(f", any_value({alias}) as {alias}" for alias in mine.values())
            grouped = f"select {by}, count(*) as _found{anyone} from ({inner}) group by {by}"
            own = self.loaded.columns[base]
            on = " and ".join(f"upper(b.{own[mine_]}) = j{place}.k{n}" for n, (mine_, _) in enumerate(join.on))
            joins.append(f" left join ({grouped}) j{place} on {on}")
            columns += [f"j{place}.{alias}" for alias in mine.values()]
            columns.append(f"j{place}._found as _found{place}")
        listed = "".join(f", {column}" for column in columns)
        return f"select b._file, b._row{listed} from {table_name(base)} b{''.join(joins)}"

    def keyed(self) -> str:
        if self.client is None:
            return "select *, null::varchar as _client, false as _protected from joined"
        normalised = normalised_identity_sql(self.aliases[self.client], self.profile.identity)
        keys = f"select *, {client_key_sql('_normal')} as _client from (select *, {normalised} as _normal from joined)"
        protected = f"coalesce(_client in (select key from {_PROTECTED_TABLE}), false)" if self.blanks else "false"
        return f"select *, {protected} as _protected from ({keys})"

    def join_problems(self) -> list[str]:
        problems: list[str] = []
        for place, join in enumerate(self.mapped.joins):
            name = self.mapped.source
            self.add(problems, f"_found{place} > 1", "ROW_LOOKUP_TWICE", name, join.source, None)
            if join.required:
                self.add(problems, f"_found{place} is null", "ROW_LOOKUP_MISSING", name, join.source, None)
        return problems

    # ---- values ----

    def raw(self, column: Column, value: Value) -> str:
        """SQL of the source's text: null where a protected person's place is asked for."""
        if value.way in ("constant", "from_run"):
            text = value.constant if value.way == "constant" else self.run.value(str(value.constant))
            return f"{_quoted(text)}::varchar" if text is not None else "null::varchar"
        refs = [self.aliases[ref] for ref in value.refs]
        raw = refs[0] if len(refs) == 1 else f"coalesce({', '.join(refs)})"
        if value.when_filled is not None:
            raw = f"case when {self.aliases[value.when_filled]} is not null then {raw} end"
        if self.blanks and column.type == "municipality":
            raw = f"case when not _protected then {raw} end"
        return raw

    def mapped_text(self, value: Value, raw: str) -> str:
        """SQL of the text after the codes; null when there is no counterpart."""
        text = raw
        if value.codes.given:
            cases = " ".join(
                f"when {_quoted(code)} then {_quoted(target) if target is not None else 'null'}"
                for code, target in value.codes.targets.items()
            )
            otherwise = _quoted(value.codes.otherwise) if value.codes.otherwise is not None else "null"
            inner = f"case upper({raw}) {cases} else {otherwise} end" if cases else otherwise
            text = f"case when {raw} is not null then {inner} end::varchar"
        if value.empty is not None:
            text = f"case when {raw} is null then {_quoted(value.empty)} else {text} end"
        return text

    def typed(self, column: Column, value: Value) -> list[str]:
        """SQL of ``r_`` (source text), ``m_`` (after codes) and ``t_`` (typed)."""
        name = column.name
        if value.way == "key":
            if name == "client_key":
                key = "_client"
            else:
                parts = [self.aliases[ref] for ref in value.refs]
                key = supplier_key_sql(kind_of_key(name), parts)
                if self.blanks and kind_of_key(name) == _DWELLING:
                    key = f"case when not _protected then {key} end"
            return [f"{key} as t_{name}"]
        formats = self.formats(value.refs)
        raw = self.raw(column, value)
        text = self.mapped_text(value, f"r_{name}")
        if value.way == "year_of":
            typed = f"year({_date(f'm_{name}', formats)})::integer"
        elif value.way == "month_of":
            typed = f"strftime({_date(f'm_{name}', formats)}, '%Y-%m')"
        else:
            typed = self.cast(column, f"m_{name}", formats, value.shift_days)
        return [f"{raw} as r_{name}", f"{text} as m_{name}", f"{typed} as t_{name}"]

    def formats(self, refs: tuple[Ref, ...]) -> tuple[str, ...]:
        found: dict[str, None] = {"%Y-%m-%d": None}
        for ref in refs:
            found |= dict.fromkeys(self.profile.sources[ref.source].dates)
        return tuple(found)

    def cast(self, column: Column, text: str, formats: tuple[str, ...], shift: int) -> str:
        match column.type:
            case "date":
                return f"{_date(text, formats)}{f' + ({shift})' if shift else ''}"
            case "int":
                return (
                    f"case when regexp_full_match({text}, '[+-]?[0-9]{{1,9}}([.,]0+)?') "
                    f"then try_cast(regexp_replace({text}, '[.,]0+$', '') as integer) end"
                )
            case "decimal":
                return (
                    f"case when regexp_full_match({text}, '[+-]?[0-9]{{1,15}}([.,][0-9]{{1,15}})?') "
                    f"then try_cast(replace({text}, ',', '.') as double) end"
                )
            case "bool":
                yes, no = _list(TRUE_WORDS), _list(FALSE_WORDS)
                return f"case when upper({text}) in {yes} then true when upper({text}) in {no} then false end"
            case "municipality":
                known = sorted(set(municipalities()) | UNKNOWN_MUNICIPALITIES)
                return _padded(text, known, 3)
            case "wellbeing_area":
                return _padded(text, list(wellbeing_areas()), 2)
            case "code":
                codes = code_lists(self.profile.contract_version)[str(column.code_list)].codes
                return f"case when {text} in {_list(codes)} then {text} end"
            case _:
                return f"case when length({text}) <= {LONGEST_TEXT} then {text} end"

    # ---- what is wrong, and what is not wanted ----

    def check(self, column: Column, value: Value, problems: list[str]) -> None:
        name = column.name
        if value.way == "key":
            if name == "client_key":
                expected = EXPECTED_IDENTITY[self.profile.identity]
                self.add(problems, f"t_{name} is null", "ROW_IDENTITY", name, expected, None)
            elif column.required:
                self.add(problems, f"t_{name} is null", "ROW_EMPTY", name, "key", None)
            return
        raw, text, typed = f"r_{name}", f"m_{name}", f"t_{name}"
        unmapped = "false"
        if value.codes.given and value.codes.otherwise is None:
            known = [*value.codes.targets, *value.codes.left_out]
            unmapped = f"({raw} is not null and upper({raw}) not in {_list(known)})"
            self.add(problems, unmapped, "ROW_CODE", name, _some(value.codes.targets), raw)
        code = {
            "date": "ROW_DATE", "int": "ROW_NUMBER", "decimal": "ROW_NUMBER", "bool": "ROW_CODE", "code": "ROW_CODE",
            "municipality": "ROW_PLACE", "wellbeing_area": "ROW_PLACE", "text": "ROW_TEXT",
        }[column.type]  # fmt: skip
        if value.way in ("year_of", "month_of"):
            code = "ROW_DATE"
        self.add(problems, f"{text} is not null and {typed} is null", code, name, self.expected(column, value), raw)
        if column.required:
            left = _list(value.codes.left_out) if value.codes.left_out else None
            wanted = f" and coalesce(upper({raw}) not in {left}, true)" if left else ""
            condition = f"{text} is null and not {unmapped}{wanted}"
            self.add(problems, condition, "ROW_EMPTY", name, self.expected(column, value), None)
        limits = [
            f"{typed} {sign} {limit}"
            for sign, limit in (("<", column.minimum), (">", column.maximum))
            if limit is not None
        ]
        if limits:
            expected = f"{column.minimum} … {column.maximum}"
            self.add(problems, " or ".join(limits), "ROW_NUMBER", name, expected, raw)

    def expected(self, column: Column, value: Value) -> str:
        if column.type == "date" or value.way in ("year_of", "month_of"):
            formats = self.formats(value.refs)
            return ", ".join(date(2025, 10, 20).strftime(text) for text in formats)
        if column.type == "code":
            return _some(dict.fromkeys(code_lists(self.profile.contract_version)[str(column.code_list)].codes))
        return {
            "int": "0, 1, 2, …", "decimal": "12.5, 12,5", "bool": "true, false", "text": f"≤ {LONGEST_TEXT}",
            "municipality": "005 … 992, 198, 199, 200", "wellbeing_area": "01 … 21, 90, 91",
        }[column.type]  # fmt: skip

    def left_out(self, column: Column, value: Value) -> list[str]:
        if not value.codes.left_out:
            return []
        self.reasons.append(f"{column.name}: leave_out {_some(dict.fromkeys(sorted(value.codes.left_out)))}")
        return [f"coalesce(upper(r_{column.name}) not in {_list(value.codes.left_out)}, true)"]

    def condition(self, condition: Condition, problems: list[str]) -> str:
        """SQL that holds for a wanted row; what cannot be judged is a problem, never silently unwanted."""
        text = self.aliases[condition.ref]
        shown = condition.ref.shown
        listed = _list(condition.arguments) if condition.test in ("in", "not_in") else ""
        if condition.test == "in":
            self.reasons.append(f"only {shown} in {_some(dict.fromkeys(condition.arguments))}")
            return f"coalesce(upper({text}) in {listed}, false)"
        if condition.test == "not_in":
            self.reasons.append(f"only {shown} not_in {_some(dict.fromkeys(condition.arguments))}")
            return f"coalesce(upper({text}) not in {listed}, true)"
        if condition.test == "filled":
            self.reasons.append(f"only {shown} filled {condition.arguments[0]}")
            return f"{text} is {'not ' if condition.arguments[0] == 'true' else ''}null"
        day = self.day(condition.ref, problems)
        if condition.test == "within":
            self.reasons.append(f"only {shown} within {self.run.period.code}")
            first, last = self.run.value("period_start"), self.run.value("period_end")
            return f"coalesce({day} between date '{first}' and date '{last}', true)"
        if condition.test == "age_on":
            if condition.other is not None:
                moment, told = self.day(condition.other, problems), condition.other.shown
            else:
                moment, told = f"date '{self.run.value(condition.arguments[0])}'", condition.arguments[0]
            age = f"date_sub('year', {day}, {moment})"
            least = "0" if condition.at_least is None else str(condition.at_least)
            most = "999" if condition.at_most is None else str(condition.at_most)
            self.reasons.append(f"only {shown} age_on {told} {least} … {most}")
            return f"coalesce({age} between {least} and {most}, true)"
        argument = condition.arguments[0]
        moment = argument if argument[0].isdigit() else self.run.value(argument)
        self.reasons.append(f"only {shown} {condition.test} {argument}")
        sign = ">=" if condition.test == "not_before" else "<="
        return f"coalesce({day} {sign} date '{moment}', true)"

    def day(self, ref: Ref, problems: list[str]) -> str:
        text, formats = self.aliases[ref], self.formats((ref,))
        day = _date(text, formats)
        expected = ", ".join(date(2025, 10, 20).strftime(form) for form in formats)
        self.add(problems, f"{text} is null", "ROW_EMPTY", ref.shown, expected, None)
        self.add(problems, f"{text} is not null and {day} is null", "ROW_DATE", ref.shown, expected, text)
        return day


def _protected_rows(entry: Protected, loaded: Loaded) -> str:
    columns = loaded.columns[entry.source]
    rows = f"select * from {table_name(entry.source)}"
    if entry.flag is None:
        return rows
    flag = columns[entry.flag]
    # A value that nobody foresaw protects: better one blank too many than one address.
    others = f" and upper({flag}) not in {_list(entry.not_values)}" if entry.not_values else ""
    return f"{rows} where {flag} is not null{others}"


def _place(loaded: Loaded, file: int, row: int) -> dict[str, Any]:
    found = loaded.files[file]
    return {"file": found.path.name, "sheet": found.sheet, "row": row}


def _of_table(problem: Problem, table: str) -> Problem:
    return Problem(
        problem.code,
        file=problem.file,
        row=problem.row,
        sheet=problem.sheet,
        table=table,
        seen=problem.seen,
        expected=problem.expected,
    )


def _date(text: str, formats: tuple[str, ...]) -> str:
    # Databases and Excel write midnight after the day.
    day = f"regexp_replace({text}, '[ T]0{{1,2}}[:.]00([:.]00([.]0+)?)?(Z|[+-]00:?00)?$', '')"
    read = f"try_strptime({day}, {_array(formats)})::date"
    return f"case when year({read}) between {FIRST_YEAR} and {LAST_YEAR} then {read} end"


def _padded(text: str, known: list[str], width: int) -> str:
    padded = f"case when length({text}) < {width} then lpad({text}, {width}, '0') else {text} end"
    return f"case when {padded} in {_list(known)} then {padded} end"


def _array(values: tuple[str, ...]) -> str:
    return "[" + ", ".join(_quoted(value) for value in values) + "]"


def _list(values: Iterable[object]) -> str:
    return "(" + ", ".join(_quoted(str(value)) for value in values) + ")"


def _some(values: Mapping[str, object]) -> str:
    listed = list(values)
    return ", ".join(listed[:20]) + (", …" if len(listed) > 20 else "")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _quoted_name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def source_rows(
    connection: duckdb.DuckDBPyConnection, table: str, rows: list[int], loaded: Loaded
) -> Iterator[tuple[int, str, int]]:
    """Where delivered rows (header = 1) come from: (delivered row, file, source row)."""
    if not rows:
        return
    wanted = ", ".join(str(row - 1) for row in rows)
    found = connection.execute(f"select _n, _file, _row from {out_name(table)} where _n in ({wanted}) order by _n")
    for number, file, row in found.fetchall():
        yield number + 1, loaded.files[file].path.name, row


__all__ = [
    "CLIENT_KIND",
    "Mapped",
    "Run",
    "columns_to_send",
    "find_protected",
    "map_table",
    "out_name",
    "source_rows",
]
