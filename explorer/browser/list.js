// The list of structures with its search: the way in by name, and the canvas's twin.

import { h, refresh } from "./dom.js";
import { search, vocabulary } from "./search.js";

/**
 * @param {{catalogue: Object, t: Function, onChoose: (id: string) => void, compare: Object}} context
 * @returns {{element: HTMLElement, show: (state: Object) => void, focusSearch: () => void}}
 */
export function makeList({ catalogue, t, onChoose, compare }) {
  const all = Object.values(catalogue.structures);
  const knowledge = { areas: catalogue.areas, words: vocabulary(t("search.fillers"), t("search.same")) };
  let state = null;
  const field = h("input", {
    type: "search",
    id: "rpx-search",
    class: "search",
    autocomplete: "off",
    spellcheck: "false",
    placeholder: t("list.search_hint"),
    "aria-controls": "rpx-list",
    oninput: render,
    onkeydown: (event) => {
      if (event.key === "ArrowDown") {
        event.preventDefault();
        body.querySelector("button")?.focus();
      } else if (event.key === "Enter") {
        const first = body.querySelector("button[data-id]");
        if (first && field.value) onChoose(first.dataset.id);
      } else if (event.key === "Escape" && field.value) {
        field.value = "";
        render();
      }
    },
  });
  const count = h("p", { class: "quiet count", role: "status" });
  const body = h("div", { id: "rpx-list", class: "groups", onkeydown: walk });
  const element = h(
    "nav",
    { class: "list", "aria-label": t("list.title") },
    h("h2", { class: "sr-only", text: t("list.title") }),
    h("label", { for: "rpx-search", class: "label", text: t("list.title") }),
    field,
    compare.hint,
    count,
    body,
  );

  function walk(event) {
    const row = event.target.closest("li");
    if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
      const to = row?.querySelector(event.key === "ArrowRight" ? "[data-compare]" : "[data-id]");
      if (to) event.preventDefault();
      to?.focus();
      return;
    }
    if (event.key === "+" && row) {
      event.preventDefault();
      compare.toggle(row.querySelector("[data-id]").dataset.id);
      return;
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const buttons = [...body.querySelectorAll("button[data-id]")].filter((button) => button.offsetParent);
    const place = buttons.indexOf(row?.querySelector("[data-id]")) + step;
    if (place < 0) field.focus();
    else buttons[place]?.focus();
  }

  /** Whose additions a structure holds, besides ours. */
  const origins = (structure) => [...new Set([structure.origin, ...structure.patterns.map((pattern) => pattern.origin)].filter(Boolean))];

  /** How a structure was met, in words. */
  function said(words, by) {
    if (by === "name") return words;
    return by === "confused" ? t("list.by_confused", { words }) : t("list.by_pattern", { words });
  }

  function entry({ structure, alias, by }) {
    const grades = [...new Set(structure.patterns.map((pattern) => pattern.grade))].sort();
    const chosen = state?.structures.includes(structure.id) ?? false;
    return h(
      "li",
      {},
      h(
        "button",
        { type: "button", dataset: { id: structure.id }, class: "entry", "aria-pressed": String(chosen), onclick: (event) => (event.ctrlKey || event.metaKey || event.shiftKey ? compare.toggle(structure.id) : onChoose(structure.id)) },
        h("span", { class: "entry-name", text: structure.name }),
        alias ? h("span", { class: "entry-alias", text: said(alias, by) }) : null,
        ["ours", "both"].includes(catalogue.own?.shapes[structure.id]) && structure.kind.startsWith("muscle")
          ? h("span", { class: "badge badge-ours", text: t(catalogue.own.shapes[structure.id] === "ours" ? "shapes.badge" : "shapes.badge_both") })
          : null,
        ...origins(structure).map((origin) => h("span", { class: "badge badge-theirs", text: t("card.origin", { origin }) })),
        h(
          "span",
          { class: "grades" },
          ...grades.map((grade) => h("span", { class: `grade grade-${grade}`, title: t("grade.title", { grade }), text: grade })),
        ),
      ),
      compare.rowButton(structure, state),
    );
  }

  function render() {
    const query = field.value;
    const found = search(all, query, knowledge);
    refresh(body, JSON.stringify([query, state?.structures]), () => {
      if (query) return h("ul", { class: "entries" }, ...found.map(entry));
      const whole = found.filter(({ structure }) => !structure.part_of);
      const referring = whole.filter(({ structure }) => structure.patterns.length);
      const quiet = whole.filter(({ structure }) => !structure.patterns.length);
      return [
        ...Object.values(catalogue.regions)
          .map((region) => [region, referring.filter(({ structure }) => structure.region === region.id)])
          .filter(([, own]) => own.length)
          .map(([region, own]) =>
            h("section", { class: "group" }, h("h3", { text: region.name }), h("ul", { class: "entries" }, ...own.map(entry))),
          ),
        quiet.length
          ? h(
              "details",
              { class: "group", open: quiet.some(({ structure }) => state?.structures.includes(structure.id)) },
              h("summary", { text: t("list.quiet", { count: quiet.length }) }),
              h("ul", { class: "entries" }, ...quiet.map(entry)),
            )
          : null,
      ];
    });
    count.textContent = query ? t(found.length === 1 ? "list.found_one" : "list.found", { count: found.length }) : "";
  }

  render();
  return {
    element,
    show(next) {
      const active = element.getRootNode().activeElement;
      const focused = element.contains(active) ? active.closest("li")?.querySelector("[data-id]")?.dataset.id : null;
      state = next;
      render();
      if (focused) body.querySelector(`button[data-id="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
    },
    focusSearch: () => field.focus(),
  };
}
