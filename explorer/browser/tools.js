// Finding one's way: bring the body back, peel, isolate, mirror, theme, full screen, pictures, the help of keys,
// the orientation figure, and on small screens the tabs.

import { axesOf, dot } from "./camera.js";
import { h, svg } from "./dom.js";
import { NAMES, RESTS } from "./state.js";

const ICONS = {
  back: "M4 12a8 8 0 1 0 2.6-5.9M4 4v4.6h4.6",
  full: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  picture: "M12 4v11m-4.5-4.5L12 15l4.5-4.5M5 19.5h14",
  keys: "M9.2 9.2a2.9 2.9 0 1 1 4.2 2.6c-1 .5-1.4 1-1.4 2.2M12 17.6v.1",
  chart: "M4 19V5h16v14zM4 12h16M12 5v14",
};

function icon(name) {
  return svg(
    "svg",
    { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true" },
    svg("path", { d: ICONS[name], fill: "none", stroke: "currentColor", "stroke-width": 2, "stroke-linecap": "round", "stroke-linejoin": "round" }),
  );
}

/** A small memory of what a person prefers, in this browser only; without one where it is forbidden. */
export function preference(name, allowed) {
  const key = `referred-pain-explorer/${name}`;
  return {
    get() {
      try {
        const value = localStorage.getItem(key);
        return allowed.includes(value) ? value : allowed[0];
      } catch {
        return allowed[0];
      }
    },
    set(value) {
      try {
        localStorage.setItem(key, value);
      } catch {
        // a private window: the choice holds until the page is left
      }
    },
  };
}

/** Light or dark: as the system has it, or as chosen. Sets `data-theme` on the given elements. */
export function makeTheme(elements) {
  const own = preference("theme", ["system", "light", "dark"]);
  const system = globalThis.matchMedia?.("(prefers-color-scheme: dark)");
  let chosen = own.get();
  const apply = () => {
    const name = chosen === "system" ? (system?.matches ? "dark" : "light") : chosen;
    for (const element of elements) element.dataset.theme = name;
  };
  system?.addEventListener("change", apply);
  apply();
  return {
    get: () => chosen,
    set(name) {
      chosen = name;
      own.set(name);
      apply();
    },
    remove: () => system?.removeEventListener("change", apply),
  };
}

function choices(title, options, words, pick) {
  const buttons = options.map((option) => h("button", { type: "button", dataset: { option }, onclick: () => pick(option), text: words(option) }));
  const element = h("div", { class: "choice" }, h("span", { class: "choice-title", text: title }), h("div", { class: "segments", role: "group", "aria-label": title }, ...buttons));
  return { element, show: (value) => buttons.forEach((b) => b.setAttribute("aria-pressed", String(b.dataset.option === value))) };
}

/** What a peeling step means for the layers, from the outside inwards. */
const PEEL = {
  skin: { skin: 1, muscles: true, peel: false },
  superficial: { skin: 0, muscles: true, peel: false },
  deep: { skin: 0, muscles: true, peel: true },
  bone: { skin: 0, muscles: false, bones: true },
};

function peeledTo(state) {
  if (!state.muscles) return "bone";
  if (state.peel) return "deep";
  return state.skin === 0 ? "superficial" : state.skin === 1 ? "skin" : "";
}

/**
 * @param {{t: Function, set: Function, theme: Object, root: HTMLElement,
 *   does: {back: Function, chart: Function, savePicture: Function|null, saveChart: Function}}} context
 */
export function makeTools({ t, set, theme, root, does }) {
  const button = (name, onclick) => h("button", { type: "button", class: "tool", dataset: { tool: name }, title: t(`tool.${name}`), "aria-label": t(`tool.${name}`), onclick }, icon(name));
  const dialog = keysDialog(t);
  const host = () => root.getRootNode();
  const isFull = () => host().fullscreenElement === root || document.fullscreenElement === root;
  const full = button("full", () => (isFull() ? document.exitFullscreen() : root.requestFullscreen()));
  full.hidden = !document.fullscreenEnabled;
  const onFull = () => {
    full.setAttribute("aria-pressed", String(isFull()));
    root.dataset.full = String(isFull());
  };
  document.addEventListener("fullscreenchange", onFull);
  onFull();
  const chart = button("chart", () => does.chart());
  const bar = h("div", { class: "tools", role: "group", "aria-label": t("tool.title") }, button("back", does.back), chart, full, button("keys", () => dialog.showModal()));

  const peel = choices(t("peel.title"), Object.keys(PEEL), (name) => t(`peel.${name}`), (name) => set(PEEL[name], { replace: true, keepView: true }));
  const rest = choices(t("rest.title"), RESTS, (name) => t(`rest.${name}`), (name) => set({ rest: name }, { replace: true, keepView: true }));
  const mirror = choices(t("mirror.title"), ["facing", "mirror"], (name) => t(`mirror.${name}`), (name) => set({ mirror: name === "mirror" }, { replace: true, keepView: true }));
  const names = choices(t("names.title"), NAMES, (name) => t(`names.${name}`), (name) => set({ names: name }, { replace: true, keepView: true }));
  const themes = choices(t("theme.title"), ["system", "light", "dark"], (name) => t(`theme.${name}`), (name) => {
    theme.set(name);
    themes.show(name);
  });
  themes.show(theme.get());
  const save = (name, onclick) => h("button", { type: "button", class: "save", dataset: { save: name }, onclick }, icon("picture"), t(`picture.${name}`));
  const saves = h(
    "div",
    { class: "choice" },
    h("span", { class: "choice-title", text: t("picture.title") }),
    h("div", { class: "saves" }, does.savePicture ? save("view", does.savePicture) : null, save("chart", does.saveChart)),
  );
  const options = h("div", { class: "options" }, peel.element, rest.element, mirror.element, names.element, themes.element, saves);
  const more = h("details", { class: "more" }, h("summary", { text: t("tool.more") }), options);
  more.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !more.open) return;
    event.stopPropagation();
    more.open = false;
    more.querySelector("summary").focus();
  });
  const note = h("p", { class: "mirror-note", text: t("mirror.note") });

  return {
    bar,
    more,
    options,
    dialog,
    note,
    showKeys: () => dialog.showModal(),
    showChart: (on) => chart.setAttribute("aria-pressed", String(on)),
    show(state) {
      peel.show(peeledTo(state));
      rest.show(state.rest);
      mirror.show(state.mirror ? "mirror" : "facing");
      names.show(state.names);
      note.hidden = !state.mirror;
    },
    remove: () => document.removeEventListener("fullscreenchange", onFull),
  };
}

function keysDialog(t) {
  const rows = [
    ["/", "search"], ["↑ ↓", "list"], ["← → ↑ ↓", "turn"], ["+ −", "zoom"], ["1 – 6", "views"], ["0", "back"],
    ["C", "chart"], ["M", "mirror"], ["N", "names"], ["+", "compare"], ["F", "full"], ["W", "why"], ["Enter", "press"], ["Esc", "clear"], ["?", "help"],
  ];
  const dialog = h(
    "dialog",
    { class: "keys", "aria-label": t("keys.title") },
    h("h2", { text: t("keys.title") }),
    h("dl", {}, ...rows.map(([key, name]) => h("div", {}, h("dt", {}, h("kbd", { text: key })), h("dd", { text: t(`keys.${name}`) })))),
    h("p", { class: "quiet", text: t("keys.mouse") }),
    h("button", { type: "button", class: "close", onclick: () => dialog.close(), text: t("keys.close") }),
  );
  return dialog;
}

/** A small mannequin that turns with the body: L and R on its shoulders, an arrow where it faces. */
export function makeMannequin(t) {
  const torso = svg("ellipse", { class: "torso", cy: 20, ry: 17 });
  const head = svg("circle", { class: "head", r: 12 });
  const arrow = svg("path", { class: "facing" });
  const eyes = svg("path", { class: "eyes" });
  const letters = ["left", "right"].map((side) => {
    const text = svg("text", { "text-anchor": "middle", "dominant-baseline": "central" });
    text.textContent = t(`letter.${side}`);
    return text;
  });
  const element = svg("svg", { class: "mannequin", viewBox: "-48 -36 96 84", role: "img" }, torso, head, eyes, arrow, ...letters);
  let told = "";
  return {
    element,
    place(pose, asMirror) {
      const { right, up, toEye } = axesOf(pose);
      const flat = (p) => [(asMirror ? -1 : 1) * dot(p, right), -dot(p, up), dot(p, toEye)];
      const turn = Math.abs(right[0]);
      const [hx, hy, hd] = flat([0, 0, 16]);
      torso.setAttribute("rx", String(Math.hypot(27 * turn, 13 * Math.sqrt(1 - turn * turn))));
      torso.setAttribute("cy", String(flat([0, 0, -16])[1]));
      head.setAttribute("cx", String(hx));
      head.setAttribute("cy", String(hy));
      // the arrow stands in front of the face; from before or behind it shortens to a dot
      const [tx, ty, td] = flat([0, -36, 14]);
      const [bx, by] = flat([0, -15, 14]);
      const length = Math.hypot(tx - bx, ty - by);
      const [ux, uy] = length > 0.01 ? [(tx - bx) / length, (ty - by) / length] : [1, 0];
      const at = (along, aside) => `${(tx - along * ux - aside * uy).toFixed(1)} ${(ty - along * uy + aside * ux).toFixed(1)}`;
      arrow.setAttribute("d", length < 9 ? "" : `M${bx.toFixed(1)} ${by.toFixed(1)}L${at(6, 0)}M${at(0, 0)}L${at(8, 5)}L${at(8, -5)}Z`);
      const behind = td < hd;
      element.insertBefore(arrow, behind ? torso : letters[0]);
      eyes.setAttribute("d", [-4.5, 4.5].map((x) => flat([x, -11, 18])).filter((p) => p[2] > hd + 2).map(([x, y]) => `M${(x - 1.6).toFixed(1)} ${y.toFixed(1)}a1.6 1.6 0 1 0 3.2 0a1.6 1.6 0 1 0 -3.2 0`).join(""));
      letters.forEach((text, k) => {
        const [x, y, d] = flat([k ? -39 : 39, 0, -14]);
        text.setAttribute("x", x.toFixed(1));
        text.setAttribute("y", y.toFixed(1));
        text.classList.toggle("behind", d < -8);
        text.setAttribute("visibility", d < -8 && Math.abs(x) < 14 ? "hidden" : "visible"); // the near one stands before it
      });
      const facing = Math.cos(pose.azimuth) > 0.35 ? "front" : Math.cos(pose.azimuth) < -0.35 ? "back" : "";
      const flank = Math.sin(pose.azimuth) > 0.35 ? "left" : Math.sin(pose.azimuth) < -0.35 ? "right" : "";
      const from = [facing, flank].filter(Boolean).map((name) => t(`view.${name}`).toLowerCase()).join(", ");
      if (from !== told) element.setAttribute("aria-label", t("orientation.label", { from }));
      told = from;
    },
  };
}

const TABS = ["list", "card", "chart", "options"];

/** On a small screen: the view stays, and under it one of list, card, chart and options at a time. */
export function makeTabs({ t, root, onTab }) {
  const buttons = TABS.map((tab) => h("button", { type: "button", dataset: { tab }, onclick: () => choose(tab), text: t(`tab.${tab}`) }));
  const element = h("div", { class: "tabs", role: "group", "aria-label": t("tab.title") }, ...buttons);
  function choose(tab) {
    root.dataset.tab = tab;
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.tab === tab));
    onTab(tab);
  }
  return { element, choose };
}
