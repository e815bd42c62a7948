"""A profile: how a supplier's own files become the tables of the contract. Data, never code.

``load_profile`` checks a profile against its schema and the contracts and tells everything that is
wrong with it at once, each with file, line and field.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ingest.contracts import Column, Contract, accepted_versions, code_lists, contracts
from ingest.prepare.keying import LOCAL_NUMBER, PERSONAL_IDENTITY_CODE
from ingest.prepare.marked import Marked, MarkedError, read_marked
from ingest.prepare.messages import PrepareError, Problem
from ingest.reference import UNKNOWN_MUNICIPALITIES, municipalities, wellbeing_areas

LONGEST_PROFILE = 2_000_000
# Named, so that a profile holds no format language; the values are strptime's.
DATE_FORMATS = {
    "yyyy-mm-dd": "%Y-%m-%d",
    "dd.mm.yyyy": "%d.%m.%Y",
    "dd/mm/yyyy": "%d/%m/%Y",
    "mm/dd/yyyy": "%m/%d/%Y",
    "yyyymmdd": "%Y%m%d",
    "yyyy/mm/dd": "%Y/%m/%d",
    "dd-mm-yyyy": "%d-%m-%Y",
}
ENCODINGS = ("utf-8", "windows-1252", "iso-8859-15", "utf-16")
RUN_VALUES = ("organisation_code", "period", "period_year", "period_end", "extracted_on")
MOMENTS = ("period_start", "period_end", "extracted_on")
DEFAULT_LEFT_OUT_LIMIT = 0.05

_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WAYS = ("column", "first_of", "constant", "from_run", "year_of", "month_of", "key")
_SHAPING = ("codes", "empty", "otherwise", "leave_out", "true", "false", "blank", "shift_days", "when_filled")
_TESTS = ("in", "not_in", "filled", "not_before", "not_after", "within", "age_on")
_TOP = (
    "profile", "description", "contract_version", "suppliers", "identity", "key_domain", "data_kind",
    "left_out_limit", "protected", "sources", "code_maps", "tables", "not_producible",
)  # fmt: skip


@dataclass(frozen=True)
class Source:
    """Files of one shape. ``files`` are patterns of file names; ``dates`` strptime formats."""

    name: str
    files: tuple[str, ...]
    sheet: str | None = None
    header_row: int = 1
    encoding: str | None = None
    delimiter: str | None = None
    dates: tuple[str, ...] = ("%Y-%m-%d", "%d.%m.%Y")
    optional: bool = False


@dataclass(frozen=True)
class Ref:
    """A column of a source."""

    source: str
    column: str

    @property
    def shown(self) -> str:
        """As a profile names it."""
        return f"{self.source}.{self.column}"


@dataclass(frozen=True)
class Codes:
    """What becomes of a source code (in capital letters). A code that is nowhere here leaves its row out.

    ``targets`` of ``None`` make an empty value; ``left_out`` is a decision of the profile: the row
    is not wanted, and counted apart.
    """

    targets: Mapping[str, str | None] = field(default_factory=dict)
    left_out: frozenset[str] = frozenset()
    otherwise: str | None = None
    given: bool = False


@dataclass(frozen=True)
class Value:
    """How one column of the contract is made."""

    way: str
    refs: tuple[Ref, ...] = ()
    constant: str | None = None
    codes: Codes = Codes()
    empty: str | None = None
    shift_days: int = 0
    when_filled: Ref | None = None


@dataclass(frozen=True)
class Condition:
    """A row is wanted when ``ref`` passes ``test``; ``arguments`` depend on the test."""

    ref: Ref
    test: str
    arguments: tuple[str, ...] = ()
    at_least: int | None = None
    at_most: int | None = None
    other: Ref | None = None


@dataclass(frozen=True)
class Join:
    """One row of another source beside each row: ``on`` maps columns of the table's source to its own."""

    source: str
    on: tuple[tuple[str, str], ...]
    required: bool = False


@dataclass(frozen=True)
class TableProfile:
    """One table of the contract."""

    table: str
    source: str
    columns: Mapping[str, Value]
    joins: tuple[Join, ...] = ()
    only: tuple[Condition, ...] = ()
    line: int = 0


@dataclass(frozen=True)
class Protected:
    """Rows of a source that name a person under a non-disclosure order.

    ``client`` is the identity column. ``flag`` with ``not_values``: every other filled value means
    protected; without ``flag`` every row does.
    """

    source: str
    client: str
    flag: str | None = None
    not_values: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Profile:
    """A profile that holds together."""

    name: str
    path: Path
    contract_version: str
    suppliers: tuple[str, ...]
    identity: str
    key_domain: str | None
    data_kind: str | None
    left_out_limit: float
    sources: Mapping[str, Source]
    tables: Mapping[str, TableProfile]
    protected: tuple[Protected, ...]
    not_producible: Mapping[str, NotProducible]

    def needed(self, tables: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Source -> its columns that the tables (and the protected persons) ask for."""
        wanted: dict[str, dict[str, None]] = {}
        for table in tables:
            mapped = self.tables[table]
            wanted.setdefault(mapped.source, {})
            for join in mapped.joins:
                for own, other in join.on:
                    wanted.setdefault(mapped.source, {})[own] = None
                    wanted.setdefault(join.source, {})[other] = None
            for ref in references(mapped):
                wanted.setdefault(ref.source, {})[ref.column] = None
        for protected in self.protected:
            entry = wanted.setdefault(protected.source, {})
            entry |= dict.fromkeys(filter(None, (protected.client, protected.flag)))
        return {source: tuple(columns) for source, columns in wanted.items()}


@dataclass(frozen=True)
class NotProducible:
    """A table that the source cannot give: what it lacks, and why."""

    table: str
    missing: tuple[str, ...]
    why: str


def references(mapped: TableProfile) -> list[Ref]:
    """Every source column that a table asks for, keys of joins aside."""
    found: list[Ref] = []
    for value in mapped.columns.values():
        found += [*value.refs, *filter(None, (value.when_filled,))]
    for condition in mapped.only:
        found += [condition.ref, *filter(None, (condition.other,))]
    return found


def load_profile(path: Path) -> Profile:
    """Read and check the profile at ``path``. Raises ``PrepareError`` with every problem."""
    try:
        text = path.read_bytes()[:LONGEST_PROFILE].decode("utf-8-sig")
        root = read_marked(text)
    except MarkedError as error:
        column = error.values.get("field")
        raise PrepareError((Problem(error.code, file=path.name, line=error.line, column=column),)) from None
    except (OSError, UnicodeError):
        raise PrepareError((Problem("SOURCE_UNREADABLE", file=path.name, expected="YAML (UTF-8)"),)) from None
    reader = _Reader(root, path)
    profile = reader.profile()
    if reader.problems or profile is None:
        raise PrepareError(tuple(sorted(reader.problems, key=lambda problem: problem.line or 0)))
    return profile


class _Reader:
    """Reads a profile and keeps what is wrong with it."""

    def __init__(self, root: Marked, path: Path) -> None:
        self.root = root
        self.path = path
        self.problems: list[Problem] = []
        self.contracts: Mapping[str, Contract] = contracts()
        self.sources: dict[str, Source] = {}
        self.maps: dict[str, Marked] = {}
        self.has_protected = False
        self.version = accepted_versions()[-1]

    # ---- small things ----

    def problem(self, code: str, at: Marked, expected: Iterable[str] | str | None = None, name: str = "") -> None:
        shown = expected if isinstance(expected, str) or expected is None else ", ".join(expected)
        field_name = f"{at.path}.{name}".strip(".") if name else at.path
        line = at.key_lines.get(name, at.line)
        self.problems.append(Problem(code, file=self.path.name, line=line, column=field_name or None, expected=shown))

    def fields(self, at: Marked, allowed: Iterable[str], required: Iterable[str] = ()) -> dict[str, Marked]:
        if not isinstance(at.value, dict):
            self.problem("PROFILE_FIELD_FORM", at, "{…}")
            return {}
        allowed = tuple(allowed)
        for name in at.mapping:
            if name not in allowed:
                self.problem("PROFILE_FIELD_UNKNOWN", at, allowed, name)
        for name in required:
            if at.mapping.get(name) is None or at.mapping[name].value is None:
                self.problem("PROFILE_FIELD_MISSING", at, name)
        return {name: value for name, value in at.mapping.items() if name in allowed and value.value is not None}

    def text(self, at: Marked | None, expected: str = "text", allowed: Iterable[str] | None = None) -> str | None:
        if at is None:
            return None
        choices = None if allowed is None else tuple(allowed)
        if at.text is None or (choices is not None and at.text not in choices):
            self.problem("PROFILE_FIELD_FORM", at, choices or expected)
            return None
        return at.text

    def texts(self, at: Marked | None) -> tuple[str, ...]:
        """A list of texts; one text is a list of one."""
        if at is None:
            return ()
        items = [at] if at.text is not None else at.items
        if not items or any(item.text is None for item in items):
            self.problem("PROFILE_FIELD_FORM", at, "[text, …]")
            return ()
        return tuple(str(item.text) for item in items)

    def number(self, at: Marked | None, form: str = r"-?[0-9]{1,5}") -> int | None:
        if at is None:
            return None
        if at.text is None or not re.fullmatch(form, at.text):
            self.problem("PROFILE_FIELD_FORM", at, "0, 1, 2, …")
            return None
        return int(at.text)

    def flag(self, at: Marked | None) -> bool:
        return self.text(at, allowed=("true", "false")) == "true" if at is not None else False

    # ---- the whole ----

    def profile(self) -> Profile | None:
        top = self.fields(
            self.root, _TOP, ("profile", "contract_version", "suppliers", "identity", "protected", "sources", "tables")
        )
        name = self.text(top.get("profile")) or ""
        if name and not _NAME.fullmatch(name):
            self.problem("PROFILE_FIELD_FORM", top["profile"], "a-z 0-9 _")
        version = self.text(top.get("contract_version")) or ""
        if version and version not in accepted_versions():
            self.problem("PROFILE_VERSION", top["contract_version"], accepted_versions())
        elif version:
            self.version = version
            self.contracts = contracts(version)
        kinds = ("hva", "kunta", "kela")
        suppliers = self.texts(top.get("suppliers"))
        if set(suppliers) - set(kinds):
            self.problem("PROFILE_FIELD_FORM", top["suppliers"], kinds)
        identity = self.text(top.get("identity"), allowed=(PERSONAL_IDENTITY_CODE, LOCAL_NUMBER))
        key_domain = self.text(top.get("key_domain"))
        if identity == LOCAL_NUMBER and key_domain in (None, "common"):
            self.problem("PROFILE_KEY_DOMAIN", top.get("key_domain", self.root))
        data_kind = self.text(top.get("data_kind"), allowed=("synthetic", "real"))
        limit = self.limit(top.get("left_out_limit"))
        for source, at in top["sources"].mapping.items() if "sources" in top else ():
            self.sources[source] = self.source(source, at)
        if "code_maps" in top:
            self.maps = top["code_maps"].mapping
        protected = self.protected(top["protected"]) if "protected" in top else ()
        self.has_protected = bool(protected)
        tables = {
            table: mapped
            for table, at in (top["tables"].mapping.items() if "tables" in top else ())
            if (mapped := self.table(table, at, top["tables"], suppliers)) is not None
        }
        missing = self.not_producible(top["not_producible"], tables) if "not_producible" in top else {}
        self.check_identity(tables, protected, top)
        if self.problems or identity is None:
            return None
        return Profile(
            name=name,
            path=self.path,
            contract_version=version,
            suppliers=suppliers,
            identity=identity,
            key_domain=key_domain,
            data_kind=data_kind,
            left_out_limit=limit,
            sources=self.sources,
            tables=tables,
            protected=protected,
            not_producible=missing,
        )

    def limit(self, at: Marked | None) -> float:
        if at is None:
            return DEFAULT_LEFT_OUT_LIMIT
        if at.text is None or not re.fullmatch(r"0(\.[0-9]{1,6})?|1", at.text):
            self.problem("PROFILE_FIELD_FORM", at, "0 … 1")
            return DEFAULT_LEFT_OUT_LIMIT
        return float(at.text)

    def source(self, name: str, at: Marked) -> Source:
        if not _NAME.fullmatch(name):
            self.problem("PROFILE_FIELD_FORM", at, "a-z 0-9 _")
        known = ("files", "sheet", "header_row", "encoding", "delimiter", "dates", "optional")
        entry = self.fields(at, known, ("files",))
        formats = self.texts(entry.get("dates")) or ("yyyy-mm-dd", "dd.mm.yyyy")
        for text in formats:
            if text not in DATE_FORMATS:
                self.problem("PROFILE_DATE_FORMAT", entry["dates"], DATE_FORMATS)
        delimiter = self.text(entry.get("delimiter"), allowed=(";", ",", "tab", "|"))
        header_row = self.number(entry.get("header_row"), r"[1-9][0-9]{0,2}")
        encoding = self.text(entry.get("encoding"), allowed=ENCODINGS)
        return Source(
            name=name,
            files=self.texts(entry.get("files")),
            sheet=self.text(entry.get("sheet")),
            header_row=header_row or 1,
            encoding=encoding,
            delimiter="\t" if delimiter == "tab" else delimiter,
            dates=tuple(DATE_FORMATS[text] for text in formats if text in DATE_FORMATS),
            optional=self.flag(entry.get("optional")),
        )

    def protected(self, at: Marked) -> tuple[Protected, ...]:
        expected = "[{source, client, flag, not_values}], none_because: text"
        if isinstance(at.value, dict):
            entry = self.fields(at, ("none_because",), ("none_because",))
            self.text(entry.get("none_because"))
            return ()
        if not at.items:
            self.problem("PROFILE_PROTECTED", at, expected)
        found = []
        for item in at.items:
            entry = self.fields(item, ("source", "client", "flag", "not_values"), ("source", "client"))
            source = self.text(entry.get("source"), allowed=self.sources)
            client, flag = self.text(entry.get("client")), self.text(entry.get("flag"))
            if flag and "not_values" not in entry:
                self.problem("PROFILE_FIELD_MISSING", item, "not_values")
            if source and client:
                not_values = frozenset(value.upper() for value in self.texts(entry.get("not_values")))
                found.append(Protected(source, client, flag, not_values))
        return tuple(found)

    # ---- tables ----

    def table(self, table: str, at: Marked, parent: Marked, suppliers: tuple[str, ...]) -> TableProfile | None:
        contract = self.contracts.get(table)
        allowed = sorted(name for name, one in self.contracts.items() if set(one.suppliers) & set(suppliers))
        if contract is None or table not in allowed:
            self.problem("PROFILE_TABLE", parent, allowed, table)
            return None
        entry = self.fields(at, ("from", "join", "only", "columns"), ("from", "columns"))
        source = self.text(entry.get("from"), allowed=self.sources)
        if source is None or "columns" not in entry:
            return None
        joins = self.joins(entry.get("join"))
        scope = (source, *(join.source for join in joins))
        columns = {}
        for name, value in entry["columns"].mapping.items():
            if name not in contract.column_names:
                self.problem("PROFILE_COLUMN", entry["columns"], contract.column_names, name)
                continue
            made = self.value(contract.column(name), value, scope, contract)
            if made is not None:
                columns[name] = made
        given = entry["columns"].mapping
        lacking = [column.name for column in contract.columns if column.required and column.name not in given]
        if lacking:
            self.problem("PROFILE_COLUMN_REQUIRED", parent, lacking, table)
        only = entry.get("only")
        conditions = [one for item in (only.items if only else ()) if (one := self.condition(item, scope))]
        return TableProfile(table, source, columns, joins, tuple(conditions), at.line)

    def joins(self, at: Marked | None) -> tuple[Join, ...]:
        found = []
        for item in at.items if at is not None else ():
            entry = self.fields(item, ("source", "on", "required"), ("source", "on"))
            source = self.text(entry.get("source"), allowed=self.sources)
            on = entry.get("on")
            if on is None or source is None:
                continue
            pairs = [(own, self.text(other)) for own, other in on.mapping.items()]
            if on.text is not None:
                pairs = [(on.text, on.text)]
            if not pairs or any(other is None for _, other in pairs):
                self.problem("PROFILE_FIELD_FORM", on, "{column: column}")
                continue
            found.append(
                Join(source, tuple((own, str(other)) for own, other in pairs), self.flag(entry.get("required")))
            )
        if at is not None and not at.items:
            self.problem("PROFILE_FIELD_FORM", at, "[{source, on, required}]")
        return tuple(found)

    def ref(self, at: Marked, scope: tuple[str, ...]) -> Ref | None:
        """``COLUMN`` of the table's own source, or ``source.COLUMN``."""
        text = self.text(at, "COLUMN, source.COLUMN")
        if text is None:
            return None
        source, dot, column = text.partition(".")
        if dot and source in self.sources:
            if source not in scope or not column:
                self.problem("PROFILE_REFERENCE", at, scope)
                return None
            return Ref(source, column)
        return Ref(scope[0], text)

    def refs(self, at: Marked, scope: tuple[str, ...]) -> tuple[Ref, ...]:
        items = [at] if at.text is not None else at.items
        if not items:
            self.problem("PROFILE_FIELD_FORM", at, "COLUMN, [COLUMN, …]")
        return tuple(ref for item in items if (ref := self.ref(item, scope)) is not None)

    def value(self, column: Column, at: Marked, scope: tuple[str, ...], contract: Contract) -> Value | None:
        # `name: X` is short for `name: {column: X}`.
        entry = {"column": at} if at.text is not None else self.fields(at, (*_WAYS, *_SHAPING))
        ways = [way for way in _WAYS if way in entry]
        if len(ways) != 1:
            self.problem("PROFILE_VALUE_FORM", at, _WAYS)
            return None
        way = ways[0]
        if (column.type == "key") != (way == "key"):
            expected = "key: COLUMN" if column.type == "key" else "column, constant, …"
            self.problem("PROFILE_VALUE_TYPE", at, expected)
            return None
        if way in ("constant", "from_run"):
            return self.fixed(column, way, entry, at, contract)
        refs = self.refs(entry[way], scope)
        if way == "key" and column.name == "client_key" and len(refs) > 1:
            self.problem("PROFILE_FIELD_FORM", entry[way], "key: COLUMN")
        if way in ("column", "year_of", "month_of") and len(refs) > 1:
            self.problem("PROFILE_FIELD_FORM", entry[way], f"{way}: COLUMN")
        fits = {"year_of": ("int",), "month_of": ("text",)}.get(way)
        if fits and column.type not in fits:
            self.problem("PROFILE_VALUE_TYPE", at, fits)
        shift = self.number(entry.get("shift_days"))
        if shift is not None and column.type != "date":
            self.problem("PROFILE_VALUE_TYPE", at, "date")
        when = entry.get("when_filled")
        codes = self.codes(column, entry)
        empty = self.target(column, entry.get("empty"))
        if (
            self.has_protected
            and column.type == "municipality"
            and column.required
            and "client_key" in contract.column_names
            and empty not in UNKNOWN_MUNICIPALITIES
        ):
            self.problem("PROFILE_PROTECTED_EMPTY", at)
        return Value(
            way=way,
            refs=refs,
            codes=codes,
            empty=empty,
            shift_days=shift or 0,
            when_filled=self.ref(when, scope) if when is not None else None,
        )

    def fixed(self, column: Column, way: str, entry: dict[str, Marked], at: Marked, contract: Contract) -> Value | None:
        for name in _SHAPING:
            if name in entry:
                self.problem("PROFILE_FIELD_UNKNOWN", at, way, name)
        if way == "from_run":
            text = self.text(entry[way], allowed=RUN_VALUES)
            return Value(way, constant=text) if text else None
        constant = self.target(column, entry[way])
        if (
            self.has_protected
            and column.type == "municipality"
            and "client_key" in contract.column_names
            and "hva" in contract.suppliers
            and constant not in UNKNOWN_MUNICIPALITIES
        ):
            self.problem("PROFILE_PROTECTED_EMPTY", at)
        return Value(way, constant=constant)

    def target(self, column: Column, at: Marked | None) -> str | None:
        """A value of the contract that a profile writes out, checked like a delivered one."""
        if at is None:
            return None
        text = self.text(at)
        if text is None:
            return None
        known, expected = _known_values(column, self.version)
        if known is not None and text not in known:
            self.problem("PROFILE_CODE", at, expected)
        forms = {"int": r"-?[0-9]{1,9}", "decimal": r"-?[0-9]{1,15}(\.[0-9]+)?", "date": _DAY.pattern}
        if column.type in forms and not re.fullmatch(forms[column.type], text):
            self.problem("PROFILE_FIELD_FORM", at, column.type)
        return text

    def codes(self, column: Column, entry: dict[str, Marked]) -> Codes:
        targets: dict[str, str | None] = {}
        seen: set[str] = set()

        def add(code: str, target: str | None, at: Marked) -> None:
            if code.upper() in seen:
                self.problem("PROFILE_CODE_TWICE", at)
            seen.add(code.upper())
            targets[code.upper()] = target

        if "codes" in entry:
            mapping = entry["codes"]
            if mapping.text is not None:
                if mapping.text not in self.maps:
                    self.problem("PROFILE_FIELD_FORM", mapping, tuple(self.maps) or "{code: code}")
                mapping = self.maps.get(mapping.text, mapping)
            elif not mapping.mapping:
                self.problem("PROFILE_FIELD_FORM", mapping, "{code: code}")
            for code, target in mapping.mapping.items():
                add(code, self.target(column, target if target.value is not None else None), mapping)
        for name, made in (("true", "true"), ("false", "false"), ("blank", None)):
            if name not in entry:
                continue
            if column.type != "bool":
                self.problem("PROFILE_VALUE_TYPE", entry[name], "bool")
            for code in self.texts(entry[name]):
                add(code, made, entry[name])
        left_out = frozenset(code.upper() for code in self.texts(entry.get("leave_out")))
        if left_out & seen:
            self.problem("PROFILE_CODE_TWICE", entry["leave_out"])
        given = any(name in entry for name in ("codes", "true", "false", "blank"))
        otherwise = self.target(column, entry.get("otherwise"))
        return Codes(targets, left_out, otherwise, given or otherwise is not None)

    def condition(self, at: Marked, scope: tuple[str, ...]) -> Condition | None:
        entry = self.fields(at, ("column", *_TESTS, "at_least", "at_most"), ("column",))
        tests = [test for test in _TESTS if test in entry]
        if "column" not in entry or len(tests) != 1:
            self.problem("PROFILE_VALUE_FORM", at, _TESTS)
            return None
        ref, test = self.ref(entry["column"], scope), tests[0]
        if ref is None:
            return None
        argument = entry[test]
        if test in ("in", "not_in"):
            return Condition(ref, test, tuple(text.upper() for text in self.texts(argument)))
        if test == "filled":
            return Condition(ref, test, ("true" if self.flag(argument) else "false",))
        if test == "within":
            self.text(argument, allowed=("period",))
            return Condition(ref, test)
        if test == "age_on":
            least, most = self.number(entry.get("at_least")), self.number(entry.get("at_most"))
            if least is None and most is None:
                self.problem("PROFILE_FIELD_MISSING", at, "at_least, at_most")
            if argument.text in MOMENTS:
                return Condition(ref, test, (str(argument.text),), least, most)
            return Condition(ref, test, (), least, most, self.ref(argument, scope))
        text = self.text(argument)
        if text is None or (text not in MOMENTS and not _DAY.fullmatch(text)):
            self.problem("PROFILE_FIELD_FORM", argument, (*MOMENTS, "2025-10-20"))
            return None
        return Condition(ref, test, (text,))

    # ---- across ----

    def not_producible(self, at: Marked, tables: Mapping[str, TableProfile]) -> dict[str, NotProducible]:
        found = {}
        for table, item in at.mapping.items():
            contract = self.contracts.get(table)
            if contract is None or table in tables:
                self.problem("PROFILE_TABLE", at, sorted(set(self.contracts) - set(tables)), table)
                continue
            entry = self.fields(item, ("missing", "why"), ("missing", "why"))
            missing = self.texts(entry.get("missing"))
            required = [column.name for column in contract.columns if column.required]
            if not set(missing) <= set(required):
                self.problem("PROFILE_NOT_PRODUCIBLE", item, required)
            found[table] = NotProducible(table, missing, self.text(entry.get("why")) or "")
        return found

    def check_identity(
        self, tables: Mapping[str, TableProfile], protected: tuple[Protected, ...], top: dict[str, Marked]
    ) -> None:
        """A column that client keys are made of becomes nothing but keys, in no table."""
        identities = {(entry.source, entry.client) for entry in protected}
        for mapped in tables.values():
            client = mapped.columns.get("client_key")
            if client is not None:
                identities |= {(ref.source, ref.column) for ref in client.refs}
        for table, mapped in tables.items():
            at = top["tables"].mapping[table].mapping["columns"]
            for name, value in mapped.columns.items():
                uses = {(ref.source, ref.column) for ref in value.refs}
                respondent = name == "respondent_key"
                if uses & identities and (value.way != "key" or respondent):
                    self.problem("PROFILE_IDENTITY", at, None, name)


def _known_values(column: Column, version: str) -> tuple[frozenset[str] | None, tuple[str, ...]]:
    """The closed set of values of a column, if it has one, and how it is told."""
    match column.type:
        case "code" if column.code_list:
            codes = code_lists(version)[column.code_list].codes
            return frozenset(codes), codes
        case "municipality":
            return frozenset(municipalities()) | UNKNOWN_MUNICIPALITIES, ("005 … 992", "198", "199", "200")
        case "wellbeing_area":
            return frozenset(wellbeing_areas()), tuple(wellbeing_areas())
        case "bool":
            return frozenset(("true", "false")), ("true", "false")
        case _:
            return None, ()
