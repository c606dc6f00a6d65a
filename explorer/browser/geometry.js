// Meshes as the view needs them: unpacked, mirrored, with normals.

/**
 * Unpack all meshes of the body container.
 * @param {{header: Object, array: Function}} pack
 * @returns {Map<string, Object>} id -> {positions: Float32Array, faces: Uint32Array, along?, across?, light, kind, pairing}
 */
export function meshesOf(pack) {
  const out = new Map();
  for (const [key, entry] of Object.entries(pack.header.meshes)) {
    const steps = pack.array(`${key}:steps`);
    const positions = new Float32Array(steps.length);
    for (let k = 0; k < steps.length; k += 1) {
      positions[k] = entry.origin[k % 3] + pack.header.step_mm * steps[k];
    }
    out.set(key, {
      key,
      id: key.split("@")[0], // the right side of an own atlas has a mesh of its own, <id>@right
      kind: entry.kind,
      pairing: entry.pairing,
      positions,
      faces: Uint32Array.from(pack.array(`${key}:faces`)),
      along: pack.array(`${key}:along`),
      across: pack.array(`${key}:across`),
      light: lightOf(pack.array(`${key}:light`), steps.length / 3),
    });
  }
  return out;
}

/** Light in the hollows of a shape for each vertex, 0..1; 1 where none was baked. */
function lightOf(stored, count) {
  return stored ? Float32Array.from(stored, (value) => value / 255) : new Float32Array(count).fill(1);
}

/** The same mesh on the other side of the body. */
export function mirrored(mesh) {
  const positions = mesh.positions.slice();
  for (let k = 0; k < positions.length; k += 3) positions[k] = -positions[k];
  const faces = mesh.faces.slice();
  for (let k = 0; k < faces.length; k += 3) [faces[k], faces[k + 1]] = [faces[k + 1], faces[k]];
  return { ...mesh, positions, faces };
}

/** Vertex normals, weighted by area. */
export function normalsOf({ positions, faces }) {
  const normals = new Float32Array(positions.length);
  for (let f = 0; f < faces.length; f += 3) {
    const a = 3 * faces[f];
    const b = 3 * faces[f + 1];
    const c = 3 * faces[f + 2];
    const ux = positions[b] - positions[a];
    const uy = positions[b + 1] - positions[a + 1];
    const uz = positions[b + 2] - positions[a + 2];
    const vx = positions[c] - positions[a];
    const vy = positions[c + 1] - positions[a + 1];
    const vz = positions[c + 2] - positions[a + 2];
    const n = [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx];
    for (const corner of [a, b, c]) for (let k = 0; k < 3; k += 1) normals[corner + k] += n[k];
  }
  for (let k = 0; k < normals.length; k += 3) {
    const length = Math.hypot(normals[k], normals[k + 1], normals[k + 2]) || 1;
    normals[k] /= length;
    normals[k + 1] /= length;
    normals[k + 2] /= length;
  }
  return normals;
}

/** Lowest and highest corner of some points. */
export function boundsOf(positions, from = [Infinity, Infinity, Infinity, -Infinity, -Infinity, -Infinity]) {
  const out = [...from];
  for (let k = 0; k < positions.length; k += 1) {
    const axis = k % 3;
    if (positions[k] < out[axis]) out[axis] = positions[k];
    if (positions[k] > out[axis + 3]) out[axis + 3] = positions[k];
  }
  return out;
}
