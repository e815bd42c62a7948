"""One frame against its suite, by Great Expectations on pandas (once per table and run)."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from ingest.contracts import Contract
from quality.expectations.results import ExpectationResult, TableResult
from quality.expectations.suites import Expectation, suite

if TYPE_CHECKING:
    import pandas as pd

# No value of the data may reach a result: with the counts Great Expectations lists examples.
_RESULT_FORMAT = {"result_format": "BASIC", "partial_unexpected_count": 0}


def check_table(
    contract: Contract,
    rows: pa.Table,
    *,
    expected_rows: int | None = None,
    places: Mapping[str, Collection[str]] | None = None,
) -> TableResult:
    """Check the rows of one lake table that count; several tables are cheaper through one ``gate``.

    ``rows`` has the lake columns of the contract, ``organisation`` and ``period``; see ``suite``
    for the other arguments. Raises nothing for data that does not fit: that is the result. Of an
    empty table only what is about the table itself is evaluated; the rest says that it looked at
    no row.
    """
    with gate() as opened:
        return opened.check_table(contract, rows, expected_rows=expected_rows, places=places)


@contextmanager
def gate() -> Iterator[Gate]:
    """Great Expectations made ready once for many tables, and put away afterwards."""
    with _quiet_great_expectations() as gx:
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = {"globally": False}
        definition = (
            context.data_sources.add_pandas("lake")
            .add_dataframe_asset("rows that count")
            .add_batch_definition_whole_dataframe("all of them")
        )
        yield Gate(gx, definition)


class Gate:
    """Checks one table after the other; ``definition`` is the batch that each frame stands for in turn."""

    def __init__(self, gx: Any, definition: Any) -> None:
        self._gx = gx
        self._definition = definition

    def check_table(
        self,
        contract: Contract,
        rows: pa.Table,
        *,
        expected_rows: int | None = None,
        places: Mapping[str, Collection[str]] | None = None,
    ) -> TableResult:
        """As the function ``check_table``."""
        expectations = suite(contract, rows=expected_rows, places=places)
        evaluated = [expectation for expectation in expectations if rows.num_rows or expectation.is_about_table]
        batch = self._definition.get_batch({"dataframe": _frame(rows)})
        validation = batch.validate(
            self._gx.ExpectationSuite(
                contract.table, expectations=[_build(self._gx, expectation) for expectation in evaluated]
            ),
            result_format=_RESULT_FORMAT,
        )
        by_code = {result.expectation_config.meta["code"]: result for result in validation.results}
        return TableResult(
            table=contract.table,
            label=dict(contract.label),
            contract_version=contract.version,
            rows=rows.num_rows,
            checked_at=datetime.now(UTC).isoformat(timespec="seconds"),
            expectations=tuple(
                _result(expectation, by_code[expectation.code]) if expectation.code in by_code else _unseen(expectation)
                for expectation in expectations
            ),
        )


def _build(gx: Any, expectation: Expectation) -> Any:
    kind = getattr(gx.expectations, expectation.type)
    return kind(**expectation.arguments, meta={"code": expectation.code})


def _frame(rows: pa.Table) -> pd.DataFrame:
    """Pandas with Arrow-backed text and nullable integers and booleans (an empty cell in an
    integer column would make floats of the others)."""
    import pandas as pd

    nullable = {pa.int32(): pd.Int32Dtype(), pa.bool_(): pd.BooleanDtype()}
    return rows.to_pandas(date_as_object=False, types_mapper=nullable.get, self_destruct=False)


def _result(expectation: Expectation, outcome: Any) -> ExpectationResult:
    found = outcome.result or {}
    raised = _exception(outcome.exception_info)
    checked = int(found.get("element_count", 1)) - int(found.get("missing_count") or 0)
    unexpected = int(found.get("unexpected_count", 0 if outcome.success else 1))
    return ExpectationResult(
        code=expectation.code,
        type=outcome.expectation_config.type,
        words=dict(expectation.words),
        checked=checked,
        unexpected=unexpected,
        passed=bool(outcome.success),
        error=raised,
    )


def _unseen(expectation: Expectation) -> ExpectationResult:
    return ExpectationResult(
        code=expectation.code,
        type=expectation.type,
        words=dict(expectation.words),
        checked=0,
        unexpected=0,
        passed=True,
    )


def _exception(information: Any) -> str | None:
    """The kind of failure only: a message of pandas may quote a value."""
    if not information:
        return None
    entries = [information] if "raised_exception" in information else list(information.values())
    for entry in entries:
        if entry.get("raised_exception"):
            last_line = (entry.get("exception_traceback") or "").strip().splitlines()[-1:]
            return (last_line[0].partition(":")[0] if last_line else "") or "evaluation failed"
    return None


@contextmanager
def _quiet_great_expectations() -> Iterator[Any]:
    """The module, imported only here, with nothing sent to its makers and nothing on the screen."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations as gx

    # Some of its modules have a level of their own, so that of the package is not enough.
    loggers = [
        logger
        for name, logger in logging.root.manager.loggerDict.items()
        if name.partition(".")[0] == "great_expectations" and isinstance(logger, logging.Logger)
    ]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield gx
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
