// Identifiers in the cells of a table, knowing what each column may hold.

const COLUMNS = DETECTOR.columns;
const UNBROKEN_DATE = pattern(COLUMNS.UNBROKEN_DATE, { whole: true });
const BIRTH_COLUMNS = setOf(COLUMNS.BIRTH_COLUMNS);
const isHexadecimal = (value) => value.length === COLUMNS.KEY_LENGTH && /^[0-9A-Fa-f]+$/.test(value);
const isPseudonym = (value) => isHexadecimal(value) && /[0-9]/.test(value);

/** Hits as {name, position, kind}. `types` gives the contract's type of a column, undefined when it has none. */
function hitsInTable(columns, types) {
  const hits = [];
  for (const [name, values] of columns) {
    for (const hit of hitsInColumn(values, name, types[name])) hits.push({ name, ...hit });
  }
  const outside = [...columns].filter(([name]) => types[name] === undefined);
  for (const [one, other] of [["latitude", "longitude"], ["northing", "easting"]]) {
    const sides = [one, other].map((side) => outside.filter(([, values]) => isMostly(values, COLUMNS.SIDES[side])));
    if (!sides[0].length || !sides[1].length) continue;
    for (const [name, values] of sides.flat()) {
      values.forEach((value, position) => value !== null && hits.push({ name, position, kind: KIND.COORDINATES }));
    }
  }
  return hits;
}

function isMostly(values, form) {
  const filled = values.filter((value) => value !== null);
  const fitting = filled.filter((value) => new RegExp(form).test(value)).length;
  return filled.length > 0 && fitting / filled.length >= COLUMNS.MOSTLY;
}

function hitsInColumn(values, name, type) {
  const announced = type === undefined ? announcedKinds(name) : [];
  const kindsOf = new Map();
  const hits = [];
  if (!announced.length && values.every((value) => value === null || isHexadecimal(value))) return hits;
  values.forEach((value, position) => {
    if (value === null) return;
    if (!kindsOf.has(value)) kindsOf.set(value, announced.length ? announced : kindsInCell(value, name, type));
    for (const kind of kindsOf.get(value)) hits.push({ position, kind });
  });
  return hits;
}

function kindsInCell(value, name, type) {
  // What is as short as a code, or a pseudonym, is most of a delivery.
  if (value.length < COLUMNS.SHORTEST_NAME || isPseudonym(value)) return [];
  const text = plain(composed(value)).trim();
  const found = new Set(spans(text).map(([, , kind]) => kind));
  if (type === "date") {
    if (UNBROKEN_DATE.test(text)) found.delete(KIND.PHONE_NUMBER);
  } else if (type !== undefined && (holdsBirthDate(text) || (BIRTH_COLUMNS.has(name) && isFullDate(text)))) {
    found.add(KIND.BIRTH_DATE);
  }
  if (COLUMNS.DECIMAL_TYPES.includes(type) && /^[1-9][0-9]*$/.test(text)) {
    found.delete(KIND.ELECTRONIC_CLIENT_IDENTIFIER);
    found.delete(KIND.BUILDING_IDENTIFIER);
  }
  if (isNameValue(text)) found.add(KIND.NAME);
  if (isFreeText(value.trim())) found.add(KIND.FREE_TEXT);
  return inOrder(found);
}

function isFullDate(text) {
  const [first, after] = COLUMNS.SERIAL_DAYS;
  if (/^[0-9]+$/.test(text)) {
    return UNBROKEN_DATE.test(text) || (text.length === 5 && Number(text) >= first && Number(text) < after);
  }
  return ANY_DATE_ONCE.test(text);
}
