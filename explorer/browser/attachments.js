// Where a muscle is fixed: the places on bones that lie near the ends of its shape. Computed from the shapes, not typed in.

import { normalsOf } from "./geometry.js";
import { outlinesOf, ribbonOf } from "./paint.js";

const NEAR = 5.5; // mm from an end of the muscle: still its attachment
const LIFT = 0.5; // mm above the bone
const ENDS = { origin: (along, low, high) => along <= low + 0.07 * (high - low), insertion: (along, low, high) => along >= high - 0.07 * (high - low) };

const hash = (x, y, z) => `${Math.floor(x / NEAR)},${Math.floor(y / NEAR)},${Math.floor(z / NEAR)}`;

/** Points of a muscle's end in cells as wide as the search, or null where the shape has no fibres. */
function endCells({ positions, along }, isEnd) {
  if (!along?.length) return null;
  let [low, high] = [255, 0];
  for (const value of along) [low, high] = [Math.min(low, value), Math.max(high, value)];
  const cells = new Map();
  for (let v = 0; v < along.length; v += 1) {
    if (!isEnd(along[v], low, high)) continue;
    const point = [positions[3 * v], positions[3 * v + 1], positions[3 * v + 2]];
    const cell = hash(...point);
    if (cells.has(cell)) cells.get(cell).push(point);
    else cells.set(cell, [point]);
  }
  return cells;
}

/**
 * How near each vertex of a bone lies to an end of a muscle.
 * @returns {Float32Array|null} 255 at the end, 127.5 where the attachment ends; null where none lies near
 */
function nearness(bone, normals, cells) {
  const { positions } = bone;
  let out = null;
  for (let v = 0; v < positions.length / 3; v += 1) {
    const [x, y, z] = [positions[3 * v], positions[3 * v + 1], positions[3 * v + 2]];
    let best = 0;
    for (let i = -1; i <= 1; i += 1) {
      for (let j = -1; j <= 1; j += 1) {
        for (let k = -1; k <= 1; k += 1) {
          for (const [px, py, pz] of cells.get(hash(x + i * NEAR, y + j * NEAR, z + k * NEAR)) ?? []) {
            const far = Math.hypot(px - x, py - y, pz - z);
            const facing = (px - x) * normals[3 * v] + (py - y) * normals[3 * v + 1] + (pz - z) * normals[3 * v + 2];
            if (far > 2 && facing < -0.25 * far) continue; // the far side of a thin bone
            best = Math.max(best, 255 * (1 - far / (2 * NEAR)));
          }
        }
      }
    }
    if (best > 0) {
      out ??= new Float32Array(positions.length / 3);
      out[v] = best;
    }
  }
  return out;
}

/** The part of a surface where a weight is above one half, cut along that line and lifted a little. */
export function patchOf({ positions, faces }, normals, weights, level = 127.5, lift = LIFT) {
  const out = [];
  const corner = (v) => [0, 1, 2].map((k) => positions[3 * v + k] + lift * normals[3 * v + k]);
  for (let f = 0; f < faces.length; f += 3) {
    const ring = [faces[f], faces[f + 1], faces[f + 2]];
    if (!ring.some((v) => weights[v] > level)) continue;
    const polygon = [];
    ring.forEach((a, k) => {
      const b = ring[(k + 1) % 3];
      if (weights[a] > level) polygon.push(corner(a));
      if (weights[a] > level !== weights[b] > level) {
        const share = (level - weights[a]) / (weights[b] - weights[a]);
        const [p, q] = [corner(a), corner(b)];
        polygon.push(p.map((value, axis) => value + share * (q[axis] - value)));
      }
    });
    for (let k = 2; k < polygon.length; k += 1) out.push(polygon[0], polygon[k - 1], polygon[k]);
  }
  return { positions: Float32Array.from(out.flat()), faces: Uint32Array.from(out.keys()) };
}

/** Several shapes as one. */
export function joined(shapes) {
  const positions = [];
  const faces = [];
  for (const shape of shapes) {
    const base = positions.length / 3;
    for (const value of shape.positions) positions.push(value);
    for (const vertex of shape.faces) faces.push(base + vertex);
  }
  return { positions: Float32Array.from(positions), faces: Uint32Array.from(faces) };
}

/**
 * Where muscles are fixed to bones.
 * @param {Object[]} muscles meshes with `along`
 * @param {Object[]} bones meshes with `id`
 * @returns {{origin: Object, insertion: Object}} for each end the `bones` (ids), a `patch` and its `outline` (dashed at the insertion)
 */
export function attachmentsOf(muscles, bones) {
  const out = {};
  for (const [end, isEnd] of Object.entries(ENDS)) {
    const found = new Set();
    const [patches, outlines] = [[], []];
    const allCells = muscles.map((muscle) => endCells(muscle, isEnd)).filter(Boolean);
    for (const bone of bones) {
      const normals = normalsOf(bone);
      for (const cells of allCells) {
        const weights = nearness(bone, normals, cells);
        if (!weights?.some((value) => value > 127.5)) continue;
        found.add(bone.id);
        patches.push(patchOf(bone, normals, weights));
        const look = end === "origin" ? { width: 0.9 } : { width: 0.9, dash: 3, gap: 2 };
        outlines.push(ribbonOf(outlinesOf(bone, normals, weights), { ...look, lift: LIFT + 0.25 }));
      }
    }
    out[end] = { bones: [...found], patch: joined(patches), outline: joined(outlines) };
  }
  return out;
}
