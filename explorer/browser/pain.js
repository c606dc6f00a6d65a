// The pain-first door: say where it hurts by area or by brush, read what must not be missed, see the ranked patterns.

import { brushOn } from "./brush.js";
import { drawingToText, textToDrawing } from "./drawing.js";
import { h, refresh } from "./dom.js";
import { warningsOf } from "./warnings.js";
import { makeRanking } from "./ranking.js";

const KEPT = 200; // steps that can be undone

/**
 * @param {Object} context
 * @param {Object} context.catalogue
 * @param {Function} context.t
 * @param {Function} context.set changes the state
 * @param {Function} context.get the state
 * @param {Object} context.scorer of matching.js
 * @param {{positions: ArrayLike<number>}} context.mesh the skin
 * @param {ArrayLike<number>} context.normals
 * @param {string} context.topology of the skin
 * @param {(text: string) => void} context.say tells the screen reader
 * @param {() => void} context.changed asks for the view to be shown again
 * @param {() => void} context.toResults brings the results to the front, on a screen that shows one thing at a time
 */
export function makePain({ catalogue, t, set, get, scorer, mesh, normals, topology, say, changed, toResults }) {
  const { pain_first: facts } = catalogue;
  const brush = brushOn(mesh, normals);
  const deep = new Set(facts.deep);
  let tool = "areas"; // or "brush", "eraser"
  let radius = 12;
  let tickSide = "left";
  let imported = null; // weights of an opened drawing, under the strokes
  let past = [];
  let future = [];
  let stroke = null; // being painted
  let live = null;
  let painted = { key: "", values: null };
  let result = { key: "", drawing: null, found: [] };

  // --- the drawing --------------------------------------------------------------------------------------------
  const keyOf = (state) => JSON.stringify([state.areas, state.strokes, imported?.id]);

  /** Painted weights of a state, 0..1, or null. */
  function paintOf(state) {
    const key = JSON.stringify([state.strokes, imported?.id]);
    if (painted.key !== key) painted = { key, values: brush.paint(state.strokes, imported?.values) };
    return painted.values;
  }

  /** What is drawn on the skin: the brush and the chosen areas. */
  function shownDrawing(state) {
    if (state.mode !== "pain") return null;
    if (live) return live;
    const { drawing } = ranked(state);
    return drawing?.size ? drawing.skin : null;
  }

  function ranked(state) {
    const key = JSON.stringify([keyOf(state), state.features, state.from]);
    if (result.key !== key) {
      const drawing = scorer.sketch(state.areas, paintOf(state));
      const found = scorer.rank(drawing, { features: state.features, side: state.from });
      result = { key, drawing, found, places: drawing.size ? scorer.drawnPlaces(drawing) : [] };
    }
    return result;
  }

  const snapshot = () => ({ areas: get().areas, strokes: get().strokes, imported });
  function restore(step) {
    imported = step.imported;
    set({ areas: step.areas, strokes: step.strokes, ...gone() }, { replace: true, keepView: true });
    changed();
  }
  /** A chosen pattern is closed when the drawing changes. */
  const gone = () => (get().structures.length ? { structures: [], pattern: null } : {});

  function change(next, words) {
    past = [...past.slice(1 - KEPT), snapshot()];
    future = [];
    if ("imported" in next) imported = next.imported;
    set({ areas: next.areas ?? get().areas, strokes: next.strokes ?? get().strokes, ...gone() }, { replace: true, keepView: true });
    changed();
    if (words) say(words);
  }
  function undo() {
    if (!past.length) return;
    future.push(snapshot());
    restore(past.pop());
    say(t("pain.undone"));
  }
  function redo() {
    if (!future.length) return;
    past.push(snapshot());
    restore(future.pop());
    say(t("pain.redone"));
  }

  const nameOf = (place) => {
    const [area, side] = place.split(":");
    return t("pain.place", { area: catalogue.areas[area].plain, side: t(side === "left" ? "pain.on_left" : "pain.on_right") });
  };

  function toggle(places) {
    const now = get().areas;
    const all = places.every((place) => now.includes(place));
    const next = all ? now.filter((place) => !places.includes(place)) : [...new Set([...now, ...places])];
    change({ areas: next }, t(all ? "pain.removed" : "pain.added", { place: places.map(nameOf).join(", ") }));
  }

  // --- the brush ----------------------------------------------------------------------------------------------
  function onBrush(phase, skinHit) {
    if (phase === "start") {
      if (get().mode !== "pain" || tool === "areas" || !skinHit) return false;
      stroke = { erase: tool === "eraser", radius, points: [] };
      live = Float64Array.from(shownDrawing(get()) ?? { length: brush.count }, (value) => value || 0);
    }
    if (!stroke) return false;
    if (phase === "cancel") {
      stroke = null;
      live = null;
      changed();
      return true;
    }
    if (skinHit && phase !== "end") {
      const point = skinHit.xyz_mm.map(Math.round);
      const last = stroke.points.at(-1);
      // far jumps are other parts of the body that lie beside each other in the picture
      const gap = last ? Math.hypot(...point.map((value, k) => value - last[k])) : Infinity;
      if (gap >= Math.max(2, radius / 3)) {
        const steps = gap < 60 && last ? Math.max(1, Math.floor(gap / Math.max(3, radius / 2))) : 1;
        for (let k = 1; k <= steps; k += 1) {
          const between = last ? point.map((value, axis) => Math.round(last[axis] + ((value - last[axis]) * k) / steps)) : point;
          stroke.points.push(between);
          brush.dab(live, stroke, between);
        }
        changed(true);
      }
    }
    if (phase === "end") {
      const done = stroke;
      stroke = null;
      live = null;
      const now = get();
      // the eraser works on chosen areas too: they become paint
      if (done.erase && now.areas.some((place) => !deep.has(place.split(":")[0]))) {
        const { drawing } = ranked(now);
        const values = Float64Array.from(drawing.skin);
        for (const point of done.points) brush.dab(values, done, point);
        change({ imported: { id: `erased ${Date.now()}`, values }, strokes: [], areas: now.areas.filter((place) => deep.has(place.split(":")[0])) }, t("pain.erased"));
      } else change({ strokes: [...now.strokes, done] }, t(done.erase ? "pain.erased" : "pain.painted"));
    }
    return true;
  }

  // --- left column --------------------------------------------------------------------------------------------
  const press = (text, onclick, properties = {}) => h("button", { type: "button", onclick, text, ...properties });
  const tools = h(
    "div",
    { class: "segments brushes", role: "group", "aria-label": t("pain.tool") },
    ...[
      ["areas", t("pain.tool_areas")],
      ["brush", t("pain.tool_brush")],
      ["eraser", t("pain.tool_eraser")],
    ].map(([name, text]) => press(text, () => pick(name), { dataset: { tool: name }, "aria-pressed": String(name === tool) })),
  );
  const size = h("input", { type: "range", min: 4, max: 40, step: 2, value: radius, id: "rpx-brush", oninput: () => ((radius = Number(size.value)), sized()) });
  const sizeWords = h("span", { class: "quiet" });
  const sized = () => (sizeWords.textContent = t("pain.brush_size_words", { mm: 2 * radius }));
  sized();
  const sizeLine = h("label", { class: "brush-size", for: "rpx-brush", hidden: true }, t("pain.brush_size"), size, sizeWords);
  const help = h("p", { class: "quiet", id: "rpx-pain-help" });
  function pick(name) {
    tool = name;
    for (const button of tools.children) button.setAttribute("aria-pressed", String(button.dataset.tool === name));
    sizeLine.hidden = name === "areas";
    help.textContent = t(name === "areas" ? "pain.help_areas" : "pain.help_brush");
    changed();
  }
  const undoButton = press(t("pain.undo"), undo, { class: "small", dataset: { act: "undo" } });
  const redoButton = press(t("pain.redo"), redo, { class: "small", dataset: { act: "redo" } });
  const clearButton = press(t("pain.clear"), () => change({ areas: [], strokes: [], imported: null }, t("pain.cleared")), { class: "small", dataset: { act: "clear" } });
  const seeButton = press(t("pain.see"), toResults, { class: "see", hidden: true, dataset: { act: "see" } });
  const chosen = h("ul", { class: "chips", "aria-label": t("pain.chosen") });
  const sides = h(
    "div",
    { class: "segments", role: "group", "aria-label": t("pain.tick_side") },
    ...["left", "right", "both"].map((side) =>
      press(t(`side.${side}`), () => ((tickSide = side), show(get())), { dataset: { tick: side } }),
    ),
  );
  const filter = h("input", { type: "search", class: "area-filter", id: "rpx-area-filter", autocomplete: "off", placeholder: t("pain.filter_hint"), "aria-label": t("pain.filter"), oninput: () => filtered() });
  const boxes = [];
  const groups = areaGroups().map(([region, areas], k) =>
    h(
      "details",
      { class: "area-group", open: k === 0 },
      h("summary", { text: region }),
      h(
        "ul",
        { class: "entries" },
        ...areas.map((area) => {
          const box = h("input", { type: "checkbox", onchange: () => toggle(ticked(area.id)), dataset: { area: area.id } });
          const where = h("span", { class: "where quiet" });
          const item = h("li", {}, h("label", { class: "area-entry" }, box, h("span", { text: area.plain }), where));
          boxes.push({ area, box, where, item, words: [area.plain, area.name, ...area.names].join(" ").toLowerCase() });
          return item;
        }),
      ),
    ),
  );
  const ticked = (area) => (tickSide === "both" ? ["left", "right"] : [tickSide]).map((side) => `${area}:${side}`);
  function areaGroups() {
    const own = Object.entries(catalogue.areas).map(([id, area]) => ({ id, ...area }));
    const inside = own.filter((area) => ["deep", "mouth"].includes(area.place));
    const skin = own.filter((area) => area.place === "skin");
    const regions = [...new Set(skin.map((area) => area.region))];
    const title = (word) => word.charAt(0).toUpperCase() + word.slice(1);
    const [first, ...rest] = regions.map((region) => [title(region), skin.filter((area) => area.region === region)]);
    return [first, [t("pain.inside"), inside], ...rest];
  }
  function filtered() {
    const wanted = filter.value.trim().toLowerCase();
    for (const { item, words } of boxes) item.hidden = !words.includes(wanted);
    groups.forEach((group, k) => {
      group.open = wanted ? true : k === 0;
      group.hidden = wanted !== "" && [...group.querySelectorAll("li")].every((item) => item.hidden);
    });
  }
  const opener = h("input", { type: "file", accept: "application/json,.json", hidden: true, id: "rpx-open-drawing", onchange: open });
  const files = h(
    "div",
    { class: "files" },
    press(t("pain.save"), save, { class: "small", dataset: { act: "save" } }),
    press(t("pain.open"), () => opener.click(), { class: "small", dataset: { act: "open" } }),
    opener,
  );
  const fault = h("p", { class: "note fault-note", role: "alert", hidden: true });
  const left = h(
    "section",
    { class: "pain-left", "aria-label": t("pain.title"), hidden: true },
    h("h2", { text: t("pain.title") }),
    tools,
    sizeLine,
    help,
    h("div", { class: "files" }, undoButton, redoButton, clearButton),
    seeButton,
    fault,
    h("div", { class: "pain-areas" }, chosen, h("p", { class: "label", text: t("pain.tick_side") }), sides, filter, ...groups, files, h("p", { class: "quiet", text: t("pain.private") })),
  );
  help.textContent = t("pain.help_areas");

  function save() {
    const text = drawingToText({ atlas: catalogue.atlas, topology, mesh, drawing: ranked(get()).drawing });
    const link = h("a", { href: URL.createObjectURL(new Blob([text], { type: "application/json" })), download: "pain-drawing.json" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }
  async function open() {
    const [file] = opener.files;
    opener.value = "";
    if (!file) return;
    const { values, places, problem } = textToDrawing(await file.text(), { t, atlas: catalogue.atlas, topology, mesh, areas: catalogue.areas });
    fault.hidden = !problem;
    fault.textContent = problem ? t("pain.refused", { file: file.name, reason: problem }) : "";
    if (!problem) change({ areas: places, strokes: [], imported: values && { id: `${file.name} ${Date.now()}`, values } }, t("pain.opened", { file: file.name }));
  }

  // --- right column -------------------------------------------------------------------------------------------
  const ranking = makeRanking({ catalogue, t, set, nameOf, preview: (row) => ((previewed = row), changed()) });
  const warnings = warningsOf({ catalogue, t, done: () => show(get(), true) });
  let previewed = null;
  const right = h("section", { class: "pain-right", "aria-label": t("pain.results"), tabindex: "-1", hidden: true });
  const back = h("p", { class: "back", hidden: true }, press(t("pain.back"), () => set({ structures: [], pattern: null }), { class: "small", dataset: { act: "back" } }));

  function show(state, focusList = false) {
    const on = state.mode === "pain";
    left.hidden = !on;
    right.hidden = !on || state.structures.length > 0;
    back.hidden = !on || state.structures.length === 0;
    if (!on) return;
    for (const button of sides.children) button.setAttribute("aria-pressed", String(button.dataset.tick === tickSide));
    undoButton.disabled = !past.length;
    redoButton.disabled = !future.length;
    const { drawing, found, places } = ranked(state);
    clearButton.disabled = !drawing.size;
    seeButton.hidden = !drawing.size;
    for (const { area, box, where } of boxes) {
      const own = ["left", "right"].filter((side) => state.areas.includes(`${area.id}:${side}`));
      box.checked = ticked(area.id).every((place) => state.areas.includes(place));
      where.textContent = own.map((side) => t(`letter.${side}`)).join(" ");
    }
    refresh(chosen, JSON.stringify([state.areas, Boolean(drawing.painted)]), () => [
      ...state.areas.map((place) => h("li", {}, press(t("pain.chip", { place: nameOf(place) }), () => toggle([place]), { class: "chip", "aria-label": t("pain.remove", { place: nameOf(place) }) }))),
      drawing.painted ? h("li", { class: "chip-still", text: t("pain.painted_part") }) : null,
    ]);
    if (!drawing.size) {
      previewed = null;
      refresh(right, "empty", () => [h("h2", { text: t("pain.empty_title") }), h("p", { class: "words", text: t("pain.empty") }), h("p", { class: "note", text: t("about.purpose") })]);
      return;
    }
    const unread = warnings.unread(places);
    if (unread.length) {
      refresh(right, JSON.stringify(["warnings", unread]), () => warnings.card(unread));
      return;
    }
    const key = JSON.stringify(["list", result.key, ranking.key()]);
    if (right.dataset.key !== key) {
      const focus = right.contains(right.getRootNode().activeElement) ? right.getRootNode().activeElement?.dataset?.keep : null;
      refresh(right, key, () => ranking.page({ found, drawing, places, state, redraw: () => show(get()), warnings }));
      if (focus) right.querySelector(`[data-keep="${CSS.escape(focus)}"]`)?.focus();
      say(t("pain.found", { count: found.length }));
    }
    if (focusList) right.focus();
  }

  return {
    left,
    right,
    back,
    show,
    onBrush,
    paintOf,
    shownDrawing,
    undo,
    redo,
    brushes: () => tool !== "areas",
    preview: () => (right.hidden ? null : previewed),
    forget: () => (previewed = null),
    ranked: () => ranked(get()),
    /** Deep places that are drawn, as the scene shows them. */
    deepOf: (state) =>
      state.areas.filter((place) => deep.has(place.split(":")[0])).map((place) => ({ area: place.split(":")[0], side: place.split(":")[1], role: "core", drawn: true })),
    /** The drawing for the chart: weights of the skin, places deep inside, all places in words; null for none. */
    onPaper(state) {
      if (state.mode !== "pain") return null;
      const { drawing, places } = ranked(state);
      return drawing.size ? { key: result.key, skin: drawing.skin, deep: this.deepOf(state), places: places.map(nameOf) } : null;
    },
    clicked(hit) {
      if (hit) toggle([`${hit.id}:${hit.side}`]);
    },
    areaWords: (hit) => nameOf(`${hit.id}:${hit.side}`),
  };
}
