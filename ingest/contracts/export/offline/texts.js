// Texts, days and periods. A day is a whole number, counted from 1970-01-01.

const DATA = JSON.parse(document.getElementById("contract").textContent);
const DOOR = DATA.door;

/** A pattern of the door. `whole` asks for the text as a whole, `flags` are added. */
function pattern({ source, flags }, { whole = false, more = "" } = {}) {
  return new RegExp(whole ? `^(?:${source})$` : source, flags + more);
}

const setOf = (texts) => new Set(texts);
const lengthOf = (text) => Array.from(text).length;
const upTo = (text, count) => Array.from(text).slice(0, count).join("");
const unique = (values) => [...new Set(values)];
const isPrintable = (text) => !/[^\P{C}]|[^\P{Z} ]/u.test(text);
const folded = (text) => text.toLowerCase();

/** The values by what `keyOf` says of them, in their order. */
function grouped(values, keyOf) {
  const groups = new Map();
  for (const value of values) {
    const key = keyOf(value);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(value);
  }
  return groups;
}

function suffixOf(name) {
  const place = name.lastIndexOf(".");
  return place > 0 && place < name.length - 1 ? name.slice(place).toLowerCase() : "";
}

// ---- days ----

const DAY = 86_400_000;
const LAST_DAY_OF_ALL = dayOf(9999, 12, 31);

/** The day, or null when there is none such. */
function dayOf(year, month, day) {
  const moment = new Date(0);
  moment.setUTCFullYear(year, month - 1, day);
  const exists = moment.getUTCFullYear() === year && moment.getUTCMonth() === month - 1 && moment.getUTCDate() === day;
  return exists && year >= 1 && year <= 9999 ? moment.getTime() / DAY : null;
}

function isoDay(day) {
  return day === LAST_DAY_OF_ALL + 1 ? "10000-01-01" : new Date(day * DAY).toISOString().slice(0, 10);
}

const yearOf = (day) => new Date(day * DAY).getUTCFullYear();

/** The calendar day that a written moment names in its own zone; null when it is no moment with a zone. */
function dayOfMoment(text) {
  const form =
    /^(?:(\d{4})-(\d{2})-(\d{2})|(\d{4})(\d{2})(\d{2}))[^](\d{2})(?::?(\d{2})(?::?(\d{2})(?:[.,]\d+)?)?)?(?:Z|[+-](\d{2})(?::?(\d{2})(?::?\d{2}(?:\.\d+)?)?)?)$/;
  const told = typeof text === "string" ? form.exec(text) : null;
  if (!told) return null;
  const [year, month, date] = told[1] ? told.slice(1, 4) : told.slice(4, 7);
  const [hour, minute, second, zoneHour, zoneMinute] = told.slice(7).map((part) => Number(part ?? 0));
  if (hour > 23 || minute > 59 || second > 59 || zoneHour > 23 || zoneMinute > 59) return null;
  return dayOf(Number(year), Number(month), Number(date));
}

function dayOfIso(text) {
  const told = typeof text === "string" ? /^(\d{4})-?(\d{2})-?(\d{2})$/.exec(text) : null;
  return told && /^\d{4}(-\d{2}-|\d{4}$)/.test(text) ? dayOf(...told.slice(1).map(Number)) : null;
}

// ---- periods ----

const DELIVERED_PERIODS = unique(Object.values(DATA.tables).flatMap((table) => table.period_types));
const FIRST_DUE_DAY = dayOfIso(DATA.first_due_date);

/** A period for which something is delivered: code, type, first day and the day after the last; or null. */
function periodOf(code) {
  const told = typeof code === "string" ? /^(\d{4})(?:Q([1-4])|H([12]))?$/.exec(code) : null;
  if (!told) return null;
  const [, year, quarter, half] = told.map((part) => (part === undefined ? undefined : Number(part)));
  const type = quarter ? "quarter" : half ? "half_year" : "year";
  const month = quarter ? 3 * quarter - 2 : half ? 6 * half - 5 : 1;
  const months = { quarter: 3, half_year: 6, year: 12 }[type];
  const after = year * 12 + month - 1 + months;
  const start = dayOf(year, month, 1);
  const end = dayOf(Math.floor(after / 12), (after % 12) + 1, 1);
  if (start === null || end === null || !DELIVERED_PERIODS.includes(type)) return null;
  return { code, type, start, end };
}

const dueDay = (period, table) => Math.max(period.end - 1 + DATA.tables[table].due_days, FIRST_DUE_DAY);

// ---- what may be shown ----

const LONGEST_NAME = DATA.longest_name;

/** A name from a delivery as it may be shown: short, identifiers withheld. */
function shown(name) {
  const text = Array.from(withholdIdentifiers(String(name)), (sign) => (isPrintable(sign) ? sign : "?"));
  return (text.length <= LONGEST_NAME ? text : [...text.slice(0, LONGEST_NAME - 1), "…"]).join("");
}

/** A value as it may be shown: first character and length. */
function masked(value) {
  if (value === null) return null;
  const first = upTo(value, 1);
  return `${isPrintable(first) ? first : "?"}… (${lengthOf(value)})`;
}

/** The key of a record as it may be shown: the beginning of a pseudonym, or a short code. */
function maskedKey(value) {
  const text = (value ?? "").toLowerCase();
  if (/^[0-9a-f]{64}$/.test(text)) return `${text.slice(0, 8)}…`;
  return /^[0-9]{2,3}$/.test(text) ? text : null;
}

/** A rule that was broken. `places` are {row, seen, record}; names are made safe to show here. */
function finding(rule, fields) {
  const found = { rule, table: null, file: null, sheet: null, column: null, seen: null, expected: null, kind: null };
  Object.assign(found, { count: 1, places: [] }, fields);
  for (const name of ["table", "file", "sheet", "column", "seen"]) {
    if (found[name] !== null && found[name] !== undefined) found[name] = shown(found[name]);
  }
  found.places = found.places.slice(0, LISTED).map((place) => ({ row: null, seen: null, record: null, ...place }));
  return found;
}

const LISTED = DOOR.table.LISTED;

/** A file that cannot be read: `code` is the rule. */
class ReadError extends Error {
  constructor(code, expected = null) {
    super(code);
    this.code = code;
    this.expected = expected;
  }
}

/** A file that this page does not look into; `reason` is one of its words. */
class NotHere extends Error {
  constructor(reason) {
    super(reason);
    this.reason = reason;
  }
}
