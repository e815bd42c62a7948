// Excel workbooks: the right sheet, what Excel makes of dates and codes, and what a workbook can hide.

const BOOK = DOOR.workbook;
const PICTURES = pattern(BOOK.PICTURES, { whole: true });
const WRITTEN_BY_PEOPLE = new RegExp(`^(?:${BOOK.WRITTEN_BY_PEOPLE.source})`, "u");
const HARMLESS_BINARY = pattern(BOOK.HARMLESS_BINARY, { whole: true });
const SERVICE_SHEETS = setOf(BOOK.SERVICE_SHEETS);
const OLE = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
const DATE_FORMATS = [14, 15, 16, 17, 18, 19, 20, 21, 22, 45, 47];
const [EPOCH_1900, EPOCH_1904] = [dayOf(1899, 12, 30), dayOf(1904, 1, 1)];

async function readWorkbook(bytes, contract) {
  const book = await openedBook(bytes);
  const identifiers = book.kinds.map((kind) => hit(kind));
  const filled = book.sheets.filter((sheet) => sheet.cells.rows.some((row) => row.some((cell) => cell !== undefined)));
  const used = new Set(filled.flatMap((sheet) => sheet.cells.rows.flat()).filter((cell) => typeof cell === "string").map((cell) => cell.trim()));
  for (const text of book.strings) {
    if (used.has(text.trim())) continue;
    identifiers.push(...kindsIn(text.trim()).filter((kind) => kind !== KIND.FREE_TEXT).map((kind) => hit(kind)));
  }
  const chosen = chosenSheet(filled, contract);
  const notices = book.pictures ? [notice("NOTE_PICTURE", { count: book.pictures })] : [];
  for (const sheet of book.sheets) {
    identifiers.push(...kindsIn(sheet.name).map((kind) => hit(kind)));
    if (sheet === chosen || !filled.includes(sheet)) continue;
    identifiers.push(...hitsBeside(sheet.cells.rows, sheet));
    if (!SERVICE_SHEETS.has(normalisedHeader(sheet.name))) notices.push(notice("NOTE_SHEET", { sheet: sheet.shown }));
  }
  const raw = tableOfSheet(chosen, book.is1904, contract);
  raw.identifiers = [...identifiers, ...raw.identifiers];
  raw.notices = [...notices, ...raw.notices, ...mergedNotice(chosen, raw)];
  return raw;
}

/** The cells, as text, of the first sheet of that normalised name; null without one. */
async function readSheet(bytes, name) {
  const book = await openedBook(bytes);
  const sheet = book.sheets.find((one) => normalisedHeader(one.name) === name);
  return sheet ? sheet.cells.rows.map((row) => Array.from(row, textOf)) : null;
}

// ---- the parts ----

/** Sheets with their cells, shared texts, kinds of identifier in everything else. */
async function openedBook(bytes) {
  if (!bytes.length) throw new ReadError("FILE_EMPTY");
  if (OLE.every((byte, place) => bytes[place] === byte)) throw new ReadError("FILE_PROTECTED", FORMATS);
  const { comment, members } = zipMembers(bytes);
  const parts = members.filter((member) => !isFolder(member));
  const names = parts.map((member) => member.name.toLowerCase().replace(/^\/+/, ""));
  const size = parts.reduce((sum, member) => sum + member.size, 0);
  if (parts.length > BOOK.MOST_PARTS || size > BOOK.LARGEST_WORKBOOK) {
    throw new ReadError("FILE_TOO_LARGE", `≤ ${BOOK.LARGEST_WORKBOOK / 1e6} MB`);
  }
  if (new Set(names).size !== names.length || !names.includes("xl/workbook.xml")) throw isUnreadable();
  const kinds = new Set();
  const texts = new Map();
  let pictures = 0;
  for (const [place, member] of parts.entries()) {
    const name = names[place];
    if (member.isProtected) throw new ReadError("FILE_PROTECTED", FORMATS);
    kindsIn(member.name).forEach((kind) => kinds.add(kind));
    const content = await memberBytes(bytes, member);
    if (/\.(xml|rels|vml)$/.test(name)) {
      const text = markupOf(content);
      texts.set(name, text);
      if (name !== BOOK.STRINGS) kindsInPart(name, text).forEach((kind) => kinds.add(kind));
    } else if (PICTURES.test(name)) pictures += 1;
    else if (!HARMLESS_BINARY.test(name)) throw new ReadError("FILE_EMBEDDED", FORMATS);
  }
  kindsIn(comment).forEach((kind) => kinds.add(kind));
  return { kinds: inOrder(kinds), pictures, ...sheetsOf(texts) };
}

function sheetsOf(texts) {
  const part = (name) => {
    const read = texts.has(name) ? documentOf(texts.get(name)) : null;
    if (texts.has(name) && !read) throw isUnreadable();
    return read;
  };
  const shared = part(BOOK.STRINGS);
  const strings = shared ? elements(shared, "si").map(textOfRuns) : [];
  const styles = dateStyles(part("xl/styles.xml"));
  const book = part("xl/workbook.xml");
  const is1904 = elements(book, "workbookPr").some((one) => isOn(one.getAttribute("date1904")));
  const relations = part("xl/_rels/workbook.xml.rels");
  const targets = new Map((relations ? elements(relations, "Relationship") : []).map((one) => [one.getAttribute("Id"), one]));
  const sheets = [];
  for (const described of elements(book, "sheet")) {
    const relation = targets.get([...described.attributes].find((one) => one.localName === "id")?.value);
    const target = relation?.getAttribute("Target") ?? "";
    if (relation && !relation.getAttribute("Type").endsWith("/worksheet")) continue;
    const read = part((target.startsWith("/") ? target.slice(1) : `xl/${target}`).toLowerCase());
    if (!read) throw isUnreadable();
    const name = described.getAttribute("name") ?? "";
    const isHidden = ["hidden", "veryHidden"].includes(described.getAttribute("state"));
    const label = kindsIn(name).length || lengthOf(name) > 40 ? maskedName(name) : name;
    sheets.push({ name, shown: label, isHidden, read, cells: cellsOf(read, strings, styles, is1904) });
  }
  if (!sheets.length) throw new ReadError("FILE_EMPTY");
  if (sheets.length > BOOK.MOST_SHEETS) throw new ReadError("FILE_TOO_LARGE", `≤ ${BOOK.MOST_SHEETS} sheets`);
  if (new Set(sheets.map((sheet) => sheet.name)).size !== sheets.length) throw isUnreadable();
  return { sheets, strings, is1904 };
}

/** The text of a shared or inline string: its runs, without what tells the pronunciation. */
function textOfRuns(element) {
  const runs = elements(element, "t").filter((run) => run.parentElement.localName !== "rPh");
  return runs.map((run) => run.textContent).join("").replace(/_x([0-9A-Fa-f]{4})_/g, (_, code) => String.fromCharCode(parseInt(code, 16)));
}

/** For each style of cells: "date", "time span" or null. */
function dateStyles(styles) {
  if (!styles) return [];
  const custom = new Map(elements(styles, "numFmt").map((one) => [one.getAttribute("numFmtId"), one.getAttribute("formatCode") ?? ""]));
  const formats = elements(styles, "cellXfs")[0];
  return (formats ? [...formats.children] : []).map((format) => {
    const id = format.getAttribute("numFmtId") ?? "0";
    if (custom.has(id)) return kindOfFormat(custom.get(id));
    return id === "46" ? "time span" : DATE_FORMATS.includes(Number(id)) ? "date" : null;
  });
}

function kindOfFormat(code) {
  const first = code.replace(/[_\\]./g, "").replace(/"[^"]*"/g, "").split(";")[0];
  if (/\[(?:h+|m+|s+)\]/i.test(first)) return "time span";
  return /[dmhys]|a\/p|am\/pm/i.test(first.replace(/\[[^\]]*\]/g, "").replace(/general/i, "")) ? "date" : null;
}

// ---- the cells ----

/** Rows of cells from A1 on: a text, a number, a boolean, {date} or undefined. */
function cellsOf(sheet, strings, styles, is1904) {
  const [rows, errors, uncalculated, hiddenRows] = [[], new Map(), [], []];
  let [width, height, number] = [0, 0, 0];
  for (const row of elements(sheet, "row")) {
    number = Number(row.getAttribute("r") ?? number + 1);
    if (isOn(row.getAttribute("hidden"))) hiddenRows.push(number);
    let column = 0;
    for (const cell of row.children) {
      if (cell.localName !== "c") continue;
      const place = /^([A-Za-z]+)([0-9]+)$/.exec(cell.getAttribute("r") ?? "");
      column = place ? columnNumber(place[1]) : column + 1;
      const [value, formula, inline] = ["v", "f", "is"].map((name) => childOf(cell, name));
      if (value || formula || inline) [width, height] = [Math.max(width, column), Math.max(height, number)];
      if (width > MOST_COLUMNS || width * height > BOOK.MOST_CELLS) {
        throw new ReadError("FILE_TOO_LARGE", `≤ ${MOST_COLUMNS} columns, ≤ ${BOOK.MOST_CELLS / 1e6} × 10⁶ cells`);
      }
      if (formula && !value?.textContent && !inline) uncalculated.push(number);
      const read = cellValue(cell, value?.textContent ?? null, inline, strings, styles, is1904);
      if (read !== undefined && read.error) errors.set(number, [...(errors.get(number) ?? []), [column - 1, read.error]]);
      else if (read !== undefined && read !== "") (rows[number - 1] ??= [])[column - 1] = read;
    }
  }
  return { rows: Array.from(rows, (row) => Array.from(row ?? [])), errors, uncalculated, hiddenRows };
}

const columnNumber = (letters) =>
  Array.from(letters.slice(0, 8).toUpperCase()).reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0);

function cellValue(cell, value, inline, strings, styles, is1904) {
  const type = cell.getAttribute("t");
  if (type === "inlineStr") return inline ? textOfRuns(inline) : undefined;
  if (value === null || value === "") return undefined;
  if (type === "s") {
    if (strings[Number(value)] === undefined) throw isUnreadable();
    return strings[Number(value)];
  }
  if (type === "b") return value !== "0";
  if (type === "e") return { error: value };
  if (type === "str" || type === "d") return value;
  const number = Number(value);
  if (Number.isNaN(number)) throw isUnreadable();
  const style = cell.hasAttribute("s") ? (styles[Number(cell.getAttribute("s"))] ?? null) : null;
  const serial = number + (is1904 && number >= 1 && style === "date" ? EPOCH_1904 - EPOCH_1900 : 0);
  return style === null || serial > BOOK.LAST_SERIAL ? number : { serial: Math.max(serial, 0), style };
}

/** A cell as text; a whole number that Excel keeps as 5.0 as `5`. */
function textOf(cell) {
  switch (typeof cell) {
    case "undefined": return null;
    case "string": return cell.trim() || null;
    case "boolean": return cell ? "true" : "false";
    case "number": return numberText(cell);
    default: return momentText(cell);
  }
}

function numberText(number) {
  if (Number.isInteger(number)) return BigInt(number).toString();
  const text = Math.abs(number) < 1e-4 ? number.toExponential() : String(number);
  return text.replace(/e([+-])(\d)$/, "e$10$2");
}

function momentText({ serial, style }) {
  const milliseconds = Math.round((serial % 1) * DAY);
  const [hour, minute, second] = [DAY / 24, DAY / 1440, 1000].map((unit, place) => Math.floor(milliseconds / unit) % [24, 60, 60][place]);
  const two = (part) => String(part).padStart(2, "0");
  const rest = milliseconds % 1000 ? `.${String(milliseconds % 1000).padStart(3, "0")}000` : "";
  const clock = `${two(hour)}:${two(minute)}:${two(second)}${rest}`;
  if (style === "time span") {
    const days = Math.floor(serial);
    return `${days ? `${days} day${days === 1 ? "" : "s"}, ` : ""}${clock.replace(/^0/, "")}`;
  }
  if (serial < 1) return clock;
  // Excel takes 1900 for a leap year: before its 29 February the days count from a day later.
  const day = isoDay(EPOCH_1900 + Math.floor(serial) + (serial < 60 ? 1 : 0));
  return hour || minute ? `${day}T${clock}` : day;
}

// ---- the sheet ----

/** The sheet named as the table, else the only one with a known header, else the only one with data. */
function chosenSheet(filled, contract) {
  if (!filled.length) throw new ReadError("FILE_EMPTY");
  const wanted = setOf([contract.table, ...Object.values(contract.label)].map(normalisedHeader));
  const others = filled.filter((sheet) => !SERVICE_SHEETS.has(normalisedHeader(sheet.name)));
  const data = others.length ? others : filled;
  const named = data.filter((sheet) => wanted.has(normalisedHeader(sheet.name)));
  const known = data.filter((sheet) => sheet.cells.rows.slice(0, HEADER_ROWS).some((row) => knownIn(row, contract)));
  for (const candidates of [named, known, data]) {
    if (candidates.length === 1) return candidates[0];
    if (candidates.length) break;
  }
  throw new ReadError("FILE_SHEET", contract.table);
}

const knownIn = (row, contract) => knownHeaders(row.filter((cell) => typeof cell === "string" && cell), contract);

/** Hits in cells that are in no column of the table; instructions and titles may be long texts. */
function hitsBeside(rows, sheet) {
  const hits = [];
  rows.forEach((row, place) => {
    for (const cell of row.filter((value) => typeof value === "string")) {
      for (const kind of kindsIn(cell)) if (kind !== KIND.FREE_TEXT) hits.push(hit(kind, place + 1, sheet.shown));
    }
  });
  return hits;
}

function tableOfSheet(sheet, is1904, contract) {
  const { rows, errors } = sheet.cells;
  const filled = rows.map((_, place) => place).filter((place) => rows[place].some((cell) => textOf(cell)));
  const head = filled.slice(0, HEADER_ROWS).reduce((best, place) =>
    knownIn(rows[place], contract) > knownIn(rows[best], contract) ? place : best, filled[0]);
  const header = rows[head].map((cell) => textOf(cell) ?? "");
  while (header.length && !header.at(-1)) header.pop();
  const found = heading(header, contract);
  const width = header.length;
  const epoch = is1904 ? EPOCH_1904 : EPOCH_1900;
  const isDate = found.columns.map((name) => name !== null && contract.columns[name].type === "date");
  const identifiers = [...found.kinds.map((kind) => hit(kind, head + 1, sheet.shown)), ...hitsBeside(rows.slice(0, head), sheet)];
  const widest = Math.max(...rows.map((row) => row.length));
  const [kept, numbers, ragged] = [[], [], []];
  for (let place = head + 1; place < rows.length; place += 1) {
    const texts = rows[place].map(textOf);
    for (const [column, text] of errors.get(place + 1) ?? []) if (column < widest) texts[column] ??= text;
    const cells = Array.from(texts, (text) => text ?? null);
    if (cells.slice(width).some(Boolean)) {
      ragged.push({ row: place + 1, seen: cells.findLastIndex(Boolean) + 1 });
      identifiers.push(...cells.filter(Boolean).flatMap(kindsIn).map((kind) => hit(kind, place + 1, sheet.shown)));
    } else if (cells.some(Boolean)) {
      kept.push(Array.from({ length: width }, (_, column) => {
        const cell = rows[place][column];
        return (isDate[column] && typeof cell === "number" && dayOfSerial(cell, epoch)) || (cells[column] ?? null);
      }));
      numbers.push(place + 1);
    }
  }
  const raw = asTable(found, kept, numbers, contract, sheet.shown);
  raw.ragged = ragged;
  raw.identifiers = [...identifiers, ...raw.identifiers];
  raw.notices = noticesOf(sheet, head + 1, raw);
  return raw;
}

/** The day of a number in a date column whose cells have no date format. */
function dayOfSerial(serial, epoch) {
  return Number.isInteger(serial) && serial >= 61 && serial <= BOOK.LAST_SERIAL - 1462 ? isoDay(epoch + serial) : null;
}

function noticesOf(sheet, head, raw) {
  const where = { sheet: sheet.shown };
  const last = raw.rows.at(-1) ?? head;
  const notices = [];
  if (head > 1) notices.push(notice("NOTE_HEADER_ROW", { ...where, rows: [head] }));
  if (sheet.isHidden) notices.push(notice("NOTE_HIDDEN", where));
  const hidden = sheet.cells.hiddenRows.filter((row) => row > head && row <= last);
  if (hidden.length) notices.push(notice("NOTE_HIDDEN", { ...where, rows: hidden, count: hidden.length }));
  for (const column of elements(sheet.read, "col").filter((one) => isOn(one.getAttribute("hidden")))) {
    const [first, until] = ["min", "max"].map((name) => Number(column.getAttribute(name) ?? 0));
    for (const name of raw.header.slice(Math.max(first, 1) - 1, until)) notices.push(notice("NOTE_HIDDEN", { ...where, column: name }));
  }
  const empty = sheet.cells.uncalculated.filter((row) => row > head);
  if (empty.length) notices.push(notice("NOTE_FORMULA", { ...where, rows: unique(empty), count: empty.length }));
  return notices;
}

function mergedNotice(sheet, raw) {
  if (!raw.rows.length) return [];
  const [first, last] = [raw.rows[0], raw.rows.at(-1)];
  const rows = elements(sheet.read, "mergeCell").flatMap((merged) => {
    const told = /^[A-Za-z]+([0-9]+)(?::[A-Za-z]+([0-9]+))?$/.exec(merged.getAttribute("ref") ?? "");
    const [top, bottom] = told ? [Number(told[1]), Number(told[2] ?? told[1])] : [0, 0];
    return told && bottom >= first && top <= last ? [top] : [];
  });
  const where = { sheet: sheet.shown, rows: unique(rows).sort((one, other) => one - other), count: rows.length };
  return rows.length ? [notice("NOTE_MERGED", where)] : [];
}
