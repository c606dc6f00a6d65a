// The hand-out as one HTML file, put together in the browser: the page's words, and packed beside them what the view
// needs of the chosen structures. explorer/export/handout_html.py makes the same.

import { container, load } from "./assets.js";

const MAGIC = "RPX1";

/** The catalogue with nothing but some structures. */
export function catalogueOf(catalogue, ids) {
  const own = Object.fromEntries(Object.entries(catalogue.structures).filter(([id]) => ids.has(id)));
  const patterns = new Set(Object.values(own).flatMap((structure) => structure.patterns.map((pattern) => pattern.id)));
  const cited = new Set(Object.values(own).flatMap((structure) => [...structure.patterns.flatMap((pattern) => pattern.evidence.map((entry) => entry.reference)), ...Object.values(structure.anatomy).map((fact) => fact.reference)]));
  return {
    ...catalogue,
    patterns: undefined,
    structures: own,
    references: Object.fromEntries(Object.entries(catalogue.references).filter(([id]) => cited.has(id))),
    examples: [],
    pain_first: {
      ...catalogue.pain_first,
      candidates: catalogue.pain_first.candidates.filter((candidate) => candidate.patterns.every((id) => patterns.has(id))),
      look_alikes: [],
    },
  };
}

/** Structures, with their parts and members, and deep places, whose shapes a hand-out needs. */
export function shapesOf(catalogue, structures) {
  const ids = new Set();
  const add = (id) => {
    if (ids.has(id) || !catalogue.structures[id]) return;
    ids.add(id);
    catalogue.structures[id].members.forEach(add);
  };
  structures.forEach(add);
  for (const structure of Object.values(catalogue.structures)) if (ids.has(structure.part_of)) add(structure.id);
  const deep = new Set([...ids].flatMap((id) => catalogue.structures[id].patterns.flatMap((pattern) => [...pattern.core, ...pattern.spillover].map(({ area }) => area))));
  return { ids, deep };
}

/** A container with only some of its meshes; their arrays are copied as they are. */
export function bodyOf(buffer, keep) {
  const { header } = container(buffer);
  const start = 8 + new DataView(buffer).getUint32(4, true);
  const meshes = Object.fromEntries(Object.entries(header.meshes).filter(([id, entry]) => keep(id, entry)));
  const arrays = {};
  const parts = [];
  let offset = 0;
  const width = { u1: 1, u2: 2, u4: 4, f4: 4 };
  for (const [name, entry] of Object.entries(header.arrays)) {
    if (!meshes[name.split(":")[0]]) continue;
    const bytes = width[entry.type] * entry.length;
    const padded = new Uint8Array(4 * Math.ceil(bytes / 4));
    padded.set(new Uint8Array(buffer, start + entry.offset, bytes));
    arrays[name] = { ...entry, offset };
    parts.push(padded);
    offset += padded.length;
  }
  const raw = new TextEncoder().encode(JSON.stringify({ ...header, meshes, arrays }));
  const text = new Uint8Array(4 * Math.ceil(raw.length / 4)).fill(32);
  text.set(raw);
  const head = new Uint8Array(8);
  head.set(new TextEncoder().encode(MAGIC));
  new DataView(head.buffer).setUint32(4, text.length, true);
  return new Blob([head, text, ...parts]);
}

async function packed(blob) {
  const buffer = await new Response(blob.stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer();
  const bytes = new Uint8Array(buffer);
  const letters = [];
  for (let k = 0; k < bytes.length; k += 0x8000) letters.push(String.fromCharCode(...bytes.subarray(k, k + 0x8000)));
  return btoa(letters.join(""));
}

const escaped = (text) => text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);

/** JSON that may stand in an HTML page. */
const jsonInPage = (value) => JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`);

/**
 * The file.
 * @param {{catalogue: Object, t: Function, state: Object, page: HTMLElement, title: string}} what page: {@link pageOf} with room for the view
 * @param {{kit: {shell: string, style: string}, assets: Object, sources: {vtk: Object, code: Object, sheet: Object}}} own
 * @returns {Promise<Blob>}
 */
export async function fileOf({ catalogue, t, state, page, title }, { kit, assets, sources }) {
  const { ids, deep } = shapesOf(catalogue, state.structures);
  const [body, paint, vtk, code, sheet] = await Promise.all([load(assets.body), load(assets.paint), load(sources.vtk), load(sources.code), load(sources.sheet)]);
  const packs = {
    vtk: await packed(new Blob([vtk])),
    code: await packed(new Blob([code])),
    sheet: await packed(new Blob([sheet])),
    catalogue: await packed(new Blob([JSON.stringify(catalogueOf(catalogue, ids))])),
    body: await packed(bodyOf(body, (id, { kind }) => ["skin", "eye", "bone"].includes(kind) || ids.has(id) || (kind === "deep" && deep.has(id)))),
    paint: await packed(new Blob([paint])),
  };
  const words = { state, turn: t("handout.turn"), failed: t("handout.failed") };
  const parts = {
    title: escaped(title),
    style: kit.style,
    text: page.outerHTML,
    packs: [
      ...Object.entries(packs).map(([name, text]) => `<script type="application/octet-stream" id="pack-${name}">${text}</script>`),
      `<script type="application/json" id="pack-words">${jsonInPage(words)}</script>`,
    ].join("\n"),
  };
  return new Blob([kit.shell.replace(/\{\{(\w+)\}\}/g, (whole, name) => parts[name] ?? whole)], { type: "text/html" });
}
