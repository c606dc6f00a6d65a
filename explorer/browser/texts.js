// The words of the interface: one table, any language, English where a word is missing.

/**
 * @param {Object<string, Object<string, string>>} tables language -> id -> text
 * @param {string} language
 * @returns {(id: string, values?: Object<string, string|number>) => string}
 */
export function translator(tables, language) {
  const own = tables[language] ?? {};
  const english = tables.en ?? {};
  return (id, values = {}) => {
    const text = own[id] ?? english[id] ?? id;
    return text.replace(/\{([a-z_]+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
  };
}
