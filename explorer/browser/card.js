// The card of the chosen structure: what it refers, how sure that is, who says so.

import { h, refresh, safeLink } from "./dom.js";

/**
 * @param {{catalogue: Object, t: Function, set: (change: Object) => void, linked: boolean, press: Object, why: Object, compare: Object}} context linked: the pages that explain stand beside
 */
export function makeCard({ catalogue, t, set, linked, press, why, compare, pageEnding = "" }) {
  const element = h("section", { class: "card", "aria-label": t("card.title"), tabindex: "-1" });

  function areaNames(entries) {
    return entries.map(({ area, side, frequency_percent: share }) => {
      const record = catalogue.areas[area];
      const name = t.voice === "plain" ? record.plain : record.name;
      const where = side === "same" ? "" : t(`side_rule.${side}`);
      const often = share === undefined ? "" : t("card.frequency", { percent: share });
      return [name, where, often].filter(Boolean).join(" ");
    });
  }

  function areaLine(kind, entries) {
    if (!entries.length) return null;
    return h(
      "div",
      { class: "areas" },
      h("dt", {}, h("span", { class: `swatch swatch-${kind}`, "aria-hidden": "true" }), t(`card.${kind}`)),
      h("dd", { text: areaNames(entries).join("; ") }),
    );
  }

  function source(entry) {
    const link = entry.link && safeLink(entry.link);
    return h(
      "li",
      { class: `source source-${entry.stance}` },
      h("p", { class: "finding", text: entry.finding }),
      h(
        "p",
        { class: "quiet" },
        h("span", { class: "stance", text: t(`stance.${entry.stance}`) }),
        ` ${t(`method.${entry.method.replaceAll(" ", "_")}`)}${entry.n ? `, ${t("card.people", { n: entry.n })}` : ""}. `,
        link ? h("a", { href: link, target: "_blank", rel: "noopener noreferrer", text: entry.citation }) : entry.citation,
        ` ${entry.locator === "not seen" ? t("card.not_seen") : t("card.seen", { locator: entry.locator })}`,
        entry.status === "verified" ? "" : ` ${t("card.unverified")}`,
      ),
    );
  }

  /** Where an error in a pattern is reported: the server's setting, a page of the project, or a mail. */
  const reportAddress = (id) => catalogue.report.replaceAll("{pattern}", encodeURIComponent(id));

  function belowCrop(pattern) {
    const below = [...pattern.core, ...pattern.spillover].filter(({ area }) => catalogue.areas[area].below_crop);
    return below.length ? h("p", { class: "note", text: t("card.below_crop", { areas: areaNames(below).join(", ") }) }) : null;
  }

  function badges(pattern) {
    const grade = catalogue.grades[pattern.grade];
    return h(
      "span",
      { class: "badges" },
      h("span", { class: `grade grade-${pattern.grade}`, title: grade.rule, text: pattern.grade }),
      h("span", { class: "badge-word", text: grade.name }),
      pattern.status === "disputed" ? h("span", { class: "badge disputed", text: t("card.disputed") }) : null,
      pattern.basis === "group" ? h("span", { class: "badge", text: t("card.group") }) : null,
      pattern.origin ? h("span", { class: "badge badge-theirs", text: t("card.origin", { origin: pattern.origin }) }) : null,
    );
  }

  function patternBlock(structure, pattern, state) {
    const point = structure.trigger_points.find((entry) => entry.id === pattern.trigger_point);
    const many = structure.patterns.length > 1;
    const only = state.pattern === pattern.id;
    const label = point ? point.label : structure.name;
    const words = pattern[state.voice];
    return h(
      "article",
      { class: `pattern${only ? " only" : ""}${state.pattern && !only ? " dimmed" : ""}`, dataset: { pattern: pattern.id } },
      h(
        "header",
        {},
        many
          ? h("button", {
              type: "button",
              class: "pattern-name",
              "aria-pressed": String(only),
              title: t(only ? "card.show_all" : "card.show_only"),
              onclick: () => set({ pattern: only ? null : pattern.id }),
              text: label,
            })
          : h("h3", { class: "pattern-name", text: label }),
        badges(pattern),
      ),
      point ? h("p", { class: "quiet site", text: point.site }) : null,
      h("dl", { class: "reach" }, areaLine("core", pattern.core), areaLine("spillover", pattern.spillover)),
      h("p", { class: "words", text: words }),
      h("div", { class: "press-line" }, press.control(catalogue.patterns[pattern.id]), point ? press.cautionNote(structure) : null),
      state.voice === "clinical" ? h("p", { class: "quiet", text: `${t("card.quality")}: ${pattern.quality}` }) : null,
      state.voice === "clinical" && pattern.phenomena ? h("p", { class: "quiet", text: `${t("card.phenomena")}: ${pattern.phenomena}` }) : null,
      state.voice === "clinical" && pattern.confused_with
        ? h("p", { class: "quiet", text: `${t("card.confused_with")}: ${pattern.confused_with}` })
        : null,
      pattern.dispute ? h("p", { class: "note", text: pattern.dispute }) : null,
      belowCrop(pattern),
      h(
        "details",
        { class: "sources" },
        h("summary", { text: t("card.sources", { count: pattern.evidence.length }) }),
        h("p", { class: "quiet", text: `${t("grade.title", { grade: pattern.grade })}: ${pattern.grade_reason}` }),
        h("ul", {}, ...pattern.evidence.map(source)),
        pattern.reviewed_on
          ? h("p", { class: "quiet", text: `${t("card.reviewed", { date: pattern.reviewed_on, by: pattern.origin ?? catalogue.authors.join(", ") })} ${t("card.no_outside")}` })
          : null,
      ),
      h("p", { class: "quiet report" }, h("a", { href: reportAddress(pattern.id), target: "_blank", rel: "noopener noreferrer", text: t("card.report") })),
    );
  }

  function anatomy(structure) {
    const facts = Object.entries(structure.anatomy);
    if (!facts.length) return null;
    return h(
      "details",
      { class: "anatomy" },
      h("summary", { text: t("card.anatomy") }),
      h(
        "dl",
        {},
        ...facts.map(([aspect, fact]) =>
          h(
            "div",
            {},
            h("dt", { text: t(`anatomy.${aspect}`) }),
            h("dd", {}, fact.text, h("span", { class: "quiet", text: ` (${catalogue.references[fact.reference]}, ${fact.locator})` })),
          ),
        ),
      ),
    );
  }

  /** The way to the pages that explain, where there are such pages. */
  function explains() {
    if (!linked) return null;
    const names = ["red-flags", "trigger-points", "glossary"].filter((name) => catalogue.pages[name]);
    return h("ul", { class: "explains" }, ...names.map((name) => h("li", {}, h("a", { href: name + pageEnding, text: catalogue.pages[name] }))));
  }

  function voices(state) {
    const button = (voice) =>
      h("button", {
        type: "button",
        "aria-pressed": String(state.voice === voice),
        onclick: () => set({ voice }),
        text: t(`voice.${voice}`),
      });
    return h("div", { class: "segments", role: "group", "aria-label": t("voice.title") }, button("plain"), button("clinical"));
  }

  /** Whose shape is shown, where a person brought an atlas of their own. */
  function shapeOf(structure) {
    const whose = catalogue.own?.shapes[structure.id];
    const words = { theirs: "shapes.theirs", ours: "shapes.is_ours", both: "shapes.is_both" }[whose];
    return words ? h("p", { class: "quiet shape-origin", text: t(words, { atlas: catalogue.own.name }) }) : null;
  }

  /** Credits and conditions of an own atlas, which stand wherever its shapes do. */
  function credits() {
    if (!catalogue.own) return null;
    const { name, credits: lines, conditions } = catalogue.own;
    return h(
      "section",
      { class: "note shape-credits", "aria-label": t("shapes.credits", { atlas: name }) },
      h("p", { class: "label", text: t("shapes.credits", { atlas: name }) }),
      ...lines.map(({ text, licence }) => h("p", { text: `${text} (${licence})` })),
      ...conditions.map((text) => h("p", { text })),
    );
  }

  function welcome() {
    return [
      h("h2", { text: t("welcome.title") }),
      h("p", { text: t("welcome.text") }),
      h("ol", { class: "steps" }, h("li", { text: t("welcome.step_choose") }), h("li", { text: t("welcome.step_see") }), h("li", { text: t("welcome.step_check") })),
      h("p", { class: "label", text: t("welcome.try") }),
      h(
        "div",
        { class: "tries" },
        ...catalogue.examples
          .map((id) => catalogue.structures[id])
          .filter(Boolean)
          .map((structure) =>
            h("button", { type: "button", class: "try", onclick: () => set({ structures: [structure.id], pattern: null }), text: structure.name }),
          ),
      ),
      h("p", { class: "note", text: t("about.purpose") }),
      credits(),
    ];
  }

  function chosen(structure, state) {
    return [
      h(
        "header",
        { class: "card-head" },
        h("h2", { text: structure.name }),
        structure.latin ? h("p", { class: "latin", lang: "la", text: structure.latin }) : null,
        h("p", { class: "words", text: structure.plain }),
        shapeOf(structure),
        voices(state),
        compare.offer(),
      ),
      why.block(structure, state),
      structure.patterns.length > 1
        ? h("p", { class: "quiet", text: t(state.pattern ? "card.one_of" : "card.several", { count: structure.patterns.length }) })
        : null,
      structure.patterns.length ? null : h("p", { class: "words", text: t("card.no_pattern") }),
      ...structure.patterns.map((pattern) => patternBlock(structure, pattern, state)),
      h("p", { class: "attached", dataset: { attached: structure.id }, hidden: true }),
      anatomy(structure),
      h("p", { class: "note", text: t("about.purpose") }),
      credits(),
      explains(),
    ];
  }

  return {
    element,
    show(state) {
      t.voice = state.voice;
      const structures = state.structures.map((id) => catalogue.structures[id]).filter(Boolean);
      const open = new Set([...element.querySelectorAll("details[open]")].map((details) => keyOf(details)));
      const scroll = element.scrollTop;
      const focus = focusIn(element);
      const same = element.dataset.structures === state.structures.join();
      refresh(element, JSON.stringify([state.structures, state.pattern, state.voice, state.why, state.side]), () =>
        structures.length > 1
          ? [...compare.cards(state, { badges, areaLine, voices }), h("p", { class: "note", text: t("about.purpose") }), credits(), explains()]
          : structures.length
            ? structures.flatMap((structure) => chosen(structure, state))
            : welcome(),
      );
      element.dataset.structures = state.structures.join();
      if (same) {
        for (const details of element.querySelectorAll("details")) details.open = open.has(keyOf(details));
        element.scrollTop = scroll;
        if (focus) element.querySelector(focus)?.focus({ preventScroll: true });
      } else element.scrollTop = 0;
    },
  };
}

/** A selector of what has the focus and comes again when the card is made anew. */
function focusIn(element) {
  const active = element.getRootNode().activeElement;
  if (!active || !element.contains(active)) return null;
  const [name] = ["why", "press"].filter((key) => active.dataset[key]);
  return name ? `[data-${name}="${active.dataset[name]}"]` : null;
}

function keyOf(details) {
  return `${details.className}/${details.closest("[data-pattern]")?.dataset.pattern ?? ""}`;
}
