// CSV: any delimiter and encoding that is met.

const CSV_SUFFIXES = [".csv", ".tsv", ".txt"];
const DELIMITERS = [",", ";", "\t", "|"];
const LONGEST_HEAD = 1 << 18;
const LATIN_9 = pattern(DOOR.encodings.LATIN_9);
const NOT_IN_WINDOWS_1252 = [0x81, 0x8d, 0x8f, 0x90, 0x9d];
const DIFFERENT = [0xa4, 0xa6, 0xa8, 0xb4, 0xb8, 0xbc, 0xbd, 0xbe];

/** The text of a file in one of five encodings, without byte order mark. */
function decoded(bytes) {
  const [first, second] = bytes;
  const isUtf16 = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  const encoding = isUtf16 ? (first === 0xff ? "utf-16le" : "utf-16be") : encodingOf(bytes);
  let text;
  try {
    text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new ReadError("FILE_ENCODING");
  }
  if (text.includes("\0")) throw new ReadError("FILE_ENCODING");
  return text;
}

function encodingOf(bytes) {
  if (bytes.includes(0)) throw new ReadError("FILE_ENCODING");
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return "utf-8";
  } catch {
    const high = new Set(bytes.filter((byte) => byte > 127));
    const isWindows = [...high].some((byte) => byte < 0xa0);
    if (isWindows && NOT_IN_WINDOWS_1252.some((byte) => high.has(byte))) throw new ReadError("FILE_ENCODING");
    const mayBeLatin9 = !isWindows && DIFFERENT.some((byte) => high.has(byte));
    return mayBeLatin9 && LATIN_9.test(LATIN_1.decode(bytes)) ? "iso-8859-15" : "windows-1252";
  }
}

/** The records of a text from `start` on, at most `most`: {cells, end}. Line breaks inside quotes end nothing. */
function records(text, delimiter, start = 0, most = Infinity) {
  const found = [];
  let place = start;
  while (place < text.length && found.length < most) {
    const cells = [];
    for (;;) {
      const cell = cellAt(text, place, delimiter);
      cells.push(cell.text);
      place = cell.end;
      if (text[place] !== delimiter) break;
      place += 1;
    }
    if (text[place] === "\r" && text[place + 1] === "\n") place += 1;
    place += place < text.length ? 1 : 0;
    found.push({ cells, end: place });
  }
  return found;
}

function cellAt(text, start, delimiter) {
  let place = start;
  let inQuotes = "";
  if (text[place] === '"') {
    place += 1;
    for (;;) {
      const quote = text.indexOf('"', place);
      if (quote < 0) return { text: inQuotes + text.slice(place).replace(/\r?\n$|\r$/, ""), end: text.length };
      inQuotes += text.slice(place, quote);
      place = quote + 1;
      if (text[place] !== '"') break;
      inQuotes += '"';
      place += 1;
    }
  }
  const from = place;
  while (place < text.length && text[place] !== delimiter && text[place] !== "\n" && text[place] !== "\r") place += 1;
  return { text: inQuotes + text.slice(from, place), end: place };
}

function readCsv(bytes, contract) {
  const text = decoded(bytes);
  const layout = layoutOf(text, contract);
  const width = layout.head.names.length;
  const [rows, numbers, ragged] = [[], [], []];
  const identifiers = [...layout.hits];
  records(text, layout.delimiter, layout.end).forEach(({ cells }, place) => {
    const number = layout.row + 1 + place;
    const isEmptyLine = cells.length === 1 && cells[0] === "";
    if (cells.length !== width && !isEmptyLine) {
      ragged.push({ row: number, seen: cells.length });
      for (const kind of cells.flatMap((cell) => kindsIn(cell.trim()))) identifiers.push(hit(kind, number));
      return;
    }
    rows.push(isEmptyLine ? Array(width).fill(null) : cells.map((cell) => cell.trim() || null));
    numbers.push(number);
  });
  const raw = asTable(layout.head, rows, numbers, contract);
  return { ...raw, ragged, identifiers: [...identifiers, ...raw.identifiers], notices: layout.notices };
}

/** Delimiter and header: where most columns of the contract are named, at best in the first row. */
function layoutOf(text, contract) {
  if (!text.replace(/^[ \t\r\n,;|"]+/, "")) throw new ReadError("FILE_EMPTY");
  const head = text.slice(0, LONGEST_HEAD);
  let best = null;
  for (const delimiter of DELIMITERS) {
    if (!head.includes(delimiter) && delimiter !== DELIMITERS[0]) continue;
    for (const [place, record] of records(head, delimiter, 0, HEADER_ROWS).entries()) {
      const cells = record.cells.map((cell) => cell.trim());
      if (!cells.some(Boolean) || isSeparatorLine(place, cells)) continue;
      const known = knownHeaders(cells, contract);
      const rank = [known, -place, cells.length];
      if (!best || isHigher(rank, best.rank)) best = { rank, delimiter, row: place + 1, end: record.end, cells };
      if (known === cells.length) break;
    }
    if (best && best.rank[0] === best.cells.length) break;
  }
  if (!best) throw new ReadError("FILE_EMPTY");
  if (best.cells.length > MOST_COLUMNS || (best.end === head.length && head.length < text.length)) {
    throw new ReadError("FILE_TOO_LARGE", `≤ ${MOST_COLUMNS} columns`);
  }
  const found = heading(best.cells, contract);
  const hits = found.kinds.map((kind) => hit(kind, best.row));
  let notices = [];
  records(head, best.delimiter, 0, best.row - 1).forEach((record, place) => {
    const cells = record.cells.map((cell) => cell.trim()).filter(Boolean);
    hits.push(...cells.flatMap(kindsIn).map((kind) => hit(kind, place + 1)));
    if (cells.length && !isSeparatorLine(place, cells)) notices = [notice("NOTE_HEADER_ROW", { rows: [best.row] })];
  });
  return { ...best, head: found, hits, notices };
}

const isSeparatorLine = (place, cells) => place === 0 && cells[0].slice(0, 4).toLowerCase() === "sep=";

function isHigher(rank, other) {
  const place = rank.findIndex((value, number) => value !== other[number]);
  return place >= 0 && rank[place] > other[place];
}
