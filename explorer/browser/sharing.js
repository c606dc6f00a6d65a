// What two or three structures share and what each reaches alone: from the rows that name areas, sides resolved.

import { areaSides, shownSides } from "./scene.js";
import { LETTERS } from "./hatch.js";

/** How many structures can be compared at once. */
export const MOST_COMPARED = 3;

/** The patterns of a structure that a state shows: one chosen pattern stands for its own structure only. */
export function shownPatterns(structure, pattern) {
  const own = structure.patterns.filter((entry) => entry.id === pattern);
  return own.length ? own : structure.patterns;
}

/**
 * The groups of a comparison, or none where nothing is compared.
 * @returns {Array<{letter: string, id: string, entries: Array<{pattern: string, side: string}>}>}
 */
export function groupsOf(catalogue, state) {
  const chosen = state.structures.map((id) => catalogue.structures[id]).filter(Boolean).slice(0, MOST_COMPARED);
  if (chosen.length < 2) return [];
  return chosen.map((structure, k) => ({
    letter: LETTERS[k],
    id: structure.id,
    entries: shownPatterns(structure, state.pattern).flatMap((pattern) => shownSides(structure, state.side).map((side) => ({ pattern: pattern.id, side }))),
  }));
}

/**
 * Each area that is reached, by whom and as what, those of most structures first.
 * @returns {Array<{area: string, side: string, roles: Array<"core"|"spillover"|null>}>} side: left, right, both, midline
 */
export function sharing(catalogue, state) {
  const chosen = state.structures.map((id) => catalogue.structures[id]).filter(Boolean).slice(0, MOST_COMPARED);
  const places = new Map(); // area -> side -> roles
  chosen.forEach((structure, k) => {
    for (const pattern of shownPatterns(structure, state.pattern)) {
      for (const role of ["core", "spillover"]) {
        for (const { area, side: rule } of pattern[role]) {
          for (const side of shownSides(structure, state.side).flatMap((own) => areaSides(rule, own))) {
            if (!places.has(area)) places.set(area, new Map());
            const sides = places.get(area);
            if (!sides.has(side)) sides.set(side, chosen.map(() => null));
            const roles = sides.get(side);
            if (roles[k] !== "core") roles[k] = role;
          }
        }
      }
    }
  });
  const rows = [];
  for (const [area, sides] of places) {
    const [left, right] = [sides.get("left"), sides.get("right")];
    if (left && right && JSON.stringify(left) === JSON.stringify(right)) {
      rows.push({ area, side: "both", roles: left });
      sides.delete("left");
      sides.delete("right");
    }
    for (const [side, roles] of sides) rows.push({ area, side, roles });
  }
  const reach = (row) => row.roles.filter(Boolean).length;
  const first = (row) => row.roles.findIndex(Boolean);
  return rows.sort((a, b) => reach(b) - reach(a) || first(a) - first(b));
}
