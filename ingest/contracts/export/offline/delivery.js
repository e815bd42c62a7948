// A delivery: its manifest and files, checked as the door would.

const UNFINISHED = [".part", ".partial", ".tmp", ".filepart", ".crdownload"];
const CLUTTER = ["thumbs.db", "desktop.ini", "__macosx"];

function emptyReport() {
  return {
    organisation: null, period: null, deliveryId: null, version: null, dataKind: null, outcome: null, findings: [],
    skipped: [], tables: [], nothing: [], notHere: [], waitingFor: [], problems: [], isTemplates: false, isHashed: true,
  };
}

/** Checks a folder with a manifest. `files` maps a name to an object with `bytes()`, `others` are names of folders. */
async function checkFolder(files, others, now) {
  const report = emptyReport();
  const name = MANIFEST.MANIFEST_NAME;
  const bytes = await files.get(name).bytes();
  if (!bytes.length) return finished(report, [name]);
  const { manifest, findings } = readManifest(bytes);
  report.findings.push(...findings);
  const present = [...files.keys(), ...others];
  const place = manifest ? [manifest.organisation, manifest.period.code, manifest.deliveryId] : [];
  if ([...present, ...place].some(containsIdentifier)) report.findings.push(finding("FILE_IDENTIFIER", {}));
  if (!manifest) return finished(report);
  const listed = manifest.files.map((file) => file.path);
  const isUnfinished = (one) => UNFINISHED.some((end) => one.toLowerCase().endsWith(end));
  const waiting = [...listed.filter((path) => !present.includes(path)), ...present.filter(isUnfinished)];
  for (const other of present.filter((one) => !listed.includes(one) && one !== name).sort()) {
    const isData = !other.startsWith(".") && !CLUTTER.includes(other.toLowerCase());
    if (isData && !waiting.length) report.findings.push(finding("FILE_UNLISTED", { file: other }));
  }
  describe(report, manifest);
  if (waiting.length) return finished(report, unique(waiting).sort().map(shown));
  await checkFiles(manifest, files, report);
  checkTime(manifest, now, report);
  return finished(report);
}

function describe(report, manifest) {
  report.organisation = manifest.organisation;
  report.period = manifest.period.code;
  report.deliveryId = manifest.deliveryId;
  report.version = manifest.version;
  report.dataKind = manifest.dataKind;
  report.nothing = manifest.nothing;
}

function finished(report, waitingFor = []) {
  const severities = report.findings.map((found) => DATA.rules[found.rule].severity);
  const isRejected = severities.includes("reject_file");
  report.waitingFor = waitingFor;
  report.outcome = waitingFor.length ? "waiting" : isRejected ? "rejected" : severities.length ? "accepted_with_findings" : "accepted";
  report.findings.sort((one, other) => rankOf(one) - rankOf(other));
  report.tables = report.tables.map(({ path, contract, raw, checked }) => {
    const good = checked.accepted.length - checked.refused.size;
    const left = (rows) => [...rows].filter((row) => !checked.refused.has(row)).length;
    return {
      table: contract.table, file: shown(path), rows: rowsOf(raw), accepted: isRejected ? 0 : good,
      quarantined: isRejected ? 0 : rowsOf(raw) - good, repaired: left(checked.repaired), warned: left(checked.warned),
    };
  });
  return report;
}

const rankOf = (found) => DATA.severities.indexOf(DATA.rules[found.rule].severity);

async function checkFiles(manifest, files, report) {
  for (const file of manifest.files) {
    const contract = DATA.tables[file.table];
    const where = { table: file.table, file: file.path };
    const source = files.get(file.path);
    if (!source) {
      report.findings.push(finding("FILE_PATH", where));
      continue;
    }
    let raw;
    try {
      if (source.size > LARGEST_FILE) throw new NotHere("too_large");
      const bytes = await source.bytes();
      const hash = await sha256(bytes);
      if (hash === null) report.isHashed = false;
      else if (hash !== file.sha256) report.findings.push(finding("FILE_HASH", where));
      raw = await readTable(bytes, file.path, contract);
    } catch (error) {
      if (error instanceof ReadError) {
        report.findings.push(finding(error.code, { ...where, expected: error.expected ?? FORMATS }));
      } else if (error instanceof NotHere) report.notHere.push({ file: shown(file.path), reason: error.reason });
      else throw error;
      continue;
    }
    checkShape(raw, contract, file, report);
    const checked = checkRows(raw, contract, file.path, manifest);
    report.tables.push({ path: file.path, contract, raw, checked: { ...checked, refused: new Set() } });
    report.findings.push(...checked.findings);
  }
  checkAcross(manifest, report.tables, report);
}

/** The hash in hexadecimal digits; null where the browser has none to give. */
async function sha256(bytes) {
  if (!globalThis.crypto?.subtle) return null;
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function checkShape(raw, contract, file, report) {
  const where = { table: file.table, file: file.path };
  const add = (rule, fields) => report.findings.push(finding(rule, { ...where, ...fields }));
  const groups = grouped(raw.identifiers, ({ kind, column, sheet }) => JSON.stringify([kind, column, sheet]));
  for (const hits of groups.values()) {
    const { kind, column, sheet } = hits[0];
    const rows = unique(hits.map((one) => one.row).filter((row) => row !== null)).sort((one, other) => one - other);
    const places = rows.map((row) => ({ row }));
    add("FILE_IDENTIFIER", { kind, column, sheet, count: Math.max(1, rows.length), places });
  }
  const sheet = raw.sheet;
  if (rowsOf(raw) !== file.rows) add("FILE_ROWS", { sheet, seen: String(rowsOf(raw)), expected: String(file.rows) });
  for (const column of raw.twice) add("FILE_COLUMN_TWICE", { sheet, column });
  const expected = Object.keys(contract.columns).join(", ");
  for (const column of raw.unknown) add("FILE_COLUMN_UNKNOWN", { sheet, column, expected });
  for (const { code, rows, ...fields } of raw.notices) add(code, { ...fields, places: rows.map((row) => ({ row })) });
  for (const [column, { required }] of Object.entries(contract.columns)) {
    if (required && !(column in raw.columns)) add("FILE_COLUMN_MISSING", { sheet, column });
  }
}

/** Is it late? And can its times be, by the clock of this computer (a day off is a matter of zones)? */
function checkTime(manifest, now, report) {
  const today = Math.floor(now / DAY);
  const add = (rule, column, day) =>
    report.findings.push(finding(rule, { file: MANIFEST.MANIFEST_NAME, column, expected: isoDay(day) }));
  const tables = [...manifest.files.map((file) => file.table), ...manifest.nothing];
  const late = tables.map((table) => dueDay(manifest.period, table)).filter((day) => manifest.extractedOn > day);
  if (manifest.period.start > today + 1) add("MANIFEST_PERIOD", "period", today);
  else if (manifest.extractedOn > today + 1) add("EXTRACTED_AHEAD", "extracted_at", today);
  else if (late.length) add("DELIVERY_LATE", "extracted_at", Math.min(...late));
}
