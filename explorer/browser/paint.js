// Patterns as paint: weights of the chosen patterns on the skin's vertices, their outlines, and the dots of spillover.

/** Weights of layers from the paint container, on demand. */
export function weightsOf(pack) {
  const names = new Map(pack.header.layers.map((name, k) => [name, k]));
  const start = pack.array("start");
  const vertex = pack.array("vertex");
  const value = pack.array("value");
  const mirror = pack.array("mirror");
  const count = mirror.length;

  /** Raise `target` to the layer's weights (0..255), mirrored for the right side. */
  function addLayer(target, name, side) {
    const layer = names.get(name);
    if (layer === undefined) return;
    for (let k = start[layer]; k < start[layer + 1]; k += 1) {
      const place = side === "right" ? mirror[vertex[k]] : vertex[k];
      if (value[k] > target[place]) target[place] = value[k];
    }
  }

  return {
    count,
    has: (name) => names.has(name),
    /** Core and spillover (0..255) of patterns on sides together. */
    paint(entries) {
      const core = new Uint8Array(count);
      const spillover = new Uint8Array(count);
      for (const { pattern, side } of entries) {
        addLayer(core, `${pattern}/core`, side);
        addLayer(spillover, `${pattern}/spillover`, side);
      }
      for (let k = 0; k < count; k += 1) spillover[k] = Math.min(spillover[k], 255 - core[k]);
      return { core, spillover };
    },
    /** Where a named area lies on one side: vertices and their weights (0..1), or null for an area that has no place on the skin. */
    area(id, side) {
      const layer = names.get(`area:${id}`);
      if (layer === undefined) return null;
      const own = vertex.subarray(start[layer], start[layer + 1]);
      return {
        vertices: side === "right" ? own.map((place) => mirror[place]) : own,
        values: Float64Array.from(value.subarray(start[layer], start[layer + 1]), (byte) => byte / 255),
      };
    },
    /** The skin area that holds a vertex best: {id, side} or null. */
    areaAt(candidates) {
      let best = null;
      for (const [name, layer] of names) {
        if (!name.startsWith("area:")) continue;
        for (const side of ["left", "right"]) {
          for (const candidate of candidates) {
            const place = side === "right" ? mirror[candidate] : candidate;
            const k = search(vertex, place, start[layer], start[layer + 1]);
            if (k >= 0 && (!best || value[k] > best.weight)) best = { id: name.slice(5), side, weight: value[k] };
          }
        }
      }
      return best && best.weight > 90 ? best : null;
    },
  };
}

function search(sorted, wanted, low, high) {
  let [from, to] = [low, high];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (sorted[middle] < wanted) from = middle + 1;
    else to = middle;
  }
  return from < high && sorted[from] === wanted ? from : -1;
}

/**
 * The line on the skin where a weight is one half, as chains of points with normals.
 * @returns {Array<{points: number[][], normals: number[][], closed: boolean}>}
 */
export function outlinesOf(mesh, normals, weights, level = 127.5) {
  const { positions, faces } = mesh;
  const nodes = new Map(); // edge key -> {point, normal, next: []}
  const count = positions.length / 3;
  const at = (a, b) => {
    const [low, high] = a < b ? [a, b] : [b, a];
    const key = low * count + high;
    let node = nodes.get(key);
    if (!node) {
      const t = (level - weights[low]) / (weights[high] - weights[low]);
      const mix = (values, k) => values[3 * low + k] + t * (values[3 * high + k] - values[3 * low + k]);
      node = { point: [0, 1, 2].map((k) => mix(positions, k)), normal: [0, 1, 2].map((k) => mix(normals, k)), next: [] };
      nodes.set(key, node);
    }
    return node;
  };
  for (let f = 0; f < faces.length; f += 3) {
    const corner = [faces[f], faces[f + 1], faces[f + 2]];
    const inside = corner.map((vertex) => weights[vertex] > level);
    const number = inside[0] + inside[1] + inside[2];
    if (number === 0 || number === 3) continue;
    const odd = inside.indexOf(number === 1);
    const one = at(corner[odd], corner[(odd + 1) % 3]);
    const other = at(corner[odd], corner[(odd + 2) % 3]);
    one.next.push(other);
    other.next.push(one);
  }
  const chains = [];
  const seen = new Set();
  const starts = [...nodes.values()].sort((a, b) => a.next.length - b.next.length); // open ends first
  for (const start of starts) {
    if (seen.has(start)) continue;
    const chain = [start];
    seen.add(start);
    let node = start;
    for (;;) {
      const onward = node.next.find((candidate) => !seen.has(candidate));
      if (!onward) break;
      seen.add(onward);
      chain.push(onward);
      node = onward;
    }
    if (chain.length > 2) {
      const closed = node.next.includes(start);
      chains.push({ points: smoothed(chain.map((n) => n.point), closed), normals: chain.map((n) => n.normal), closed });
    }
  }
  return chains;
}

function smoothed(points, closed) {
  const n = points.length;
  let out = points;
  for (let round = 0; round < 2; round += 1) {
    out = out.map((p, k) => {
      if (!closed && (k === 0 || k === n - 1)) return p;
      const [a, b] = [out[(k + n - 1) % n], out[(k + 1) % n]];
      return p.map((value, axis) => 0.5 * value + 0.25 * (a[axis] + b[axis]));
    });
  }
  return out;
}

/**
 * A flat ribbon along outlines, just above the skin.
 * @param {Array} chains of {@link outlinesOf}
 * @param {{width: number, lift: number, dash?: number, gap?: number}} look mm
 */
export function ribbonOf(chains, { width, lift, dash = Infinity, gap = 0 }) {
  const positions = [];
  const faces = [];
  for (const { points, normals, closed } of chains) {
    const n = points.length;
    const length = closed ? n + 1 : n;
    let travelled = 0;
    let previous = -1;
    for (let k = 0; k < length; k += 1) {
      const p = points[k % n];
      const before = points[closed ? (k + n - 1) % n : Math.max(0, k - 1)];
      const after = points[closed ? (k + 1) % n : Math.min(n - 1, k + 1)];
      const normal = unit(normals[k % n]);
      const along = [0, 1, 2].map((axis) => after[axis] - before[axis]);
      const across = unit([
        along[1] * normal[2] - along[2] * normal[1],
        along[2] * normal[0] - along[0] * normal[2],
        along[0] * normal[1] - along[1] * normal[0],
      ]);
      if (k > 0) travelled += Math.hypot(...[0, 1, 2].map((axis) => p[axis] - points[(k - 1) % n][axis]));
      const drawn = travelled % (dash + gap) < dash || dash === Infinity;
      if (!drawn) {
        previous = -1;
        continue;
      }
      const base = positions.length / 3;
      for (const side of [-0.5, 0.5]) {
        for (let axis = 0; axis < 3; axis += 1) positions.push(p[axis] + lift * normal[axis] + side * width * across[axis]);
      }
      if (previous >= 0) faces.push(previous, previous + 1, base + 1, previous, base + 1, base);
      previous = base;
    }
  }
  return { positions: Float32Array.from(positions), faces: Uint32Array.from(faces) };
}

/**
 * Dots on the skin wherever spillover lies: flat discs at fixed vertices, so that they never swim.
 * @param {ArrayLike<number>} dots vertices spread evenly over the skin, with a radius in tenths of a mm each
 * @param {{corners?: number, only?: (vertex: number, k: number) => boolean}} shape corners of a dot, and which dots are drawn
 */
export function dotsOf(mesh, normals, spillover, dots, radii, lift, { corners = 8, only = () => true } = {}) {
  const positions = [];
  const faces = [];
  const sides = corners;
  const larger = Math.sqrt((8 * Math.sin((2 * Math.PI) / 8)) / (sides * Math.sin((2 * Math.PI) / sides))); // as much ink with fewer corners
  for (let k = 0; k < dots.length; k += 1) {
    const vertex = dots[k];
    if (spillover[vertex] < 110 || !only(vertex, k)) continue;
    const radius = larger * (radii[k] / 10) * (spillover[vertex] < 150 ? 0.75 : 1);
    const normal = [0, 1, 2].map((axis) => normals[3 * vertex + axis]);
    const helper = Math.abs(normal[2]) < 0.9 ? [0, 0, 1] : [0, 1, 0];
    const u = unit([
      helper[1] * normal[2] - helper[2] * normal[1],
      helper[2] * normal[0] - helper[0] * normal[2],
      helper[0] * normal[1] - helper[1] * normal[0],
    ]);
    const v = [normal[1] * u[2] - normal[2] * u[1], normal[2] * u[0] - normal[0] * u[2], normal[0] * u[1] - normal[1] * u[0]];
    const base = positions.length / 3;
    for (let s = -1; s < sides; s += 1) {
      const angle = (2 * Math.PI * s) / sides;
      const [a, b] = s < 0 ? [0, 0] : [radius * Math.cos(angle), radius * Math.sin(angle)];
      for (let axis = 0; axis < 3; axis += 1) {
        positions.push(mesh.positions[3 * vertex + axis] + lift * normal[axis] + a * u[axis] + b * v[axis]);
      }
    }
    for (let s = 0; s < sides; s += 1) faces.push(base, base + 1 + s, base + 1 + ((s + 1) % sides));
  }
  return { positions: Float32Array.from(positions), faces: Uint32Array.from(faces) };
}

function unit(v) {
  const length = Math.hypot(...v) || 1;
  return v.map((value) => value / length);
}

/** The triangles of a mesh that values (0..1 for each vertex, or null for none) cover, raised over it by some millimetres. */
export function raisedPatch({ positions, faces }, normals, values, lift) {
  const out = { positions: [], faces: [] };
  const places = new Map();
  const place = (v) => {
    if (!places.has(v)) {
      places.set(v, places.size);
      for (let axis = 0; axis < 3; axis += 1) out.positions.push(positions[3 * v + axis] + lift * normals[3 * v + axis]);
    }
    return places.get(v);
  };
  for (let f = 0; values && f < faces.length; f += 3) {
    const corners = [faces[f], faces[f + 1], faces[f + 2]];
    if (corners.some((v) => values[v] > 0.5)) out.faces.push(...corners.map(place));
  }
  return { positions: Float32Array.from(out.positions), faces: Uint32Array.from(out.faces) };
}
