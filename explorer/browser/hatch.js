// Marks of structures that are compared: each has its own stripes, dots, outline and letter, so that nobody needs colour.

import { dotsOf, outlinesOf, ribbonOf } from "./paint.js";

export const LETTERS = ["A", "B", "C"];
/** Corners of the spillover's dots, by letter: round, three-cornered, square. */
const CORNERS = [8, 3, 4];
const WIDTHS = [1.3, 1.3, 1.3];

/** What the shading of the skin needs: point arrays `marks` (core of A, B, C) and `place` (mm, and how far the skin looks up). */
export const HATCH_ATTRIBUTES = { marks: 3, place: 4 };

export const HATCH_DECLARATIONS = `
uniform float comparing;
uniform vec3 markA;
uniform vec3 markB;
uniform vec3 markC;
float stripe(float at, float blur) {
  float from = abs(fract(at) - 0.5);
  float crisp = 1.0 - smoothstep(0.25 - blur, 0.25 + blur, from);
  return mix(crisp, 0.5, smoothstep(0.3, 0.6, blur)); // finer than a pixel: a tone, no flicker
}`;

/** Stripes lie on the skin: around the body and up (over the top and the shoulders: across), rising for A, falling for B, level for C. */
export const HATCH_SHADING = `
  if (comparing > 0.5) {
    vec3 width = max(fwidth(marksVS), vec3(0.002));
    vec3 reach = smoothstep(0.5 - width, 0.5 + width, marksVS) * reveal;
    float around = 90.0 * atan(placeVS.x, 20.0 - placeVS.y);
    vec2 at = placeVS.w > 0.8 ? placeVS.xy : vec2(around, placeVS.z);
    float blur = length(fwidth(placeVS.xyz)) / 7.0686;
    vec3 on = reach * vec3(stripe((at.y - at.x) / 7.0686, blur), stripe((at.y + at.x) / 7.0686, blur), stripe(at.y / 5.0, 1.4 * blur));
    float any = max(reach.x, max(reach.y, reach.z));
    vec3 ground = (markA * reach.x + markB * reach.y + markC * reach.z) / max(reach.x + reach.y + reach.z, 0.001);
    shade = mix(shade, mix(ground, vec3(light), 0.62), 0.55 * any);
    shade = mix(shade, markA * (0.4 + 0.6 * light), on.x);
    shade = mix(shade, markB * (0.4 + 0.6 * light), on.y);
    shade = mix(shade, markC * (0.4 + 0.6 * light), on.z);
    cover = max(cover, max(0.72 * any, 0.97 * max(on.x, max(on.y, on.z))));
  }`;

/** The values of `place` for a skin. */
export function placeOf({ positions }, normals) {
  const out = new Float32Array((4 * positions.length) / 3);
  for (let v = 0; v < positions.length / 3; v += 1) {
    for (let k = 0; k < 3; k += 1) out[4 * v + k] = positions[3 * v + k];
    out[4 * v + 3] = normals[3 * v + 2];
  }
  return out;
}

/**
 * Outlines and dots of compared structures on the skin.
 * @param {{skin: Object, normals: Float32Array, weights: Object, dots: Object, actor: () => Object, put: (actor: Object, shape: Object) => void, colour: (actor: Object, hex: string) => void}} context
 */
export function makeMarking({ skin, normals, weights, dots, actor, put, colour }) {
  const values = new Float32Array(3 * weights.count);
  const actors = LETTERS.map(() => null);
  let colours = null;

  return {
    values,
    /** Show groups [{letter, entries}], or none. @returns {boolean} whether something is compared */
    show(groups) {
      values.fill(0);
      const paints = groups.map(({ entries }) => weights.paint(entries));
      LETTERS.forEach((letter, k) => {
        const own = paints[k];
        if (!own && !actors[k]) return;
        actors[k] ??= { core: actor(), spillover: actor(), dots: actor() };
        const found = own ?? { core: new Uint8Array(weights.count), spillover: new Uint8Array(weights.count) };
        for (let v = 0; v < weights.count; v += 1) values[3 * v + k] = found.core[v] / 255;
        const both = found.spillover.map((value, v) => Math.min(255, value + found.core[v]));
        // where dots of two fall together, they take turns
        const turn = (v, n) => {
          const here = paints.map((paint, j) => (paint.spillover[v] >= 110 ? j : -1)).filter((j) => j >= 0);
          return here.length < 2 || here[n % here.length] === k;
        };
        put(actors[k].core, ribbonOf(outlinesOf(skin, normals, found.core), { width: WIDTHS[k], lift: 0.6 + 0.12 * k }));
        put(actors[k].spillover, ribbonOf(outlinesOf(skin, normals, both), { width: 0.9, lift: 0.55 + 0.12 * k, dash: 5, gap: 3.5 }));
        put(actors[k].dots, dotsOf(skin, normals, found.spillover, dots.vertices, dots.radii, 0.7 + 0.05 * k, { corners: CORNERS[k], only: turn }));
      });
      if (colours) this.tint(colours);
      return groups.length > 0;
    },
    tint(next) {
      colours = next;
      actors.forEach((own, k) => {
        if (!own) return;
        for (const part of Object.values(own)) colour(part, colours[k].line);
      });
    },
  };
}
