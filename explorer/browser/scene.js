// Decide what is shown for a state: the twin of explorer/scene.py, which a test holds against it.

import { shapesOf, wayOf } from "./why_way.js";

/** Kinds of structures that have shapes of their own. */
const SHOWN_KINDS = ["muscle", "muscle_part", "joint", "nerve"];
const OPPOSITE = { left: "right", right: "left", midline: "midline" };

const DEPTH = { cutaneous: -1, superficial: 0, intermediate: 1, deep: 2, deepest: 3, none: 2 };

/** How deep a structure lies: all muscles lie over a joint. */
const depthOf = (structure) => (structure.kind === "joint" ? DEPTH.deepest : DEPTH[structure.layer]);

/** Sides of the body that a side rule means for a structure on one side. */
export function areaSides(rule, side) {
  if (rule === "midline") return ["midline"];
  if (rule === "both" || side === "midline") return ["left", "right"];
  return [rule === "same" ? side : OPPOSITE[side]];
}

/** Sides on which a structure is shown for the chosen side. */
export function shownSides(structure, side) {
  if (structure.pairing === "midline") return ["midline"];
  return side === "both" ? ["left", "right"] : [side];
}

/**
 * @param {Object} catalogue
 * @param {Object} state
 * @returns {Object} plain scene state: `structures`, `paint`, `markers`, `deep`, `way`, `camera`, `skin`, `bones`
 */
export function sceneOf(catalogue, state) {
  const { style } = catalogue;
  const chosen = state.structures.map((id) => catalogue.structures[id]).filter(Boolean);
  const members = new Set(chosen.flatMap((structure) => [structure.id, ...structure.members]));
    const deepest = chosen.length ? Math.max(...chosen.map((structure) => depthOf(structure))) : 0;

  const isolated = chosen.length > 0 && state.rest === "hide";
  const faded = chosen.length > 0 && state.rest !== "show";

  const shapes = catalogue.own?.shapes ?? {};
  const structures = {};
  for (const structure of Object.values(catalogue.structures)) {
    if (!SHOWN_KINDS.includes(structure.kind) || structure.members.length) continue;
    const muscle = structure.kind.startsWith("muscle");
    const own = members.has(structure.id);
    // what lies over a chosen muscle is taken away, so that it can be seen; so is a sheet in the skin, which would
    // hide the whole neck, unless it was asked for
    const covers = !own && depthOf(structure) < deepest;
    const peeled = state.peel && structure.layer === "superficial";
    for (const side of shownSides(structure, "both")) {
      const lit = own && (state.side === "both" || side === "midline" || side === state.side);
      structures[`${structure.id}/${side}`] = {
        // joints and nerves are seen when they are chosen only
        visible: lit || (muscle && state.muscles && !covers && !peeled && !isolated),
        // in an own atlas a muscle that it lacks is ours, and looks so
        colour: lit ? style[structure.kind === "nerve" ? "nerve" : "muscle_chosen"] : faded ? style.muscle_faded : style[shapes[structure.id] === "ours" ? "muscle_ours" : "muscle"],
        chosen: lit,
      };
    }
  }

  const paint = [];
  const markers = [];
  const deep = new Map();
  for (const structure of chosen) {
    for (const pattern of structure.patterns) {
      // one chosen pattern hides the others of its own structure; those of a compared one stay
      const on = !structure.patterns.some((own) => own.id === state.pattern) || state.pattern === pattern.id;
      for (const side of shownSides(structure, state.side)) {
        const point = structure.trigger_points.find((entry) => entry.id === pattern.trigger_point);
        const place = point?.xyz_mm[side === "right" ? "right" : "left"];
        if (place) markers.push({ id: point.id, pattern: pattern.id, side, xyz_mm: place, chosen: on });
        if (!on) continue;
        paint.push({ pattern: pattern.id, side });
        for (const role of ["core", "spillover"]) {
          for (const entry of pattern[role]) {
            if (!["deep", "mouth"].includes(catalogue.areas[entry.area].place)) continue;
            for (const areaSide of areaSides(entry.side, side)) {
              const key = `${entry.area}/${areaSide}`;
              if (deep.get(key)?.role !== "core") deep.set(key, { area: entry.area, side: areaSide, role });
            }
          }
        }
      }
    }
  }
  const way = new Map();
  for (const structure of state.why ? chosen : []) {
    const owns = structure.patterns.some((pattern) => pattern.id === state.pattern);
    const own = shownSides(structure, state.side).filter((side) => side !== "midline");
    for (const shape of shapesOf(catalogue, wayOf(catalogue, structure.id, owns ? state.pattern : null), own.length ? own : ["left", "right"])) {
      if (!way.has(shape.key)) way.set(shape.key, shape);
    }
  }
  return {
    structures,
    paint,
    markers,
    deep: [...deep.values()],
    way: [...way.values()],
    camera: state.view,
    skin: state.skin,
    bones: state.bones,
  };
}
