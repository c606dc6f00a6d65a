// What is chosen and how it is shown: a plain value, its way into a link and back, and a store that tells of changes.

import { MOST_COMPARED } from "./sharing.js";
import { strokesFromText, strokesToText } from "./brush.js";

export const VERSION = 1;
export const VIEWS = ["three_quarter", "front", "left", "right", "back", "top"];
export const SIDES = ["left", "right", "both"];
export const BODIES = ["average", "male", "female", "older"];
export const TONES = ["light", "medium", "brown", "dark"];
export const PALETTES = ["blue", "red"];
export const NAMES = ["auto", "all", "none"];
export const RESTS = ["show", "fade", "hide"];

export const INITIAL = Object.freeze({
  structures: Object.freeze([]),
  pattern: null,
  side: "left",
  view: "three_quarter",
  mirror: false, // the picture as in a mirror
  rest: "fade", // what is not chosen: show, fade, hide
  why: false, // the way is drawn on which pain is described to be felt elsewhere
  peel: false, // the superficial muscles taken away
  skin: 1,
  muscles: true,
  bones: true,
  voice: "plain",
  mode: "muscle", // or "pain": which door is open
  areas: Object.freeze([]), // where it hurts, "area:side"
  strokes: Object.freeze([]), // painted pain
  features: Object.freeze([]),
  from: null, // side of the structures that the ranked list prefers
  body: "average",
  atlas: null, // whose shapes are shown; null for those that the server shows by itself
  tone: "light",
  palette: "blue", // colours of the paint
  names: "auto", // on leader lines: of what is chosen, and more when one is near; all; none
});

/** A state as a URL fragment without the leading #; what is as at the start is left out. */
export function toFragment(state) {
  const out = [`v=${VERSION}`];
  if (state.structures.length) out.push(`s=${state.structures.map(encodeURIComponent).join(",")}`);
  if (state.pattern) out.push(`p=${encodeURIComponent(state.pattern)}`);
  if (state.side !== INITIAL.side) out.push(`side=${state.side}`);
  // with something chosen the view is always said: a link without one is shown from where the paint is seen
  if (state.view !== INITIAL.view || state.structures.length) out.push(`view=${state.view}`);
  if (state.mirror) out.push("mirror=1");
  if (state.rest !== INITIAL.rest) out.push(`rest=${state.rest}`);
  if (state.peel) out.push("peel=1");
  if (state.why) out.push("why=1");
  if (state.skin !== INITIAL.skin) out.push(`skin=${Math.round(100 * state.skin)}`);
  if (!state.muscles) out.push("muscles=0");
  if (!state.bones) out.push("bones=0");
  if (state.voice !== INITIAL.voice) out.push(`voice=${state.voice}`);
  if (state.mode !== INITIAL.mode) out.push(`mode=${state.mode}`);
  if (state.areas.length) out.push(`a=${state.areas.join(",")}`);
  if (state.strokes.length) out.push(`d=${strokesToText(state.strokes)}`);
  if (state.features.length) out.push(`f=${state.features.join(",")}`);
  if (state.from) out.push(`from=${state.from}`);
  if (state.body !== INITIAL.body) out.push(`body=${state.body}`);
  if (state.tone !== INITIAL.tone) out.push(`tone=${state.tone}`);
  if (state.palette !== INITIAL.palette) out.push(`palette=${state.palette}`);
  if (state.names !== INITIAL.names) out.push(`names=${state.names}`);
  if (state.atlas) out.push(`atlas=${encodeURIComponent(state.atlas)}`);
  return out.length === 1 ? "" : out.join("&");
}

/**
 * A state from a URL fragment. Whatever cannot be used is left out and named.
 * @param {string} fragment with or without the leading #
 * @param {{structure: (id: string) => Object|undefined, pattern: (id: string) => Object|undefined}} known
 * @returns {{state: Object, problems: string[], more: string[], viewed: boolean}} problems: words that were not understood; more: structures beyond those that can be compared; viewed: whether the link says from where to look
 */
export function fromFragment(fragment, known) {
  const problems = [];
  const state = { ...INITIAL };
  const text = fragment.replace(/^#/, "");
  if (!text) return { state, problems };
  const fields = new URLSearchParams(text);
  const complain = (word) => problems.push(String(word).slice(0, 60));
  const version = fields.get("v");
  if (!/^\d+$/.test(version ?? "")) return { state, problems: [text.slice(0, 60)] };
  const choice = (name, allowed) => {
    const value = fields.get(name);
    if (value === null) return;
    if (allowed.includes(value)) state[name] = value;
    else complain(value);
  };
  const ids = (fields.get("s") ?? "").split(",").filter(Boolean).slice(0, 12);
  const found = ids.filter((id) => known.structure(id) || (complain(id), false));
  const all = [...new Set(found.map((id) => known.structure(id).part_of ?? id))];
  state.structures = all.slice(0, MOST_COMPARED);
  const pattern = fields.get("p");
  if (pattern !== null) {
    const owner = known.pattern(pattern)?.structure;
    if (owner && state.structures.includes(owner)) state.pattern = pattern;
    else complain(pattern);
  }
  choice("side", SIDES);
  choice("view", VIEWS);
  choice("rest", RESTS);
  for (const name of ["mirror", "peel", "why"]) {
    const value = fields.get(name);
    if (value === "1") state[name] = true;
    else if (value !== null && value !== "0") complain(value);
  }
  choice("voice", ["plain", "clinical"]);
  choice("body", known.bodies ?? BODIES);
  choice("tone", TONES);
  choice("palette", PALETTES);
  choice("names", NAMES);
  choice("atlas", known.atlases ?? []);
  const skin = fields.get("skin");
  if (skin !== null) {
    if (/^\d{1,3}$/.test(skin) && Number(skin) <= 100) state.skin = Number(skin) / 100;
    else complain(skin);
  }
  choice("mode", ["muscle", "pain"]);
  choice("from", ["left", "right"]);
  const list = (name) => [...new Set((fields.get(name) ?? "").split(",").filter(Boolean))].slice(0, 250);
  state.areas = list("a").filter((place) => {
    const [area, side] = place.split(":");
    return (known.area?.(area) && ["left", "right"].includes(side)) || (complain(place), false);
  });
  state.features = list("f").filter((name) => known.feature?.(name) || (complain(name), false));
  const drawn = fields.get("d");
  if (drawn !== null) {
    const strokes = strokesFromText(drawn);
    if (strokes) state.strokes = strokes;
    else complain(drawn);
  }
  for (const layer of ["muscles", "bones"]) {
    const value = fields.get(layer);
    if (value === "0") state[layer] = false;
    else if (value !== null && value !== "1") complain(value);
  }
  return { state, problems, more: all.slice(MOST_COMPARED), viewed: fields.has("view") };
}

/** A store: `get`, `set` with some fields, `listen` for changes. */
export function store(first) {
  let state = Object.freeze({ ...first });
  const listeners = new Set();
  return {
    get: () => state,
    set(change, how = {}) {
      const next = Object.freeze({ ...state, ...change });
      const changed = Object.keys(next).some((name) => JSON.stringify(next[name]) !== JSON.stringify(state[name]));
      if (!changed) return;
      const before = state;
      state = next;
      for (const listener of [...listeners]) listener(state, before, how);
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
