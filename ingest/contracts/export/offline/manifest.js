// The manifest of a delivery: what it says, and whether that can be.

const MANIFEST = DOOR.manifest;
const ULID = pattern(MANIFEST.ULID, { whole: true });
const SHA256 = pattern(MANIFEST.SHA256, { whole: true });

const isPlainName = (path) =>
  lengthOf(path) > 0 && lengthOf(path) <= 200 && !path.startsWith(".") && !/[/\\:\0]/.test(path) && isPrintable(path) &&
  path !== MANIFEST.MANIFEST_NAME;

function holdsIdentifier(value) {
  if (Array.isArray(value)) return value.some(holdsIdentifier);
  if (value !== null && typeof value === "object") return Object.entries(value).flat().some(holdsIdentifier);
  return typeof value === "string" && containsIdentifier(value);
}

/** Reads and checks a manifest: {fields, manifest (null when rejected), findings}. */
function readManifest(bytes) {
  const file = MANIFEST.MANIFEST_NAME;
  let fields = null;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, MANIFEST.LONGEST_MANIFEST));
    fields = JSON.parse(text);
  } catch {
    fields = null;
  }
  if (fields === null || typeof fields !== "object" || Array.isArray(fields)) {
    const findings = [finding("MANIFEST_JSON", { file })];
    if (containsIdentifier(UTF_8.decode(bytes))) findings.push(finding("FILE_IDENTIFIER", { file }));
    return { fields: {}, manifest: null, findings };
  }
  return checkedManifest(fields);
}

function checkedManifest(fields) {
  const findings = [];
  const add = (rule, column = null, expected = null, more = {}) =>
    findings.push(finding(rule, { file: MANIFEST.MANIFEST_NAME, column, expected, ...more }));
  const reject = (column, expected) => add("MANIFEST_FIELD", column, expected);
  const textAt = (name, expected) => {
    const value = fields[name];
    if (typeof value === "string" && value.trim() && lengthOf(value) <= 100) return value;
    reject(name, expected);
    return "";
  };
  if (holdsIdentifier(fields)) add("FILE_IDENTIFIER");
  const deliveryId = textAt("delivery_id", "ULID");
  if (deliveryId && !ULID.test(deliveryId)) reject("delivery_id", "ULID (26: 0-9 A-Z)");
  const organisation = textAt("organisation", MANIFEST.EXPECTED_ORGANISATION);
  if (organisation && !Object.hasOwn(DATA.organisations, organisation)) {
    add("MANIFEST_ORGANISATION", "organisation", MANIFEST.EXPECTED_ORGANISATION);
  }
  const version = textAt("contract_version", "1.0");
  if (version && !DATA.accepted_versions.includes(version)) {
    add("MANIFEST_VERSION", "contract_version", DATA.accepted_versions.join(", "));
  }
  textAt("key_domain", "common");
  const extractedOn = dayOfMoment(fields.extracted_at);
  if (extractedOn === null) reject("extracted_at", "2025-10-20T06:12:00+03:00");
  const period = periodOf(fields.period);
  if (period === null) add("MANIFEST_PERIOD", "period", MANIFEST.EXPECTED_PERIOD);
  if (period && extractedOn !== null && extractedOn < period.start) {
    add("MANIFEST_PERIOD", "period", `${MANIFEST.EXPECTED_PERIOD}, extracted_at ≥ ${isoDay(period.start)}`);
  }
  const given = (name) => fields[name] !== undefined && fields[name] !== null;
  if (given("data_from") && dayOfIso(fields.data_from) === null) reject("data_from", "2021-10-01");
  const isId = (value) => typeof value === "string" && ULID.test(value);
  if (given("correction_of") && !isId(fields.correction_of)) reject("correction_of", "ULID (26: 0-9 A-Z)");
  if (given("data_kind") && !["synthetic", "real"].includes(fields.data_kind)) reject("data_kind", "synthetic, real");
  const files = announcedFiles(fields.files, reject, (path) => findings.push(finding("FILE_PATH", { file: path })));
  const nothing = nothingToReport(fields.nothing_to_report ?? (("nothing_to_report" in fields) ? null : []), reject);
  if (Array.isArray(fields.files) && !fields.files.length && !nothing.length) {
    reject("files", '[{table, path, sha256, rows}], nothing_to_report: ["handover"]');
  }
  checkTables(organisation, files, nothing, period, (found) => findings.push(found));
  if (findings.length) return { fields, manifest: null, findings };
  const [supplier, code] = [organisation.split("-")[0], organisation.split("-").slice(1).join("-")];
  const manifest = {
    deliveryId, organisation, supplier, supplierCode: code, version, period, extractedOn, files, nothing,
    correctionOf: fields.correction_of ?? null, dataKind: fields.data_kind ?? null,
  };
  return { fields, manifest, findings };
}

function announcedFiles(value, reject, addPath) {
  if (!Array.isArray(value)) {
    reject("files", "[{table, path, sha256, rows}]");
    return [];
  }
  const found = [];
  value.forEach((one, place) => {
    const { table, path, sha256, rows } = one !== null && typeof one === "object" && !Array.isArray(one) ? one : {};
    const wrong = [
      ["table", "client", typeof table === "string" && table !== ""],
      ["path", "client.csv", typeof path === "string" && path !== ""],
      ["sha256", "64 × 0-9 a-f", typeof sha256 === "string" && SHA256.test(sha256)],
      ["rows", "0, 1, 2, …", Number.isInteger(rows) && rows >= 0],
    ].filter(([, , fits]) => !fits);
    wrong.forEach(([name, expected]) => reject(`files[${place + 1}].${name}`, expected));
    if (wrong.length) return;
    if (isPlainName(path)) found.push({ table, path, sha256: sha256.toLowerCase(), rows });
    else addPath(path);
  });
  const paths = found.map((file) => file.path);
  for (const path of unique(paths.filter((one, place) => paths.indexOf(one) !== place)).sort()) {
    reject("files", `one entry for '${path}'`);
  }
  return found;
}

function nothingToReport(value, reject) {
  if (Array.isArray(value) && value.every((table) => typeof table === "string")) return unique(value);
  reject("nothing_to_report", '["handover"]');
  return [];
}

function checkTables(organisation, files, nothing, period, add) {
  const kind = Object.hasOwn(DATA.organisations, organisation) ? DATA.organisations[organisation] : null;
  const allowed = Object.keys(DATA.tables).filter((name) => !kind || DATA.tables[name].suppliers.includes(kind));
  const seen = new Set();
  const named = [...files.map(({ table, path }) => [table, path]), ...nothing.map((table) => [table, null])];
  for (const [table, path] of named) {
    const types = allowed.includes(table) ? DATA.tables[table].period_types : [];
    if (!allowed.includes(table)) add(finding("FILE_TABLE", { table, file: path, expected: allowed.join(", ") }));
    else if (seen.has(table)) add(finding("FILE_TABLE_TWICE", { table, file: path }));
    else if (period && !types.includes(period.type)) {
      const expected = types.map((type) => MANIFEST.PERIODS[type]).join(", ");
      add(finding("MANIFEST_PERIOD", { table, file: MANIFEST.MANIFEST_NAME, column: "period", expected }));
    }
    seen.add(table);
  }
}
