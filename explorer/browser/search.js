// Find structures by any of their names (English, Latin, abbreviations, lay words), then by what their patterns say:
// where they are felt, how, with what else, what brings them on and what they may be taken for.

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
 * What the words of patients mean for the search, from two texts.
 * @param {string} fillers words around a place that tell nothing about it ("my", "pain")
 * @param {string} same pairs of words, "needles=tingling"
 */
export const vocabulary = (fillers = "", same = "") => ({
  fillers: new Set(plainWords(fillers).split(" ")),
  same: new Map(same.split(/\s+/).filter(Boolean).map((pair) => pair.split("="))),
});

const NOTHING = vocabulary();
/** A name that holds the telling words only comes after a pattern's places (from 100) and before its notes (from 110). */
const BETWEEN = 109;
const better = (a, b) => (a && b ? (b.score < a.score ? b : a) : (a ?? b));
const begins = (text, words) => words.every((word) => ` ${text}`.includes(` ${word}`));

/**
 * Rank structures against a query.
 * @param {Object[]} structures of the catalogue
 * @param {string} query
 * @param {{areas?: Object, words?: Object}} knowledge areas of the catalogue by id, and a vocabulary
 * @returns {Array<{structure: Object, alias: string|null, by: string}>} best first; alias is the other name that was met
 *   (by "name"), or, where no name was met, what of a pattern: its places and notes (by "pattern"), or what it may be
 *   taken for (by "confused")
 */
export function search(structures, query, { areas = {}, words: known = NOTHING } = {}) {
  const wanted = plainWords(query);
  if (!wanted) return structures.map((structure) => ({ structure, alias: null, by: "name" }));
  const words = wanted.split(" ");
  const telling = [...new Set(words.filter((word) => !known.fillers.has(word)).map((word) => known.same.get(word) ?? word))];
  const found = [];
  for (const structure of structures) {
    const best = named(structure, wanted, words) ?? (telling.length ? better(patterned(structure, telling, areas), named(structure, null, telling)) : null);
    if (best) found.push({ structure, ...best });
  }
  return found.sort((a, b) => a.score - b.score).map(({ structure, alias, by }) => ({ structure, alias, by }));
}

/** The name of a structure that holds all words; without the whole query only words at their beginnings count. */
function named(structure, wanted, words) {
  const names = [structure.name, structure.latin ?? "", ...structure.names, structure.plain, structure.family.replaceAll("_", " ")];
  let best = null;
  names.forEach((name, place) => {
    const text = plainWords(name);
    if (wanted === null ? !begins(text, words) : !words.every((word) => text.includes(word))) return;
    const starts = text.startsWith(wanted) ? 0 : begins(text, words) ? 1 : 2;
    const score = wanted === null ? BETWEEN + Math.min(place, 5) / 10 : 10 * starts + Math.min(place, 5);
    if (!best || score < best.score) best = { score, alias: place === 0 ? null : name, by: "name" };
  });
  return best;
}

/** What one pattern of a structure says that holds all words, in one of its phrases or spread over several. */
function patterned(structure, words, areas) {
  let best = null;
  for (const pattern of structure.patterns) {
    const phrases = phrasesOf(pattern, areas);
    const whole = phrases.filter((phrase) => phrase.names.some((name) => begins(name, words)));
    const spread = words.map((word) => phrases.find((phrase) => phrase.names.some((name) => begins(name, [word]))));
    const met = whole.length ? [whole.reduce((a, b) => (rank(b, words) < rank(a, words) ? b : a))] : spread.every(Boolean) ? [...new Set(spread)] : null;
    if (!met) continue;
    const score = 100 + (whole.length ? 0 : 50) + Math.max(...met.map((phrase) => rank(phrase, words)));
    const by = met.every((phrase) => phrase.by === "confused") ? "confused" : "pattern";
    if (!best || score < best.score) best = { score, alias: met.map((phrase) => phrase.shown).join("; "), by };
  }
  return best;
}

/** A place whose own name holds the words comes before one that is only called so by some. */
const rank = (phrase, words) => phrase.rank + (phrase.names.slice(0, 2).some((name) => begins(name, words)) ? 0 : 3);

function phrasesOf(pattern, areas) {
  const places = (list, rank) =>
    list.flatMap(({ area }) => {
      const own = areas[area];
      return own ? [{ shown: own.plain, names: [own.plain, own.name, ...(own.names ?? [])].map(plainWords), rank, by: "pattern" }] : [];
    });
  const notes = (text, rank, by) =>
    (text ?? "").split(/[,;]/).flatMap((part) => (part.trim() ? [{ shown: part.trim(), names: [plainWords(part)], rank, by }] : []));
  return [
    ...places(pattern.core, 0),
    ...places(pattern.spillover, 5),
    ...notes(pattern.quality, 10, "pattern"),
    ...notes(pattern.phenomena, 10, "pattern"),
    ...notes(pattern.provoked_by, 15, "pattern"),
    ...notes(pattern.confused_with, 20, "confused"),
  ];
}
