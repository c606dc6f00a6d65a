// Which of the key views tell most about some paint: what a page with two or three pictures shows.

import { axesOf, KEY_VIEWS } from "./camera.js";

const FACING = 0.2; // cosine of the angle from which skin counts as seen
const NEWS = 0.16; // share of all paint that a further picture must add
const MOST = 3;
const VIEWS = ["three_quarter", "front", "left", "right", "back"];

/**
 * @param {ArrayLike<number>} normals of its vertices
 * @param {ArrayLike<number>} areas of its vertices, mm2
 * @param {{core: ArrayLike<number>, spillover: ArrayLike<number>}} paint 0..255
 * @returns {string[]} one to three key views, the most telling first; at least two where there is paint
 */
export function tellingViews(normals, areas, { core, spillover }) {
  const painted = [];
  let whole = 0;
  for (let v = 0; v < core.length; v += 1) {
    const amount = (core[v] > 127 ? 1 : spillover[v] > 127 ? 0.4 : 0) * areas[v];
    if (!amount) continue;
    painted.push([v, amount]);
    whole += amount;
  }
  if (!painted.length) return ["three_quarter", "back"];
  const seen = new Float64Array(core.length); // how well a vertex is seen in the chosen views, 0..1
  const chosen = [];
  while (chosen.length < MOST) {
    const gains = VIEWS.filter((view) => !chosen.includes(view)).map((view) => [view, gainOf(view)]);
    const [best, gain] = gains.reduce((a, b) => (b[1] > 1.05 * a[1] ? b : a));
    if (chosen.length >= 2 && gain < NEWS * whole) break;
    chosen.push(best);
    for (const [v] of painted) seen[v] = Math.max(seen[v], facing(best, v));
  }
  return chosen;

  function facing(view, v) {
    const [azimuth, elevation] = KEY_VIEWS[view].map((degrees) => (degrees * Math.PI) / 180);
    const { toEye } = axesOf({ azimuth, elevation });
    const cosine = toEye[0] * normals[3 * v] + toEye[1] * normals[3 * v + 1] + toEye[2] * normals[3 * v + 2];
    return cosine > FACING ? cosine : 0;
  }

  function gainOf(view) {
    let sum = 0;
    for (const [v, amount] of painted) sum += amount * Math.max(0, facing(view, v) - seen[v]);
    return sum;
  }
}
