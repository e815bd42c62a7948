// Words that decide whether something is an identifier: names of people and places, words of the contracts, headers.

const DETECTOR = DATA.detector;
const FIRST_NAMES = setOf(DETECTOR.first_names);
const SURNAMES = setOf(DETECTOR.surnames);
const PLACES = setOf(DETECTOR.places);
const OWN_TEXTS = setOf(DETECTOR.own_texts);
const OWN_WORDS = setOf(DETECTOR.own_words);
const BETWEEN_WORDS = /[\s_\-\u2010-\u2015]+/gu;

const isPlace = (word) =>
  PLACES.has(folded(word)) || folded(word).split("-").every((part) => PLACES.has(part));
const isOwnWord = (word) => OWN_WORDS.has(folded(word)) || isPlace(word);
const isOwnText = (text) => OWN_TEXTS.has(folded(text.trim()));

/** A header as it is compared: without case, one `_` for blanks and hyphens. */
function normalisedHeader(text) {
  const plainText = text.normalize("NFC").replaceAll("\ufeff", "").trim();
  return folded(plainText).replace(BETWEEN_WORDS, "_").replace(/^_+|_+$/g, "");
}

const headerKey = (header) => folded(header.normalize("NFC")).replace(/[^\p{L}\p{N}]/gu, "");

/** Kinds of identifier that a column of this name announces. */
function announcedKinds(header) {
  const key = headerKey(header);
  if (!key) return [];
  const found = new Set(DETECTOR.announced_anywhere.filter(([word]) => key.includes(word)).map(([, kind]) => kind));
  for (const candidate of [key, key.replace(/[0-9]+$/, "")]) {
    if (Object.hasOwn(DETECTOR.announced_whole, candidate)) found.add(DETECTOR.announced_whole[candidate]);
  }
  return inOrder(found);
}

const inOrder = (kinds) => DETECTOR.kinds.filter((kind) => kinds.has(kind));

// ---- names of people ----

const NAMES = DETECTOR.names;
const PARTICLES = setOf(NAMES.PARTICLES);
const WORD = pattern(NAMES.WORD, { more: "g" });
const ONE_WORD = pattern(NAMES.WORD, { whole: true });
const WHOLE_NAME = pattern(NAMES.WHOLE, { whole: true });
const INITIAL = pattern(NAMES.INITIAL, { more: "g" });

const isTitle = (word) => /^\p{Lu}/u.test(word) && /\p{Ll}/u.test(word);
const endsAs = (word, endings) => endings.some((ending) => folded(word).endsWith(ending));

function isGiven(word) {
  const text = folded(word);
  return FIRST_NAMES.has(text) || (text.includes("-") && text.split("-").every((part) => FIRST_NAMES.has(part)));
}

function isSureSurname(word) {
  const text = folded(word);
  if (text.includes("-")) return text.split("-").every(isSureSurname);
  return SURNAMES.has(text) || (text.length > 4 && endsAs(text, NAMES.SURE_ENDINGS));
}

function isSurname(word) {
  const text = folded(word);
  if (text.includes("-")) return text.split("-").every(isSurname);
  return isSureSurname(text) || (text.length > 4 && endsAs(text, NAMES.ENDINGS));
}

/** Whether a whole cell (plain text) is a name, or holds one. */
function isNameValue(text) {
  if (WHOLE_NAME.test(text)) {
    const words = text.match(WORD).filter((word) => !PARTICLES.has(folded(word)));
    if (words.length >= 2 && !words.every(isOwnWord)) {
      if (Math.max(...words.map((word) => word.length)) >= 3 && words.every(isTitle)) return true;
      if (words.some(isGiven) && !words.some(isOwnWord)) return true;
    }
  } else if (ONE_WORD.test(text) && isTitle(text) && !isOwnWord(text)) {
    return FIRST_NAMES.has(folded(text)) || SURNAMES.has(folded(text)) || endsAs(text, NAMES.SURE_ENDINGS);
  }
  return nameSpans(text).length > 0;
}

/** Names in running text (plain), as [start, end, kind]. */
function nameSpans(text) {
  const found = [];
  let before = null;
  for (const match of text.matchAll(WORD)) {
    const [start, end] = [match.index, match.index + match[0].length];
    if (before !== null && areName(before.word, match[0], text.slice(before.end, start))) {
      const last = found.at(-1);
      if (last && last[1] === before.end) last[1] = end;
      else found.push([before.start, end, NAMES.NAME]);
    }
    if (!PARTICLES.has(folded(match[0])) || before === null) before = { word: match[0], start, end };
  }
  for (const match of text.matchAll(INITIAL)) {
    const word = match.groups.after ?? match.groups.before;
    if (isTitle(word) && isSurname(word) && !isOwnWord(word)) {
      found.push([match.index, match.index + match[0].length, NAMES.NAME]);
    }
  }
  return found;
}

function areName(first, second, between) {
  let gap = between.trim();
  for (const particle of PARTICLES) {
    if (gap === particle) gap = "";
    else {
      if (gap.startsWith(`${particle} `)) gap = gap.slice(particle.length + 1);
      if (gap.endsWith(` ${particle}`)) gap = gap.slice(0, -particle.length - 1);
    }
  }
  if (between.length > 8 || !["", ",", "_", ".", "-"].includes(gap) || !between) return false;
  if (first.length < 2 || second.length < 2 || (isOwnWord(first) && isOwnWord(second))) return false;
  const given = [isGiven(first), isGiven(second)];
  const titled = isTitle(first) && isTitle(second);
  const family = [first, second].map(titled ? isSurname : isSureSurname);
  const own = isOwnWord(first) || isOwnWord(second);
  if ((given[0] && (family[1] || given[1])) || (given[1] && family[0])) return titled || !own;
  if (!["", ","].includes(gap) || !titled || own) return false;
  return given.some(Boolean) || [first, second].some((word) => endsAs(word, NAMES.SURE_ENDINGS));
}
