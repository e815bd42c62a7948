// The report as the reader sees it: built of elements, so that nothing from a file is ever read as markup.

const PLACES_ON_PAGE = 50;
const FORMULA_STARTS = /^\s*[=+\-@\t\r\n|\uff1d\uff0b\uff0d\uff20]/;

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children.flat().filter((child) => child !== null && child !== ""));
  return made;
}

const filled = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "–");
const withBreaks = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, "\u00a0");

function messageOf(found, language, seen = found.places[0]?.seen ?? found.seen) {
  const kind = found.kind && DATA.kind_labels[found.kind][language];
  return filled(DATA.rules[found.rule][language], { seen, expected: found.expected, kind });
}

/** A table of cells (texts or elements); `numbers` are the columns to the right. */
function grid(heads, rows, { numbers = [], caption = "" } = {}) {
  const right = (place) => (numbers.includes(place) ? { class: "n" } : {});
  const head = heads.map((text, place) => element("th", { scope: "col", ...right(place) }, text));
  const body = rows.map((row) => element("tr", {}, row.map((cell, place) => element("td", { ...right(place), "data-head": heads[place] }, cell))));
  const title = caption ? element("caption", {}, caption) : null;
  return element("div", { class: "wide" }, element("table", {}, title, element("thead", {}, element("tr", {}, head)), element("tbody", {}, body)));
}

/** One report as a section. */
function reportSection(report, language) {
  const words = DATA.receipt_words[language];
  const own = (name, values = {}) => filled(DATA.words[name][language], values);
  const groups = [...grouped(report.findings.map((found) => onSheet(found, report)), (found) => found.rule).values()];
  const nothing = report.nothing.map((table) => tableLabel(table, language)).join(", ");
  const facts = [["organisation", report.organisation], ["period", report.period], ["delivery", report.deliveryId], ["version", report.version]];
  return element("section", { class: "report" },
    element("p", { class: `outcome ${report.outcome}`, role: "status" }, outcomeText(report, language)),
    element("dl", {}, facts.filter(([, value]) => value).flatMap(([name, value]) => [element("dt", {}, words[name]), element("dd", {}, value)])),
    report.dataKind === "synthetic" ? element("p", {}, element("strong", {}, words.synthetic)) : null,
    element("h2", {}, own("next")),
    element("ul", { class: "next" }, nextSteps(report).map((name) => element("li", {}, own(name, { tables: nothing })))),
    problemsOf(report, language),
    groups.length ? summaryOf(groups, words, language) : null,
    !groups.length && !report.problems.length && report.outcome === "accepted" ? element("p", {}, words.clean) : null,
    report.tables.length || report.nothing.length ? tablesOf(report, words, language) : null,
    groups.length ? [element("h2", {}, words.details), element("p", {}, words.masked), saveButton(report, language)] : null,
    groups.flatMap((group) => detailsOf(group, words, language)),
    skippedOf(report, words, language));
}

/** Who sends template workbooks has no manifest.json but a sheet. */
function onSheet(found, { isTemplates }) {
  const isManifest = isTemplates && found.file === MANIFEST.MANIFEST_NAME;
  return isManifest ? { ...found, file: "", sheet: SHEET.MANIFEST_SHEET } : found;
}

function outcomeText(report, language) {
  const words = DATA.receipt_words[language];
  if (isUnfinished(report)) return DATA.words.unfinished[language];
  if (report.outcome === "waiting") return `${words.waiting} ${report.waitingFor.join(", ")}`;
  return words[`checked.${report.outcome}`];
}

/** Nothing wrong was found, but not everything was looked at. */
const isUnfinished = (report) => report.notHere.length > 0 && report.outcome !== "rejected" && report.outcome !== "waiting";

function nextSteps(report) {
  const steps = [];
  if (report.outcome === "waiting") return ["next_waiting"];
  if (report.notHere.some(({ reason }) => reason === "no_manifest")) steps.push("next_choose");
  if (report.notHere.some(({ reason }) => reason !== "no_manifest")) steps.push("next_elsewhere");
  if (report.outcome === "rejected") return [...steps, "next_correct"];
  if (report.findings.some((found) => DATA.rules[found.rule].severity === "quarantine_row")) steps.push("next_rows");
  if (report.findings.some((found) => ["warn", "repair"].includes(DATA.rules[found.rule].severity))) steps.push("next_remarks");
  if (report.nothing.length) steps.push("next_nothing");
  if (!isUnfinished(report)) steps.push(report.isTemplates ? "next_send_templates" : "next_send");
  return steps;
}

function problemsOf(report, language) {
  const words = DATA.receipt_words[language];
  const rows = report.problems.map((one) => [
    one.file, one.sheet ?? "", one.column ?? one.table ?? "",
    filled(DATA.template_messages[one.code][language], one),
  ]);
  const notHere = report.notHere.map(({ file, reason }) => [file, DATA.words[`not_here_${reason}`][language]]);
  return [
    rows.length ? [element("h2", {}, DATA.words.problems[language]), grid([words.file, words.sheet, words.column, words.what], rows)] : [],
    notHere.length ? [element("h2", {}, words.not_checked), grid([words.file, words.why], notHere)] : [],
  ].flat();
}

function summaryOf(groups, words, language) {
  const rows = groups.map((group) => {
    const { severity } = DATA.rules[group[0].rule];
    const link = element("a", { href: `#rule-${group[0].rule}` }, element("code", {}, group[0].rule));
    return [
      element("span", { class: `severity ${severity}` }, DATA.severity_labels[severity][language]),
      element("span", {}, messageOf(group[0], language), element("br"), link),
      withBreaks(group.reduce((sum, found) => sum + found.count, 0)),
      DATA.consequences[severity][language],
    ];
  });
  return [element("h2", {}, words.summary), grid([words.severity, words.what, words.count, words.now], rows, { numbers: [2] })];
}

const tableLabel = (table, language) => `${DATA.tables[table].label[language]} (${table})`;

function tablesOf(report, words, language) {
  const rows = report.tables.map((one) => [
    tableLabel(one.table, language), one.file, ...[one.rows, one.accepted, one.quarantined, one.repaired, one.warned].map(withBreaks),
  ]);
  const nothing = report.outcome === "rejected" ? [] : report.nothing.map((table) => [tableLabel(table, language), words.nothing, "0", "0", "0", "0", "0"]);
  const heads = ["table", "file", "rows", "accepted_rows", "quarantined_rows", "repaired_rows", "warned_rows"];
  return [element("h2", {}, words.tables), grid(heads.map((head) => words[head]), [...rows, ...nothing], { numbers: [2, 3, 4, 5, 6] })];
}

const placesOf = (found) => (found.places.length ? found.places : [{ row: null, seen: found.seen, record: null }]);
const HEADS = ["file", "sheet", "column", "row", "record", "seen", "expected"];

function cellsOfPlace(found, place) {
  return [
    found.file ?? found.table ?? "", found.sheet ?? "", found.column ?? "", place.row === null ? "" : String(place.row),
    place.record ?? "", place.seen ?? "", found.expected ?? "",
  ];
}

function detailsOf(group, words, language) {
  const [rule, severity] = [group[0].rule, DATA.rules[group[0].rule].severity];
  const rows = group.flatMap((found) => placesOf(found).slice(0, PLACES_ON_PAGE).map((place) => cellsOfPlace(found, place)));
  const kept = HEADS.map((_, place) => place).filter((place) => rows.some((row) => row[place]));
  const all = group.reduce((sum, found) => sum + found.count, 0);
  const caption = all > rows.length ? filled(words.more, { shown: rows.length, all }) : "";
  const title = element("h3", { id: `rule-${rule}` }, `${messageOf(group[0], language)} `, element("code", { class: severity }, rule));
  const numbers = [kept.findIndex((place) => HEADS[place] === "row")];
  return [title, kept.length ? grid(kept.map((place) => words[HEADS[place]]), rows.map((row) => kept.map((place) => row[place])), { caption, numbers }) : null];
}

function skippedOf(report, words, language) {
  const groups = [...grouped(report.skipped, ({ rule, needs }) => `${rule} ${needs}`).values()];
  const rows = groups.map((group) => [
    element("code", {}, group[0].rule), unique(group.map(({ table }) => table)).join(", "),
    filled(DATA.needs_table[language], { table: group[0].needs }),
  ]);
  if (!report.isHashed) rows.push([element("code", {}, "FILE_HASH"), "", DATA.words.no_hash[language]]);
  return rows.length ? [element("h2", {}, words.not_checked), grid([words.rule, words.table, words.why], rows)] : [];
}

/** What the page never checks, by the catalogue of rules. */
function limitsSection(language) {
  const words = DATA.receipt_words[language];
  const rows = DATA.not_checked.map(({ rule, text, why }) => [
    element("span", {}, text[language], element("br"), element("code", {}, rule)), why[language],
  ]);
  const limits = ["limit_parquet", "limit_large", "limit_links"].map((name) => element("li", {}, DATA.words[name][language]));
  return [element("p", {}, filled(DATA.words.limits_text[language], { count: Object.keys(DATA.rules).length })), grid([words.rule, words.why], rows), element("ul", {}, limits)];
}

// ---- all places as a file ----

function saveButton(report, language) {
  const button = element("button", { type: "button", class: "save" }, DATA.words.save[language]);
  button.addEventListener("click", () => {
    const link = element("a", { download: "errors.csv", href: URL.createObjectURL(new Blob(["\ufeff", errorsCsv(report)], { type: "text/csv" })) });
    link.click();
    URL.revokeObjectURL(link.href);
  });
  return button;
}

function errorsCsv(report) {
  const heads = ["rule", "severity", "table", "file", "sheet", "row", "column", "record", "seen", "expected"];
  const lines = [[...heads, ...DATA.languages.flatMap((language) => [`message_${language}`, `happens_${language}`])]];
  for (const found of report.findings) {
    const { severity } = DATA.rules[found.rule];
    for (const place of placesOf(found)) {
      const said = DATA.languages.flatMap((language) => [messageOf(found, language, place.seen ?? found.seen), DATA.consequences[severity][language]]);
      lines.push([found.rule, severity, found.table, found.file, found.sheet, place.row, found.column, place.record, place.seen, found.expected, ...said]);
    }
  }
  return lines.map((line) => `${line.map(csvCell).join(";")}\r\n`).join("");
}

/** A cell that no spreadsheet takes for a formula. */
function csvCell(value) {
  const text = value === null || value === undefined ? "" : String(value);
  const safe = FORMULA_STARTS.test(text) ? `'${text}` : text;
  return /[;"\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
