// Where the skin is opened, so that what lies under it is seen while the rest of the body stays a person.

const CLEAR = 10; // mm further from a structure than where it comes nearest to the skin: fully open
const FADE = 32; // and so much further closed again
const FAR = 90; // no structure lies deeper
const CELL = 12;

/** 1 over some meshes, falling to 0 away from them; for each skin vertex. */
export function openedOver(skin, meshes) {
  // the meshes' points in a coarse grid, so that each skin vertex asks only its neighbours
  const cells = new Map();
  const key = (x, y, z) => `${Math.floor(x / CELL)},${Math.floor(y / CELL)},${Math.floor(z / CELL)}`;
  for (const positions of meshes) {
    for (let k = 0; k < positions.length; k += 3) {
      const cell = key(positions[k], positions[k + 1], positions[k + 2]);
      if (!cells.has(cell)) cells.set(cell, [positions[k], positions[k + 1], positions[k + 2]]);
    }
  }
  const points = [...cells.values()];
  const out = new Float32Array(skin.length / 3);
  if (!points.length) return out;
  const reach = FAR + CLEAR + FADE;
  const low = [0, 1, 2].map((axis) => Math.min(...points.map((p) => p[axis])) - reach);
  const high = [0, 1, 2].map((axis) => Math.max(...points.map((p) => p[axis])) + reach);
  const distance = new Float32Array(out.length).fill(Infinity);
  let depth = FAR;
  for (let v = 0; v < out.length; v += 1) {
    const [x, y, z] = [skin[3 * v], skin[3 * v + 1], skin[3 * v + 2]];
    if (x < low[0] || y < low[1] || z < low[2] || x > high[0] || y > high[1] || z > high[2]) continue;
    let nearest = reach * reach;
    for (const [px, py, pz] of points) {
      const square = (x - px) ** 2 + (y - py) ** 2 + (z - pz) ** 2;
      if (square < nearest) nearest = square;
    }
    distance[v] = Math.sqrt(nearest);
    depth = Math.min(depth, distance[v]);
  }
  const clear = depth + CLEAR;
  for (let v = 0; v < out.length; v += 1) out[v] = smooth((clear + FADE - distance[v]) / FADE);
  return out;
}

/** The subject's left half open, the right half and the face and the ear closed. */
export function openedLeft(skin) {
  const out = new Float32Array(skin.length / 3);
  for (let v = 0; v < out.length; v += 1) {
    const [x, y, z] = [skin[3 * v], skin[3 * v + 1], skin[3 * v + 2]];
    const behindFace = smooth((y + 52) / 26);
    const belowFace = smooth((-72 - z) / 22);
    // the ear stays, or the head would look torn
    const ear = Math.hypot((y - 14) / 34, z / 46);
    out[v] = smooth((x + 6) / 24) * Math.max(behindFace, belowFace) * smooth((ear - 0.85) / 0.45);
  }
  return out;
}

function smooth(t) {
  const inside = Math.min(1, Math.max(0, t));
  return inside * inside * (3 - 2 * inside);
}
