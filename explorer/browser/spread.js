// How a pattern spreads over the skin from the place that is pressed: distances along the skin, and the way to each core.

const FAR = 1e5; // mm, for skin that no way reaches
const WAY = 5.5; // mm, half width of the way that is lit
const CORE = 127;
const CELL = 8; // mm, for looking up the nearest vertex

const linksOf = new WeakMap(); // faces -> {start, next}: neighbours, and the corners that face each other over an edge

/** Neighbours of every vertex, once for each topology; the corners opposite an edge make ways straighter. */
function links(faces, count) {
  if (linksOf.has(faces)) return linksOf.get(faces);
  const edges = new Float64Array(faces.length); // each edge of a face: its key, and with it the opposite corner
  for (let f = 0; f < faces.length; f += 3) {
    for (let k = 0; k < 3; k += 1) {
      const [a, b, c] = [faces[f + k], faces[f + ((k + 1) % 3)], faces[f + ((k + 2) % 3)]];
      edges[f + k] = (Math.min(a, b) * count + Math.max(a, b)) * count + c;
    }
  }
  edges.sort();
  const pairs = [];
  for (let e = 0; e < edges.length; e += 1) {
    const key = Math.floor(edges[e] / count);
    if (e === 0 || Math.floor(edges[e - 1] / count) !== key) pairs.push(Math.floor(key / count), key % count);
    else pairs.push(edges[e - 1] % count, edges[e] % count);
  }
  const start = new Uint32Array(count + 1);
  for (const vertex of pairs) start[vertex + 1] += 1;
  for (let v = 0; v < count; v += 1) start[v + 1] += start[v];
  const next = new Uint32Array(pairs.length);
  const filled = start.slice();
  for (let p = 0; p < pairs.length; p += 2) {
    next[filled[pairs[p]]++] = pairs[p + 1];
    next[filled[pairs[p + 1]]++] = pairs[p];
  }
  const made = { start, next };
  linksOf.set(faces, made);
  return made;
}

/**
 * Distance along the skin from some vertices, mm.
 * @param {{positions: ArrayLike<number>, faces: ArrayLike<number>}} mesh
 * @param {number[]} sources
 * @returns {{distance: Float32Array, before: Int32Array}} and the vertex before each on its way, -1 at a source
 */
export function distances({ positions, faces }, sources) {
  const count = positions.length / 3;
  const { start, next } = links(faces, count);
  const distance = new Float32Array(count).fill(FAR);
  const before = new Int32Array(count).fill(-1);
  const heap = new Uint32Array(next.length + count); // vertices, the nearest first
  const keys = new Float32Array(next.length + count);
  let size = 0;
  const push = (value, vertex) => {
    let at = size;
    size += 1;
    while (at > 0) {
      const up = (at - 1) >> 1;
      if (keys[up] <= value) break;
      heap[at] = heap[up];
      keys[at] = keys[up];
      at = up;
    }
    heap[at] = vertex;
    keys[at] = value;
  };
  const drop = () => {
    size -= 1;
    const [value, vertex] = [keys[size], heap[size]];
    let at = 0;
    for (;;) {
      let down = 2 * at + 1;
      if (down >= size) break;
      if (down + 1 < size && keys[down + 1] < keys[down]) down += 1;
      if (keys[down] >= value) break;
      heap[at] = heap[down];
      keys[at] = keys[down];
      at = down;
    }
    heap[at] = vertex;
    keys[at] = value;
  };
  for (const source of sources) {
    distance[source] = 0;
    push(0, source);
  }
  while (size > 0) {
    const [value, vertex] = [keys[0], heap[0]];
    drop();
    if (value > distance[vertex]) continue;
    for (let k = start[vertex]; k < start[vertex + 1]; k += 1) {
      const other = next[k];
      const length = Math.hypot(positions[3 * vertex] - positions[3 * other], positions[3 * vertex + 1] - positions[3 * other + 1], positions[3 * vertex + 2] - positions[3 * other + 2]);
      if (value + length < distance[other]) {
        distance[other] = Math.fround(value + length);
        before[other] = vertex;
        push(distance[other], other);
      }
    }
  }
  return { distance, before };
}

/** The vertex of the skin over a place inside the body: the nearest whose skin looks away from it. */
export function footOf(positions, normals, place) {
  let [best, least] = [0, Infinity];
  for (let v = 0; v < positions.length / 3; v += 1) {
    const to = [0, 1, 2].map((k) => positions[3 * v + k] - place[k]);
    const square = to[0] ** 2 + to[1] ** 2 + to[2] ** 2;
    if (square >= least) continue;
    const outward = to[0] * normals[3 * v] + to[1] * normals[3 * v + 1] + to[2] * normals[3 * v + 2];
    if (square > 9 && outward < 0.3 * Math.sqrt(square)) continue;
    [best, least] = [v, square];
  }
  return best;
}

/** Ways from the foot to each separate patch of core, as smooth chains of points. */
function waysTo(positions, faces, { distance, before }, core) {
  const count = positions.length / 3;
  const { start, next } = links(faces, count);
  const seen = new Uint8Array(count);
  const chains = [];
  for (let v = 0; v < count; v += 1) {
    if (seen[v] || core[v] <= CORE) continue;
    let nearest = v;
    const stack = [v];
    seen[v] = 1;
    while (stack.length) {
      const at = stack.pop();
      if (distance[at] < distance[nearest]) nearest = at;
      for (let k = start[at]; k < start[at + 1]; k += 1) {
        if (!seen[next[k]] && core[next[k]] > CORE) {
          seen[next[k]] = 1;
          stack.push(next[k]);
        }
      }
    }
    let chain = [];
    for (let at = nearest; at >= 0 && distance[nearest] < FAR; at = before[at]) chain.push([0, 1, 2].map((k) => positions[3 * at + k]));
    for (let round = 0; round < 12; round += 1) {
      chain = chain.map((p, k) => (k === 0 || k === chain.length - 1 ? p : p.map((value, axis) => 0.5 * value + 0.25 * (chain[k - 1][axis] + chain[k + 1][axis]))));
    }
    if (chain.length > 2) chains.push(chain);
  }
  return chains;
}

/**
 * What the shader needs to let a pattern spread.
 * @param {{positions: Float32Array, faces: Uint32Array}} skin
 * @param {Float32Array} normals of the skin
 * @param {number[][]} places that are pressed, mm
 * @param {{core: Uint8Array, spillover: Uint8Array}} paint
 * @returns {{values: Float32Array, feet: number[], reach_mm: number}} values for each vertex: distance from the foot in mm,
 *   when spillover arrives (0..1), and how near the way runs (0..1); how far the core reaches from the foot
 */
export function spreadOf(skin, normals, places, { core, spillover }) {
  const { positions, faces } = skin;
  const count = positions.length / 3;
  const feet = places.map((place) => footOf(positions, normals, place));
  const from = distances(skin, feet);
  const cores = [];
  let reach = 0;
  for (let v = 0; v < count; v += 1) {
    if (core[v] > CORE && from.distance[v] < FAR) {
      cores.push(v);
      reach = Math.max(reach, from.distance[v]);
    }
  }
  const second = distances(skin, cores.length ? cores : feet).distance;
  let most = 1;
  for (let v = 0; v < count; v += 1) if (spillover[v] > CORE && second[v] < FAR) most = Math.max(most, second[v]);
  const values = new Float32Array(3 * count);
  for (let v = 0; v < count; v += 1) {
    values[3 * v] = from.distance[v];
    values[3 * v + 1] = Math.min(1, second[v] / most);
  }
  for (const chain of waysTo(positions, faces, from, core)) {
    const low = [0, 1, 2].map((axis) => Math.min(...chain.map((p) => p[axis])) - 3 * WAY);
    const high = [0, 1, 2].map((axis) => Math.max(...chain.map((p) => p[axis])) + 3 * WAY);
    for (let v = 0; v < count; v += 1) {
      const p = [positions[3 * v], positions[3 * v + 1], positions[3 * v + 2]];
      if (p.some((value, axis) => value < low[axis] || value > high[axis])) continue;
      let nearest = Infinity;
      for (const [x, y, z] of chain) nearest = Math.min(nearest, (p[0] - x) ** 2 + (p[1] - y) ** 2 + (p[2] - z) ** 2);
      values[3 * v + 2] = Math.max(values[3 * v + 2], Math.exp(-nearest / (2 * WAY * WAY)));
    }
  }
  return { values, feet, reach_mm: reach };
}

/** One component of the values of the nearest skin vertex, for points that lie on the skin (outlines, dots). */
export function carriedTo(points, skin, values, component) {
  const cells = new Map();
  const key = (x, y, z) => `${Math.floor(x / CELL)},${Math.floor(y / CELL)},${Math.floor(z / CELL)}`;
  for (let v = 0; v < skin.length / 3; v += 1) {
    const cell = key(skin[3 * v], skin[3 * v + 1], skin[3 * v + 2]);
    if (cells.has(cell)) cells.get(cell).push(v);
    else cells.set(cell, [v]);
  }
  const out = new Float32Array(points.length / 3);
  for (let p = 0; p < out.length; p += 1) {
    const [x, y, z] = [points[3 * p], points[3 * p + 1], points[3 * p + 2]];
    let least = Infinity;
    for (let i = -1; i <= 1; i += 1) {
      for (let j = -1; j <= 1; j += 1) {
        for (let k = -1; k <= 1; k += 1) {
          for (const v of cells.get(key(x + i * CELL, y + j * CELL, z + k * CELL)) ?? []) {
            const square = (skin[3 * v] - x) ** 2 + (skin[3 * v + 1] - y) ** 2 + (skin[3 * v + 2] - z) ** 2;
            if (square < least) [least, out[p]] = [square, values[3 * v + component]];
          }
        }
      }
    }
  }
  return out;
}
