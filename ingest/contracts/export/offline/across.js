// Rows beside the other rows of their delivery.

const BESIDE = DOOR.tables;
const FOREVER = Infinity;

/** First and last day of a table of spells, the last one excluded from what it names. */
function spellOf(contract) {
  const end = Object.keys(contract.columns).find((name) => contract.columns[name].end_of);
  return end ? { start: contract.columns[end].end_of, end } : null;
}

const endOf = (row, spell) => (row[spell.end] === null ? FOREVER : row[spell.end] + 1);

/** Rows that refer to nothing: `severity` says which references of the contract are meant. */
function references(severity) {
  return (contract, number, tables) => {
    const reference = contract.references.filter((one) => one.severity === severity)[number];
    const { columns: here, to: there, table } = reference;
    const remembered = BESIDE.REMEMBERED_IN[table];
    const keyOf = (row, names) => JSON.stringify(names.map((name) => row[name]));
    const known = new Set(tables.get(table).map((row) => keyOf(row, there)));
    if (remembered && remembered !== contract.table && there.join() === "client_key") {
      tables.get(remembered).forEach((row) => known.add(keyOf(row, there)));
    }
    const spell = remembered === contract.table ? spellOf(contract) : null;
    const isGiven = (row) => here.every((name) => row[name] !== null) && (!spell || row[spell.end] === null);
    return tables.get(contract.table).filter((row) => isGiven(row) && !known.has(keyOf(row, here))).map(({ source }) => ({ source }));
  };
}

function outsideCare(contract, _, tables, { period }) {
  const spell = spellOf(contract);
  const care = grouped(tables.get(contract.within).filter((row) => row.start_date !== null), (row) => row.client_key);
  const within = spellOf(DATA.tables[contract.within]);
  return tables.get(contract.table).filter((row) => {
    const spells = care.get(row.client_key);
    if (row.client_key === null || !spells) return false;
    const firstDay = Math.min(...spells.map((one) => one.start_date));
    const [start, end] = [row[spell.start], endOf(row, spell)];
    if (end <= Math.max(period.start, firstDay)) return false;
    return !spells.some((one) => one.start_date < end && start !== null && endOf(one, within) > start);
  }).map(({ source }) => ({ source }));
}

const isResponsible = (row) => row.role === "VASTUU" && row.worker_key !== null;

function overlaps(contract, _, tables, { period }) {
  const until = (row) => Math.min(row.end_date === null ? period.end : row.end_date + 1, period.end);
  const spells = tables.get(contract.table).filter((row) =>
    isResponsible(row) && (row.end_date === null ? period.end : row.end_date + 1) > period.start);
  const byClient = grouped(spells, (row) => row.client_key);
  return spells.filter((earlier) => byClient.get(earlier.client_key).some((later) =>
    earlier.worker_key !== later.worker_key && earlier.start_date < later.start_date &&
    Math.min(until(earlier), until(later)) - later.start_date > BESIDE.OVERLAP_DAYS)).map(({ source }) => ({ source }));
}

function manyChanges(contract, _, tables, { period }) {
  const found = [];
  const all = tables.get(contract.table).filter((row) => row.role === "VASTUU");
  for (const rows of grouped(all, (row) => row.client_key).values()) {
    const begun = rows.filter((row) => isResponsible(row) && row.start_date >= period.start && row.start_date < period.end);
    const first = Math.min(...rows.map((row) => row.start_date));
    const changes = begun.length - (first >= period.start ? 1 : 0);
    if (changes > BESIDE.CHANGES_IN_QUARTER) {
      found.push({ source: Math.max(...begun.map((row) => row.source)), seen: String(changes) });
    }
  }
  return found;
}

function mostlyUnknown(contract, number, tables) {
  const asked = Object.entries(contract.columns).filter(([, column]) => column.known_where !== null);
  const [name, column] = asked[number];
  const codes = column.type === "municipality" ? DATA.unknown_municipalities : BESIDE.UNKNOWN_CODES;
  const rows = tables.get(contract.table).filter((row) => !column.known_where || row[column.known_where] !== null);
  const unknown = rows.filter((row) => row[name] === null || codes.includes(row[name])).length;
  const share = Math.round(BESIDE.UNKNOWN_SHARE * 100);
  if (unknown < BESIDE.UNKNOWN_ROWS || unknown * 100 <= share * rows.length) return [];
  return [{ source: null, seen: `${Math.round((100 * unknown) / rows.length)} % (${unknown}/${rows.length})` }];
}

function foreignFile(contract, number, tables, { supplierCode }) {
  const areas = Object.keys(contract.columns).filter((name) => contract.columns[name].type === "wellbeing_area" && contract.columns[name].required);
  const rows = tables.get(contract.table);
  const isForeign = rows.length >= BESIDE.FOREIGN_ROWS && rows.every((row) => row[areas[number]] !== supplierCode);
  return isForeign ? [{ source: null, seen: null }] : [];
}

/** Rule -> what breaks it: rows ({source, seen}), or the table as a whole (source null). */
const TABLE_RULES = {
  "FILE_SUPPLIER": foreignFile,
  "ROW_REFERENCE": references("quarantine_row"),
  "WARN_REFERENCE": references("warn"),
  "WARN_OUTSIDE_CARE": outsideCare,
  "WARN_OVERLAP": overlaps,
  "WARN_CHANGES": manyChanges,
  "WARN_UNKNOWN_SHARE": mostlyUnknown,
};

/** Looks at the accepted rows of the tables beside each other; adds findings and what could not be asked. */
function checkAcross(manifest, tables, report) {
  const accepted = new Map(tables.map(({ contract, checked }) => [contract.table, checked.accepted]));
  for (const name of manifest.nothing) accepted.set(name, []);
  for (const name of accepted.keys()) {
    const contract = DATA.tables[name];
    const table = tables.find((one) => one.contract === contract);
    const asked = {};
    for (const query of contract.queries) {
      const number = (asked[query.rule] = (asked[query.rule] ?? -1) + 1);
      const needs = query.tables.find((needed) => !accepted.has(needed));
      if (needs !== undefined) {
        report.skipped.push({ rule: query.rule, table: name, needs });
        continue;
      }
      const found = TABLE_RULES[query.rule](contract, number, accepted, manifest);
      if (found.length) report.findings.push(findingAcross(query, contract, table, found));
    }
  }
}

function findingAcross(query, contract, table, found) {
  const where = {
    table: contract.table, file: table?.path ?? null, sheet: table?.raw.sheet ?? null, column: query.column,
    expected: query.expected,
  };
  if (found[0].source === null) return finding(query.rule, { ...where, seen: found[0].seen });
  const rows = found.sort((one, other) => one.source - other.source);
  const recordOf = new Map(table.checked.accepted.map((row) => [row.source, row[table.checked.record]]));
  const places = rows.map(({ source, seen }) => ({
    row: source, seen: seen ?? null, record: table.checked.record === null ? null : maskedKey(recordOf.get(source)),
  }));
  const severity = DATA.rules[query.rule].severity;
  for (const { row } of places) {
    if (severity === "warn") table.checked.warned.add(row);
    else table.checked.refused.add(row);
  }
  return finding(query.rule, { ...where, count: places.length, places });
}
