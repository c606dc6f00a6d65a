// What is shown, and which part of the picture is free for it.

const ROOM = 18; // mm round what is shown
const LEAST = [190, 190, 230]; // mm: never nearer than about a head
const CHEST_COVERED = 58; // px of the body's lower edge that may lie behind the legend while nothing is chosen

/** A box of the body with some room around it. */
export function roomAround(box) {
  if (!box) return null;
  const out = [...box];
  for (let k = 0; k < 3; k += 1) {
    const middle = (box[k] + box[k + 3]) / 2;
    const half = Math.max((box[k + 3] - box[k]) / 2 + ROOM, LEAST[k] / 2);
    out[k] = middle - half;
    out[k + 3] = middle + half;
  }
  return out;
}

/**
 * What covers the picture at its top and bottom.
 * @param {HTMLElement} place of the picture
 * @param {{top: HTMLElement, bottom: HTMLElement}} bars over it
 * @param {number[]|null} box what is chosen, which is to be seen whole; null for head and shoulders
 * @returns {{top: number, bottom: number}} pixels
 */
export function coveredOf(place, bars, box) {
  const all = place.getBoundingClientRect();
  const [top, bottom] = [bars.top, bars.bottom].map((bar) => bar.getBoundingClientRect());
  const above = top.height ? top.bottom - all.top + 8 : 0;
  const below = bottom.height ? all.bottom - bottom.top + 8 : 0;
  const clamped = (value, most) => Math.max(0, Math.min(most, value));
  return { top: clamped(above, 0.25 * all.height), bottom: clamped(below, box ? 0.5 * all.height : CHEST_COVERED) };
}
