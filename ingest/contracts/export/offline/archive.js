// Bytes that are packed: members of a zip, and gzip. What is unpacked is counted, whatever a header claims.

const PACKED = DOOR.packed;
const FORMATS = DOOR.table.EXPECTED_FORMATS;
const LATIN_1 = { decode: (bytes) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join("") };
const UTF_8 = new TextDecoder("utf-8");
const isUnreadable = () => new ReadError("FILE_UNREADABLE", FORMATS);

async function inflated(bytes, format, packedSize = bytes.length) {
  const most = Math.max(PACKED.FREE_OF_RATIO, packedSize * PACKED.MOST_TIMES_LARGER);
  const parts = [];
  let size = 0;
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream(format)).getReader();
  for (;;) {
    let step;
    try {
      step = await reader.read();
    } catch {
      throw isUnreadable();
    }
    if (step.done) return joinedBytes(parts, size);
    size += step.value.length;
    if (size > most) {
      await reader.cancel();
      throw new ReadError("FILE_TOO_LARGE", `≤ ${PACKED.MOST_TIMES_LARGER} : 1, ≤ ${PACKED.LARGEST_UNPACKED / 1e9} GB`);
    }
    if (size > LARGEST_TEXT) {
      await reader.cancel();
      throw new NotHere("too_large");
    }
    parts.push(step.value);
  }
}

function joinedBytes(parts, size) {
  const whole = new Uint8Array(size);
  let place = 0;
  for (const part of parts) {
    whole.set(part, place);
    place += part.length;
  }
  return whole;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

function crc32(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) value = CRC_TABLE[(value ^ byte) & 255] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}

/** The members of a zip, unread: {comment, members: [{name, ...}]}. */
function zipMembers(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = bytes.length - 22;
  while (end >= 0 && view.getUint32(end, true) !== 0x06054b50) end -= 1;
  if (end < 0) throw isUnreadable();
  const [count, directory] = [view.getUint16(end + 10, true), view.getUint32(end + 16, true)];
  const members = [];
  try {
    let place = directory;
    for (let number = 0; number < count; number += 1) {
      if (view.getUint32(place, true) !== 0x02014b50) throw isUnreadable();
      const [nameLength, extraLength, commentLength] = [28, 30, 32].map((at) => view.getUint16(place + at, true));
      const texts = place + 46;
      const isUtf8 = view.getUint16(place + 8, true) & 0x800;
      const name = bytes.subarray(texts, texts + nameLength);
      const beside = bytes.subarray(texts + nameLength + extraLength, texts + nameLength + extraLength + commentLength);
      members.push({
        name: (isUtf8 ? UTF_8 : LATIN_1).decode(name),
        beside: `${LATIN_1.decode(beside)}\n${LATIN_1.decode(bytes.subarray(texts + nameLength, texts + nameLength + extraLength))}`,
        isProtected: Boolean(view.getUint16(place + 8, true) & 1),
        method: view.getUint16(place + 10, true),
        crc: view.getUint32(place + 16, true),
        packedSize: view.getUint32(place + 20, true),
        size: view.getUint32(place + 24, true),
        mode: (view.getUint32(place + 38, true) >>> 16) & 0o170000,
        offset: view.getUint32(place + 42, true),
      });
      place = texts + nameLength + extraLength + commentLength;
    }
  } catch (error) {
    throw error instanceof RangeError ? isUnreadable() : error;
  }
  return { comment: LATIN_1.decode(bytes.subarray(end + 22)), members };
}

const isFolder = (member) => member.name.endsWith("/");

async function memberBytes(bytes, member) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (member.offset + 30 > bytes.length || view.getUint32(member.offset, true) !== 0x04034b50) throw isUnreadable();
  const [nameLength, extraLength] = [26, 28].map((at) => view.getUint16(member.offset + at, true));
  const start = member.offset + 30 + nameLength + extraLength;
  const packed = bytes.subarray(start, start + member.packedSize);
  if (packed.length !== member.packedSize || ![0, 8].includes(member.method)) throw isUnreadable();
  const content = member.method === 0 ? packed : await inflated(packed, "deflate-raw");
  if (content.length !== member.size || crc32(content) !== member.crc) throw isUnreadable();
  return content;
}

/** What is in a file by its name: {bytes, suffix, kinds}, `kinds` of identifiers in what packs it. */
async function unpacked(bytes, path) {
  const suffix = suffixOf(path);
  if (!PACKED.PACKED_SUFFIXES.includes(suffix)) return { bytes, suffix, kinds: [] };
  if (!bytes.length) throw new ReadError("FILE_EMPTY");
  if (suffix === ".zip") return onlyMember(bytes);
  const inner = suffixOf(path.slice(0, -suffix.length));
  if (PACKED.ARCHIVES.includes(inner)) throw new ReadError("FILE_ARCHIVE", PACKED.EXPECTED_ARCHIVE);
  const kinds = kindsIn(gzipHeader(bytes));
  return { bytes: await inflated(bytes, "gzip"), suffix: inner, kinds };
}

/** File name, comment and extra field of gzip, for a look at them (RFC 1952). */
function gzipHeader(bytes) {
  if (bytes.length < 10 || bytes[0] !== 0x1f || bytes[1] !== 0x8b || bytes[2] !== 8) throw isUnreadable();
  let [place, text] = [10, ""];
  if (bytes[3] & 4) {
    const length = bytes[10] + 256 * bytes[11];
    text += `${LATIN_1.decode(bytes.subarray(12, 12 + length))}\n`;
    place += 2 + length;
  }
  for (const bit of [8, 16]) {
    if (!(bytes[3] & bit)) continue;
    const end = bytes.indexOf(0, place);
    if (end < 0) throw isUnreadable();
    text += `${LATIN_1.decode(bytes.subarray(place, end))}\n`;
    place = end + 1;
  }
  return text;
}

/** The one data file in a zip. */
async function onlyMember(bytes) {
  const refused = new ReadError("FILE_ARCHIVE", PACKED.EXPECTED_ARCHIVE);
  const { comment, members } = zipMembers(bytes);
  if (members.length > PACKED.MOST_MEMBERS) throw refused;
  const kinds = new Set(kindsIn(comment));
  const note = (text) => kindsIn(text).forEach((kind) => kinds.add(kind));
  const data = [];
  for (const member of members) {
    const parts = member.name.split("/").filter((part) => part && part !== ".");
    const isOrdinary = [0, 0o100000, 0o040000].includes(member.mode) && [0, 8].includes(member.method);
    if (/[\\:\0]|^\//.test(member.name) || parts.includes("..") || !parts.length || !isOrdinary) throw refused;
    if (member.isProtected) throw new ReadError("FILE_PROTECTED");
    note(member.name);
    note(member.beside);
    if (parts[0] === PACKED.CLUTTER_FOLDER || PACKED.CLUTTER.includes(parts.at(-1).toLowerCase())) {
      if (!isFolder(member)) note(LATIN_1.decode(await memberBytes(bytes, member)));
    } else if (!isFolder(member)) data.push(member);
  }
  const suffix = data.length === 1 ? suffixOf(data[0].name.split("/").at(-1)) : null;
  if (suffix === null || PACKED.ARCHIVES.includes(suffix)) throw refused;
  return { bytes: await memberBytes(bytes, data[0]), suffix, kinds: inOrder(kinds) };
}
