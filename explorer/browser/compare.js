// Two or three structures at once: how they are chosen, marked, and told apart in words.

import { h, svg } from "./dom.js";
import { LETTERS } from "./hatch.js";
import { groupsOf, MOST_COMPARED, sharing, shownPatterns } from "./sharing.js";

/**
 * @param {Object} context
 * @param {Object} context.catalogue
 * @param {Function} context.t
 * @param {Function} context.set
 * @param {() => Object} context.get the state
 * @param {() => Object|null} context.view
 * @param {Object} context.weights
 * @param {(id: string) => {structures: string[], pattern: string|null}} context.chosenBy
 * @param {(words: string) => void} context.tell to all
 * @param {() => void} context.lookFor bring the list with its search
 */
export function makeCompare({ catalogue, t, set, get, view, weights, chosenBy, tell, lookFor }) {
  const hint = h("p", { class: "note compare-hint", role: "status", hidden: true });
  const chips = h("div", { class: "compare-chips", "aria-hidden": "true" });
  let waiting = false; // the next choice in the list is compared
  let spots = [];

  const nameOf = (id) => catalogue.structures[id].name;
  const areaName = (id) => catalogue.areas[id][t.voice === "plain" ? "plain" : "name"];

  function wait(on) {
    waiting = on && get().structures.length > 0;
    hint.hidden = !waiting;
    hint.textContent = waiting ? t("compare.hint", { names: get().structures.map(nameOf).join(", ") }) : "";
  }

  /** Add a structure to what is compared, or take it away. */
  function toggle(id) {
    const { structures } = get();
    const [whole] = chosenBy(id).structures;
    wait(false);
    if (structures.includes(whole)) {
      if (structures.length > 1) without(whole);
      else tell(t("compare.itself", { name: nameOf(whole) }));
    } else if (structures.length >= MOST_COMPARED) tell(t("compare.most", { names: structures.map(nameOf).join(", ") }));
    else if (structures.length) set({ structures: [...structures, whole], why: false });
    else set(chosenBy(id));
  }

  function without(id) {
    const { structures, pattern } = get();
    const gone = catalogue.structures[id].patterns.some((own) => own.id === pattern);
    set({ structures: structures.filter((other) => other !== id), ...(gone ? { pattern: null } : {}) });
  }

  /** The small button beside an entry of the list. */
  function rowButton(structure, state) {
    if (!state?.structures.length || (state.mode === "pain" && !state.structures.length)) return null;
    const place = state.structures.indexOf(structure.id);
    if (place >= 0 && state.structures.length === 1) return null;
    const on = place >= 0;
    const words = on ? t("compare.remove", { name: structure.name }) : t("compare.add", { name: structure.name });
    return h("button", { type: "button", class: "row-add", tabindex: "-1", dataset: { compare: structure.id }, title: words, "aria-label": words, onclick: () => toggle(structure.id) }, on ? LETTERS[place] : "+");
  }

  /** The button on the card of one structure. */
  const offer = () =>
    h("button", {
      type: "button",
      class: "small compare-offer",
      onclick: () => {
        wait(true);
        lookFor();
      },
      text: t("compare.offer"),
    });

  // --- in words -----------------------------------------------------------------------------------------------
  const sideWords = (side, state) => (side === state.side || (state.side === "both" && side === "both") || side === "midline" ? "" : ` (${t(`side.${side}`).toLowerCase()})`);
  const listed = (rows, state) => rows.map((row) => `${areaName(row.area)}${sideWords(row.side, state)}`).join(", ");

  /** What they share, in a line of words. */
  function words(state) {
    const rows = sharing(catalogue, state);
    const groups = groupsOf(catalogue, state);
    const whole = groups.map(({ letter, id }) => t("compare.who", { letter, name: nameOf(id) })).join(", ");
    const sets = new Map(); // who reaches -> rows
    for (const row of rows) {
      const who = groups.filter((group, k) => row.roles[k]).map(({ letter }) => letter).join("");
      sets.set(who, [...(sets.get(who) ?? []), row]);
    }
    const all = groups.map(({ letter }) => letter).join("");
    const parts = [];
    if (sets.has(all)) parts.push(t(groups.length === 2 ? "compare.both" : "compare.all", { areas: listed(sets.get(all), state) }));
    else parts.push(t(groups.length === 2 ? "compare.nothing" : "compare.nothing_all"));
    for (const [who, own] of [...sets].sort((a, b) => b[0].length - a[0].length || (a[0] < b[0] ? -1 : 1))) {
      if (who === all) continue;
      if (who.length > 1) parts.push(t("compare.some", { letters: [...who].join(` ${t("compare.and")} `), areas: listed(own, state) }));
      else parts.push(t("compare.only", { letter: who, areas: listed(own, state) }));
    }
    return { who: whole, shared: parts.join(" ") };
  }

  function table(state) {
    const groups = groupsOf(catalogue, state);
    const cell = (role) => (role ? h("td", { dataset: { role } }, h("span", { class: `reach-mark reach-${role}`, "aria-hidden": "true" }), t(`card.${role}`)) : h("td", { class: "quiet" }, h("span", { "aria-hidden": "true", text: "–" }), h("span", { class: "sr-only", text: t("compare.not_named") })));
    return h(
      "table",
      { class: "compare-table" },
      h("caption", { text: t("compare.table") }),
      h("thead", {}, h("tr", {}, h("th", { scope: "col", text: t("compare.area") }), ...groups.map(({ letter, id }) => h("th", { scope: "col" }, sign(letter), h("span", { class: "sr-only", text: ` ${nameOf(id)}` }))))),
      h(
        "tbody",
        {},
        ...sharing(catalogue, state).map((row) =>
          h("tr", { dataset: { area: row.area, side: row.side }, class: row.roles.filter(Boolean).length > 1 ? "shared" : "" }, h("th", { scope: "row", text: `${areaName(row.area)}${sideWords(row.side, state)}` }), ...row.roles.map(cell)),
        ),
      ),
    );
  }

  /** The letter of a structure on its stripes. */
  const sign = (letter) => h("span", { class: `mark-letter mark-${letter}` }, h("b", { text: letter }));

  // --- cards --------------------------------------------------------------------------------------------------
  function compact({ letter, id }, state, { badges, areaLine }) {
    const structure = catalogue.structures[id];
    return h(
      "article",
      { class: "compact", dataset: { structure: id } },
      h("header", {}, sign(letter), h("h3", { text: structure.name })),
      h("p", { class: "quiet", text: structure.plain }),
      ...(structure.patterns.length ? [] : [h("p", { text: t("card.no_pattern") })]),
      ...shownPatterns(structure, state.pattern).map((pattern) => {
        const point = structure.trigger_points.find((entry) => entry.id === pattern.trigger_point);
        return h("div", { class: "compact-pattern" }, h("p", {}, point ? h("strong", { text: `${point.label} ` }) : null, badges(pattern)), h("dl", { class: "reach" }, areaLine("core", pattern.core), areaLine("spillover", pattern.spillover)));
      }),
      h(
        "div",
        { class: "chips" },
        h("button", { type: "button", class: "small", dataset: { only: id }, onclick: () => set({ structures: [id], pattern: null }), text: t("compare.alone", { letter }) }),
        h("button", { type: "button", class: "small", dataset: { remove: id }, onclick: () => without(id), text: t("compare.take_away", { letter }) }),
      ),
    );
  }

  function cards(state, parts) {
    const { who, shared } = words(state);
    return [
      h("header", { class: "card-head" }, h("h2", { text: t("compare.title") }), h("p", { class: "quiet", text: who }), h("p", { class: "words compare-words", text: shared }), h("p", { class: "quiet", text: t("compare.basis") }), parts.voices(state)),
      table(state),
      ...groupsOf(catalogue, state).map((group) => compact(group, state, parts)),
      state.structures.length < MOST_COMPARED ? offer() : h("p", { class: "quiet", text: t("compare.full", { count: MOST_COMPARED }) }),
    ];
  }

  // --- legend -------------------------------------------------------------------------------------------------
  const legend = (state) => {
    const groups = groupsOf(catalogue, state);
    if (!groups.length) return [];
    return [
      ...groups.map(({ letter, id }) => h("li", { dataset: { legend: `compare-${letter}` } }, sign(letter), nameOf(id))),
      h("li", { dataset: { legend: "compare-both" } }, h("span", { class: "mark-letter mark-both", "aria-hidden": "true" }), t("compare.overlap")),
      h("li", { dataset: { legend: "compare-kinds" }, text: t("compare.kinds") }),
    ];
  };

  // --- letters on the paint -------------------------------------------------------------------------------------
  /** Where letters stand: on the core of each, where it is seen and others are not, and where they overlap. */
  function find(state) {
    spots = [];
    if (!view()) return;
    const groups = groupsOf(catalogue, state);
    const paints = groups.map(({ entries }) => weights.paint(entries));
    const reach = (paint, v) => paint.core[v] > 150;
    groups.forEach(({ letter }, k) => {
      const own = [];
      for (let v = 0; v < weights.count; v += 1) if (reach(paints[k], v)) own.push(v);
      const alone = own.filter((v) => !paints.some((paint, j) => j !== k && (reach(paint, v) || paint.spillover[v] > 127)));
      const spot = view().spotOn(alone) ?? view().spotOn(own);
      if (spot) spots.push({ letter, place: spot, chip: h("span", { class: `mark-letter mark-${letter}` }, h("b", { text: letter })) });
    });
    chips.replaceChildren(...spots.map(({ chip }) => chip));
    place();
  }

  function place() {
    for (const { chip, place: spot } of spots) {
      const { x, y } = view().project(spot);
      chip.style.transform = `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px) translate(-50%, -50%)`;
    }
  }

  /** For a picture to keep: who has which letter and what they share; null where nothing is compared. */
  const caption = (state) => {
    const groups = groupsOf(catalogue, state);
    return groups.length ? { letters: new Map(groups.map(({ letter, id }) => [id, letter])), shared: words(state).shared } : null;
  };
  /** Where the letters stand in the picture. */
  const signs = () => spots.map(({ letter, place: at }) => ({ letter, ...view().project(at) }));

  return { hint, chips, toggle, wait, waiting: () => waiting, rowButton, offer, words, cards, legend, find, place, caption, signs, spots: () => spots.map(({ letter, place: at }) => ({ letter, place: at })) };
}

/** Stripes of a letter as an SVG pattern, for the chart. */
export function stripesOf(letter, id, colour) {
  const turn = { A: -45, B: 45, C: 0 }[letter];
  return svg("pattern", { id, width: 8, height: 8, patternUnits: "userSpaceOnUse", patternTransform: `rotate(${turn})` }, svg("rect", { width: 8, height: 4, fill: colour }));
}
