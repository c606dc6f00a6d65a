// Which triangle does a ray meet first? A tree of boxes over each mesh, built when it is first asked.

const LEAF = 8;

/** Build a tree over a mesh. */
export function treeOf({ positions, faces }) {
  const count = faces.length / 3;
  const centre = new Float32Array(3 * count);
  for (let f = 0; f < count; f += 1) {
    for (let k = 0; k < 3; k += 1) {
      centre[3 * f + k] =
        (positions[3 * faces[3 * f] + k] + positions[3 * faces[3 * f + 1] + k] + positions[3 * faces[3 * f + 2] + k]) / 3;
    }
  }
  const order = Uint32Array.from({ length: count }, (_, k) => k);
  const nodes = []; // [x0 y0 z0 x1 y1 z1, first, length or -1, left, right]

  function build(first, length) {
    const box = [Infinity, Infinity, Infinity, -Infinity, -Infinity, -Infinity];
    for (let k = first; k < first + length; k += 1) {
      for (let corner = 0; corner < 3; corner += 1) {
        const vertex = 3 * faces[3 * order[k] + corner];
        for (let axis = 0; axis < 3; axis += 1) {
          const value = positions[vertex + axis];
          if (value < box[axis]) box[axis] = value;
          if (value > box[axis + 3]) box[axis + 3] = value;
        }
      }
    }
    const node = { box, first, length, left: null, right: null };
    const id = nodes.push(node) - 1;
    if (length > LEAF) {
      const sides = [box[3] - box[0], box[4] - box[1], box[5] - box[2]];
      const axis = sides.indexOf(Math.max(...sides));
      const part = order.subarray(first, first + length).sort((a, b) => centre[3 * a + axis] - centre[3 * b + axis]);
      const half = part.length >> 1;
      node.length = -1;
      node.left = build(first, half);
      node.right = build(first + half, length - half);
    }
    return id;
  }
  if (count) build(0, count);
  return { nodes, order, positions, faces };
}

function entersBox(box, origin, inverse, nearest) {
  let near = 0;
  let far = nearest;
  for (let axis = 0; axis < 3; axis += 1) {
    let a = (box[axis] - origin[axis]) * inverse[axis];
    let b = (box[axis + 3] - origin[axis]) * inverse[axis];
    if (a > b) [a, b] = [b, a];
    near = a > near ? a : near;
    far = b < far ? b : far;
    if (near > far) return false;
  }
  return true;
}

/**
 * The first hit of a ray.
 * @returns {{distance: number, face: number}|null}
 */
export function firstHit(tree, origin, direction, nearest = Infinity) {
  const inverse = direction.map((value) => 1 / value);
  const { nodes, order, positions, faces } = tree;
  let best = null;
  const stack = nodes.length ? [0] : [];
  while (stack.length) {
    const node = nodes[stack.pop()];
    if (!entersBox(node.box, origin, inverse, best ? best.distance : nearest)) continue;
    if (node.length < 0) {
      stack.push(node.left, node.right);
      continue;
    }
    for (let k = node.first; k < node.first + node.length; k += 1) {
      const distance = meets(positions, faces, order[k], origin, direction);
      if (distance > 0 && distance < (best ? best.distance : nearest)) best = { distance, face: order[k] };
    }
  }
  return best;
}

/** Distance to a triangle along a ray, or -1 (Moeller and Trumbore). */
function meets(positions, faces, face, origin, direction) {
  const a = 3 * faces[3 * face];
  const b = 3 * faces[3 * face + 1];
  const c = 3 * faces[3 * face + 2];
  const e1x = positions[b] - positions[a];
  const e1y = positions[b + 1] - positions[a + 1];
  const e1z = positions[b + 2] - positions[a + 2];
  const e2x = positions[c] - positions[a];
  const e2y = positions[c + 1] - positions[a + 1];
  const e2z = positions[c + 2] - positions[a + 2];
  const px = direction[1] * e2z - direction[2] * e2y;
  const py = direction[2] * e2x - direction[0] * e2z;
  const pz = direction[0] * e2y - direction[1] * e2x;
  const det = e1x * px + e1y * py + e1z * pz;
  if (Math.abs(det) < 1e-12) return -1;
  const tx = origin[0] - positions[a];
  const ty = origin[1] - positions[a + 1];
  const tz = origin[2] - positions[a + 2];
  const u = (tx * px + ty * py + tz * pz) / det;
  if (u < 0 || u > 1) return -1;
  const qx = ty * e1z - tz * e1y;
  const qy = tz * e1x - tx * e1z;
  const qz = tx * e1y - ty * e1x;
  const v = (direction[0] * qx + direction[1] * qy + direction[2] * qz) / det;
  if (v < 0 || u + v > 1) return -1;
  return (e2x * qx + e2y * qy + e2z * qz) / det;
}
