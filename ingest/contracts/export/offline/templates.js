// Files without manifest.json: filled-in template workbooks say on a sheet of their own what a manifest says.

const SHEET = DOOR.template_manifest;
// Workbooks that are sent together must agree on these.
const IN_COMMON = ["organisation", "period", "contract_version", "key_domain", "correction_of"];
// The recipient gives the delivery its id; until then any will do.
const NO_ID = "0".repeat(26);

/** What the manifest sheet says; throws a problem when `nothing_to_report` is neither yes nor no. */
function manifestOfSheet(cells) {
  const said = {};
  for (const [name, value] of cells) {
    const field = name ? normalisedHeader(name) : "";
    if (SHEET.NAMES.includes(field)) said[field] = (value ?? "").trim();
  }
  const answer = folded(said.nothing_to_report ?? "");
  delete said.nothing_to_report;
  for (const name of Object.keys(said)) if (!said[name]) delete said[name];
  if (![...SHEET.YES_WORDS, ...SHEET.NO_WORDS].includes(answer)) return null;
  if (SHEET.YES_WORDS.includes(answer) && said.table) said.nothing_to_report = [said.table];
  return said;
}

const problem = (code, file, fields = {}) => ({ code, file, sheet: null, column: null, table: null, seen: null, expected: null, ...fields });

/** Checks files without a manifest. `given` is {organisation, period} as chosen on the page. */
async function checkTemplates(files, given, now) {
  const report = { ...emptyReport(), isTemplates: true };
  const entries = [];
  for (const [name, file] of files) {
    if (name.startsWith(".") || CLUTTER.includes(name.toLowerCase())) continue;
    const entry = await readEntry(name, file, given, report);
    if (entry) entries.push(entry);
  }
  report.problems.push(...problemsAcross(entries));
  const kept = entries.filter((entry, place) => entries.findIndex((other) => other.said.table === entry.said.table) === place);
  if (!kept.length) return finishedTemplates(report);
  const { manifest, findings } = checkedManifest(await fieldsOf(kept, files));
  report.findings.push(...findings);
  if (manifest) {
    describe(report, manifest);
    const named = new Map(kept.map((entry) => [entry.path, files.get(entry.name)]));
    await checkFiles(manifest, named, report);
    checkTime(manifest, now, report);
  }
  return finishedTemplates(report);
}

function finishedTemplates(report) {
  finished(report);
  report.deliveryId = null;
  if (report.problems.length) report.outcome = "rejected";
  return report;
}

async function readEntry(name, file, given, report) {
  const label = withholdIdentifiers(name);
  const add = (code, fields) => report.problems.push(problem(code, label, fields));
  if (file.size > LARGEST_FILE) {
    report.notHere.push({ file: shown(name), reason: "too_large" });
    return null;
  }
  const bytes = await file.bytes();
  let cells = null;
  if (suffixOf(name) === ".xlsx") {
    try {
      cells = await readSheet(bytes, SHEET.MANIFEST_SHEET);
    } catch (error) {
      if (!(error instanceof ReadError)) throw error;
      add("SOURCE_UNREADABLE", { expected: "Excel (.xlsx)" });
      report.findings.push(finding(error.code, { file: name, expected: error.expected ?? FORMATS }));
      return null;
    }
  }
  const said = cells ? manifestOfSheet(cells) : saidByPage(name, given);
  if (!said) {
    if (cells) add("WORKBOOK_FIELD", { sheet: SHEET.MANIFEST_SHEET, column: "nothing_to_report", expected: "true, false" });
    else if (suffixOf(name) === ".xlsx") add("SOURCE_SHEET", { expected: SHEET.MANIFEST_SHEET });
    else report.notHere.push({ file: shown(name), reason: "no_manifest" });
    return null;
  }
  const wrong = wrongFields(said);
  wrong.forEach(([column, expected]) => add("WORKBOOK_FIELD", { sheet: cells ? SHEET.MANIFEST_SHEET : null, column, expected }));
  if (wrong.length) return null;
  const entry = { name, label, said, rows: 0, path: cells ? `${said.table}.xlsx` : name, isTemplate: Boolean(cells) };
  try {
    entry.rows = rowsOf(await readTable(bytes, name, DATA.tables[said.table]));
  } catch (error) {
    if (error instanceof NotHere) {
      report.notHere.push({ file: shown(name), reason: error.reason });
      return null;
    }
    if (!(error instanceof ReadError)) throw error;
    if (!said.nothing_to_report) {
      add("SOURCE_UNREADABLE", { expected: error.expected ?? "Excel (.xlsx)" });
      report.findings.push(finding(error.code, { table: said.table, file: name, expected: error.expected ?? FORMATS }));
      return null;
    }
  }
  return entry;
}

/** What a file says that has no manifest sheet: its name the table, the page the rest; null while it is not chosen. */
function saidByPage(name, given) {
  if (!given.organisation || !given.period) return null;
  const stem = normalisedHeader(name.split(".")[0]);
  const tables = Object.keys(DATA.tables).filter((table) => stem === table || stem.startsWith(`${table}_`));
  const table = tables.sort((one, other) => other.length - one.length)[0] ?? name.split(".")[0];
  return { ...given, table, contract_version: DATA.version, key_domain: "common" };
}

function wrongFields(said) {
  const isPeriod = periodOf(said.period) !== null || /^\d{4}-\d{4}$/.test(said.period ?? "");
  const expected = {
    organisation: [Object.hasOwn(DATA.organisations, said.organisation ?? ""), "hva-05, kunta-091"],
    period: [isPeriod, "2025Q3, 2025H1, 2025"],
    table: [Object.hasOwn(DATA.tables, said.table ?? ""), Object.keys(DATA.tables).join(", ")],
    extracted_at: [dayOfMoment(said.extracted_at) !== null, "2025-10-20T06:12:00+03:00"],
  };
  return DATA.manifest_fields.flatMap(({ name, required, about }) => {
    const isGiven = name in said || name === "nothing_to_report";
    const [fits, example] = expected[name] ?? [true, about];
    return (required && !isGiven) || (isGiven && !fits) ? [[name, example]] : [];
  });
}

function problemsAcross(entries) {
  return entries.flatMap(({ label, said, rows }) => {
    const found = [];
    const add = (code, fields) => found.push(problem(code, label, { sheet: SHEET.MANIFEST_SHEET, ...fields }));
    for (const column of IN_COMMON) {
      if (said[column] !== entries[0].said[column]) add("WORKBOOK_DIFFERS", { column, expected: entries[0].said[column] ?? "–" });
    }
    const { table, nothing_to_report: isEmpty } = said;
    if (entries.filter((other) => other.said.table === table).length > 1) add("WORKBOOK_TWICE", { table });
    if (isEmpty && rows) add("TABLE_NOT_EMPTY", { table, seen: String(rows) });
    if (!isEmpty && !rows) add("WORKBOOK_EMPTY", { table });
    return found;
  });
}

/** The manifest that the recipient would make of these files. */
async function fieldsOf(entries, files) {
  const { said } = entries[0];
  const moments = entries.map(({ name, said: own }) => own.extracted_at ?? localMoment(files.get(name).savedAt));
  const fields = { delivery_id: NO_ID, extracted_at: moments.sort((one, other) => Date.parse(one) - Date.parse(other)).at(-1), files: [] };
  for (const name of IN_COMMON) if (name in said) fields[name] = said[name];
  for (const entry of entries.filter((one) => !one.said.nothing_to_report)) {
    const hash = (await sha256(await files.get(entry.name).bytes())) ?? "0".repeat(64);
    fields.files.push({ table: entry.said.table, path: entry.path, sha256: hash, rows: entry.rows });
  }
  const nothing = entries.filter((one) => one.said.nothing_to_report).map((one) => one.said.table).sort();
  if (nothing.length) fields.nothing_to_report = nothing;
  return fields;
}

/** A moment with the zone of this computer. */
function localMoment(milliseconds) {
  const zone = -new Date(milliseconds).getTimezoneOffset();
  const two = (number) => String(number).padStart(2, "0");
  const local = new Date(milliseconds + zone * 60_000).toISOString().slice(0, 19);
  return `${local}${zone < 0 ? "-" : "+"}${two(Math.floor(Math.abs(zone) / 60))}:${two(Math.abs(zone) % 60)}`;
}
