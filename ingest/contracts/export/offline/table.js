// A file as a table of texts: what its header means, which rows it has, what a sender should know of it.

const HEADER_ROWS = DOOR.headers.HEADER_ROWS;
const MOST_COLUMNS = DOOR.table.MOST_COLUMNS;
const PLAIN_NAME = pattern(DOOR.headers.PLAIN_NAME, { whole: true });

/** How many columns of the contract the cells name. */
function knownHeaders(cells, contract) {
  const named = cells.map((cell) => contract.headers[normalisedHeader(cell)]).filter((name) => name !== undefined);
  return new Set(named).size;
}

function maskedName(text) {
  if (!text) return "";
  const first = upTo(text, 1);
  return `${isPrintable(first) ? first : "?"}… (${lengthOf(text)})`;
}

const mayBeShown = (name) =>
  lengthOf(name) <= DOOR.headers.LONGEST_NAME && PLAIN_NAME.test(name) && isPrintable(name) && !containsIdentifier(name);

/** A header row: the contract's column of each header (or null), how it may be shown, kinds that it announces. */
function heading(given, contract) {
  const cells = given.map((cell) => cell.trim());
  const columns = cells.map((cell) => contract.headers[normalisedHeader(cell)] ?? null);
  const isHeader = columns.some((column) => column !== null);
  const names = cells.map((cell, place) =>
    columns[place] !== null || (isHeader && mayBeShown(cell)) ? cell : maskedName(cell));
  const kinds = unique(cells.filter((_, place) => columns[place] === null).flatMap(kindsInHeader));
  const known = columns.filter((column) => column !== null);
  return {
    names,
    columns,
    kinds,
    unknown: unique(names.filter((_, place) => columns[place] === null)),
    twice: unique(known.filter((column, place) => known.indexOf(column) !== place)),
  };
}

/** The table of `rows` (texts or null, one for each header) that stand in `numbers`, blank rows left out. */
function asTable(head, rows, numbers, contract, sheet = null) {
  const kept = rows.map((_, place) => place).filter((place) => rows[place].some((cell) => cell !== null));
  const valuesAt = (column) => kept.map((place) => rows[place][column]);
  const raw = {
    header: head.names, columns: {}, rows: kept.map((place) => numbers[place]), sheet, ragged: [], identifiers: [],
    unknown: [...head.unknown], twice: head.twice, notices: [],
  };
  const isBlank = head.names.every((name, column) => name || valuesAt(column).every((value) => value === null));
  if (isBlank) raw.unknown = raw.unknown.filter((name) => name !== "");
  const all = new Map();
  head.columns.forEach((name, column) => {
    const values = valuesAt(column);
    if (name !== null && !(name in raw.columns)) {
      raw.columns[name] = values;
      all.set(name, values);
    } else {
      const title = head.names[column];
      all.set(all.has(title) ? `${title}\0${column}` : title, values);
    }
  });
  const types = Object.fromEntries(Object.entries(contract.columns).map(([name, column]) => [name, column.type]));
  for (const { name, position, kind } of hitsInTable(all, types)) {
    raw.identifiers.push({ kind, row: raw.rows[position], column: name.split("\0")[0], sheet });
  }
  return raw;
}

const rowsOf = (raw) => raw.rows.length + raw.ragged.length;
const hit = (kind, row = null, sheet = null) => ({ kind, row, column: null, sheet });
const notice = (code, fields = {}) => ({ code, sheet: null, column: null, rows: [], count: 1, ...fields });
