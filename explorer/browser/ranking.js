// The ranked list: which documented patterns reach what was drawn, in which order, and why.

import { h, safeLink } from "./dom.js";

const FIRST = 10;

/**
 * @param {{catalogue: Object, t: Function, set: Function, nameOf: Function, preview: Function}} context
 */
export function makeRanking({ catalogue, t, set, nameOf, preview }) {
  const { pain_first: facts } = catalogue;
  const grades = new Set(Object.keys(catalogue.grades));
  let shown = FIRST;

  const square = (mm2) => (mm2 / 100).toFixed(1);
  const list = (places) => places.map(nameOf).join("; ");

  /** The drawing and the map as one bar: in the core, in the spillover, missed, added. */
  function bar(row) {
    const whole = row.core + row.spillover + row.missed + row.added;
    const part = (kind, value) => (value > 0 ? h("span", { class: `part part-${kind}`, style: `width:${((100 * value) / whole).toFixed(2)}%` }) : null);
    return h("span", { class: "overlap", "aria-hidden": "true" }, part("core", row.core), part("spillover", row.spillover), part("missed", row.missed), part("added", row.added));
  }

  function reasons(row) {
    const lines = [
      row.covered.length ? ["covers", t("rank.covers", { places: list(row.covered) })] : null,
      row.missedPlaces.length ? ["misses", t("rank.misses", { places: list(row.missedPlaces) })] : null,
      row.extra.length ? ["adds", t("rank.adds", { places: list(row.extra) })] : null,
    ].filter(Boolean);
    const chips = row.features.map((name) => (name === "side" ? t("rank.side_met") : facts.features.find((f) => f.id === name).name));
    return [
      h("span", { class: "amounts", text: t("rank.amounts", { core: square(row.core), spillover: square(row.spillover), missed: square(row.missed), added: square(row.added) }) }),
      ...lines.map(([kind, text]) => h("span", { class: `reason reason-${kind}`, text })),
      chips.length ? h("span", { class: "reason", text: t("rank.features", { features: chips.join(", ") }) }) : null,
    ];
  }

  function names(row) {
    const first = catalogue.structures[row.structure];
    const others = [...new Set(row.members.map((id) => catalogue.structures[catalogue.patterns[id].structure].name))].filter((name) => name !== first.name);
    const point = first.trigger_points.find((entry) => entry.id === catalogue.patterns[row.pattern].trigger_point);
    return { first: first.name, point: first.patterns.length > 1 && point ? point.label : "", others };
  }

  function entry(row) {
    const { first, point, others } = names(row);
    const grade = catalogue.grades[row.grade];
    const key = `${row.pattern}/${row.side}`;
    const open = () => {
      preview(null);
      set({ structures: [row.structure], pattern: row.pattern, side: row.side === "midline" ? "both" : row.side });
    };
    const on = () => preview({ pattern: row.pattern, structure: row.structure, side: row.side });
    const off = () => preview(null);
    return h(
      "li",
      {},
      h(
        "button",
        { type: "button", class: "match", dataset: { pattern: row.pattern, side: row.side, keep: key }, onclick: open, onmouseenter: on, onmouseleave: off, onfocus: on, onblur: off },
        h("span", { class: "match-rank", text: t("rank.rank", { rank: row.rank }) }),
        h(
          "span",
          { class: "match-name" },
          h("strong", { text: `${first}, ${t(`side.${row.side}`).toLowerCase()}` }),
          point ? h("span", { class: "quiet", text: point }) : null,
          others.length ? h("span", { class: "quiet", text: t("rank.same_map", { names: others.join(", ") }) }) : null,
        ),
        h(
          "span",
          { class: "badges" },
          h("span", { class: `grade grade-${row.grade}`, title: grade.rule, text: row.grade }),
          h("span", { class: "sr-only", text: t("grade.title", { grade: row.grade }) }),
          row.status === "disputed" ? h("span", { class: "badge disputed", text: t("card.disputed") }) : null,
        ),
        bar(row),
        ...reasons(row).filter(Boolean),
      ),
    );
  }

  function refine(state, redraw) {
    const chip = (on, text, onclick, keep) => h("button", { type: "button", class: "chip", "aria-pressed": String(on), onclick, dataset: { keep }, text });
    const turn = (name) => set({ features: state.features.includes(name) ? state.features.filter((x) => x !== name) : [...state.features, name] }, { replace: true, keepView: true });
    const group = (title, features) =>
      h("div", { class: "chip-line" }, h("span", { class: "quiet", text: title }), ...features.map((f) => chip(state.features.includes(f.id), f.name, () => turn(f.id), `feature-${f.id}`)));
    const step = facts.constants.feature_step;
    return h(
      "details",
      { class: "refine", open: state.features.length > 0 || Boolean(state.from) || refineOpen, ontoggle: (event) => (refineOpen = event.target.open) },
      h("summary", { text: t("rank.refine") }),
      h("p", { class: "quiet", text: t("rank.refine_rule", { step }) }),
      h(
        "div",
        { class: "chip-line" },
        h("span", { class: "quiet", text: t("rank.from_side") }),
        ...["left", "right"].map((side) => chip(state.from === side, t(`side.${side}`), () => set({ from: state.from === side ? null : side }, { replace: true, keepView: true }), `from-${side}`)),
      ),
      group(t("rank.provoked"), facts.features.filter((f) => f.column === "provoked_by")),
      group(t("rank.phenomena"), facts.features.filter((f) => f.column === "phenomena")),
      h(
        "div",
        { class: "chip-line" },
        h("span", { class: "quiet", text: t("rank.grades") }),
        ...Object.entries(catalogue.grades).map(([grade, { name }]) =>
          chip(grades.has(grade), t("rank.grade_chip", { grade, name }), () => (grades.has(grade) ? grades.delete(grade) : grades.add(grade), redraw()), `grade-${grade}`),
        ),
      ),
    );
  }
  let refineOpen = false;

  function formula() {
    const { spillover_share: share, missed, added } = facts.constants;
    const { redrawing } = facts;
    const link = redrawing.link && safeLink(redrawing.link);
    return [
      h("details", { class: "anatomy how" }, h("summary", { text: t("rank.how") }), h("p", { text: t("rank.formula", { share, missed, added }) }), h("p", { text: t("rank.formula_words") })),
      h(
        "p",
        { class: "note" },
        `${redrawing.plain} ${t("rank.redrawing", { value: redrawing.value })} `,
        link ? h("a", { href: link, target: "_blank", rel: "noopener noreferrer", text: redrawing.citation }) : redrawing.citation,
      ),
    ];
  }

  function lookAlikes(places, state) {
    const areas = new Set(places.map((place) => place.split(":")[0]));
    const found = facts.look_alikes
      .map((other) => ({ other, shared: other.areas.filter((area) => areas.has(area)) }))
      .filter(({ shared }) => shared.length)
      .sort((a, b) => b.shared.length - a.shared.length);
    if (!found.length) return null;
    const plain = state.voice === "plain";
    return h(
      "section",
      { class: "look-alikes", "aria-label": t("rank.look_alikes") },
      h("h2", { text: t("rank.look_alikes") }),
      h("p", { class: "quiet", text: t("rank.look_alikes_intro") }),
      h(
        "ul",
        {},
        ...found.map(({ other, shared }) => {
          const link = other.link && safeLink(other.link);
          return h(
            "li",
            { class: "source" },
            h("strong", { text: plain ? other.plain : other.name }),
            h("p", { text: plain ? other.tells_apart_plain : other.tells_apart }),
            h("p", { class: "quiet" }, t("rank.felt_at", { places: shared.map((area) => catalogue.areas[area].plain).join("; ") }), " ", link ? h("a", { href: link, target: "_blank", rel: "noopener noreferrer", text: other.citation }) : other.citation, " ", other.locator === "not seen" ? t("card.not_seen") : t("card.seen", { locator: other.locator })),
          );
        }),
      ),
    );
  }

  return {
    key: () => [[...grades], shown],
    page({ found, drawing, places, state, redraw, warnings }) {
      const rows = found.filter((row) => grades.has(row.grade));
      return [
        h("h2", { text: t("rank.title") }),
        h("p", { class: "quiet", text: t("rank.drawn", { size: square(drawing.size), places: list(places) }) }),
        h("p", { class: "quiet", text: t("rank.not_causes") }),
        refine(state, redraw),
        h("ul", { class: "legend-bar", "aria-label": t("legend.title") }, ...["core", "spillover", "missed", "added"].map((kind) => h("li", {}, h("span", { class: `part part-${kind}`, "aria-hidden": "true" }), { core: t("rank.part_core"), spillover: t("rank.part_spillover"), missed: t("rank.part_missed"), added: t("rank.part_added") }[kind]))),
        rows.length ? h("ol", { class: "matches" }, ...rows.slice(0, shown).map(entry)) : h("p", { class: "words", text: t(found.length ? "rank.none_graded" : "rank.none") }),
        rows.length > shown ? h("button", { type: "button", class: "small", dataset: { keep: "more" }, onclick: () => ((shown += 20), redraw()), text: t("rank.more", { count: rows.length - shown }) }) : null,
        ...formula(),
        lookAlikes(places, state),
        warnings.folded(places),
        h("p", { class: "note", text: t("about.purpose") }),
      ];
    },
  };
}
