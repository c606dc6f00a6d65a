// Painting pain on the skin with a brush: strokes are points in mm and a radius; their weights lie on the skin's vertices.

const CELL = 14; // mm, of the grid that finds vertices near a point
const SOFT = 6; // mm over which a dab falls from 1 to 0
const MOST_POINTS = 4000;
const MOST_STROKES = 400;

/**
 * @param {{positions: ArrayLike<number>}} mesh the skin, mm, LPS
 * @param {ArrayLike<number>} normals of its vertices
 */
export function brushOn({ positions }, normals) {
  const count = positions.length / 3;
  const grid = new Map();
  const key = (x, y, z) => `${Math.floor(x / CELL)},${Math.floor(y / CELL)},${Math.floor(z / CELL)}`;
  for (let v = 0; v < count; v += 1) {
    const cell = key(positions[3 * v], positions[3 * v + 1], positions[3 * v + 2]);
    if (grid.has(cell)) grid.get(cell).push(v);
    else grid.set(cell, [v]);
  }

  function near([x, y, z], reach) {
    const out = [];
    const steps = Math.ceil(reach / CELL);
    for (let i = -steps; i <= steps; i += 1) {
      for (let j = -steps; j <= steps; j += 1) {
        for (let k = -steps; k <= steps; k += 1) {
          for (const v of grid.get(key(x + i * CELL, y + j * CELL, z + k * CELL)) ?? []) {
            const distance = Math.hypot(positions[3 * v] - x, positions[3 * v + 1] - y, positions[3 * v + 2] - z);
            if (distance <= reach) out.push([v, distance]);
          }
        }
      }
    }
    return out;
  }

  /** Put one dab of a stroke onto `values` (0..1). */
  function dab(values, { erase, radius }, point) {
    const found = near(point, radius + SOFT);
    if (!found.length) return;
    const [middle] = found.reduce((best, entry) => (entry[1] < best[1] ? entry : best));
    for (const [v, distance] of found) {
      const facing = [0, 1, 2].reduce((sum, axis) => sum + normals[3 * v + axis] * normals[3 * middle + axis], 0);
      if (facing < -0.1) continue; // the other face of an ear, a lip, a finger
      const weight = Math.round(255 * Math.min(1, Math.max(0, 0.5 + (radius - distance) / SOFT))) / 255;
      values[v] = erase ? Math.min(values[v], 1 - weight) : Math.max(values[v], weight);
    }
  }

  return {
    count,
    dab,
    /** Weights (0..1) of strokes one after the other, or null when nothing is left of them. */
    paint(strokes, imported = null) {
      if (!strokes.length && !imported) return null;
      const values = imported ? Float64Array.from(imported) : new Float64Array(count);
      for (const stroke of strokes) for (const point of stroke.points) dab(values, stroke, point);
      return values.some((value) => value > 0) ? values : null;
    },
  };
}

const COMPACT = "~"; // before it, links held 16-bit numbers; they are still read

/**
 * Strokes as a short text for a link: whole millimetres, each point as its steps from the one before, seven bits in a
 * byte (most steps need one), base64 for addresses.
 */
export function strokesToText(strokes) {
  const bytes = [];
  const put = (number) => {
    let rest = number;
    while (rest > 127) {
      bytes.push((rest & 127) | 128);
      rest >>>= 7;
    }
    bytes.push(rest);
  };
  let last = [0, 0, 0];
  for (const { erase, radius, points } of strokes) {
    put(2 * Math.trunc(radius) + (erase ? 1 : 0));
    put(points.length);
    for (const point of points) {
      const whole = point.map(Math.trunc);
      whole.forEach((value, axis) => {
        const step = value - last[axis];
        put(step < 0 ? -2 * step - 1 : 2 * step);
      });
      last = whole;
    }
  }
  return COMPACT + btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** The numbers that {@link strokesToText} wrote, as the older form had them; throws when they break off. */
function numbersOf(bytes) {
  let at = 0;
  const get = () => {
    let out = 0;
    for (let shift = 0; shift <= 21; shift += 7) {
      if (at >= bytes.length) throw new Error("broken off");
      const byte = bytes[at];
      at += 1;
      out |= (byte & 127) << shift;
      if (byte < 128) return out;
    }
    throw new Error("too large");
  };
  const numbers = [];
  const last = [0, 0, 0];
  while (at < bytes.length) {
    const [brush, many] = [get(), get()];
    if (many > MOST_POINTS) throw new Error("too many");
    numbers.push(brush & 1, brush >> 1, many);
    for (let k = 0; k < 3 * many; k += 1) {
      const step = get();
      last[k % 3] += step & 1 ? -(step + 1) / 2 : step / 2;
      if (Math.abs(last[k % 3]) > 32767) throw new Error("too far");
      numbers.push(last[k % 3]);
    }
  }
  return Int16Array.from(numbers);
}

/** Strokes of a link's text; null when it is not one. */
export function strokesFromText(text) {
  try {
    const compact = text.startsWith(COMPACT);
    const letters = atob((compact ? text.slice(1) : text).replaceAll("-", "+").replaceAll("_", "/"));
    if (!compact && letters.length % 2) return null;
    const bytes = Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
    const numbers = compact ? numbersOf(bytes) : new Int16Array(bytes.buffer);
    const strokes = [];
    let total = 0;
    for (let at = 0; at < numbers.length; ) {
      const [erase, radius, many] = numbers.subarray(at, at + 3);
      total += many;
      const whole = at + 3 + 3 * many <= numbers.length;
      if (![0, 1].includes(erase) || radius < 1 || radius > 80 || many < 1 || !whole || total > MOST_POINTS || strokes.length >= MOST_STROKES) return null;
      const points = Array.from({ length: many }, (_, k) => [...numbers.subarray(at + 3 + 3 * k, at + 6 + 3 * k)]);
      strokes.push({ erase: Boolean(erase), radius, points });
      at += 3 + 3 * many;
    }
    return strokes;
  } catch {
    return null;
  }
}
