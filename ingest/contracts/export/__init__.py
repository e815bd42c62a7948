"""The contracts as files for those who deliver: schemas, workbook templates and a specification.

``write(folder)`` writes, for one version:

* ``datapackage.json``, ``schemas/<table>.json``, ``csv/<table>.csv``: a Frictionless data package
  with a table schema a table and a file with its header;
* ``templates/<table>.xlsx``: a workbook with drop-downs, a sheet of codes and a manifest sheet;
* ``specification.<language>.html`` and ``.md``: what a system vendor needs to implement it;
* ``check.html``: ``aftercare check`` as a page that opens from disk, for a sender who may install nothing;
* ``example/``: the small delivery that the specification shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from ingest.contracts.model import LANGUAGES
from ingest.contracts.reading import CONTRACT_FOLDER, contracts, versions

_Progress = Callable[[str], None]


def write(
    folder: Path,
    *,
    version: str | None = None,
    languages: Iterable[str] = LANGUAGES,
    progress: _Progress = lambda _: None,
    source: Path = CONTRACT_FOLDER,
) -> list[Path]:
    """Write everything into ``folder`` (made when it is missing); returns the paths.

    ``languages`` are those of the specification; titles in the data package are in the first of
    them when it is the only one, else in English, and stand in all three beside it. Raises
    ``ContractError`` when the version is unknown.
    """
    from ingest.contracts.export.examples import delivery
    from ingest.contracts.export.frictionless import header_csv, package, schema
    from ingest.contracts.export.offline import check_page
    from ingest.contracts.export.specification import specification, to_html, to_markdown
    from ingest.contracts.export.templates import template

    version = version or versions(source)[-1]
    tables = contracts(version, source).values()
    wanted = tuple(languages)
    titles = wanted[0] if len(wanted) == 1 else "en"
    texts: dict[str, str] = {"datapackage.json": _json(package(version, titles, source))}
    progress(f"contract {version}: {len(tables)} tables")
    for table in tables:
        texts[f"schemas/{table.table}.json"] = _json(schema(table, titles, source))
        texts[f"csv/{table.table}.csv"] = header_csv(table)
    for language in wanted:
        document = specification(version, language, source)
        texts[f"specification.{language}.md"] = to_markdown(document)
        texts[f"specification.{language}.html"] = to_html(document, language)
    texts["check.html"] = check_page(version, source)
    texts |= {f"example/{name}": text for name, text in delivery(version, source).items()}
    written = []
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
        written.append(path)
    progress("specification, schemas and check.html are written; writing the workbooks")
    for table in tables:
        path = folder / "templates" / f"{table.table}.xlsx"
        path.parent.mkdir(parents=True, exist_ok=True)
        template(table, source).save(path)
        written.append(path)
    return written


def _json(content: object) -> str:
    import json

    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"
