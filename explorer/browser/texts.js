// The words of the interface: one table, any language, English where a word is missing.

/**
 * @param {Object<string, Object<string, string>>} tables language -> id -> text
 * @param {string} language
 * @returns {(id: string, values?: Object<string, string|number>) => string} with `language`; `translates(id)` tells
 *   whether the language has a text of its own, `made(words)` whether some words hold one that was given out
 */
export function translator(tables, language) {
  const own = language === "en" ? {} : (tables[language] ?? {});
  const english = tables.en ?? {};
  const given = new Set();
  const t = (id, values = {}) => {
    const text = own[id] ?? english[id] ?? id;
    const filled = text.replace(/\{([a-z_]+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
    if (id in own) given.add(filled);
    return filled;
  };
  t.language = language;
  t.translates = (id) => language === "en" || id in own;
  t.made = (words) => given.has(words) || [...given].some((text) => text.length > 3 && words.includes(text));
  return t;
}
