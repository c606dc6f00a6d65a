// Pressing a trigger point: while it is held, its pattern spreads over the skin; let go, the still picture is back.

import { h, safeLink } from "./dom.js";
import { sceneOf } from "./scene.js";

const HOLD = 260; // milliseconds until a press is a hold and not a click
const TAP = 450; // milliseconds of a key: shorter, and it stays pressed until the next

/**
 * @param {Object} context
 * @param {Object} context.catalogue
 * @param {Function} context.t
 * @param {() => Object} context.get the state
 * @param {() => Object|null} context.view the 3D view, or null where there is none
 * @param {(state: Object) => Object} context.shown the scene as the view shows it
 * @param {(markers: Object[]) => Object[]} context.placed markers where they lie in the body that is shown
 * @param {(words: string) => void} context.say tell those who do not see it
 */
export function makePress({ catalogue, t, get, view, shown, placed, say }) {
  const caption = h("section", { class: "press-caption", "aria-label": t("press.caption"), hidden: true });
  let now = null; // {button, key}

  const names = (entries, voice) => entries.map(({ area }) => catalogue.areas[area][voice === "plain" ? "plain" : "name"]).join(", ");

  function wordsOf(pattern, voice) {
    return [
      pattern.core.length ? t("press.core", { areas: names(pattern.core, voice) }) : "",
      pattern.spillover.length ? t("press.spillover", { areas: names(pattern.spillover, voice) }) : "",
    ]
      .filter(Boolean)
      .join(" ");
  }

  /** Why a place is not for pressing by oneself, or null. */
  function cautionOf(structure) {
    return catalogue.press_cautions[structure.region] ?? null;
  }

  function cautionNote(structure) {
    const caution = cautionOf(structure);
    if (!caution) return null;
    const link = caution.link && safeLink(caution.link);
    const [before, after] = t("press.why_caution", { reason: caution.reason, locator: caution.locator }).split("{citation}");
    return h(
      "div",
      { class: "note caution" },
      h("p", {}, h("strong", { text: t("press.caution") })),
      h("p", { text: caution.plain }),
      h("p", { class: "quiet" }, before, link ? h("a", { href: link, target: "_blank", rel: "noopener noreferrer", text: caution.citation }) : caution.citation, after),
    );
  }

  /** Where a pattern is pressed: its trigger point, else the middle of its structure; on each side that is shown. */
  function placesOf(pattern, side) {
    const structure = catalogue.structures[pattern.structure];
    const state = { ...get(), structures: [structure.id], pattern: pattern.id, ...(side ? { side } : {}) };
    const scene = sceneOf(catalogue, state);
    const markers = placed(scene.markers.filter((marker) => marker.chosen));
    const middles = scene.paint.map((entry) => view()?.meshOf(`${structure.id}/${entry.side}`)).filter(Boolean);
    return { state, scene, places: markers.length ? markers.map((marker) => marker.xyz_mm) : middles.map(({ positions }) => middleOf(positions)) };
  }

  function start(button, pattern, side) {
    if (now) stop({ quiet: true });
    const structure = catalogue.structures[pattern.structure];
    const point = structure.trigger_points.find((entry) => entry.id === pattern.trigger_point);
    const { state, scene, places } = placesOf(pattern, side);
    now = { button };
    button.setAttribute("aria-pressed", "true");
    button.classList.add("pressed");
    const title = t(point ? "press.caption" : "press.caption_structure");
    const place = point
      ? t("press.place", { point: point.label, structure: structure.name, side: t(`side.${state.side}`) })
      : t("press.place_structure", { structure: structure.name, side: t(`side.${state.side}`) });
    const words = wordsOf(pattern, state.voice);
    const caution = point && cautionOf(structure);
    caption.replaceChildren(
      h("p", { class: "press-title" }, `${title}: `, h("span", { text: place })),
      ...(caution ? [h("p", { class: "press-caution" }, h("strong", { text: `${t("press.caution")}. ` }), caution.plain)] : []),
    );
    caption.hidden = false;
    say(t("press.announce", { caption: title, place, words }) + (caution ? ` ${t("press.caution")}. ${caution.plain}` : ""));
    if (view() && places.length) view().press({ ...shown(get()), paint: scene.paint, deep: scene.deep }, places);
  }

  function stop({ quiet = false } = {}) {
    if (!now) return;
    const { button } = now;
    now = null;
    button.setAttribute("aria-pressed", button.dataset.rest ?? "false");
    button.classList.remove("pressed");
    caption.hidden = true;
    view()?.release(shown(get()));
    if (!quiet) say(t("press.released"));
  }

  /**
   * Let a button press a pattern: held by pointer or key as long as it is held; a short press of a key keeps it, the next lets go.
   * @param {HTMLButtonElement} button
   * @param {Object} pattern
   * @param {{side?: string, tap?: boolean}} how tap: a short click presses too, instead of what the button does by itself
   */
  function bind(button, pattern, { side = null, tap = false } = {}) {
    let timer = null;
    let held = false;
    let swallow = false;
    let down = null; // when a key that started the press went down
    button.dataset.rest = button.getAttribute("aria-pressed") ?? "false";
    const mine = () => now?.button === button;
    const begin = () => start(button, pattern, side);
    button.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      button.setPointerCapture?.(event.pointerId);
      timer = setTimeout(() => {
        held = true;
        begin();
      }, HOLD);
    });
    const lift = () => {
      clearTimeout(timer);
      if (!held) return;
      held = false;
      swallow = true;
      setTimeout(() => (swallow = false), 60);
      if (mine()) stop();
    };
    for (const kind of ["pointerup", "pointercancel", "lostpointercapture"]) button.addEventListener(kind, lift);
    button.addEventListener("contextmenu", (event) => event.preventDefault());
    button.addEventListener(
      "click",
      (event) => {
        if (!swallow && !tap && event.detail !== 0) return;
        event.stopImmediatePropagation();
        if (swallow) swallow = false;
        else if (mine()) stop();
        else begin();
      },
      true,
    );
    button.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      if (event.repeat) return;
      if (mine()) stop();
      else {
        begin();
        down = performance.now(); // what the start itself took does not count
      }
    });
    button.addEventListener("keyup", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      if (down !== null && event.timeStamp - down > TAP && mine()) stop();
      down = null;
    });
    button.addEventListener("blur", () => mine() && stop());
  }

  /** The equal of the mark on the card. */
  function control(pattern) {
    if (!view() || !(pattern.trigger_point || view().meshOf(`${pattern.structure}/left`) || view().meshOf(`${pattern.structure}/midline`))) return null;
    const button = h("button", { type: "button", class: "small press-button", "aria-pressed": "false", dataset: { press: pattern.id }, title: t("press.hint") }, t("press.start"));
    bind(button, pattern, { tap: true });
    return button;
  }

  return { caption, bind, control, cautionNote, stop, active: () => now !== null };
}

/** The point of a shape that lies nearest to the mean of its points. */
export function middleOf(positions) {
  const count = positions.length / 3;
  const mean = [0, 0, 0];
  for (let k = 0; k < positions.length; k += 1) mean[k % 3] += positions[k] / count;
  let [best, least] = [mean, Infinity];
  for (let v = 0; v < count; v += 1) {
    const point = [positions[3 * v], positions[3 * v + 1], positions[3 * v + 2]];
    const square = point.reduce((sum, value, axis) => sum + (value - mean[axis]) ** 2, 0);
    if (square < least) [best, least] = [point, square];
  }
  return best;
}
