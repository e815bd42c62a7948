// What each value means, and what can be wrong with a value or a row by itself.

const VALUES = DOOR.values;
const RULE_ROWS = DOOR.rows;
const TRUE_WORDS = setOf(VALUES.TRUE_WORDS);
const FALSE_WORDS = setOf(VALUES.FALSE_WORDS);
const MUNICIPALITY_CODES = setOf([...Object.keys(DATA.municipalities), ...DATA.unknown_municipalities]);
const AREA_CODES = setOf(DATA.wellbeing_areas);
const CODE_LISTS = Object.fromEntries(Object.entries(DATA.code_lists).map(([name, list]) => [name, setOf(list)]));
const [FIRST_DAY, LAST_DAY] = [dayOf(VALUES.FIRST_YEAR, 1, 1), dayOf(VALUES.LAST_YEAR, 12, 31)];

function isSerial(text) {
  const number = Number(text.slice(0, 5));
  return /^[2-6][0-9]{4}([.,]0+)?$/.test(text) && number >= VALUES.FIRST_SERIAL && number <= VALUES.LAST_SERIAL;
}

function readDay(text) {
  if (/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text)) return dayOf(...text.split("-").map(Number));
  if (/^[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{4}( 0{1,2}[.:]00([.:]00)?)?$/.test(text)) {
    const [day, month, year] = text.split(" ")[0].split(".").map(Number);
    return dayOf(year, month, day);
  }
  if (/^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]00:00(:00(\.0+)?)?(Z|[+-]00:?00)?$/.test(text)) return readDay(text.slice(0, 10));
  return isSerial(text) ? EPOCH_1900 + Number(text.slice(0, 5)) : null;
}

const READERS = {
  key: (text) => (/^[0-9a-fA-F]{64}$/.test(text) ? text.toLowerCase() : null),
  date: (text) => {
    const day = readDay(text);
    return day !== null && day >= FIRST_DAY && day <= LAST_DAY ? day : null;
  },
  int: (text) => (/^[+-]?[0-9]{1,9}([.,]0+)?$/.test(text) ? Number(text.replace(/[.,]0+$/, "")) : null),
  decimal: (text) => (/^[+-]?[0-9]{1,15}([.,][0-9]{1,15})?$/.test(text) ? Number(text.replace(",", ".")) : null),
  bool: (text) => (TRUE_WORDS.has(text.toLowerCase()) ? true : FALSE_WORDS.has(text.toLowerCase()) ? false : null),
  municipality: (text, column) => knownCode(text, column, MUNICIPALITY_CODES),
  wellbeing_area: (text, column) => knownCode(text, column, AREA_CODES),
  code: (text, column) => knownCode(text, column, CODE_LISTS[column.code_list]),
  text: (text) => text,
};

function knownCode(text, column, codes) {
  const code = column.width ? text.padStart(column.width, "0") : text;
  return codes.has(code) ? code : null;
}

const mergedInto = (code) => DATA.municipalities[code]?.merged_into ?? code;
const isUnreadableValue = ({ text, typed }) => text !== null && typed === null;
const FORMS_OF_COLUMNS = new Map();

function formOf(column) {
  if (!FORMS_OF_COLUMNS.has(column)) FORMS_OF_COLUMNS.set(column, pattern(column.pattern, { whole: true }));
  return FORMS_OF_COLUMNS.get(column);
}

/** Rule -> whether a row breaks it in a column: `text` as delivered, `typed`, `row` all typed values. */
const ROW_RULES = {
  "ROW_REQUIRED": ({ text }) => text === null,
  "ROW_KEY": isUnreadableValue,
  "ROW_DATE": isUnreadableValue,
  "ROW_NUMBER": isUnreadableValue,
  "ROW_BOOLEAN": isUnreadableValue,
  "ROW_CODE": isUnreadableValue,
  "ROW_MUNICIPALITY": isUnreadableValue,
  "ROW_AREA": isUnreadableValue,
  "ROW_FORM": ({ typed, column }) => typed !== null && !formOf(column).test(typed),
  "ROW_RANGE": ({ typed, column }) =>
    typed !== null &&
    ((column.minimum !== null && typed < column.minimum) || (column.maximum !== null && typed > column.maximum)),
  "ROW_END_BEFORE_START": ({ typed, column, row }) =>
    typed !== null && row[column.end_of] !== null && typed < row[column.end_of],
  "ROW_OUTSIDE_PERIOD": ({ typed, manifest: { period } }) =>
    typed !== null && (typed < period.start || typed >= period.end),
  "ROW_OTHER_MUNICIPALITY": ({ typed, manifest }) =>
    typed !== null && typed !== manifest.supplierCode && mergedInto(typed) !== manifest.supplierCode,
  // A municipality belongs to one area, and its own code is none.
  "WARN_AREA": ({ typed, manifest: { supplierCode } }) =>
    typed !== null && typed !== (DATA.municipalities[supplierCode]?.area ?? supplierCode),
  "WARN_HOME_AREA": ({ typed, manifest }) =>
    typed !== null && typed in DATA.municipalities && DATA.municipalities[typed].area !== manifest.supplierCode,
  "WARN_FUTURE": ({ typed, manifest }) => typed !== null && typed > manifest.extractedOn,
  "WARN_AGE": ({ typed, manifest: { period } }) => {
    const turned = yearOf(period.end - 1) - typed;
    return typed !== null && (turned < RULE_ROWS.YOUNGEST || turned - 1 > RULE_ROWS.OLDEST);
  },
  "REPAIR_ZEROS": ({ text, typed }) => typed !== null && typed !== text,
  "REPAIR_DATE": ({ text }) => text !== null && text.length < 10 && isSerial(text),
};

/** Types and checks a table: {findings, accepted: [{source, ...typed}], quarantined, repaired, warned}. */
function checkRows(raw, contract, file, manifest) {
  const names = Object.keys(contract.columns);
  const where = { table: contract.table, file, sheet: raw.sheet };
  const textAt = (name, place) => raw.columns[name]?.[place] ?? null;
  const typed = raw.rows.map((source, place) => {
    const row = { source };
    for (const name of names) {
      const column = contract.columns[name];
      const text = textAt(name, place);
      row[name] = text === null ? null : READERS[column.type](text, column);
    }
    return row;
  });
  const record = recordColumn(contract);
  const recordAt = (place) => (record === null ? null : maskedKey(textAt(record, place)));
  const findings = [];
  if (raw.ragged.length) {
    const places = raw.ragged.map(({ row, seen }) => ({ row, seen: String(seen) }));
    const expected = String(raw.header.length);
    findings.push(finding("ROW_COLUMNS", { ...where, expected, count: places.length, places }));
  }
  findings.push(...doubledKeys(raw, contract, typed, textAt, recordAt, where));
  const broken = {};
  for (const check of contract.checks) {
    // A missing column is reported once, not in every row.
    if (!(check.column in raw.columns)) continue;
    const column = contract.columns[check.column];
    const breaks = ROW_RULES[check.rule];
    const places = typed.map((_, place) => place).filter((place) =>
      breaks({ text: textAt(check.column, place), typed: typed[place][check.column], column, row: typed[place], manifest }));
    if (!places.length) continue;
    (broken[DATA.rules[check.rule].severity] ??= []).push(...places);
    findings.push(finding(check.rule, {
      ...where, column: check.column, count: places.length,
      expected: check.expected === RULE_ROWS.PERIOD_MARK ? daysOf(manifest.period) : check.expected,
      places: places.map((place) => ({
        row: raw.rows[place], seen: seenOf(check, column, textAt(check.column, place)), record: recordAt(place),
      })),
    }));
  }
  const quarantined = new Set(broken.quarantine_row ?? []);
  const others = (severity) => new Set((broken[severity] ?? []).filter((place) => !quarantined.has(place)).map((place) => raw.rows[place]));
  return {
    findings, accepted: typed.filter((_, place) => !quarantined.has(place)), record,
    repaired: others("repair"), warned: others("warn"),
  };
}

const daysOf = (period) => `${isoDay(period.start)} – ${isoDay(period.end - 1)}`;

function seenOf(check, column, text) {
  if (text === null || column.type === "key") return null;
  return check.is_code ? upTo(text, 10) : masked(text);
}

/** The column whose value says which record a row is: a key, else the code of a place. */
function recordColumn(contract) {
  const names = [...contract.primary_key, ...Object.keys(contract.columns)];
  const key = names.find((name) => contract.columns[name].type === "key");
  const place = contract.primary_key.find((name) => ["municipality", "wellbeing_area"].includes(contract.columns[name].type));
  return key ?? place ?? null;
}

function doubledKeys(raw, contract, typed, textAt, recordAt, where) {
  const names = contract.primary_key;
  if (names.some((name) => !(name in raw.columns))) return [];
  const placesOf = new Map();
  typed.forEach((row, place) => {
    const key = JSON.stringify(names.map((name) => (row[name] === null ? textAt(name, place) : String(row[name]))));
    placesOf.set(key, [...(placesOf.get(key) ?? []), place]);
  });
  const doubled = [...placesOf.values()].filter((places) => places.length > 1).flat().sort((one, other) => one - other);
  if (!doubled.length) return [];
  const places = doubled.map((place) => ({ row: raw.rows[place], record: recordAt(place) }));
  const key = names.join(", ");
  return [finding("FILE_KEY_TWICE", { ...where, column: key, expected: key, count: places.length, places })];
}
