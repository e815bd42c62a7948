// Identifiers in the parts of a workbook that are no cells: properties, comments, links, shapes.

const PARTS = DETECTOR.parts;
const DISTINCT = setOf(PARTS.DISTINCT);
const TECHNICAL_ELEMENTS = setOf(PARTS.TECHNICAL_ELEMENTS);
const EDITORS = setOf(PARTS.EDITORS);
const READABLE_ENCODINGS = ["utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "windows-1252"];
const IN_RUNS = ["t", "r", "si", "text", "p"];

/** The text of a part; only what every reader understands alike. */
function markupOf(bytes) {
  const begin = LATIN_1.decode(bytes.subarray(0, 400)).replace(/^\xef\xbb\xbf/, "");
  const encoding = /^\s*<\?xml[^>]*?encoding\s*=\s*["']([^"']*)/.exec(begin)?.[1].toLowerCase() ?? "utf-8";
  if (bytes.includes(0) || !READABLE_ENCODINGS.includes(encoding)) throw isUnreadable();
  const text = new TextDecoder(encoding.startsWith("utf") ? "utf-8" : "windows-1252").decode(bytes);
  if (text.includes("<!DOCTYPE") || text.includes("<!ENTITY")) throw isUnreadable();
  return text;
}

/** The document of a part, null when it is no well-formed XML. */
function documentOf(text) {
  const read = new DOMParser().parseFromString(text, "application/xml");
  return read.getElementsByTagName("parsererror").length ? null : read;
}

const elements = (root, name) => [...root.getElementsByTagNameNS("*", name)];
const childOf = (element, name) => [...element.children].find((child) => child.localName === name) ?? null;
const isOn = (value) => value === "1" || value === "true";

/** Kinds of identifier in one part, without the values of cells: those are looked at by column. */
function kindsInPart(path, text) {
  const found = new Set(kindsIn(path.split("/").at(-1)).filter((kind) => kind !== KIND.FREE_TEXT));
  const lower = path.toLowerCase();
  const isText =
    PARTS.TEXT_FOLDERS.some((folder) => lower.startsWith(folder)) ||
    PARTS.TEXT_NAMES.some((name) => lower.split("/").at(-1).startsWith(name));
  const read = documentOf(text);
  const technical = read ? [] : [text];
  const texts = [];
  if (read) collect(read.documentElement, texts, technical);
  for (const [element, value] of texts) {
    for (const kind of kindsIn(value)) {
      if (!isText || TECHNICAL_ELEMENTS.has(element) ? DISTINCT.has(kind) : !(EDITORS.has(element) && kind === KIND.NAME)) {
        found.add(kind);
      }
    }
  }
  for (const kind of technical.flatMap(kindsIn)) if (DISTINCT.has(kind)) found.add(kind);
  if (!WRITTEN_BY_PEOPLE.test(lower)) found.delete(KIND.FREE_TEXT);
  return inOrder(found);
}

/** Texts with their element, values of attributes; a text in several runs is one text. Cells: formulas only. */
function collect(element, texts, technical) {
  for (const { value } of element.attributes) if (value.length > 4) technical.push(value);
  if (element.localName === "sheetData") {
    for (const formula of elements(element, "f")) if (formula.textContent.trim()) texts.push(["f", formula.textContent]);
    return "";
  }
  let text = "";
  for (const child of element.childNodes) {
    if (child.nodeType === Node.TEXT_NODE || child.nodeType === Node.CDATA_SECTION_NODE) text += child.data;
    else if (child.nodeType === Node.COMMENT_NODE) technical.push(child.data);
    else if (child.nodeType === Node.ELEMENT_NODE) {
      const inner = collect(child, texts, technical);
      if (IN_RUNS.includes(child.localName)) text += inner;
    }
  }
  if (text.trim()) texts.push([element.localName, text]);
  return text;
}
