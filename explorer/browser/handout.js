// What a hand-out says, and its page: the twin of explorer/export/handout.py and pages/handout.html; a test holds
// them against each other. Text goes in as text, never as markup.

import { h, safeLink, svg } from "./dom.js";
import { qrOf, qrPath } from "./qr.js";
import { areaSides } from "./scene.js";

export const MOST_CLINIC = 120;
export const MOST_NOTE = 1200;
const LONGEST_QR = 900; // characters; a longer link makes a code that phones cannot read from paper
const KINDS = ["core", "spillover", "trigger", "muscle", "deep"];

/** Text that a person typed as plain text: no control characters, no marks that turn the direction of writing. */
export function cleaned(text, most, lines = false) {
  const kept = [...String(text).slice(0, 8 * most).replaceAll("\r\n", "\n").replaceAll("\r", "\n").normalize("NFC")]
    .filter((letter) => "\n\t\u200c\u200d".includes(letter) || !/[\p{Cc}\p{Cf}\p{Cs}\p{Co}]/u.test(letter))
    .join("")
    .replace(/[\u2028\u2029]/g, "\n");
  const even = lines
    ? kept.replace(/[^\S\n]+/g, " ").replace(/\n{3,}/g, "\n\n").split("\n").map((line) => line.trim()).join("\n")
    : kept.replace(/\s+/g, " ");
  let marks = 0;
  const letters = [...even].filter((letter) => {
    marks = /[\p{Mn}\p{Me}]/u.test(letter) ? marks + 1 : 0;
    return marks <= 4;
  });
  const whole = [...letters.join("").trim()];
  return whole.length <= most ? whole.join("") : `${whole.slice(0, most - 1).join("").trimEnd()}…`;
}

/** Everything that a hand-out says, as plain text. */
export function contentOf({ catalogue, t, state, clinic = "", note = "", link = null }) {
  const chosen = state.structures.map((id) => catalogue.structures[id]).filter(Boolean);
  const patternsOf = (structure) => structure.patterns.filter((pattern) => !state.pattern || state.pattern === pattern.id || !structure.patterns.some((own) => own.id === state.pattern));
  const rows = chosen.flatMap((structure) => patternsOf(structure).flatMap((pattern) => [...pattern.core, ...pattern.spillover]));
  const patterns = chosen.flatMap(patternsOf);
  const absent = new Set();
  if (!rows.some(({ area }) => ["deep", "mouth"].includes(catalogue.areas[area].place))) absent.add("deep");
  if (!patterns.some((pattern) => pattern.trigger_point)) absent.add("trigger");
  if (!patterns.some((pattern) => pattern.spillover.length)) absent.add("spillover");
  const names = chosen.map((structure) => structure.name).join(", ");
  const paired = chosen.some((structure) => structure.pairing === "paired");
  const sources = new Map();
  for (const entry of patterns.flatMap((pattern) => pattern.evidence)) {
    if (sources.has(entry.reference)) continue;
    const seen = entry.locator === "not seen" ? t("card.not_seen") : t("card.seen", { locator: entry.locator });
    sources.set(entry.reference, { citation: cleaned(entry.citation, 600), seen: cleaned(seen, 300), link: (entry.link && safeLink(entry.link)) || "" });
  }
  return {
    title: paired ? `${names} (${t(`side.${state.side}`).toLowerCase()})` : names,
    app: t("app.name"),
    structures: chosen.map((structure) => structureOf(structure, patternsOf(structure))),
    legend: KINDS.filter((kind) => !absent.has(kind)).map((kind) => [kind, t(`legend.${kind}_long`)]),
    warnings: warningsFor(rows),
    sources: [...sources.values()],
    clinic: cleaned(clinic, MOST_CLINIC),
    note: cleaned(note, MOST_NOTE, true),
    version: t("handout.version", { data: catalogue.version }),
    link,
  };

  function structureOf(structure, own) {
    const midline = structure.pairing === "midline";
    const sides = midline ? ["midline"] : state.side === "both" ? ["left", "right"] : [state.side];
    return {
      name: cleaned(structure.name, 200),
      latin: cleaned(structure.latin ?? "", 200),
      plain: cleaned(structure.plain, 600),
      side: t(`side.${midline ? "midline" : state.side}`),
      patterns: own.map((pattern) => patternOf(structure, pattern, sides)),
    };
  }

  function patternOf(structure, pattern, sides) {
    const point = structure.trigger_points.find((entry) => entry.id === pattern.trigger_point);
    const reach = ["core", "spillover"]
      .filter((role) => pattern[role].length)
      .map((role) => {
        const words = pattern[role].map(({ area, side: rule }) => {
          const reached = new Set(sides.flatMap((side) => areaSides(rule, side)));
          const side = reached.has("left") && reached.has("right") ? "both" : [...reached][0];
          return `${catalogue.areas[area].plain} (${t(`side.${side}`).toLowerCase()})`;
        });
        return [t(`card.${role}`), cleaned(words.join(", "), 2000)];
      });
    return {
      label: cleaned(point ? point.label : structure.name, 200),
      site: point ? cleaned(point.site, 300) : "",
      plain: cleaned(pattern.plain, 3000),
      reach,
      grade: cleaned(`${t("grade.title", { grade: pattern.grade })}: ${catalogue.grades[pattern.grade].name}`, 200),
      disputed: cleaned(pattern.dispute || (pattern.status === "disputed" ? t("card.disputed") : ""), 1000),
    };
  }

  function warningsFor(places) {
    const { red_flags: flags, chest_and_arm: lower } = catalogue.pain_first;
    const kinds = new Set(places.map(({ area }) => (lower.includes(catalogue.areas[area].region) ? "chest and arm" : "head and neck")));
    if (!kinds.size) kinds.add("head and neck");
    kinds.add("any");
    return [["emergency now", "warn.emergency"], ["doctor soon", "warn.doctor"]]
      .map(([urgency, title]) => [t(title), flags.filter((flag) => flag.urgency === urgency && kinds.has(flag.applies_to))])
      .filter(([, own]) => own.length)
      .map(([title, own]) => {
        const leads = own.map((flag) => flag.plain.match(/^[^,]*? if /)?.[0] ?? "");
        const lead = leads.reduce((a, b) => (leads.filter((x) => x === b).length > leads.filter((x) => x === a).length ? b : a));
        const same = own.filter((flag) => lead && flag.plain.startsWith(lead)).map((flag) => flag.plain.slice(lead.length).trim());
        const others = own.filter((flag) => !lead || !flag.plain.startsWith(lead)).map((flag) => flag.plain);
        return { title, lead: lead.trim(), signs: same.map((sign) => cleaned(sign[0].toUpperCase() + sign.slice(1), 600)), others: others.map((sign) => cleaned(sign, 600)) };
      });
  }
}

/** A QR code as an SVG element; null for a link that is too long to be read from paper. */
export function qrPicture(link, label) {
  const rows = link.length <= LONGEST_QR ? qrOf(link) : null;
  if (!rows) return null;
  const { d, size } = qrPath(rows);
  return svg("svg", { class: "qr", viewBox: `0 0 ${size} ${size}`, role: "img", "aria-label": label, "shape-rendering": "crispEdges" }, svg("rect", { width: size, height: size, fill: "#fff" }), svg("path", { d, fill: "#000" }));
}

/**
 * The page of a hand-out.
 * @param {Object} content of {@link contentOf}
 * @param {(id: string, values?: Object) => string} t
 * @param {{pictures?: Array<{src: string, label: string}>, chart?: SVGElement|null, view?: boolean}} look `view`: room for the 3D view
 */
export function pageOf(content, t, { pictures = [], chart = null, view = false } = {}) {
  const link = content.link && safeLink(content.link);
  return h(
    "article",
    { class: "handout", lang: "en" },
    h("header", {}, content.clinic ? h("p", { class: "clinic", dir: "auto", text: content.clinic }) : null, h("h1", { text: content.title }), h("p", { class: "disclaimer", text: t("handout.disclaimer") })),
    view ? h("section", { class: "view", id: "view", "aria-label": t("canvas.label"), hidden: true }) : null,
    view ? h("p", { class: "how", id: "how", text: t("handout.without") }) : null,
    h(
      "div",
      { class: "seen" },
      pictures.length ? h("div", { class: "pictures" }, ...pictures.map(({ src, label }) => h("figure", {}, h("img", { src, alt: label }), h("figcaption", { text: label })))) : null,
      chart ? h("div", { class: "chart-place" }, chart) : null,
      h("ul", { class: "legend" }, ...content.legend.map(([kind, text]) => h("li", {}, h("span", { class: `mark mark-${kind}`, "aria-hidden": "true" }), text))),
    ),
    h("div", { class: "told" }, ...content.structures.map((structure) => structurePart(structure, t))),
    content.note ? h("section", { class: "note" }, h("h2", { text: t("handout.note") }), h("p", { dir: "auto", text: content.note })) : null,
    h("section", { class: "warnings" }, h("h2", { text: t("warn.again") }), ...content.warnings.map(warningPart)),
    h("section", { class: "sources" }, h("h2", { text: t("page.sources") }), h("ol", {}, ...content.sources.map((source) => h("li", {}, source.link ? h("a", { href: source.link, rel: "noopener noreferrer", text: source.citation }) : source.citation, ` ${source.seen}`)))),
    h(
      "footer",
      {},
      link ? h("div", { class: "back" }, qrPicture(link, t("handout.qr")), h("p", {}, `${t("handout.link")}: `, h("a", { href: link, rel: "noopener noreferrer", text: link }))) : null,
      h("p", { class: "small", text: [content.version, t("handout.licence"), t("handout.credit_skin"), t("handout.credit_bones"), t("handout.credit_muscles"), ...(view ? [t("handout.credit_code")] : [])].join(" ") }),
    ),
  );
}

function structurePart(structure, t) {
  return h(
    "section",
    { class: "structure" },
    h("h2", { text: structure.name }),
    h("p", { class: "quiet" }, [structure.latin, structure.plain].filter(Boolean).join(". "), `. ${t("side.title")}: ${structure.side}.`),
    structure.patterns.length ? null : h("p", { text: t("card.no_pattern") }),
    ...structure.patterns.map((pattern) =>
      h(
        "section",
        { class: "pattern" },
        h("h3", { text: pattern.label }),
        pattern.site ? h("p", { class: "quiet site", text: pattern.site }) : null,
        h("p", { class: "plain", text: pattern.plain }),
        ...pattern.reach.map(([role, places]) => h("p", { class: "reach" }, h("strong", { text: `${role}: ` }), places)),
        h("p", { class: "quiet", text: pattern.grade }),
        pattern.disputed ? h("p", { class: "quiet", text: pattern.disputed }) : null,
      ),
    ),
  );
}

function warningPart({ title, lead, signs, others }) {
  return h(
    "section",
    { class: "warning" },
    h("h3", { text: title }),
    signs.length ? h("p", { text: `${lead}:` }) : null,
    h("div", { class: "signs" }, ...[signs, others].filter((list) => list.length).map((list) => h("ul", {}, ...list.map((text) => h("li", { text }))))),
  );
}
