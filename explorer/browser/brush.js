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

/** Strokes as a short text for a link: 16-bit numbers, base64 for addresses. */
export function strokesToText(strokes) {
  const numbers = strokes.flatMap(({ erase, radius, points }) => [erase ? 1 : 0, radius, points.length, ...points.flat()]);
  const bytes = new Uint8Array(Int16Array.from(numbers).buffer);
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** Strokes of a link's text; null when it is not one. */
export function strokesFromText(text) {
  try {
    const letters = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    if (letters.length % 2) return null;
    const numbers = new Int16Array(Uint8Array.from(letters, (letter) => letter.charCodeAt(0)).buffer);
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
