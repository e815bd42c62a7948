// Direct identifiers in a text: which kinds, and where. Nothing here gives back what was found.

const FORMS = DETECTOR.patterns;
const LIMITS = DETECTOR.text;
const KIND = Object.fromEntries(DETECTOR.kinds.map((kind) => [kind.toUpperCase(), kind]));
const every = (name) => pattern(FORMS[name], { more: "g" });
const DASHES = setOf(FORMS.DASHES);
const NUMBER = pattern(FORMS.NUMBER, { whole: true });
const TECHNICAL_ID = every("TECHNICAL_ID");
const SIGNED_CODE = every("SIGNED_CODE");
const UNSIGNED_CODE = every("UNSIGNED_CODE");
const CHECKED_NUMBER = every("CHECKED_NUMBER");
const LEARNER = every("LEARNER");
const BEFORE_AT = pattern(FORMS.BEFORE_AT);
const AFTER_AT = pattern(FORMS.AFTER_AT, { more: "y" });
const WRITTEN_AT = every("WRITTEN_AT");
const IBAN = every("IBAN");
const DATES = every("DATES");
const INTERNATIONAL = every("INTERNATIONAL");
const NATIONAL = every("NATIONAL");
const DIGITS = every("DIGITS");
const DATE_GROUPS = pattern(FORMS.DATE_GROUPS, { whole: true });
const STREET = every("STREET");
const POSTAL = every("POSTAL");
const WGS84 = every("WGS84");
const GRID = every("GRID");
const BORN = every("BORN");
const ANY_DATE = every("ANY_DATE");
const ANY_DATE_ONCE = pattern(FORMS.ANY_DATE);
const TECHNICAL = pattern(LIMITS.TECHNICAL, { whole: true });
const isAscii = (text) => /^[\x00-\x7f]*$/.test(text);

/** Composed letters, without invisible characters (soft hyphens, joiners). */
const composed = (text) => (isAscii(text) ? text : text.normalize("NFC").replace(/\p{Cf}/gu, ""));
/** Look-alikes of digits, dashes and blanks made plain. */
const plain = (text) => (isAscii(text) ? text : Array.from(text, plainCharacter).join(""));

function plainCharacter(sign) {
  if (sign < "\x80" || (sign >= "À" && sign <= "ž")) return sign;
  if (DASHES.has(sign)) return "-";
  if (Object.hasOwn(FORMS.MARKS, sign)) return FORMS.MARKS[sign];
  if (/\p{Zs}/u.test(sign)) return " ";
  const compatible = sign.normalize("NFKC");
  if (/^[0-9]$/.test(compatible)) return compatible;
  if (/\p{Nd}/u.test(sign)) return String(digitOf(sign));
  return Array.from(compatible).length === 1 ? compatible : sign;
}

/** The digits of an alphabet stand in a row from 0 to 9. */
function digitOf(sign) {
  let value = 0;
  while (/\p{Nd}/u.test(String.fromCodePoint(sign.codePointAt(0) - value - 1))) value += 1;
  return value % 10;
}

/** Identifiers with a form of their own in a plain text, as [start, end, kind]. */
function spans(text) {
  if (text.length < FORMS.SHORTEST || NUMBER.test(text)) return [];
  const looked = text.replace(TECHNICAL_ID, (id) => "\0".repeat(id.length));
  return freeSpans(looked, [], LOOKS.flatMap((look) => [...look(looked)]));
}

/** `found` and those of `more` whose characters nobody before them has. */
function freeSpans(text, found, more) {
  const taken = new Uint8Array(text.length);
  const kept = [...found];
  for (const [start, end] of found) taken.fill(1, start, end);
  for (const span of more) {
    if (taken.subarray(span[0], span[1]).includes(1)) continue;
    taken.fill(1, span[0], span[1]);
    kept.push(span);
  }
  return kept.sort((one, other) => one[0] - other[0] || one[1] - other[1]);
}

const spanOf = (match, kind) => [match.index, match.index + match[0].length, kind];

function isDayOfCode(day, centuries) {
  const [year, month, date] = [day.slice(4), day.slice(2, 4), day.slice(0, 2)].map(Number);
  return centuries.some((century) => dayOf(century + year, month, date) !== null);
}

function checkFits(digits, check) {
  const signs = FORMS.CHECK_CHARACTERS;
  return signs[Number(BigInt(digits) % BigInt(signs.length))] === check.toUpperCase();
}

function* codes(text) {
  for (const match of text.matchAll(SIGNED_CODE)) {
    const day = match.groups.day.replace(/[ .]/g, "");
    if (isDayOfCode(day, [FORMS.CENTURIES[match.groups.sign.toUpperCase()]])) {
      yield spanOf(match, KIND.PERSONAL_IDENTITY_CODE);
    }
  }
  for (const match of text.matchAll(UNSIGNED_CODE)) {
    const { day, number, check } = match.groups;
    if ((/[A-Za-z]/.test(check) || checkFits(day + number, check)) && isDayOfCode(day, [1800, 1900, 2000])) {
      yield spanOf(match, KIND.PERSONAL_IDENTITY_CODE);
    }
  }
}

function* checkedNumbers(text) {
  for (const match of text.matchAll(CHECKED_NUMBER)) {
    const { digits, check } = match.groups;
    const kind = digits.length === 8 ? KIND.ELECTRONIC_CLIENT_IDENTIFIER : KIND.BUILDING_IDENTIFIER;
    if (checkFits(digits, check)) yield spanOf(match, kind);
  }
}

function* allOf(text, form, kind) {
  for (const match of text.matchAll(form)) yield spanOf(match, kind);
}

function* emails(text) {
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at + 1)) {
    const from = Math.max(0, at - FORMS.LOCAL_PART);
    const before = BEFORE_AT.exec(text.slice(from, at));
    AFTER_AT.lastIndex = at + 1;
    const after = AFTER_AT.exec(text);
    if (before && after) yield [from + before.index, at + 1 + after[0].length, KIND.EMAIL_ADDRESS];
  }
  yield* allOf(text, WRITTEN_AT, KIND.EMAIL_ADDRESS);
}

function structureOf(country) {
  const structure = DETECTOR.accounts[country === "AX" ? "FI" : country];
  return structure === undefined ? [] : [...structure.matchAll(/([1-9][0-9]*)!([nac])/g)];
}

function* accounts(text) {
  for (const match of text.matchAll(IBAN)) {
    const parts = structureOf(match[0].slice(0, 2).toUpperCase());
    const length = parts.length ? 4 + parts.reduce((sum, part) => sum + Number(part[1]), 0) : 0;
    const last = match.index + match[0].length;
    let [end, signs] = [match.index, 0];
    while (end < last && signs < length) {
      signs += " -".includes(text[end]) ? 0 : 1;
      end += 1;
    }
    if (!length || signs < length || (end < text.length && /[\p{L}\p{N}]/u.test(text[end]))) continue;
    const number = text.slice(match.index, end).replace(/[ -]/g, "").toUpperCase();
    const isDomestic = ["FI", "AX"].includes(number.slice(0, 2)) && /^[0-9]+$/.test(number.slice(2));
    if (isDomestic || isAccount(number)) yield [match.index, end, KIND.BANK_ACCOUNT_NUMBER];
  }
}

function isAccount(number) {
  const signs = { n: "[0-9]", a: "[A-Z]", c: "[A-Za-z0-9]" };
  const parts = DETECTOR.accounts[number.slice(0, 2)] ? structureOf(number.slice(0, 2)) : [];
  const form = parts.map(([, count, kind]) => `${signs[kind]}{${count}}`).join("");
  if (!form || !new RegExp(`^${form}$`).test(number.slice(4))) return false;
  const digits = Array.from(number.slice(4) + number.slice(0, 4), (sign) => parseInt(sign, 36)).join("");
  return BigInt(digits) % 97n === 1n;
}

function* phones(given) {
  const text = given.replace(DATES, (date) => "\0".repeat(date.length));
  yield* allOf(text, INTERNATIONAL, KIND.PHONE_NUMBER);
  for (const match of text.matchAll(NATIONAL)) {
    const groups = match[0].match(DIGITS);
    const digits = groups.join("").length;
    if (digits >= 7 && digits <= 12 && !DATE_GROUPS.test(groups.join(" "))) yield spanOf(match, KIND.PHONE_NUMBER);
  }
}

function* addresses(text) {
  for (const match of text.matchAll(STREET)) {
    let start = match.index;
    if (match.groups.firm && endsAs(text.slice(0, start), FORMS.OTHER_PATHS)) continue;
    while (start > 0 && /[\p{L}'-]/u.test(text[start - 1])) start -= 1;
    if (!/^\p{N}$/u.test(text.slice(Math.max(0, start - 1), start))) {
      yield [start, match.index + match[0].length, KIND.STREET_ADDRESS];
    }
  }
  for (const match of text.matchAll(POSTAL)) {
    const place = match.groups.place ?? match.groups.town;
    if (isPlace(place) || (/^\p{Lu}/u.test(place) && !isOwnWord(place))) yield spanOf(match, KIND.STREET_ADDRESS);
  }
}

function* coordinates(text) {
  yield* allOf(text, WGS84, KIND.COORDINATES);
  yield* allOf(text, GRID, KIND.COORDINATES);
}

const LOOKS = [
  (text) => allOf(text, LEARNER, KIND.LEARNER_NUMBER),
  codes, emails, accounts,
  (text) => allOf(text, BORN, KIND.BIRTH_DATE),
  coordinates, phones, checkedNumbers, addresses,
];

/** Whether the text holds a full date of the years in which clients are born, where no date belongs. */
function holdsBirthDate(text) {
  const [first, after] = FORMS.BIRTH_YEARS;
  return [...text.matchAll(ANY_DATE)].some((match) => {
    const year = yearOfDate(match.groups);
    return year >= first && year < after;
  });
}

function yearOfDate({ iso, day_first: dayFirst, written }) {
  if (iso) return Number(iso.slice(0, 4));
  const year = /[0-9]+$/.exec(dayFirst ?? written)[0];
  if (year.length === 4) return Number(year);
  return Number(year) > 30 ? 1900 + Number(year) : 2000 + Number(year);
}

// ---- a text that stands alone ----

const isFreeText = (value) => lengthOf(value) > LIMITS.LONGEST_TEXT && !TECHNICAL.test(value) && !isOwnText(value);
const allSpans = (text) => freeSpans(text, spans(text), nameSpans(text));

function kindSet(text) {
  const value = composed(text);
  const found = new Set(allSpans(plain(value)).map(([, , kind]) => kind));
  if (isFreeText(value.trim())) found.add(KIND.FREE_TEXT);
  return found;
}

const kindsIn = (text) => inOrder(kindSet(text));
const kindsInHeader = (text) => inOrder(new Set([...kindSet(text), ...announcedKinds(text)]));
const containsIdentifier = (text) => allSpans(plain(composed(text))).length > 0;

/** The text with every identifier replaced by a fixed word. */
function withholdIdentifiers(text) {
  let safe = composed(text);
  for (let round = 0; round < LIMITS.MOST_ROUNDS; round += 1) {
    const found = allSpans(plain(safe));
    if (!found.length) return safe;
    for (const [start, end] of found.reverse()) safe = safe.slice(0, start) + LIMITS.WITHHELD + safe.slice(end);
  }
  return LIMITS.WITHHELD;
}
