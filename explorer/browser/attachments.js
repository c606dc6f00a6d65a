// Where a muscle is fixed: the places on bones that lie near the ends of its shape. Computed from the shapes, not typed in.

import { boundsOf, normalsOf } from "./geometry.js";
import { outlinesOf, ribbonOf } from "./paint.js";
import { levelsOf } from "./why_way.js";

const ON = 4.5; // mm: an end of the muscle this near to a bone lies on it
const ON_NAMED = 9; // the same for a bone that the record of the muscle names, since shapes are illustrations
const AROUND = 4.5; // mm around the nearest place on the bone: the attachment
const CELL = 9;
const FEW = 0.06; // a bone that holds a smaller share of the end only passes by
const LIFT = 0.5; // mm above the bone
const ENDS = { origin: (along, low, high) => along <= low + 0.07 * (high - low), insertion: (along, low, high) => along >= high - 0.07 * (high - low) };

const hash = (x, y, z) => `${Math.floor(x / CELL)},${Math.floor(y / CELL)},${Math.floor(z / CELL)}`;

/** A record that begins so speaks of no bone. */
const SOFT = /^(epicranial aponeurosis|fascia|skin|blends|angle of the mouth|lateral palpebral raphe)/;

/**
 * Bones that the cited anatomy of a muscle names for each end, or null where it names none by the names of the model.
 * A part of a muscle has the record of the whole.
 */
export function bonesNamed(catalogue, id) {
  const structure = catalogue.structures[id];
  const anatomy = Object.keys(structure.anatomy).length ? structure.anatomy : (catalogue.structures[structure.part_of]?.anatomy ?? {});
  const named = (end) => {
    const text = (anatomy[end]?.text ?? "").toLowerCase();
    const levels = new Set(levelsOf(anatomy[end]?.text ?? "").map((level) => `vertebra_${level.toLowerCase()}`));
    const ribs = new Set([...text.matchAll(/\bribs (\d+) to (\d+)/g)].flatMap(([, first, last]) => Array.from({ length: last - first + 1 }, (_, k) => `rib_${Number(first) + k}`)));
    const found = Object.keys(catalogue.bones).filter((bone) => {
      const { name } = catalogue.bones[bone];
      const word = /rib$/.test(name) ? name.toLowerCase() : name.split(" ")[0].toLowerCase().replace(/us$/, "");
      const own = !bone.startsWith("disc_") && !(bone.startsWith("vertebra_") && !/c1|c2/.test(bone));
      return levels.has(bone) || ribs.has(bone) || (own && new RegExp(`\\b${word}`).test(text.replace("scapular spine", "scapula")));
    });
    return found.length || SOFT.test(text) ? found : null;
  };
  return { origin: named("origin"), insertion: named("insertion") };
}

/** Points of a muscle's end; none where the shape has no fibres. */
function endPoints({ positions, along }, isEnd) {
  const out = [];
  if (!along?.length) return out;
  let [low, high] = [255, 0];
  for (const value of along) [low, high] = [Math.min(low, value), Math.max(high, value)];
  for (let v = 0; v < along.length; v += 1) if (isEnd(along[v], low, high)) out.push([positions[3 * v], positions[3 * v + 1], positions[3 * v + 2]]);
  return out;
}

function cellsOf(points) {
  const cells = new Map();
  points.forEach((point, k) => {
    const cell = hash(...point);
    if (cells.has(cell)) cells.get(cell).push(k);
    else cells.set(cell, [k]);
  });
  return cells;
}

/** Call `found(point index, vertex, distance)` for every vertex of a bone near one of the points and on their side of it. */
function neighbours({ positions }, normals, points, cells, found) {
  for (let v = 0; v < positions.length / 3; v += 1) {
    const [x, y, z] = [positions[3 * v], positions[3 * v + 1], positions[3 * v + 2]];
    for (let i = -1; i <= 1; i += 1) {
      for (let j = -1; j <= 1; j += 1) {
        for (let k = -1; k <= 1; k += 1) {
          for (const index of cells.get(hash(x + i * CELL, y + j * CELL, z + k * CELL)) ?? []) {
            const [px, py, pz] = points[index];
            const far = Math.hypot(px - x, py - y, pz - z);
            const facing = (px - x) * normals[3 * v] + (py - y) * normals[3 * v + 1] + (pz - z) * normals[3 * v + 2];
            if (far <= 2 || facing > -0.25 * far) found(index, v, far); // not the far side of a thin bone
          }
        }
      }
    }
  }
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
 * @param {Object[]} muscles meshes with `along`, and with what {@link bonesNamed} says as `named`
 * @param {Object[]} bones meshes with `id`
 * @returns {{origin: Object, insertion: Object}} for each end the `bones` (ids), a `patch` and its `outline` (dashed at the insertion)
 */
export function attachmentsOf(muscles, bones) {
  const out = {};
  const normals = new Map();
  const normalsFor = (bone) => {
    if (!normals.has(bone)) normals.set(bone, normalsOf(bone));
    return normals.get(bone);
  };
  const boxes = new Map(bones.map((bone) => [bone, boundsOf(bone.positions)]));
  for (const [end, isEnd] of Object.entries(ENDS)) {
    const found = new Set();
    const [patches, outlines] = [[], []];
    for (const muscle of muscles) {
      const points = endPoints(muscle, isEnd);
      if (!points.length) continue;
      const named = muscle.named?.[end];
      const on = named ? ON_NAMED : ON;
      const reach = boundsOf(points.flat());
      const close = bones.filter(
        (bone) => (named ? named.includes(bone.id) : !bone.id.startsWith("disc_")) && [0, 1, 2].every((k) => boxes.get(bone)[k] <= reach[k + 3] + on && boxes.get(bone)[k + 3] >= reach[k] - on),
      );
      const cells = cellsOf(points);
      const nearest = points.map(() => ({ far: on, bone: null, vertex: -1 }));
      for (const bone of close) {
        neighbours(bone, normalsFor(bone), points, cells, (k, vertex, far) => {
          if (far < nearest[k].far) nearest[k] = { far, bone, vertex };
        });
      }
      for (const bone of close) {
        const own = nearest.filter((entry) => entry.bone === bone);
        if (own.length < 2 || own.length < FEW * nearest.filter((entry) => entry.bone).length) continue;
        const feet = [...new Set(own.map((entry) => entry.vertex))].map((v) => [0, 1, 2].map((k) => bone.positions[3 * v + k]));
        const weights = new Float32Array(bone.positions.length / 3);
        neighbours(bone, normalsFor(bone), feet, cellsOf(feet), (k, v, far) => {
          weights[v] = Math.max(weights[v], 255 * (1 - far / (2 * AROUND)));
        });
        found.add(bone.id);
        patches.push(patchOf(bone, normalsFor(bone), weights));
        const look = end === "origin" ? { width: 0.9 } : { width: 0.9, dash: 3, gap: 2 };
        outlines.push(ribbonOf(outlinesOf(bone, normalsFor(bone), weights), { ...look, lift: LIFT + 0.25 }));
      }
    }
    out[end] = { bones: [...found], patch: joined(patches), outline: joined(outlines) };
  }
  return out;
}
