// Other bodies: the skin vertex by vertex, everything under it by a warp. The twin of explorer/anatomy/variant.py,
// which says how it works and which a test holds against it.

import { container, load } from "./assets.js";
import { boundsOf, normalsOf } from "./geometry.js";

/** The body that the meshes are built for. */
export const AVERAGE = "average";
const CELL = 8; // mm, of the grid in which points under the skin are found

/**
 * The bodies that a host offers, fetched when they are asked for.
 * @param {Object} sources name -> {url} or {base64}
 * @param {{positions: Float32Array, faces: Uint32Array}} skin average skin; copied, for it may change afterwards
 * @param {ArrayLike<number>} mirror for each vertex of the skin its mirror image
 */
export function bodiesOf(sources, skin, mirror) {
  const average = { positions: skin.positions.slice(), faces: skin.faces };
  const asked = new Map();
  return {
    names: [AVERAGE, ...Object.keys(sources)],
    has: (name) => name === AVERAGE || name in sources,
    /** @returns {Promise<Object|null>} null for the average body */
    get(name) {
      if (name === AVERAGE) return Promise.resolve(null);
      if (!asked.has(name)) {
        const coming = load(sources[name]).then((buffer) => variantOf(container(buffer), average, mirror));
        asked.set(name, coming);
        coming.catch(() => asked.delete(name)); // so that it can be tried again
      }
      return asked.get(name);
    },
  };
}

/** Make a variant of an unpacked asset. */
export function variantOf(pack, skin, mirror) {
  const { header } = pack;
  const read = (name) => Float64Array.from(pack.array(name), (step, k) => header.origin[name][k % 3] + header.step_mm * step);
  const skinShift = unfolded(read("skin"), mirror);
  const eyeShift = read("eye");
  const [points, weights] = [Float64Array.from(pack.array("points")), Float64Array.from(pack.array("weights"))];
  const count = points.length / 3;
  let under = null;

  /** Add the shifts of the spline to places. */
  function bend(places, out) {
    const tail = 3 * count;
    for (let k = 0; k < places.length; k += 3) {
      const x = places[k];
      const y = places[k + 1];
      const z = places[k + 2];
      let sx = weights[tail] + x * weights[tail + 3] + y * weights[tail + 6] + z * weights[tail + 9];
      let sy = weights[tail + 1] + x * weights[tail + 4] + y * weights[tail + 7] + z * weights[tail + 10];
      let sz = weights[tail + 2] + x * weights[tail + 5] + y * weights[tail + 8] + z * weights[tail + 11];
      for (let c = 0; c < tail; c += 3) {
        const dx = x - points[c];
        const dy = y - points[c + 1];
        const dz = z - points[c + 2];
        const away = Math.sqrt(dx * dx + dy * dy + dz * dz);
        sx += away * weights[c];
        sy += away * weights[c + 1];
        sz += away * weights[c + 2];
      }
      out[k] += sx;
      out[k + 1] += sy;
      out[k + 2] += sz;
    }
  }

  /** What the spline leaves over on the skin, with the reach of each vertex. */
  function skinPull() {
    const size = mirror.length;
    const places = [];
    const half = [];
    for (let v = 0; v < size; v += 1) {
      if (v > mirror[v]) continue;
      for (let k = 3 * v; k < 3 * v + 3; k += 1) {
        places.push(skin.positions[k]);
        half.push(skinShift[k]);
      }
    }
    const bent = new Float64Array(places.length);
    bend(Float64Array.from(places), bent);
    for (let k = 0; k < half.length; k += 1) half[k] -= bent[k];
    const areas = areasOf(skin);
    const [times, least, most] = header.reach;
    const reach = areas.map((area) => Math.min(most, Math.max(least, times * Math.sqrt(area))));
    const leftOver = unfolded(half, mirror);
    const normals = normalsOf(skin);
    for (let v = 0; v < leftOver.length; v += 3) {
      const outward = leftOver[v] * normals[v] + leftOver[v + 1] * normals[v + 1] + leftOver[v + 2] * normals[v + 2];
      if (outward > header.outward) for (let k = v; k < v + 3; k += 1) leftOver[k] *= header.outward / outward;
    }
    return { leftOver, reach, share: areas.map((area, k) => area / reach[k] ** 2) };
  }

  /** Where places of the average body (x, y, z one after another) lie in this one. */
  function carry(places) {
    const from = Float64Array.from(places);
    const out = from.slice();
    bend(from, out);
    under ??= skinPull();
    const { leftOver, reach, share } = under;
    const total = new Float64Array(places.length / 3).fill(header.fade);
    const pulled = new Float64Array(places.length);
    const near = gridOf(from);
    for (let v = 0; v < reach.length; v += 1) {
      const [x, y, z] = [skin.positions[3 * v], skin.positions[3 * v + 1], skin.positions[3 * v + 2]];
      near(x, y, z, reach[v], (point, away) => {
        const s = away / reach[v];
        const rest = (1 - s) * (1 - s);
        const pull = share[v] * rest * rest * (4 * s + 1);
        total[point] += pull;
        for (let k = 0; k < 3; k += 1) pulled[3 * point + k] += pull * leftOver[3 * v + k];
      });
    }
    for (let k = 0; k < out.length; k += 1) out[k] += pulled[k] / total[(k - (k % 3)) / 3];
    return out;
  }

  const moved = (positions, shift) => positions.map((value, k) => value + shift[k]);
  return { name: header.name, carry, skin: (positions) => moved(positions, skinShift), eye: (positions) => moved(positions, eyeShift) };
}

/** Shifts of all vertices, from those of one of each pair and of those in the middle. */
function unfolded(half, mirror) {
  const out = new Float64Array(3 * mirror.length);
  let k = 0;
  for (let vertex = 0; vertex < mirror.length; vertex += 1) {
    const other = mirror[vertex];
    if (vertex > other) continue;
    out[3 * other] = -half[k];
    out[3 * vertex] = vertex === other ? 0 : half[k];
    for (let axis = 1; axis < 3; axis += 1) out[3 * other + axis] = out[3 * vertex + axis] = half[k + axis];
    k += 3;
  }
  return out;
}

/** A third of the faces at each vertex, mm2. */
function areasOf({ positions, faces }) {
  const out = new Float64Array(positions.length / 3);
  for (let f = 0; f < faces.length; f += 3) {
    const [a, b, c] = [3 * faces[f], 3 * faces[f + 1], 3 * faces[f + 2]];
    const [ux, uy, uz] = [positions[b] - positions[a], positions[b + 1] - positions[a + 1], positions[b + 2] - positions[a + 2]];
    const [vx, vy, vz] = [positions[c] - positions[a], positions[c + 1] - positions[a + 1], positions[c + 2] - positions[a + 2]];
    const third = Math.sqrt((uy * vz - uz * vy) ** 2 + (uz * vx - ux * vz) ** 2 + (ux * vy - uy * vx) ** 2) / 6;
    for (const corner of [a, b, c]) out[corner / 3] += third;
  }
  return out;
}

/** A way to visit the places nearer than so much to a point. */
function gridOf(places) {
  const box = boundsOf(places);
  const size = [0, 1, 2].map((k) => Math.floor((box[k + 3] - box[k]) / CELL) + 1);
  const cellOf = (k) => {
    const i = Math.floor((places[k] - box[0]) / CELL);
    const j = Math.floor((places[k + 1] - box[1]) / CELL);
    return (i * size[1] + j) * size[2] + Math.floor((places[k + 2] - box[2]) / CELL);
  };
  const start = new Uint32Array(size[0] * size[1] * size[2] + 1);
  const cells = new Uint32Array(places.length / 3);
  for (let point = 0; point < cells.length; point += 1) {
    cells[point] = cellOf(3 * point);
    start[cells[point] + 1] += 1;
  }
  for (let cell = 1; cell < start.length; cell += 1) start[cell] += start[cell - 1];
  const next = start.slice();
  const order = new Uint32Array(cells.length);
  for (let point = 0; point < cells.length; point += 1) order[next[cells[point]]++] = point;

  return (x, y, z, reach, visit) => {
    const low = [x, y, z].map((value, k) => Math.max(0, Math.floor((value - reach - box[k]) / CELL)));
    const high = [x, y, z].map((value, k) => Math.min(size[k] - 1, Math.floor((value + reach - box[k]) / CELL)));
    for (let i = low[0]; i <= high[0]; i += 1) {
      for (let j = low[1]; j <= high[1]; j += 1) {
        const row = (i * size[1] + j) * size[2];
        for (let at = start[row + low[2]]; low[2] <= high[2] && at < start[row + high[2] + 1]; at += 1) {
          const point = order[at];
          const dx = places[3 * point] - x;
          const dy = places[3 * point + 1] - y;
          const dz = places[3 * point + 2] - z;
          const square = dx * dx + dy * dy + dz * dz;
          if (square < reach * reach) visit(point, Math.sqrt(square));
        }
      }
    }
  };
}
