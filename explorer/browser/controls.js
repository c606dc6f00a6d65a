// What stands around the canvas: key views, side, layers, legend, orientation letters, trigger point marks, hover name.

import { h, svg } from "./dom.js";
import { PALETTES, SIDES, TONES, VIEWS } from "./state.js";

/** A group of buttons of which one is pressed. */
function segments(label, options, name, set, t, key) {
  const buttons = options.map((option) =>
    h("button", { type: "button", dataset: { [name]: option }, onclick: () => set({ [name]: option }), text: t(`${key}.${option}`) }),
  );
  const element = h("div", { class: "segments", role: "group", "aria-label": label }, ...buttons);
  return { element, show: (value) => buttons.forEach((b) => b.setAttribute("aria-pressed", String(b.dataset[name] === value))) };
}

/** A labelled menu of one field of the state. */
function menu(label, name, options, set, t, words = (option) => t(`${name}.${option}`)) {
  const choices = options.map((option) => h("option", { value: option, text: words(option) }));
  const select = h("select", { id: `rpx-${name}`, onchange: () => set({ [name]: select.value }, { replace: true, keepView: true }) }, ...choices);
  return { element: h("span", {}, h("label", { for: `rpx-${name}` }, label), " ", select), show: (value) => (select.value = value) };
}

export function makeControls({ t, set, bodies, lookAgain, atlases = [], atlas = null, own = null }) {
  const views = h(
    "div",
    { class: "segments views", role: "group", "aria-label": t("view.title") },
    ...VIEWS.map((view) => h("button", { type: "button", dataset: { view }, onclick: () => lookAgain(view), text: t(`view.${view}`) })),
  );
  const sides = segments(t("side.title"), SIDES, "side", set, t, "side");
  const skin = h("input", {
    type: "range",
    min: 0,
    max: 100,
    step: 5,
    id: "rpx-skin",
    oninput: () => set({ skin: Number(skin.value) / 100 }, { replace: true }),
  });
  const layer = (name) => {
    const box = h("input", { type: "checkbox", id: `rpx-${name}`, onchange: () => set({ [name]: box.checked }, { replace: true }) });
    return box;
  };
  const body = bodies.length > 1 ? menu(t("body.title"), "body", bodies, set, t) : null;
  const shapes = atlases.length > 1 ? menu(t("shapes.title"), "atlas", atlases, set, t, (name) => (name === "default" ? t("shapes.ours") : name)) : null;
  const tone = menu(t("tone.title"), "tone", TONES, set, t);
  const palette = menu(t("palette.title"), "palette", PALETTES, set, t);
  const [muscles, bones] = [layer("muscles"), layer("bones")];
  const layers = h(
    "fieldset",
    { class: "layers" },
    h("legend", { text: t("layers.title") }),
    h("label", { for: "rpx-skin" }, t("layers.skin"), skin),
    h("label", { for: "rpx-muscles" }, muscles, t("layers.muscles")),
    h("label", { for: "rpx-bones" }, bones, t("layers.bones")),
  );
  const looks = h("div", { class: "looks" }, shapes && shapes.element, body && body.element, tone.element, palette.element);
  const legend = h(
    "ul",
    { class: "legend", "aria-label": t("legend.title") },
    ...["core", "spillover", "trigger", "muscle", "origin", "insertion", ...(own ? ["ours"] : []), "deep", "drawn"].map((kind) =>
      h("li", { title: t(`legend.${kind}_long`), dataset: { legend: kind } }, h("span", { class: `swatch swatch-${kind}`, "aria-hidden": "true" }, kind === "trigger" ? cross() : null), t(`legend.${kind}`)),
    ),
  );
  return {
    top: h("div", { class: "bar top" }, views, sides.element),
    bottom: h("div", { class: "bar bottom" }, legend, layers),
    sides: sides.element,
    layers,
    looks,
    /** Put entries before the others of the legend, such as those of compared structures. */
    legendOf(entries) {
      for (const old of legend.querySelectorAll("[data-legend^=compare]")) old.remove();
      legend.prepend(...entries);
    },
    show(state) {
      sides.show(state.side);
      for (const button of views.children) button.setAttribute("aria-pressed", String(button.dataset.view === state.view));
      skin.value = String(Math.round(100 * state.skin));
      muscles.checked = state.muscles;
      bones.checked = state.bones;
      body?.show(state.body);
      tone.show(state.tone);
      palette.show(state.palette);
      shapes?.show(atlas);
    },
  };
}

/** The mark of a trigger point: a dark cross with a light halo. */
export function cross() {
  const arms = "M-6,-6 L6,6 M-6,6 L6,-6";
  return svg(
    "svg",
    { viewBox: "-10 -10 20 20", class: "cross", "aria-hidden": "true" },
    svg("path", { d: arms, class: "halo" }),
    svg("path", { d: arms, class: "ink" }),
  );
}

/** Marks, letters and the hover name over the canvas, kept in place while the view turns. */
export function makeOverlay({ catalogue, t, set, press }) {
  const marks = h("div", { class: "marks" });
  const [onLeft, onRight] = [h("span", { class: "letter letter-left" }), h("span", { class: "letter letter-right" })];
  const name = h("div", { class: "hover-name", "aria-hidden": "true" });
  const element = h("div", { class: "overlay" }, onLeft, onRight, marks, name);
  let shown = [];

  return {
    element,
    show(scene, state) {
      marks.replaceChildren();
      shown = scene.markers.map((marker) => {
        const pattern = catalogue.patterns[marker.pattern];
        const structure = catalogue.structures[pattern.structure];
        const point = structure.trigger_points.find((entry) => entry.id === marker.id);
        const only = state.pattern === marker.pattern;
        const button = h(
          "button",
          {
            type: "button",
            class: `mark${marker.chosen ? "" : " mark-off"}`,
            dataset: { point: marker.id, side: marker.side },
            "aria-label": t("mark.label", { point: point.label, structure: structure.name, side: t(`side.${marker.side}`) }),
            "aria-pressed": String(only),
            title: point.label,
            onclick: () => set({ pattern: only ? null : marker.pattern }),
          },
          cross(),
        );
        press.bind(button, pattern, { side: marker.side === "midline" ? null : marker.side });
        marks.append(button);
        return { button, place: marker.xyz_mm };
      });
    },
    /** Put marks and letters where they belong for the present turn of the view. */
    place(view, pose, mirror = false) {
      for (const { button, place } of shown) {
        const { x, y } = view.project(place);
        button.style.transform = `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px) translate(-50%, -50%)`;
        button.classList.toggle("mark-behind", !view.faces(place));
      }
      // seen from the front, the subject's right is on the left of the picture
      const side = (mirror ? -1 : 1) * Math.cos(pose.azimuth);
      const clear = Math.abs(side) > 0.25;
      onLeft.textContent = clear ? t(side > 0 ? "letter.right" : "letter.left") : "";
      onRight.textContent = clear ? t(side > 0 ? "letter.left" : "letter.right") : "";
    },
    /** Marks and letters as they stand, for a picture. */
    drawn(view) {
      return { marks: shown.filter(({ button }) => !button.matches(".mark-behind, .mark-off")).map(({ place }) => view.project(place)), letters: [onLeft.textContent, onRight.textContent] };
    },
    hover(text, at) {
      name.textContent = text ?? "";
      name.style.display = text ? "" : "none";
      if (text && at) name.style.transform = `translate(${at[0] + 14}px, ${at[1] + 14}px)`;
    },
  };
}
