// A delivered file as a table, by its name.

// Of text. A browser holds every cell several times over; more than this is for the command.
const LARGEST_TEXT = 60_000_000;
const LARGEST_FILE = 30_000_000;

/** Reads a file; throws ReadError (a rule) or NotHere (what this page does not look into). */
async function readTable(bytes, path, contract) {
  const inside = await unpacked(bytes, path);
  if (CSV_SUFFIXES.includes(inside.suffix)) return withKinds(readCsv(inside.bytes, contract), inside.kinds);
  if (inside.suffix === ".parquet") throw new NotHere("parquet");
  if (inside.suffix !== ".xlsx") throw new ReadError("FILE_FORMAT", FORMATS);
  return withKinds(await readWorkbook(inside.bytes, contract), inside.kinds);
}

function withKinds(raw, kinds) {
  raw.identifiers = [...kinds.map((kind) => hit(kind)), ...raw.identifiers];
  return raw;
}
