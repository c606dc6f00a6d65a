// Names on leader lines: in the margins of the view, never over the face, each other, or a control.

import { h, svg } from "./dom.js";
import { arranged, meets } from "./layout.js";

/** Areas of the skin that make up the face. */
export const FACE = ["supraorbital_ridge", "glabella", "upper_eyelid", "lower_eyelid", "infraorbital", "nose_side", "nose_bridge", "nose_tip", "cheek_maxillary", "upper_lip", "lower_lip", "chin"];
const COARSE = 19; // pixels from ray to ray where all is named
const FINE = 9; // and where only what is chosen is
const MOST_RAYS = 900;
const LEAST = 3; // rays that must meet a shape before it is named unasked
const MOST = 16; // names at once, besides those of what is chosen
const INSIDE = 3; // pixels that an end lies inside its shape at least
const COVERED = 0.6; // skin more solid than this hides what lies under it
const NEAR = 0.72; // of the distance that shows what is chosen: nearer, and neighbours get names too
const AWAY = 4; // pixels kept free around everything

/** What stands over the canvas and must stay free. */
const CONTROLS = ".bar > *, .tools, .mannequin, .letter:not(:empty), .mirror-note, .toast, .press-caption";
const MARKS = ".mark, .way-chip, .compare-chips > *";

/**
 * @param {{catalogue: Object, t: Function, view: () => Object|null, weights: Object, stage: HTMLElement}} context
 */
export function makeLabels({ catalogue, t, view, weights, stage }) {
  const lines = svg("svg", { class: "leaders" });
  const names = h("div", { class: "names" });
  const element = h("div", { class: "labels", "aria-hidden": "true" }, lines, names);
  let shown = [];
  let faceVertices = null;

  const faceOf = () => {
    faceVertices ??= FACE.flatMap((id) => ["left", "right"].flatMap((side) => {
      const area = weights.area(id, side);
      return area ? [...area.vertices].filter((_, k) => area.values[k] > 0.5) : [];
    }));
    return faceVertices;
  };

  /** The picture of the face as a box [left, top, right, bottom], or null when it looks away. */
  function faceBox() {
    const all = faceOf();
    const seen = view().facing(all);
    if (seen.length < 0.2 * all.length) return null;
    const places = seen.map((place) => view().project(place));
    return [Math.min(...places.map((p) => p.x)), Math.min(...places.map((p) => p.y)), Math.max(...places.map((p) => p.x)), Math.max(...places.map((p) => p.y))];
  }

  function boxesOf(kind) {
    const frame = stage.getBoundingClientRect();
    return [...stage.querySelectorAll(kind)]
      .map((node) => node.getBoundingClientRect())
      .filter((box) => box.width && box.height)
      .map((box) => [box.left - frame.left, box.top - frame.top, box.right - frame.left, box.bottom - frame.top]);
  }

  /** What is named for a state: nothing, what is chosen, or all that is seen. */
  function wanted(state, narrow) {
    if (!view() || state.names === "none" || (state.names === "auto" && (narrow || state.mode === "pain"))) return null;
    if (state.names === "all") return "all";
    if (!state.structures.length) return null;
    return view().nearness() < NEAR ? "all" : "chosen";
  }

  /** Rays through a part of the picture: which shapes they meet, and where. */
  function looked([left, top, right, bottom], step, controls, marks) {
    const apart = Math.max(step, Math.sqrt(((right - left) * (bottom - top)) / MOST_RAYS));
    const groups = new Map();
    for (let y = top + apart / 2; y < bottom; y += apart) {
      for (let x = left + apart / 2; x < right; x += apart) {
        if (controls.some((box) => meets([x, y, x, y], box, AWAY))) continue;
        const hit = view().pick(x, y);
        if (!hit?.id) continue;
        const key = `${hit.id}/${hit.side}`;
        if (!groups.has(key)) groups.set(key, { id: hit.id, side: hit.side, kind: hit.kind, places: [] });
        const skin = hit.skin ? view().skinCover(hit.skin.vertices) : { solid: 0, painted: false };
        if (skin.solid > COVERED) continue;
        groups.get(key).places.push({ x, y, painted: skin.painted, marked: marks.some((box) => meets([x, y, x, y], box)) });
      }
    }
    return { groups, apart };
  }

  /** Where a leader ends: well inside what is seen of a shape; null where no place is good enough. */
  function anchorOf({ id, side, places }, apart, needed) {
    const free = places.filter((place) => !place.painted);
    const clear = free.filter((place) => !place.marked);
    const usable = clear.length >= LEAST ? clear : free.length ? free : needed ? places : [];
    const crowd = (p) => usable.filter((q) => Math.hypot(p.x - q.x, p.y - q.y) < 2.3 * apart).length;
    const middle = [usable.reduce((sum, p) => sum + p.x, 0) / usable.length, usable.reduce((sum, p) => sum + p.y, 0) / usable.length];
    const away = (p) => Math.hypot(p.x - middle[0], p.y - middle[1]);
    const same = (x, y) => {
      const hit = view().pick(x, y);
      return hit?.id === id && hit.side === side;
    };
    const sorted = usable.map((p) => ({ ...p, crowd: crowd(p) })).sort((a, b) => b.crowd - a.crowd || away(a) - away(b));
    return sorted.slice(0, 12).find(({ x, y }) => [[INSIDE, 0], [-INSIDE, 0], [0, INSIDE], [0, -INSIDE]].every(([dx, dy]) => same(x + dx, y + dy))) ?? null;
  }

  function find(scene, state, narrow) {
    shown = [];
    const mode = wanted(state, narrow);
    if (mode) {
      const [width, height] = view().size();
      const [controls, marks] = [boxesOf(CONTROLS), boxesOf(MARKS)];
      const over = [...controls, ...marks];
      const isChosen = (key) => scene.structures[key]?.chosen;
      const whole = [AWAY, AWAY, width - AWAY, height - AWAY];
      const chosen = Object.keys(scene.structures).filter(isChosen);
      const part = chosen.length ? cut(view().pictureOf(chosen), whole) : null;
      const found = new Map();
      if (mode === "all") for (const [key, group] of take(looked(whole, COARSE, controls, marks))) found.set(key, group);
      if (part) for (const [key, group] of take(looked(part, FINE, controls, marks))) if (isChosen(key)) found.set(key, group);
      const named = new Map(); // one name for both sides, where more of it is seen
      for (const [key, group] of found) {
        const own = Boolean(isChosen(key));
        if (!own && (mode !== "all" || group.places.length < LEAST)) continue;
        const anchor = anchorOf(group, group.apart, own);
        const name = nameOf(group.id);
        if (!anchor || !name) continue;
        const entry = { id: group.id, side: group.side, own, anchor: [anchor.x, anchor.y], weight: group.places.length * group.apart ** 2, letter: letterOf(state, group.id) };
        const slot = own && state.side === "both" ? key : group.id;
        const other = named.get(slot);
        if (!other || (entry.own && !other.own) || (entry.own === other.own && entry.weight > other.weight)) named.set(slot, { ...entry, name });
      }
      const all = [...named.values()].sort((a, b) => b.own - a.own || b.weight - a.weight);
      const few = all.filter((entry, k) => entry.own || k < MOST + all.filter((other) => other.own).length);
      for (const entry of few) entry.node = nodeOf(entry);
      names.replaceChildren(...few.map(({ node }) => node));
      for (const entry of few) entry.size = [entry.node.offsetWidth, entry.node.offsetHeight];
      shown = arranged(few, { width, height, over, face: faceBox(), away: AWAY });
    }
    names.replaceChildren(...shown.map(({ node }) => node));
    lines.replaceChildren(...shown.flatMap(({ from, anchor: [x, y], own }) => {
      const d = `M${from[0].toFixed(1)} ${from[1].toFixed(1)}L${x.toFixed(1)} ${y.toFixed(1)}`;
      return [svg("path", { d, class: "leader-halo" }), svg("path", { d, class: own ? "leader leader-own" : "leader" }), svg("circle", { cx: x.toFixed(1), cy: y.toFixed(1), r: own ? 3.4 : 2.6, class: "leader-end" })];
    }));
    for (const { node, box } of shown) node.style.transform = `translate(${box[0].toFixed(1)}px, ${box[1].toFixed(1)}px)`;
    element.dataset.still = "true";
  }

  const take = ({ groups, apart }) => [...groups].map(([key, group]) => [key, { ...group, apart }]);
  const nameOf = (id) => (catalogue.structures[id] ?? catalogue.bones[id])?.name;
  /** The letter of a compared structure, also on its parts. */
  function letterOf(state, id) {
    if (state.structures.length < 2) return null;
    const k = state.structures.findIndex((name) => name === id || catalogue.structures[name].members.includes(id));
    return k < 0 ? null : "ABC"[k];
  }

  function nodeOf({ id, side, own, name, letter }) {
    return h("span", { class: `name${own ? " name-own" : ""}`, dataset: { name: id, side } }, letter ? h("b", { class: "name-letter", text: letter }) : null, name);
  }

  return {
    element,
    find,
    /** While the body turns nothing is named. */
    turning() {
      if (element.dataset.still === "true") element.dataset.still = "false";
    },
    /** For tests: names as they stand, pixels of the canvas. */
    shown: () => (element.dataset.still === "true" ? shown.map(({ id, side, own, anchor, box, from }) => ({ id, side, own, anchor, box, from })) : []),
    faceBox,
  };
}

/** The part of a box that lies in another; null where none does. */
function cut(box, [left, top, right, bottom]) {
  if (!box) return null;
  const out = [Math.max(box[0], left), Math.max(box[1], top), Math.min(box[2], right), Math.min(box[3], bottom)];
  return out[0] < out[2] && out[1] < out[3] ? out : null;
}
