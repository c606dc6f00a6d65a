// Find structures by any of their names: English, Latin, abbreviations, lay words.

/** Lower case, without accents and punctuation. */
export function plainWords(text) {
  return text
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
}

/**
 * Rank structures against a query.
 * @param {Object[]} structures of the catalogue
 * @param {string} query
 * @returns {Array<{structure: Object, alias: string|null}>} best first; alias is the other name that was met
 */
export function search(structures, query) {
  const wanted = plainWords(query);
  if (!wanted) return structures.map((structure) => ({ structure, alias: null }));
  const words = wanted.split(" ");
  const found = [];
  for (const structure of structures) {
    const names = [structure.name, structure.latin ?? "", ...structure.names, structure.plain, structure.family.replaceAll("_", " ")];
    let best = null;
    names.forEach((name, place) => {
      const text = plainWords(name);
      if (!words.every((word) => text.includes(word))) return;
      const starts = text.startsWith(wanted) ? 0 : words.every((word) => ` ${text}`.includes(` ${word}`)) ? 1 : 2;
      const score = 10 * starts + Math.min(place, 5);
      if (!best || score < best.score) best = { score, alias: place === 0 ? null : name };
    });
    if (best) found.push({ structure, ...best });
  }
  return found.sort((a, b) => a.score - b.score).map(({ structure, alias }) => ({ structure, alias }));
}
