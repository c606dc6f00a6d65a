// Score a drawing against all patterns: the twin of explorer/matching.py, where the formula stands; a test holds both
// against each other.

const OPPOSITE = { left: "right", right: "left", midline: "midline" };

/** The same place ("area:side") on the other side of the body. */
export function opposite(place) {
  const [area, side] = place.split(":");
  return `${area}:${OPPOSITE[side]}`;
}

/**
 * @param {{catalogue: Object, weights: Object, areas: ArrayLike<number>}} atlas weights of paint.js; sizes of vertices, mm2
 */
export function scorerOf({ catalogue, weights, areas }) {
  const { constants, candidates, deep } = catalogue.pain_first;
  const known = new Set(deep);
  const count = weights.count;
  const rows = candidates.flatMap((candidate, k) => candidate.sides.map((side) => ({ candidate, k, side })));
  const cache = new Map();

  /** What a row reaches: vertices, core, core and spillover (0..1), deep places, and its whole share in mm2. */
  function mapOf(row) {
    const key = `${row.k}/${row.side}`;
    if (cache.has(key)) return cache.get(key);
    const { core, spillover } = weights.paint([{ pattern: row.candidate.patterns[0], side: row.side }]);
    const vertices = [];
    for (let v = 0; v < count; v += 1) if (core[v] || spillover[v]) vertices.push(v);
    const inner = Float64Array.from(vertices, (v) => core[v] / 255);
    const reach = Float64Array.from(vertices, (v) => core[v] / 255 + spillover[v] / 255);
    const words = Object.fromEntries(
      ["core", "spillover", "unnamed"].map((role) => [role, row.side === "right" ? row.candidate[role].map(opposite) : row.candidate[role]]),
    );
    const deepCore = words.core.filter((place) => known.has(place.split(":")[0]));
    const deepSpill = words.spillover.filter((place) => known.has(place.split(":")[0]));
    let share = constants.deep_area_mm2 * (deepCore.length + constants.spillover_share * deepSpill.length);
    for (let k = 0; k < vertices.length; k += 1) share += areas[vertices[k]] * (inner[k] + constants.spillover_share * (reach[k] - inner[k]));
    const out = { vertices: Uint32Array.from(vertices), inner, reach, words, deepCore, deepSpill, share };
    cache.set(key, out);
    return out;
  }

  const layers = new Map();

  /** Vertices and weights of an area on one side, with its size in mm2; null for one that has no place on the skin. */
  function layerOf(place) {
    if (!layers.has(place)) {
      const layer = weights.area(...place.split(":"));
      if (layer) layer.size = layer.vertices.reduce((sum, v, k) => sum + areas[v] * layer.values[k], 0);
      layers.set(place, layer);
    }
    return layers.get(place);
  }

  /**
   * A drawing as the scorer takes it.
   * @param {string[]} places chosen by name, "area:side"
   * @param {ArrayLike<number>|null} paint 0..1 for each vertex
   */
  function sketch(places, paint) {
    const skin = Float64Array.from(paint ?? { length: count }, (value) => value || 0);
    const lent = new Float64Array(count);
    const inside = new Set();
    for (const place of places) {
      if (known.has(place.split(":")[0])) inside.add(place);
      else layerOf(place)?.vertices.forEach((v, k) => (lent[v] = Math.max(lent[v], layerOf(place).values[k])));
    }
    let size = constants.deep_area_mm2 * inside.size;
    let painted = 0;
    for (let v = 0; v < count; v += 1) {
      if (skin[v] > lent[v]) painted += areas[v] * skin[v];
      else skin[v] = lent[v];
      size += areas[v] * skin[v];
    }
    return { skin, lent, deep: inside, named: [...new Set(places)], size, painted };
  }

  /** Areas that a drawing is said to lie in: those chosen by name, and those that it fills. */
  function drawnPlaces(drawing) {
    if (!drawing.painted) return drawing.named;
    const found = [];
    let best = null;
    for (const area of Object.keys(catalogue.areas)) {
      for (const side of ["left", "right"]) {
        const place = `${area}:${side}`;
        if (drawing.named.includes(place)) continue;
        const own = layerOf(place);
        if (!own) continue;
        let part = 0;
        for (let k = 0; k < own.vertices.length; k += 1) {
          const v = own.vertices[k];
          if (drawing.skin[v] > drawing.lent[v]) part += areas[v] * own.values[k] * drawing.skin[v];
        }
        if (part > 0 && (!best || part > best.part)) best = { place, part };
        if (part > 0 && part >= Math.min(constants.drawn_of_area * own.size, constants.drawn_in_area * drawing.size)) found.push(place);
      }
    }
    if (!found.length && !drawing.named.length && best) found.push(best.place);
    return [...drawing.named, ...found];
  }

  /** Amounts in mm2 and the score of one row. */
  function amounts(row, drawing) {
    const map = mapOf(row);
    let [core, both] = [0, 0];
    for (let k = 0; k < map.vertices.length; k += 1) {
      const drawn = drawing.skin[map.vertices[k]];
      if (!drawn) continue;
      const size = areas[map.vertices[k]];
      core += size * Math.min(drawn, map.inner[k]);
      both += size * Math.min(drawn, map.reach[k]);
    }
    const deepCore = constants.deep_area_mm2 * map.deepCore.filter((place) => drawing.deep.has(place)).length;
    core += deepCore;
    both += deepCore + constants.deep_area_mm2 * map.deepSpill.filter((place) => drawing.deep.has(place)).length;
    const spillover = both - core;
    const hit = core + constants.spillover_share * spillover;
    const missed = Math.max(drawing.size - both, 0);
    const added = Math.max(map.share - hit, 0);
    const score = hit / Math.max(hit + constants.missed * missed + constants.added * added, 1e-12);
    return { core, spillover, missed, added, score };
  }

  /**
   * All candidates, best first; equal ones share a rank.
   * @param {Object} drawing of {@link sketch}
   * @param {{features?: string[], side?: string|null}} chosen
   */
  function rank(drawing, { features = [], side = null } = {}) {
    if (!drawing.size) return [];
    const drawn = drawnPlaces(drawing);
    const found = [];
    rows.forEach((row, order) => {
      const own = amounts(row, drawing);
      if (own.core + own.spillover < constants.least_reached * drawing.size) return;
      const met = features.filter((name) => row.candidate.features.includes(name));
      if (side && (row.side === side || row.side === "midline")) met.push("side");
      const { words } = mapOf(row);
      const named = new Set([...words.core, ...words.spillover]);
      const covered = drawn.filter((place) => named.has(place) || words.unnamed.includes(place));
      const pattern = catalogue.patterns[row.candidate.patterns[0]];
      found.push({
        ...own,
        order,
        pattern: pattern.id,
        structure: pattern.structure,
        members: row.candidate.patterns,
        side: row.side,
        grade: pattern.grade,
        status: pattern.status,
        features: met,
        points: own.score + constants.feature_step * met.length,
        covered,
        missedPlaces: drawn.filter((place) => !covered.includes(place)),
        extra: [...words.core, ...words.spillover].filter((place) => !drawn.includes(place)),
      });
    });
    const rounded = (entry) => Math.round(entry.points * 1e9);
    found.sort((a, b) => rounded(b) - rounded(a) || (a.grade < b.grade ? -1 : a.grade > b.grade ? 1 : a.order - b.order));
    found.forEach((entry, k) => {
      const tie = k > 0 && Math.abs(found[k - 1].points - entry.points) < 1e-9;
      entry.rank = tie ? found[k - 1].rank : k + 1;
    });
    return found;
  }

  return { sketch, rank, drawnPlaces, rows, mapOf };
}
