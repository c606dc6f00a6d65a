// A QR code (ISO/IEC 18004, model 2): bytes, error correction level M, any version. Tests read it with another program.

/** For each version 1..40 at level M: codewords of error correction in a block, and how many blocks there are. */
const CORRECTION = [
  10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26, 26, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28,
];
const BLOCKS = [
  1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16, 17, 17, 18, 20, 21, 23, 25, 26, 28, 29, 31, 33, 35, 37, 38, 40, 43, 45, 47, 49,
];

/** Multiply in the field of 256 elements over x^8 + x^4 + x^3 + x^2 + 1. */
function times(a, b) {
  let out = 0;
  for (let bit = 7; bit >= 0; bit -= 1) {
    out = (out << 1) ^ ((out >> 7) * 0x11d);
    out ^= ((b >> bit) & 1) * a;
  }
  return out;
}

/** Codewords of error correction for a block. */
function correction(data, count) {
  let generator = [1];
  let root = 1;
  for (let k = 0; k < count; k += 1) {
    const next = [...generator, 0];
    generator.forEach((value, j) => (next[j + 1] ^= times(value, root)));
    generator = next;
    root = times(root, 2);
  }
  const rest = new Array(count).fill(0);
  for (const value of data) {
    const factor = value ^ rest.shift();
    rest.push(0);
    for (let k = 0; k < count; k += 1) rest[k] ^= times(generator[k + 1], factor);
  }
  return rest;
}

/** Centres of the small squares that keep a large code straight. */
function alignments(version) {
  if (version === 1) return [];
  const count = Math.floor(version / 7) + 2;
  const last = 4 * version + 10;
  const step = version === 32 ? 26 : 2 * Math.ceil((last - 6) / (2 * count - 2));
  return [6, ...Array.from({ length: count - 1 }, (_, k) => last - step * (count - 2 - k))];
}

/** How many codewords a version holds in all. */
function capacity(version) {
  let bits = (16 * version + 128) * version + 64;
  if (version >= 2) {
    const many = Math.floor(version / 7) + 2;
    bits -= (25 * many - 10) * many - 55;
    if (version >= 7) bits -= 36;
  }
  return bits >> 3;
}

const dataWords = (version) => capacity(version) - CORRECTION[version - 1] * BLOCKS[version - 1];

/** Data and its correction in the order in which they are laid down. */
function codewords(bytes, version) {
  const bits = [];
  const put = (value, length) => {
    for (let k = length - 1; k >= 0; k -= 1) bits.push((value >> k) & 1);
  };
  put(4, 4); // mode: bytes
  put(bytes.length, version < 10 ? 8 : 16);
  for (const byte of bytes) put(byte, 8);
  const room = 8 * dataWords(version);
  put(0, Math.min(4, room - bits.length));
  put(0, (8 - (bits.length % 8)) % 8);
  for (let pad = 0xec; bits.length < room; pad ^= 0xec ^ 0x11) put(pad, 8);
  const data = [];
  for (let k = 0; k < bits.length; k += 8) data.push(parseInt(bits.slice(k, k + 8).join(""), 2));

  const many = BLOCKS[version - 1];
  const short = Math.floor(data.length / many);
  const longer = data.length % many; // so many blocks at the end hold one more
  const blocks = [];
  for (let k = 0, at = 0; k < many; k += 1) {
    const length = short + (k >= many - longer ? 1 : 0);
    blocks.push(data.slice(at, at + length));
    at += length;
  }
  const checks = blocks.map((block) => correction(block, CORRECTION[version - 1]));
  const out = [];
  for (let k = 0; k <= short; k += 1) for (const block of blocks) if (k < block.length) out.push(block[k]);
  for (let k = 0; k < CORRECTION[version - 1]; k += 1) for (const check of checks) out.push(check[k]);
  return out;
}

/** Append the remainder of a division to some bits, as format and version are kept. */
function guarded(value, divisor, mask) {
  let rest = value;
  const degree = divisor.toString(2).length - 1;
  for (let k = 0; k < degree; k += 1) rest = (rest << 1) ^ ((rest >> (degree - 1)) * divisor);
  return ((value << degree) | (rest & ((1 << degree) - 1))) ^ mask;
}

const MASKS = [
  (x, y) => (x + y) % 2 === 0,
  (x, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
];

/** How hard a code is to read: long runs, squares, what looks like a corner, and too much of one shade. */
function penalty(dark, size) {
  let sum = 0;
  let black = 0;
  for (const across of [true, false]) {
    for (let a = 0; a < size; a += 1) {
      let line = "";
      for (let b = 0; b < size; b += 1) line += (across ? dark[a][b] : dark[b][a]) ? "1" : "0";
      for (const run of line.match(/0+|1+/g)) if (run.length >= 5) sum += run.length - 2;
      for (let k = 0; k + 11 <= size; k += 1) {
        const part = line.slice(k, k + 11);
        if (part === "10111010000" || part === "00001011101") sum += 40;
      }
      if (across) black += line.split("1").length - 1;
    }
  }
  for (let y = 0; y + 1 < size; y += 1) {
    for (let x = 0; x + 1 < size; x += 1) {
      if (dark[y][x] === dark[y][x + 1] && dark[y][x] === dark[y + 1][x] && dark[y][x] === dark[y + 1][x + 1]) sum += 3;
    }
  }
  return sum + 10 * Math.floor(Math.abs((100 * black) / (size * size) - 50) / 5);
}

/**
 * The modules of a QR code.
 * @param {string} text
 * @returns {boolean[][]|null} rows, true is dark; null when the text is too long for one code
 */
export function qrOf(text) {
  const bytes = new TextEncoder().encode(text);
  let version = 1;
  while (version <= 40 && 4 + (version < 10 ? 8 : 16) + 8 * bytes.length > 8 * dataWords(version)) version += 1;
  if (version > 40) return null;
  const size = 4 * version + 17;
  const dark = Array.from({ length: size }, () => new Array(size).fill(false));
  const fixed = Array.from({ length: size }, () => new Array(size).fill(false));
  const set = (x, y, on) => {
    if (x < 0 || y < 0 || x >= size || y >= size) return;
    dark[y][x] = on;
    fixed[y][x] = true;
  };
  for (let k = 0; k < size; k += 1) {
    set(6, k, k % 2 === 0);
    set(k, 6, k % 2 === 0);
  }
  for (const [cx, cy] of [[3, 3], [size - 4, 3], [3, size - 4]]) {
    for (let y = -4; y <= 4; y += 1) for (let x = -4; x <= 4; x += 1) set(cx + x, cy + y, ![2, 4].includes(Math.max(Math.abs(x), Math.abs(y))));
  }
  const centres = alignments(version);
  const end = centres.length - 1;
  centres.forEach((cy, j) =>
    centres.forEach((cx, i) => {
      if ((i === 0 && j === 0) || (i === 0 && j === end) || (i === end && j === 0)) return;
      for (let y = -2; y <= 2; y += 1) for (let x = -2; x <= 2; x += 1) set(cx + x, cy + y, Math.max(Math.abs(x), Math.abs(y)) !== 1);
    }),
  );
  const format = (mask) => {
    const bits = guarded(mask, 0x537, 0x5412); // level M is 00
    const bit = (k) => ((bits >> k) & 1) === 1;
    for (let k = 0; k <= 5; k += 1) set(8, k, bit(k));
    set(8, 7, bit(6));
    set(8, 8, bit(7));
    set(7, 8, bit(8));
    for (let k = 9; k < 15; k += 1) set(14 - k, 8, bit(k));
    for (let k = 0; k < 8; k += 1) set(size - 1 - k, 8, bit(k));
    for (let k = 8; k < 15; k += 1) set(8, size - 15 + k, bit(k));
    set(8, size - 8, true);
  };
  format(0);
  if (version >= 7) {
    const bits = guarded(version, 0x1f25, 0);
    for (let k = 0; k < 18; k += 1) {
      const on = ((bits >> k) & 1) === 1;
      const [a, b] = [size - 11 + (k % 3), Math.floor(k / 3)];
      set(a, b, on);
      set(b, a, on);
    }
  }
  const words = codewords(bytes, version);
  let at = 0;
  for (let right = size - 1; right >= 1; right -= 2) {
    if (right === 6) right = 5; // the column of the ruler holds no data
    for (let step = 0; step < size; step += 1) {
      for (let k = 0; k < 2; k += 1) {
        const x = right - k;
        const y = ((right + 1) & 2) === 0 ? size - 1 - step : step;
        if (fixed[y][x] || at >= 8 * words.length) continue;
        dark[y][x] = ((words[at >> 3] >> (7 - (at & 7))) & 1) === 1;
        at += 1;
      }
    }
  }
  const flip = (mask) => {
    for (let y = 0; y < size; y += 1) for (let x = 0; x < size; x += 1) if (!fixed[y][x] && MASKS[mask](x, y)) dark[y][x] = !dark[y][x];
  };
  let best = [0, Infinity];
  for (let mask = 0; mask < 8; mask += 1) {
    flip(mask);
    format(mask);
    const found = penalty(dark, size);
    if (found < best[1]) best = [mask, found];
    flip(mask);
  }
  flip(best[0]);
  format(best[0]);
  return dark;
}

/** The `d` of an SVG path of the dark modules, one unit each, and its size with the quiet border of four. */
export function qrPath(rows) {
  let d = "";
  rows.forEach((row, y) => {
    for (let x = 0; x < row.length; x += 1) {
      if (!row[x]) continue;
      const start = x;
      while (x + 1 < row.length && row[x + 1]) x += 1;
      d += `M${start + 4} ${y + 4}h${x + 1 - start}v1h-${x + 1 - start}z`;
    }
  });
  return { d, size: rows.length + 8 };
}
