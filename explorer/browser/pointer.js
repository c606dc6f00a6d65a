// Mouse, fingers and pen on the picture: turn, shift, come nearer, point, click, and paint.

import { panned, turned, zoomed } from "./camera.js";

const CLICK_PIXELS = 5;

/**
 * Listen on a canvas.
 * @param {HTMLCanvasElement} canvas
 * @param {Object} view
 * @param {(event: PointerEvent) => number[]} view.at the place of an event in the body's own view, pixels
 * @param {() => Object} view.pose
 * @param {(pose: Object) => void} view.turn takes a new pose and asks for a frame
 * @param {() => void} view.hold ends a movement that goes on by itself
 * @param {() => number} view.height of the picture, pixels
 * @param {(x: number, y: number) => Object|null} view.pick
 * @param {{onPick: Function, onHover: Function, onBrush?: Function}} events `onBrush("start", at)` says whether a brush is in hand
 */
export function watchPointers(canvas, { at, pose, turn, hold, height, pick }, events) {
  const pointers = new Map();
  let travelled = 0;
  let brushing = null; // pointer that paints
  let brushedAt = null; // and where it was
  let handsFull = false; // a brush is in hand, so two fingers turn

  function moved(event, before, now) {
    const [dx, dy] = [now[0] - before[0], now[1] - before[1]];
    if (pointers.size === 1) {
      const shifts = event.shiftKey || event.buttons === 4 || event.buttons === 2;
      return shifts ? panned(pose(), dx, dy, height()) : turned(pose(), dx, dy);
    }
    const [other] = [...pointers].filter(([id]) => id !== event.pointerId).map(([, p]) => p);
    const far = (p) => Math.hypot(p[0] - other[0], p[1] - other[1]);
    const nearer = zoomed(pose(), far(before) / Math.max(20, far(now)));
    return handsFull ? turned(nearer, dx / 2, dy / 2) : panned(nearer, dx / 2, dy / 2, height());
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (brushing !== null) {
      // a second finger turns the body instead, and the first with it
      events.onBrush("cancel");
      pointers.set(brushing, brushedAt);
      brushing = null;
      handsFull = true;
      travelled = Infinity;
    } else if (pointers.size === 0) {
      if (event.button === 0 && !event.shiftKey && events.onBrush?.("start", at(event))) {
        canvas.setPointerCapture(event.pointerId);
        brushing = event.pointerId;
        brushedAt = at(event);
        return;
      }
      handsFull = false;
      travelled = 0;
    }
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, at(event));
    hold();
  });
  canvas.addEventListener("pointermove", (event) => {
    const now = at(event);
    if (event.pointerId === brushing) {
      brushedAt = now;
      events.onBrush("move", now);
      return;
    }
    const before = pointers.get(event.pointerId);
    if (!before) {
      events.onHover(pick(...now), now);
      return;
    }
    travelled += Math.hypot(now[0] - before[0], now[1] - before[1]);
    if (travelled > CLICK_PIXELS) {
      if (pointers.size <= 2) turn(moved(event, before, now));
      events.onHover(null, now);
    }
    pointers.set(event.pointerId, now);
  });
  const release = (event) => {
    if (event.pointerId === brushing) {
      brushing = null;
      events.onBrush(event.type === "pointerup" ? "end" : "cancel");
      return;
    }
    const was = pointers.delete(event.pointerId);
    if (was && event.type === "pointerup" && pointers.size === 0 && travelled <= CLICK_PIXELS) events.onPick(pick(...at(event)), event);
  };
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", release);
  canvas.addEventListener("pointerleave", () => events.onHover(null, null));
  canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  canvas.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      turn(zoomed(pose(), Math.exp(Math.max(-60, Math.min(60, event.deltaY)) * 0.0022)));
    },
    { passive: false },
  );
}
