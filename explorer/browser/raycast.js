// Which triangle does a ray meet first? A tree of boxes over each mesh, built when it is first asked.

const LEAF = 8;

/** A tree over a mesh; a box is divided only when a ray first enters it, so that nobody waits for what is never hit. */
export function treeOf({ positions, faces }) {
  const count = faces.length / 3;
  const order = Uint32Array.from({ length: count }, (_, k) => k);
  const tree = { nodes: [], order, positions, faces };
  if (count) addNode(tree, 0, count);
  return tree;
}

/** Add a node over some faces of the tree's order; its number. */
function addNode(tree, first, length) {
  const { positions, faces, order } = tree;
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
  return tree.nodes.push({ box, first, length, left: null, right: null }) - 1;
}

/** Divide a node at the middle of its longest side. */
function divide(tree, node) {
  const { positions, faces, order } = tree;
  const { box, first, length } = node;
  const sides = [box[3] - box[0], box[4] - box[1], box[5] - box[2]];
  const axis = sides.indexOf(Math.max(...sides));
  const corner = (face, k) => positions[3 * faces[3 * face + k] + axis];
  const part = order.subarray(first, first + length);
  const keyed = Array.from(part, (face) => [corner(face, 0) + corner(face, 1) + corner(face, 2), face]).sort((a, b) => a[0] - b[0]);
  keyed.forEach(([, face], k) => (part[k] = face));
  const half = length >> 1;
  node.left = addNode(tree, first, half);
  node.right = addNode(tree, first + half, length - half);
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
    if (node.length > LEAF) {
      if (node.left === null) divide(tree, node);
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
