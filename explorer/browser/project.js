// The body on paper: the skin seen from four sides without perspective, as a grid of what is nearest to the eye.
// Line art and painted shapes come from this grid, so that what is hidden stays hidden.

import { cross, dot } from "./camera.js";
import { outlinesOf } from "./paint.js";

const STEP_MM = 1;
const NEAR_MM = 3; // a line is seen when nothing lies so much nearer to the eye

/** The four sides, in the order in which they stand on the chart: unit vectors to the right of the paper and to the eye, LPS. */
export const PAPER = {
  right: { right: [0, -1, 0], toEye: [-1, 0, 0] },
  front: { right: [1, 0, 0], toEye: [0, -1, 0] },
  left: { right: [0, 1, 0], toEye: [1, 0, 0] },
  back: { right: [-1, 0, 0], toEye: [0, 1, 0] },
};

/**
 * Put a point on paper.
 * @param {{right: number[], toEye: number[]}} side
 * @param {ArrayLike<number>} point mm, LPS
 * @returns {[number, number, number]} to the right, down, and towards the eye, mm
 */
export function onPaper(side, point) {
  return [dot(point, side.right), -dot(point, cross(side.toEye, side.right)), dot(point, side.toEye)];
}

/**
 * What is nearest to the eye, on a grid of one millimetre.
 * @param {{positions: Float32Array, faces: Uint32Array}} mesh
 * @param {{right: number[], toEye: number[]}} side
 * @returns {{width: number, height: number, left: number, top: number, step: number, depth: Float32Array,
 *   corner: Uint32Array, share: Float32Array}} `depth` mm towards the eye (-Infinity: nothing), `corner` three vertices
 *   and `share` their shares, for each place of the grid
 */
export function gridOf(mesh, side) {
  const { positions, faces } = mesh;
  const count = positions.length / 3;
  const up = cross(side.toEye, side.right);
  const flat = new Float32Array(3 * count);
  let [left, top, rightmost, lowest] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let v = 0; v < count; v += 1) {
    const [x, y, z] = [positions[3 * v], positions[3 * v + 1], positions[3 * v + 2]];
    flat[3 * v] = x * side.right[0] + y * side.right[1] + z * side.right[2];
    flat[3 * v + 1] = -(x * up[0] + y * up[1] + z * up[2]);
    flat[3 * v + 2] = x * side.toEye[0] + y * side.toEye[1] + z * side.toEye[2];
    left = Math.min(left, flat[3 * v]);
    rightmost = Math.max(rightmost, flat[3 * v]);
    top = Math.min(top, flat[3 * v + 1]);
    lowest = Math.max(lowest, flat[3 * v + 1]);
  }
  left -= 2 * STEP_MM;
  top -= 2 * STEP_MM;
  const width = Math.ceil((rightmost - left) / STEP_MM) + 3;
  const height = Math.ceil((lowest - top) / STEP_MM) + 3;
  const depth = new Float32Array(width * height).fill(-Infinity);
  const corner = new Uint32Array(3 * width * height);
  const share = new Float32Array(3 * width * height);
  for (let f = 0; f < faces.length; f += 3) {
    const [a, b, c] = [3 * faces[f], 3 * faces[f + 1], 3 * faces[f + 2]];
    const [ax, ay] = [(flat[a] - left) / STEP_MM, (flat[a + 1] - top) / STEP_MM];
    const [bx, by] = [(flat[b] - left) / STEP_MM, (flat[b + 1] - top) / STEP_MM];
    const [cx, cy] = [(flat[c] - left) / STEP_MM, (flat[c + 1] - top) / STEP_MM];
    const area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);
    if (area >= 0) continue; // seen from behind: down is positive, so what faces the eye runs the other way
    const x0 = Math.ceil(Math.min(ax, bx, cx));
    const x1 = Math.floor(Math.max(ax, bx, cx));
    const y0 = Math.ceil(Math.min(ay, by, cy));
    const y1 = Math.floor(Math.max(ay, by, cy));
    for (let y = y0; y <= y1; y += 1) {
      for (let x = x0; x <= x1; x += 1) {
        const u = ((bx - x) * (cy - y) - (by - y) * (cx - x)) / area;
        const v = ((cx - x) * (ay - y) - (cy - y) * (ax - x)) / area;
        const w = 1 - u - v;
        if (u < 0 || v < 0 || w < 0) continue;
        const d = u * flat[a + 2] + v * flat[b + 2] + w * flat[c + 2];
        const k = y * width + x;
        if (d <= depth[k]) continue;
        depth[k] = d;
        corner[3 * k] = faces[f];
        corner[3 * k + 1] = faces[f + 1];
        corner[3 * k + 2] = faces[f + 2];
        share[3 * k] = u;
        share[3 * k + 1] = v;
        share[3 * k + 2] = w;
      }
    }
  }
  return { width, height, left, top, step: STEP_MM, depth, corner, share };
}

/** Values of the vertices at each place of a grid; 0 where nothing is. */
export function valuesOn(grid, values) {
  const out = new Float32Array(grid.width * grid.height);
  for (let k = 0; k < out.length; k += 1) {
    if (grid.depth[k] === -Infinity) continue;
    out[k] =
      grid.share[3 * k] * values[grid.corner[3 * k]] +
      grid.share[3 * k + 1] * values[grid.corner[3 * k + 1]] +
      grid.share[3 * k + 2] * values[grid.corner[3 * k + 2]];
  }
  return out;
}

/** How deep a place lies under what is seen in front of it, mm; -Infinity beside the body. */
export function depthUnder(grid, [x, y, d]) {
  const column = Math.round((x - grid.left) / grid.step);
  const row = Math.round((y - grid.top) / grid.step);
  if (column < 0 || row < 0 || column >= grid.width || row >= grid.height) return -Infinity;
  return grid.depth[row * grid.width + column] - d;
}

/**
 * Closed lines around everything above a level, in millimetres on paper.
 * @param {{width: number, height: number, left: number, top: number, step: number}} grid
 * @param {Float32Array} values one for each place of the grid; its rim must lie below the level
 * @returns {Array<Array<[number, number]>>}
 */
export function loopsOf(grid, values, level) {
  const { width, height } = grid;
  const next = new Map(); // from the edge where a line enters a cell to where it leaves; inside lies to its right
  const point = new Map();
  const edge = (x, y, downward) => {
    const key = 2 * (y * width + x) + (downward ? 1 : 0);
    if (!point.has(key)) {
      const [a, b] = [values[y * width + x], values[downward ? (y + 1) * width + x : y * width + x + 1]];
      const t = (level - a) / (b - a);
      point.set(key, [grid.left + (x + (downward ? 0 : t)) * grid.step, grid.top + (y + (downward ? t : 0)) * grid.step]);
    }
    return key;
  };
  for (let y = 0; y < height - 1; y += 1) {
    for (let x = 0; x < width - 1; x += 1) {
      const k = y * width + x;
      const kind =
        (values[k] > level ? 1 : 0) | (values[k + 1] > level ? 2 : 0) | (values[k + width + 1] > level ? 4 : 0) | (values[k + width] > level ? 8 : 0);
      if (kind === 0 || kind === 15) continue;
      const [n, e, s, w] = [() => edge(x, y, false), () => edge(x + 1, y, true), () => edge(x, y + 1, false), () => edge(x, y, true)];
      const steps = {
        1: [[w, n]], 2: [[n, e]], 3: [[w, e]], 4: [[e, s]], 5: [[w, n], [e, s]], 6: [[n, s]], 7: [[w, s]],
        8: [[s, w]], 9: [[s, n]], 10: [[n, e], [s, w]], 11: [[s, e]], 12: [[e, w]], 13: [[e, n]], 14: [[n, w]],
      }[kind];
      for (const [from, to] of steps) next.set(from(), to());
    }
  }
  const loops = [];
  for (const start of [...next.keys()]) {
    if (!next.has(start)) continue;
    const keys = [];
    let at = start;
    while (next.has(at)) {
      keys.push(at);
      const onward = next.get(at);
      next.delete(at);
      at = onward;
    }
    if (keys.length > 4) loops.push(rounded(keys.map((key) => point.get(key)), true, 2));
  }
  return loops;
}

/**
 * The lines of a drawing of the body: where the skin turns away from the eye, and its open edges (lids, lips).
 * @returns {Array<Array<[number, number]>>}
 */
export function linesOf(mesh, normals, side, grid) {
  const facing = new Float32Array(normals.length / 3);
  for (let k = 0; k < facing.length; k += 1) {
    facing[k] = normals[3 * k] * side.toEye[0] + normals[3 * k + 1] * side.toEye[1] + normals[3 * k + 2] * side.toEye[2];
  }
  const chains = outlinesOf(mesh, normals, facing, 0.02);
  const lines = [];
  for (const { points, closed } of chains) {
    let line = [];
    for (const point of closed ? [...points, points[0]] : points) {
      const flat = onPaper(side, point);
      if (seenAt(grid, flat)) line.push([flat[0], flat[1]]);
      else {
        lines.push(line);
        line = [];
      }
    }
    lines.push(line);
  }
  return lines.filter((line) => lengthOf(line) > 7).map((line) => rounded(line, false, 2));
}

/** Is a place of the skin not hidden behind nearer skin? Asks the places around it too, for lines run along edges. */
function seenAt(grid, [x, y, d]) {
  const column = Math.round((x - grid.left) / grid.step);
  const row = Math.round((y - grid.top) / grid.step);
  for (let dy = -1; dy <= 1; dy += 1) {
    for (let dx = -1; dx <= 1; dx += 1) {
      const k = (row + dy) * grid.width + column + dx;
      if (!(grid.depth[k] > d + NEAR_MM)) return true;
    }
  }
  return false;
}

function lengthOf(line) {
  let sum = 0;
  for (let k = 1; k < line.length; k += 1) sum += Math.hypot(line[k][0] - line[k - 1][0], line[k][1] - line[k - 1][1]);
  return sum;
}

function rounded(points, closed, rounds) {
  const n = points.length;
  let out = points;
  for (let round = 0; round < rounds; round += 1) {
    out = out.map((p, k) => {
      if (!closed && (k === 0 || k === n - 1)) return p;
      const [a, b] = [out[(k + n - 1) % n], out[(k + 1) % n]];
      return [0.5 * p[0] + 0.25 * (a[0] + b[0]), 0.5 * p[1] + 0.25 * (a[1] + b[1])];
    });
  }
  return out;
}

/** Lines as the `d` of an SVG path, tenths of a millimetre; points closer than `least` mm to the last are left out. */
export function pathOf(lines, closed, least = 0.7) {
  const parts = [];
  for (const line of lines) {
    if (line.length < 2) continue;
    let last = line[0];
    let part = `M${last[0].toFixed(1)} ${last[1].toFixed(1)}`;
    line.forEach((p, k) => {
      if (k === 0 || (k < line.length - 1 && Math.hypot(p[0] - last[0], p[1] - last[1]) < least)) return;
      last = p;
      part += `L${p[0].toFixed(1)} ${p[1].toFixed(1)}`;
    });
    parts.push(part + (closed ? "Z" : ""));
  }
  return parts.join("");
}
