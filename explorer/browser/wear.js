// Put another body on what the view shows. Positions change in place, so whoever holds a mesh sees the new body.

import { normalsOf } from "./geometry.js";

/**
 * @param {Map<string, Object>} meshes as unpacked: the left side and the midline
 * @returns {{positions: (variant: Object|null) => Map<string, Float32Array>}} positions of every mesh on a body
 */
export function wardrobe(meshes) {
  const average = new Map([...meshes].map(([id, mesh]) => [id, mesh.positions.slice()]));
  const made = new Map([[null, average]]);

  function carried(variant) {
    const inside = [...average].filter(([id]) => !["skin", "eye"].includes(meshes.get(id).kind));
    const all = new Float32Array(inside.reduce((sum, [, positions]) => sum + positions.length, 0));
    let at = 0;
    for (const [, positions] of inside) {
      all.set(positions, at);
      at += positions.length;
    }
    const moved = Float32Array.from(variant.carry(all));
    const out = new Map();
    at = 0;
    for (const [id, positions] of inside) {
      out.set(id, moved.subarray(at, at + positions.length));
      at += positions.length;
    }
    for (const [id, positions] of average) {
      const { kind } = meshes.get(id);
      if (kind === "skin" || kind === "eye") out.set(id, variant[kind](positions));
    }
    return out;
  }

  return {
    positions(variant) {
      if (!made.has(variant)) made.set(variant, carried(variant));
      return made.get(variant);
    },
  };
}

/** Give a drawn mesh new positions (mirrored for the right side), with normals. */
export function reshape(data, mesh, positions, side = "left", normals = null) {
  mesh.positions.set(positions);
  if (side === "right") for (let k = 0; k < positions.length; k += 3) mesh.positions[k] = -positions[k];
  data.getPoints().setData(mesh.positions, 3);
  data.getPointData().getNormals().setData(normals ?? normalsOf(mesh), 3);
  data.modified();
}
