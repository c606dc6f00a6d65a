// The explorer: loads its assets, builds the page, and keeps view, list, card and link in step.

import { container, load, loadJson, loadText } from "./assets.js";
import { attachmentsOf, bonesNamed } from "./attachments.js";
import { makeCard } from "./card.js";
import { makeChart } from "./chart.js";
import { makeCompare } from "./compare.js";
import { makeControls, makeOverlay } from "./controls.js";
import { h } from "./dom.js";
import { coveredOf, roomAround } from "./framing.js";
import { captionOf, chartFile, keep, pictureOf } from "./picture.js";
import { meshesOf, normalsOf } from "./geometry.js";
import { makeLabels } from "./labels.js";
import { chosenLanguage, dressPage, languageChoice, markEnglish } from "./language.js";
import { makeLasting } from "./lasting.js";
import { makeList } from "./list.js";
import { scorerOf } from "./matching.js";
import { makePain } from "./pain.js";
import { weightsOf } from "./paint.js";
import { makePress } from "./press.js";
import { sceneOf } from "./scene.js";
import { groupsOf } from "./sharing.js";
import { fromFragment, INITIAL, store, toFragment } from "./state.js";
import { translator } from "./texts.js";
import { makeMannequin, makeTabs, makeTheme, makeTools, preference } from "./tools.js";
import { linkOf, makeTakeHome } from "./takehome.js";
import { tellingViews } from "./telling.js";
import { AVERAGE, bodiesOf } from "./variant.js";
import { canDraw, makeView } from "./view.js";
import { makeWhy } from "./why.js";
import { wayOf } from "./why_way.js";

/**
 * Put the explorer into a page.
 * @param {HTMLElement} place
 * @param {Object} options
 * @param {Object} options.assets names -> {url} or {base64}: catalogue, body, paint
 * @param {Object} [options.variants] names of other bodies -> {url} or {base64}, loaded when chosen
 * @param {string[]} [options.atlases] names of the atlases whose shapes can be shown, in a page that keeps them in its address
 * @param {Object} options.sheet style sheet, {url} or {base64}
 * @param {Object} options.vtk vtk.js
 * @param {{kit: Object, code: Object, sheet: Object, vtk: Object}} [options.sources] of what a hand-out is made of, {url}
 *   or {base64}; fetched when one is made
 * @param {string} [options.host] "handout": one file about what its catalogue holds
 * @param {boolean} [options.linked] keep the state in the page's address
 * @param {string} [options.pageEnding] what addresses of the text pages end in, such as ".html"
 * @param {Object} [options.state] first state, for hosts without an address
 * @param {(state: Object) => void} [options.onState]
 * @returns {{ready: Promise, get: Function, set: Function, remove: Function}}
 */
export function mount(place, options) {
  const root = h("div", { class: "rpx" });
  const progress = h("progress", { max: 1, value: 0, "aria-label": "Loading" });
  const waiting = h("div", { class: "waiting", role: "status" }, progress);
  root.append(waiting);
  const sheet = h("link", { rel: "stylesheet", href: options.sheet?.url ?? "data:text/css," });
  const styled = new Promise((done) => Object.assign(sheet, { onload: done, onerror: done })); // what stands where is measured
  place.append(sheet, root);
  let running = null;
  let removed = false;
  const ready = start(root, waiting, progress, options, styled)
    .then((explorer) => {
      if (removed) explorer.remove();
      else running = explorer;
      return explorer;
    })
    .catch((error) => {
      waiting.replaceChildren(h("p", { class: "fault", text: `The explorer could not start: ${error.message}. Reload the page to try again.` }));
      throw error;
    });
  return {
    ready,
    get: () => running?.get(),
    set: (change) => running?.set(change),
    remove() {
      removed = true;
      running?.remove();
      root.remove();
      sheet.remove();
    },
  };
}

async function start(root, waiting, progress, options, styled) {
  if (options.sheet?.base64) root.append(h("style", { text: await loadText(options.sheet) }));
  const sources = Object.values(options.assets);
  const total = sources.reduce((sum, source) => sum + (source.bytes ?? 0), 0) || 1;
  let arrived = 0;
  const count = (bytes) => {
    arrived += bytes;
    progress.value = Math.min(1, arrived / total);
  };
  const [catalogue, bodyPack, paintPack] = await Promise.all([
    loadJson(options.assets.catalogue, count),
    load(options.assets.body, count).then(container),
    load(options.assets.paint, count).then(container),
    styled,
  ]);
  catalogue.patterns = {};
  for (const structure of Object.values(catalogue.structures)) {
    for (const pattern of structure.patterns) catalogue.patterns[pattern.id] = { ...pattern, structure: structure.id };
  }
  const t = translator(catalogue.texts, chosenLanguage(catalogue.texts, options.linked));
  if (options.linked) dressPage(t);
  const weights = weightsOf(paintPack);
  const meshes = meshesOf(bodyPack);
  const bodies = bodiesOf(options.variants ?? {}, meshes.get("skin"), paintPack.array("mirror"));
  const featureIds = new Set(catalogue.pain_first.features.map((feature) => feature.id));
  const known = {
    structure: (id) => catalogue.structures[id],
    pattern: (id) => catalogue.patterns[id],
    area: (id) => (catalogue.areas[id]?.place === "own" ? undefined : catalogue.areas[id]),
    feature: (id) => featureIds.has(id),
    bodies: bodies.names,
    atlases: options.atlases ?? [],
  };

  /** What is chosen by an id: a part of a muscle means the muscle, with the part's own pattern if there is one. */
  const chosenBy = (id) => {
    const part = catalogue.structures[id];
    if (!part.part_of) return { structures: [id], pattern: null };
    const whole = catalogue.structures[part.part_of];
    const points = new Set(whole.trigger_points.filter((point) => point.part === id).map((point) => point.id));
    const own = whole.patterns.filter((pattern) => points.has(pattern.trigger_point));
    return { structures: [whole.id], pattern: own.length === 1 && whole.patterns.length > 1 ? own[0].id : null };
  };

  const fromLink = options.linked ? fromFragment(location.hash, known) : { state: { ...INITIAL, ...options.state }, problems: [] };
  const states = store(fromLink.state);

  /** Change some of the state; what is newly chosen is shown from where its paint is seen best. */
  const set = (change, how = {}) => {
    const before = states.get();
    const next = { ...before, ...change };
    const target = ({ structures, pattern, side }) => JSON.stringify([structures, pattern, side]);
    const moved = target(next) !== target(before) && next.structures.length > 0;
    if (view && moved && !how.keepView && !("view" in change)) next.view = view.bestView(sceneOf(catalogue, next).paint);
    states.set(next, how);
  };
  const choose = (id) => {
    const now = states.get().structures;
    if (compare.waiting()) compare.toggle(id);
    else set(now.length === 1 && now[0] === id ? { structures: [], pattern: null } : chosenBy(id));
  };

  let view = null;
  const compare = makeCompare({
    catalogue,
    t,
    set,
    get: states.get,
    view: () => view,
    weights,
    chosenBy,
    tell: (words) => tell(words),
    lookFor() {
      if (states.get().mode === "pain") set({ mode: "muscle" }, { keepView: true });
      if (root.dataset.narrow === "true") tabs.choose("list");
      list.focusSearch();
    },
  });
  const list = makeList({ catalogue, t, onChoose: choose, compare });
  const press = makePress({
    catalogue,
    t,
    get: states.get,
    view: () => view,
    shown: (state) => shownScene(state),
    placed: (markers) => placed(markers),
    say: (text) => (announce.textContent = text),
  });
  const why = makeWhy({ catalogue, t, set, view: () => view, weights, linked: options.linked });
  const card = makeCard({ catalogue, t, set, linked: options.linked, press, why, compare, pageEnding: `${t.language === "en" ? "" : `.${t.language}`}${options.pageEnding ?? ""}` });
  const overlay = makeOverlay({ catalogue, t, set, press });
  const stage = h("div", { class: "stage" });
  const canvasPlace = h("div", {
    class: "canvas",
    tabindex: "0",
    role: "application",
    "aria-label": t("canvas.label"),
    "aria-describedby": "rpx-canvas-help",
  });
  const announce = h("p", { class: "sr-only", role: "status", "aria-live": "polite" });
  const note = h("p", { class: "toast", role: "alert", hidden: true });
  const controls = makeControls({
    t,
    set,
    bodies: bodies.names,
    atlases: options.atlases ?? [],
    atlas: catalogue.atlas,
    own: catalogue.own,
    lookAgain: (name) => {
      set({ view: name }, { replace: true, keepView: true });
      view?.look(name, frameOf(states.get()));
    },
  });
  const dots = { vertices: paintPack.array("dots"), radii: paintPack.array("dot_radii") };
  const chart = makeChart({ catalogue, t, weights, dots, meshes });
  const theme = makeTheme(options.linked ? [root, document.documentElement] : [root]);
  const threeD = canDraw() && Boolean(options.vtk);
  const chartShown = preference("chart", ["shown", "hidden"]);
  const showChart = (on) => {
    chart.element.hidden = !on;
    tools.showChart(on);
    chart.wake();
  };
  const fileName = () => ["referred-pain", ...states.get().structures, states.get().pattern, states.get().side].filter(Boolean).join("_").slice(0, 100);
  const caption = () => captionOf({ catalogue, t, state: states.get(), inWords: chart.inWords, compared: compare.caption(states.get()) });
  const inks = () => ({ ...catalogue.style, ...catalogue.style.palettes[states.get().palette]?.light, compare: catalogue.style.tones.light.compare });
  const does = {
    back: () => view?.look(states.get().view, frameOf(states.get())),
    chart() {
      chartShown.set(chart.element.hidden ? "shown" : "hidden");
      showChart(chart.element.hidden);
    },
    savePicture: threeD
      ? () => pictureOf(view.snapshot(), { ...overlay.drawn(view), signs: compare.signs() }, caption(), inks()).toBlob((blob) => keep(blob, `${fileName()}.png`))
      : null,
    saveChart: () => keep(new Blob([chartFile(chart.sheet(), caption(), inks())], { type: "image/svg+xml" }), `${fileName()}_chart.svg`),
  };
  const tools = makeTools({ t, set, theme, root, does });
  const mannequin = makeMannequin(t);
  const tabs = makeTabs({ t, root, onTab: () => chart.wake() });
  tools.options.prepend(controls.looks);
  if (options.linked) tools.options.append(languageChoice(catalogue.texts, t) ?? "");
  controls.bottom.append(tools.more);
  controls.bottom.prepend(press.caption);
  const labels = makeLabels({ catalogue, t, view: () => view, weights, stage });
  overlay.element.prepend(labels.element);
  overlay.element.append(compare.chips, why.chips);
  stage.append(canvasPlace, overlay.element, controls.top, controls.bottom, tools.bar, mannequin.element, tools.note, note);
  canvasPlace.append(h("p", { id: "rpx-canvas-help", class: "sr-only", text: t("canvas.help") }));

  const scorer = scorerOf({ catalogue, weights, areas: paintPack.array("areas") });
  const pain = makePain({
    catalogue,
    t,
    set,
    get: states.get,
    scorer,
    mesh: meshes.get("skin"),
    normals: normalsOf(meshes.get("skin")),
    topology: paintPack.header.topology,
    say: (text) => (announce.textContent = text),
    changed: (live) => showDrawing(live),
    toResults() {
      tabs.choose("card");
      pain.right.focus();
    },
  });
  const doors = h(
    "div",
    { class: "segments doors", role: "group", "aria-label": t("pain.doors") },
    ...[
      ["muscle", t("pain.door_muscle")],
      ["pain", t("pain.door_pain")],
    ].map(([mode, text]) =>
      h("button", { type: "button", dataset: { mode }, onclick: () => set({ mode, structures: [], pattern: null }, { keepView: true }), text }),
    ),
  );
  const host = options.host ?? (options.linked && new URLSearchParams(location.search).has("embed") ? "embed" : "page");
  root.dataset.host = host;
  if (options.linked) document.documentElement.dataset.host = host; // the frame around the explorer steps back
  const takeHome =
    host === "page" && options.sources
      ? makeTakeHome({
          catalogue,
          t,
          get: states.get,
          frameOf,
          chart,
          marksOf: () => overlay.drawn(view),
          telling: () => tellingViews(normalsOf(meshes.get("skin")), paintPack.array("areas"), weights.paint(sceneOf(catalogue, states.get()).paint)),
          view: threeD ? { shoot: (...words) => view.shoot(...words) } : null,
          assets: options.assets,
          sources: options.sources,
          linked: options.linked,
        })
      : null;
  const whole = host === "embed" ? h("a", { class: "whole", target: "_blank", rel: "noopener", text: t("embed.whole") }) : null;
  waiting.remove();
  root.append(
    h("div", { class: "column column-left" }, doors, list.element, pain.left),
    stage,
    chart.element,
    h("div", { class: "column column-right" }, takeHome?.element ?? "", pain.back, card.element, pain.right),
    tabs.element,
    announce,
    tools.dialog,
    ...(takeHome?.dialogs ?? []),
    whole ?? "",
  );

  const unmark = markEnglish(root, t);

  const nameOf = (hit) => {
    if (!hit) return null;
    if (hit.id) return [(catalogue.structures[hit.id] ?? catalogue.bones[hit.id])?.name, catalogue.own?.shapes[hit.id] === "ours" ? `(${t("shapes.badge")})` : null].filter(Boolean).join(" ") || null;
    return areaName(hit);
  };
  const areaName = (hit) => {
    const found = hit.skin && weights.areaAt(hit.skin.vertices);
    return found ? catalogue.areas[found.id].name : null;
  };

  const newView = () =>
    makeView(
      canvasPlace,
      options.vtk,
      { meshes, weights, style: catalogue.style, dots, vertexAreas: paintPack.array("areas"), bonesNamed: (id) => bonesNamed(catalogue, id) },
      {
        onPick: (hit, event) => {
          if (choosingPain()) {
            if (!pain.brushes()) pain.clicked(hit?.skin && weights.areaAt(hit.skin.vertices));
            return;
          }
          if (hit && catalogue.structures[hit.id] && (compare.waiting() || event.shiftKey || event.ctrlKey || event.metaKey)) {
            compare.toggle(hit.id);
            return;
          }
          if (hit && catalogue.structures[hit.id]) {
            const side = ["left", "right"].includes(hit.side) && states.get().side !== "both" ? hit.side : states.get().side;
            set({ ...chosenBy(hit.id), side }, { keepView: true });
          }
        },
        onHover: (hit, at) => {
          if (choosingPain()) {
            const area = hit?.skin && weights.areaAt(hit.skin.vertices);
            overlay.hover(area ? pain.areaWords(area) : null, at && [view.across(at[0]), at[1]]);
            canvasPlace.style.cursor = hit ? (pain.brushes() ? "crosshair" : "pointer") : "grab";
            return;
          }
          overlay.hover(nameOf(hit), at && [view.across(at[0]), at[1]]);
          canvasPlace.style.cursor = hit && catalogue.structures[hit.id] ? "pointer" : "grab";
        },
        onBrush: (phase, at) => choosingPain() && pain.onBrush(phase, at && view.skinAt(...at)),
        onTurn(pose) {
          if (!view) return;
          overlay.place(view, pose, states.get().mirror);
          why.place();
          turned();
          mannequin.place(pose, states.get().mirror);
        },
        onLost: () => lasting.lost(),
        onRestored: () => lasting.again(),
      },
      (box) => coveredOf(canvasPlace, controls, box),
    );
  const lasting = makeLasting({ stage, t, say: (text) => (announce.textContent = text), rebuild });
  if (threeD) view = newView();
  else flatten();

  function flatten() {
    canvasPlace.append(h("p", { class: "fault", text: t("canvas.missing") }));
    root.dataset.flat = "true"; // the chart takes the place of the view
  }

  /** Make the view anew from what is chosen; it stands where the old one stood. */
  function rebuild() {
    if (!canDraw()) throw new Error("no context");
    press.stop({ quiet: true });
    pain.onBrush("cancel");
    const pose = view.pose();
    view.wear(null); // the new view starts from the average body
    view.remove();
    view = newView();
    if (worn) view.wear(worn);
    show(states.get(), null);
    if (states.get().mode === "pain") view.showDrawing(pain.shownDrawing(states.get()));
    view.stand(pose);
    if (root.explorer) root.explorer.view = view;
  }

  function frameOf(state) {
    return state.structures.length && view ? roomAround(view.boxOf(sceneOf(catalogue, state))) : null;
  }

  const choosingPain = () => states.get().mode === "pain" && !states.get().structures.length;

  /** What the view shows: the scene, and in pain mode a closed skin with the drawing and the map that is looked at. */
  function shownScene(state) {
    const scene = { ...sceneOf(catalogue, state), compare: groupsOf(catalogue, state) };
    if (state.mode !== "pain") return scene;
    const looked = pain.preview();
    const other = looked && sceneOf(catalogue, { ...state, structures: [looked.structure], pattern: looked.pattern, side: looked.side === "midline" ? "both" : looked.side });
    return {
      ...scene,
      closed: !state.structures.length,
      paint: other ? other.paint : scene.paint,
      deep: [...(other ? other.deep : scene.deep), ...pain.deepOf(state)],
    };
  }
  /** Show the drawing again; `live` while a stroke is being painted. */
  function showDrawing(live = false) {
    const state = states.get();
    if (!live) chart.show(sceneOf(catalogue, state), state, pain.onPaper(state));
    if (!view) return;
    if (live) view.showLive(pain.shownDrawing(state));
    else {
      view.showDrawing(pain.shownDrawing(state));
      view.show(shownScene(state));
      pain.show(state);
    }
  }

  let worn = null; // the variant that is shown; null for the average body
  let wanted = AVERAGE;

  /** Show the chosen body, once it is here; what is shown stays when it does not come. */
  async function wear(name) {
    if (!view || name === wanted) return;
    const before = worn?.name ?? AVERAGE;
    wanted = name;
    try {
      const variant = await bodies.get(name);
      if (wanted !== name) return;
      view.wear(variant);
      worn = variant;
      root.dataset.body = name;
      chart.reshaped();
    } catch (error) {
      if (wanted !== name) return;
      wanted = before;
      tell(t("body.missing", { body: t(`body.${name}`), reason: error.message }));
      set({ body: before }, { replace: true, keepView: true });
    }
  }

  /** Markers where the trigger points lie in the body that is shown. */
  function placed(markers) {
    if (!worn || !markers.length) return markers;
    const places = worn.carry(markers.flatMap((marker) => marker.xyz_mm));
    return markers.map((marker, k) => ({ ...marker, xyz_mm: [...places.subarray(3 * k, 3 * k + 3)] }));
  }

  /** Colours of skin and paint. */
  function coloursOf({ tone, palette }) {
    return { ...catalogue.style.tones[tone], ...catalogue.style.palettes[palette]?.[tone] };
  }

  let settling = null;
  /** The view has turned: what is found anew only when it stands still. */
  function turned() {
    compare.place();
    labels.turning();
    clearTimeout(settling);
    settling = setTimeout(() => {
      if (!root.isConnected) return;
      compare.find(states.get());
      labels.find(sceneOf(catalogue, states.get()), states.get(), root.dataset.narrow === "true");
    }, 160);
  }

  function dress(state, before) {
    if (before?.tone !== state.tone || before?.palette !== state.palette) {
      const colours = coloursOf(state);
      view?.tint(colours);
      for (const name of Object.keys(SWATCHES)) {
        if (colours[name]) root.style.setProperty(SWATCHES[name], colours[name]);
        else root.style.removeProperty(SWATCHES[name]);
      }
      root.style.setProperty("--mark-ground", colours.skin);
      colours.compare.forEach(({ core, line }, k) => {
        root.style.setProperty(`--mark-${"abc"[k]}`, core);
        root.style.setProperty(`--mark-${"abc"[k]}-line`, line);
      });
    }
    if (before && before.body !== state.body) {
      wear(state.body).then(() => {
        if (states.get().body !== state.body || !view) return;
        show(states.get(), states.get());
        announce.textContent = t("announce.body", { body: t(`body.${state.body}`) });
      });
    }
  }

  function show(state, before, how = {}) {
    press.stop({ quiet: true });
    labels.turning();
    dress(state, before);
    const scene = sceneOf(catalogue, state);
    list.show(state);
    list.element.hidden = state.mode === "pain";
    card.element.hidden = state.mode === "pain" && !state.structures.length;
    stage.dataset.mode = choosingPain() ? "pain" : "muscle";
    for (const button of doors.children) button.setAttribute("aria-pressed", String(button.dataset.mode === state.mode));
    if (state.structures.length || state.mode !== "pain") pain.forget();
    pain.show(state);
    card.show(state);
    takeHome?.show(state);
    if (whole) whole.href = linkOf(state);
    controls.show(state);
    controls.legendOf(compare.legend(state));
    stage.dataset.comparing = String(state.structures.length > 1);
    if (!how.keepView || !state.structures.length) compare.wait(false);
    tools.show(state);
    overlay.show({ ...scene, markers: placed(scene.markers) }, state);
    view?.mirror(state.mirror);
    chart.show(scene, state, pain.onPaper(state));
    view?.show(shownScene(state));
    why.show(state);
    showAttached(state);
    if (view && (state.mode === "pain" || before?.mode === "pain")) view.showDrawing(pain.shownDrawing(state));
    const target = ({ structures, pattern, side, view: name }) => JSON.stringify([structures, pattern, side, name]);
    if (view && (!before || (target(state) !== target(before) && !how.keepView))) {
      view.look(state.view, frameOf(state), before ? undefined : 0);
    }
    if (view) {
      overlay.place(view, view.pose(), state.mirror);
      why.place();
    }
    if (before && state.structures.length && before.why !== state.why) announce.textContent = why.words(state);
    if (before && JSON.stringify(state.structures) !== JSON.stringify(before.structures)) {
      const names = state.structures.map((id) => catalogue.structures[id].name).join(", ");
      if (names && root.dataset.narrow === "true") tabs.choose("card");
      const shared = state.structures.length > 1 ? ` ${compare.words(state).shared}` : "";
      announce.textContent = names ? t("announce.chosen", { names, side: t(`side.${state.side}`) }) + shared : t("announce.none");
    }
  }

  /** What is lit on the bones, in words: in the legend and on the card. */
  function showAttached(state) {
    const ends = ["origin", "insertion"];
    const muscles = state.structures.filter((id) => catalogue.structures[id].kind.startsWith("muscle"));
    for (const end of ends) stage.querySelector(`[data-legend=${end}]`).hidden = !view || !muscles.length || !state.bones;
    for (const id of muscles) {
      const line = card.element.querySelector(`[data-attached="${id}"]`);
      if (!line) continue;
      const structure = catalogue.structures[id];
      const found = attachedOf(structure.members.length ? structure.members : [id]);
      const parts = ends.filter((end) => found[end].length).map((end) => t(`attach.${end}`, { bones: found[end].join(", ") }));
      line.textContent = `${t("attach.title")}: ${parts.join("; ") || t("attach.none")}${state.bones ? "" : ` ${t("attach.hidden")}`}`;
      line.hidden = false;
    }
  }

  const attachedNames = new Map();
  function attachedOf(ids) {
    const key = ids.join();
    if (!attachedNames.has(key)) {
      const found = attachmentsOf(ids.filter((id) => meshes.has(id)).map((id) => ({ ...meshes.get(id), named: bonesNamed(catalogue, id) })), [...meshes.values()].filter((mesh) => mesh.kind === "bone"));
      const names = (end) => found[end].bones.map((bone) => catalogue.bones[bone].name);
      attachedNames.set(key, { origin: names("origin"), insertion: names("insertion") });
    }
    return attachedNames.get(key);
  }

  function problem(words, more = []) {
    const told = [];
    if (words.length) told.push(t("link.unknown", { words: words.join(", ") }));
    if (more.length) told.push(t("compare.most_link", { names: more.map((id) => catalogue.structures[id].name).join(", ") }));
    if (told.length) tell(told.join(" "));
  }

  function tell(words) {
    note.textContent = words;
    note.hidden = false;
    setTimeout(() => {
      note.hidden = true;
    }, 8000);
  }

  /** The state of a link; when it does not say from where to look and the usual view shows little of the paint, from a better one. */
  const seen = ({ state, viewed }) =>
    view && !viewed && state.structures.length ? { ...state, view: view.bestView(sceneOf(catalogue, state).paint, 0.4) } : state;
  if (options.linked) states.set(seen(fromLink));
  let writing = false;
  const stop = states.listen((state, before, how) => {
    show(state, before, how);
    options.onState?.(state);
    if (!options.linked || how.fromLink) return;
    const fragment = toFragment(state);
    const address = `${location.pathname}${location.search}${fragment ? `#${fragment}` : ""}`;
    writing = true;
    if (how.replace) history.replaceState(null, "", address);
    else history.pushState(null, "", address);
    writing = false;
    if (state.atlas !== before.atlas) location.reload(); // other shapes are another set of assets
  });
  const onAddress = () => {
    if (writing) return;
    const link = fromFragment(location.hash, known);
    const state = seen(link);
    problem(link.problems, link.more);
    const other = (state.atlas ?? null) !== states.get().atlas;
    states.set(state, { fromLink: true });
    if (other) location.reload();
  };
  if (options.linked) {
    addEventListener("popstate", onAddress);
    addEventListener("hashchange", onAddress);
  }

  const keys = { 1: "front", 2: "left", 3: "right", 4: "back", 5: "three_quarter", 6: "top" };
  canvasPlace.addEventListener("keydown", (event) => {
    const turns = { ArrowLeft: [-24, 0], ArrowRight: [24, 0], ArrowUp: [0, -20], ArrowDown: [0, 20] };
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (turns[event.key]) view?.nudge(...turns[event.key]);
    else if (event.key === "+" || event.key === "=") view?.zoom(0.85);
    else if (event.key === "-") view?.zoom(1.18);
    else if (event.key === "Home" || event.key === "0") view?.look(states.get().view, frameOf(states.get()));
    else if (keys[event.key]) {
      set({ view: keys[event.key] }, { replace: true, keepView: true });
      view?.look(keys[event.key], frameOf(states.get()));
    } else return;
    event.preventDefault();
  });
  const onKey = (event) => {
    const inField = event.composedPath()[0]?.matches?.("input, textarea, select");
    if (states.get().mode === "pain" && !inField && (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") {
      event.preventDefault();
      if (event.shiftKey) pain.redo();
      else pain.undo();
    } else if (event.key === "/" && !inField) {
      event.preventDefault();
      list.focusSearch();
    } else if (tools.dialog.open || inField || event.ctrlKey || event.metaKey || event.altKey) return;
    else if (event.key === "Escape" && press.active()) press.stop();
    else if (event.key === "Escape" && compare.waiting()) compare.wait(false);
    else if (event.key === "Escape" && states.get().why && states.get().structures.length) set({ why: false });
    else if (event.key === "Escape" && states.get().structures.length) set({ structures: [], pattern: null });
    else if (event.key === "?") tools.showKeys();
    else if (event.composedPath().includes(root)) {
      if (event.key === "n") set({ names: states.get().names === "all" ? "auto" : "all" }, { replace: true, keepView: true });
      const action = { c: "[data-tool=chart]", f: "[data-tool=full]", m: "[data-option=mirror]", w: "[data-why]" }[event.key];
      if (event.key === "m" && states.get().mirror) set({ mirror: false }, { replace: true, keepView: true });
      else if (action) root.querySelector(action)?.click();
    }
  };
  addEventListener("keydown", onKey);

  await wear(states.get().body);
  if (host === "handout" && view && !options.state?.view) states.set({ view: view.bestView(sceneOf(catalogue, states.get()).paint) });
  // a narrow screen keeps the view and shows the rest in tabs
  const narrow = globalThis.matchMedia("(max-width: 900px)");
  const onWidth = () => {
    root.dataset.narrow = String(narrow.matches);
    chart.element.tabIndex = narrow.matches || !view ? 0 : -1; // where it can scroll
    if (narrow.matches) {
      tools.options.prepend(controls.sides, controls.layers);
      root.append(tools.options);
      showChart(true);
    } else {
      controls.top.append(controls.sides);
      tools.more.before(controls.layers);
      tools.more.append(tools.options);
      showChart(!view || (host !== "embed" && chartShown.get() === "shown"));
    }
  };
  narrow.addEventListener("change", onWidth);
  onWidth();
  show(states.get(), null);
  tabs.choose(states.get().structures.length || host === "embed" ? "card" : "list");
  problem(fromLink.problems, fromLink.more);
  root.dataset.ready = "true";

  const explorer = {
    get: states.get,
    set,
    view,
    chart,
    scene: () => sceneOf(catalogue, states.get()),
    /** Nothing moves, and the chosen body has come. */
    resting: () => (view?.resting() ?? true) && wanted === (worn?.name ?? AVERAGE),
    sceneOf: (state) => sceneOf(catalogue, state),
    bodies,
    catalogue,
    weights,
    scorer,
    pain,
    takeHome,
    attachedOf,
    compare,
    labels,
    wayOf: (id) => wayOf(catalogue, id),
    remove() {
      stop();
      removeEventListener("popstate", onAddress);
      removeEventListener("hashchange", onAddress);
      removeEventListener("keydown", onKey);
      narrow.removeEventListener("change", onWidth);
      tools.remove();
      theme.remove();
      lasting.remove();
      unmark();
      clearTimeout(settling);
      view?.remove();
    },
  };
  root.explorer = explorer; // the way in for embedding pages and tests
  return explorer;
}

/** Where the style sheet keeps the colours of the paint. */
const SWATCHES = { core: "--core", core_line: "--core-line", spillover: "--spill", drawn: "--drawn", drawn_line: "--drawn-line" };
