// Why pain is felt elsewhere, decided from the catalogue alone: the twin of explorer/why.py, which a test holds against it.

/** Fields of the trigeminal divisions, with the segment that their nerves have. */
export const DIVISIONS = { trig_v1: "V1", trig_v2: "V2", trig_v3: "V3" };
export const NUCLEUS = "trigeminocervical_nucleus";
export const CORD = "brainstem_cord";
export const TRIGEMINAL_ROOT = "trigeminal_root";
const LEVELS = [...Array.from({ length: 8 }, (_, k) => `C${k + 1}`), ...Array.from({ length: 12 }, (_, k) => `T${k + 1}`)];
const ROLES = ["core", "spillover"];

/** Levels of the cord that a text names, `C5 to T1` with all between, from above. */
export function levelsOf(text) {
  const found = new Set();
  for (const [, first, last = first] of text.matchAll(/\b([CT]\d+)(?:\s*(?:-|to)\s*([CT]\d+))?\b/g)) {
    if (!LEVELS.includes(first) || !LEVELS.includes(last)) continue;
    for (const level of LEVELS.slice(LEVELS.indexOf(first), LEVELS.indexOf(last) + 1)) found.add(level);
  }
  return LEVELS.filter((level) => found.has(level));
}

function shared(catalogue, territories, areas) {
  const out = [];
  for (const name of territories) {
    const territory = catalogue.structures[name];
    if (!territory) continue;
    const held = new Set(territory.patterns.flatMap((pattern) => ROLES.flatMap((role) => pattern[role].map((entry) => entry.area))));
    const common = areas.filter((area) => held.has(area));
    if (common.length) out.push({ territory: name, areas: common });
  }
  return out;
}

/** Findings about a structure or its family. */
export function findingsOf(catalogue, structure) {
  return catalogue.convergence.filter((row) => row.structure === structure.id || (row.family && row.family === structure.family));
}

/**
 * The described way from a structure to where its patterns are felt.
 * @returns {{findings: string[], nerves: string[], parts: string[], levels: string[], fields: Object[], own_fields: Object[], rest: string[]}}
 */
export function wayOf(catalogue, id, pattern = null) {
  const structure = catalogue.structures[id];
  const findings = findingsOf(catalogue, structure);
  const patterns = structure.patterns.filter((entry) => pattern === null || entry.id === pattern);
  const areas = [...new Set(ROLES.flatMap((role) => patterns.flatMap((entry) => entry[role].map(({ area }) => area))))];
  const innervation = structure.anatomy.innervation?.text ?? "";
  const levels = levelsOf(findings.length ? findings.map((row) => row.segments).join(" ") : innervation);
  const fields = shared(catalogue, Object.keys(DIVISIONS), areas);
  const own = shared(catalogue, levels.map((level) => `derm_${level.toLowerCase()}`), areas);
  const reached = new Set([...fields, ...own].flatMap((field) => field.areas));
  return {
    findings: findings.map((row) => row.id),
    nerves: [...new Set(findings.flatMap((row) => row.nerves))],
    parts: [...new Set(findings.flatMap((row) => row.parts))],
    levels,
    fields,
    own_fields: own,
    rest: areas.filter((area) => !reached.has(area)),
  };
}

/** Shapes that draw a way on some sides: key and role (nerve, nucleus, cord, division), each once. */
export function shapesOf(catalogue, way, sides) {
  if (!way.findings.length) return [];
  const roles = new Map(way.nerves.map((name) => [name, "nerve"]));
  const add = (name, role) => roles.has(name) || roles.set(name, role);
  roles.set(NUCLEUS, "nucleus");
  roles.set(CORD, "cord");
  if (way.fields.length) add(TRIGEMINAL_ROOT, "division");
  for (const { territory } of way.fields) {
    for (const [name, nerve] of Object.entries(catalogue.nerves)) if (nerve.segments === DIVISIONS[territory]) add(name, "division");
  }
  return [...roles].flatMap(([name, role]) => (name === CORD ? ["midline"] : sides).map((side) => ({ key: `${name}/${side}`, role })));
}
