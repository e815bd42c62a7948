// The page itself: files come in, reports go out, in the language of the reader.

const main = document.querySelector("main");
const state = { reports: [], files: [], checks: 0, language: firstLanguage() };

function firstLanguage() {
  const wanted = (navigator.languages ?? []).map((language) => language.slice(0, 2));
  return wanted.find((language) => DATA.languages.includes(language)) ?? DATA.languages[0];
}

function setLanguage(language) {
  state.language = language;
  document.documentElement.lang = language;
  document.title = DATA.words.title[language];
  for (const place of document.querySelectorAll("[data-text]")) place.textContent = filled(DATA.words[place.dataset.text][language], { version: DATA.version });
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === language));
  }
  document.getElementById("limits").replaceChildren(...limitsSection(language));
  showReports();
}

function showReports() {
  const sections = state.reports.map((report) => (report === null
    ? element("p", { class: "outcome waiting", role: "status" }, DATA.words.no_files[state.language])
    : reportSection(report, state.language)));
  document.getElementById("report").replaceChildren(...sections);
}

/** Checks what was chosen; each folder with a manifest is a delivery, everything else belongs together. */
async function check(files) {
  state.files = files;
  state.checks += 1;
  const thisCheck = state.checks;
  main.dataset.state = "working";
  const given = { organisation: valueOf("organisation"), period: valueOf("period") };
  const reports = [];
  try {
    for (const folder of foldersOf(files)) {
      reports.push(folder.files.has(MANIFEST.MANIFEST_NAME)
        ? await checkFolder(folder.files, folder.others, Date.now())
        : await checkTemplates(folder.files, given, Date.now()));
    }
  } finally {
    if (thisCheck === state.checks) main.dataset.state = "done";
  }
  // What was chosen meanwhile is checked by itself: the report of the older choice would replace its.
  if (thisCheck !== state.checks) return;
  state.reports = reports.length ? reports : [null];
  showReports();
  document.dispatchEvent(new CustomEvent("checked", { detail: state.reports }));
  document.getElementById("report").scrollIntoView({ block: "start" });
}

const valueOf = (id) => document.getElementById(id).value.trim();

/** The folders that hold a manifest, each with its files; what lies in none of them goes together. */
function foldersOf(files) {
  const folders = new Map();
  for (const { path, file } of files) {
    const folder = path.split("/").slice(0, -1).join("/");
    if (!folders.has(folder)) folders.set(folder, { files: new Map(), others: [] });
    folders.get(folder).files.set(file.name, {
      size: file.size, savedAt: file.lastModified, bytes: async () => new Uint8Array(await file.arrayBuffer()),
    });
  }
  const deliveries = [...folders].filter(([, folder]) => folder.files.has(MANIFEST.MANIFEST_NAME));
  const rest = new Map();
  for (const [path, folder] of folders) {
    const owner = deliveries.find(([other]) => other !== path && (other === "" || path.startsWith(`${other}/`)));
    if (owner) owner[1].others.push(path.slice(owner[0] ? owner[0].length + 1 : 0).split("/")[0]);
    else if (!folder.files.has(MANIFEST.MANIFEST_NAME)) folder.files.forEach((file, name) => rest.set(name, file));
  }
  const found = deliveries.map(([, folder]) => ({ ...folder, others: unique(folder.others) }));
  return rest.size ? [...found, { files: rest, others: [] }] : found;
}

const chosen = (list) => Array.from(list, (file) => ({ path: file.webkitRelativePath || file.name, file }));

async function dropped(transfer) {
  const entries = Array.from(transfer.items, (item) => item.webkitGetAsEntry?.()).filter(Boolean);
  return entries.length ? (await Promise.all(entries.map(filesBelow))).flat() : chosen(transfer.files);
}

async function filesBelow(entry) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    return [{ path: entry.fullPath.replace(/^\//, ""), file }];
  }
  const [reader, found] = [entry.createReader(), []];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return found;
    found.push(...(await Promise.all(some.map(filesBelow))).flat());
  }
}

for (const id of ["files", "folder"]) {
  const input = document.getElementById(id);
  input.addEventListener("change", async () => {
    const files = chosen(input.files);
    await check(files);
    input.value = "";
  });
}
for (const id of ["organisation", "period"]) {
  document.getElementById(id).addEventListener("change", () => state.files.length && check(state.files));
}
for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => setLanguage(button.dataset.language));
}
const dropZone = document.getElementById("drop");
for (const kind of ["dragenter", "dragover"]) {
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    dropZone.classList.add("over");
  });
}
document.addEventListener("dragleave", () => dropZone.classList.remove("over"));
document.addEventListener("drop", async (event) => {
  event.preventDefault();
  dropZone.classList.remove("over");
  await check(await dropped(event.dataTransfer));
});
document.getElementById("organisations").replaceChildren(
  ...Object.keys(DATA.organisations).map((organisation) => element("option", { value: organisation })));
setLanguage(state.language);
main.dataset.state = typeof DecompressionStream === "undefined" ? "old" : "ready";
