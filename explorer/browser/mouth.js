// The dark line between the lips: it closes the slit of the skin, so that nothing behind it shows through.

const FORWARD = [0.8, 3]; // mm before the rim of the hole, in its middle and at its corners
const INTO_LIPS = 0.4; // mm above and below the rim

/** Vertices of the rim of the mouth, in order round it from its right corner; empty where the skin has none. */
export function rimOfMouth({ positions, faces }) {
  const onward = new Map();
  const edges = new Set();
  const count = positions.length / 3;
  for (let f = 0; f < faces.length; f += 3) {
    for (let k = 0; k < 3; k += 1) edges.add(faces[f + k] * count + faces[f + ((k + 1) % 3)]);
  }
  for (const edge of edges) {
    const [a, b] = [Math.floor(edge / count), edge % count];
    const [x, y, z] = [positions[3 * a], positions[3 * a + 1], positions[3 * a + 2]];
    // the rims of the lids and the lower edge of the body are elsewhere
    if (!edges.has(b * count + a) && Math.abs(x) < 35 && y < -70 && z < -20 && z > -80) onward.set(a, b);
  }
  if (!onward.size) return [];
  const first = [...onward.keys()].reduce((best, v) => (positions[3 * v] < positions[3 * best] ? v : best));
  const rim = [first];
  for (let v = onward.get(first); v !== undefined && v !== first && rim.length <= onward.size; v = onward.get(v)) rim.push(v);
  return rim;
}

/** A strip across the slit, a little before its rim, that reaches into both lips. */
export function seamOf(skin, rim) {
  const middle = rim.length / 2;
  const widest = Math.max(...rim.map((v) => Math.abs(skin.positions[3 * v])));
  const positions = new Float32Array(3 * rim.length);
  rim.forEach((v, k) => {
    const [x, y, z] = [skin.positions[3 * v], skin.positions[3 * v + 1], skin.positions[3 * v + 2]];
    const outwards = Math.abs(x) / widest;
    const lip = Math.sign(z - skin.positions[3 * rim[(rim.length - k) % rim.length] + 2]);
    positions.set([x * 1.05, y - FORWARD[0] - (FORWARD[1] - FORWARD[0]) * outwards ** 3, z + lip * INTO_LIPS], 3 * k);
  });
  const faces = [];
  for (let k = 0; k < middle; k += 1) {
    const [a, b] = [k, k + 1];
    const [c, d] = [(rim.length - k) % rim.length, rim.length - k - 1];
    if (c !== a) faces.push(a, b, c);
    if (d !== b) faces.push(b, d, c);
  }
  return { positions, faces: Uint32Array.from(faces) };
}
