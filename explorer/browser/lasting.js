// What happens when the browser takes the 3D context away (sleep, a driver that starts anew, too many pages): the rest
// works on, and the view comes back as it was.

import { h } from "./dom.js";

const PATIENCE = 5000; // milliseconds until a person is offered to try it by hand

/**
 * @param {Object} context
 * @param {HTMLElement} context.stage
 * @param {Function} context.t
 * @param {(text: string) => void} context.say tells the screen reader
 * @param {() => void} context.rebuild makes the view anew
 */
export function makeLasting({ stage, t, say, rebuild }) {
  const button = h("button", { type: "button", class: "small", hidden: true, text: t("canvas.again"), onclick: () => again() });
  const words = h("p", { text: t("canvas.lost") });
  const note = h("div", { class: "lost", hidden: true, dataset: { lost: "view" } }, words, button);
  stage.append(note);
  let waiting = null;

  function again() {
    clearTimeout(waiting);
    try {
      rebuild();
    } catch {
      // there is no context to be had yet; the words stay, and the button
      button.hidden = false;
      return;
    }
    const focused = note.contains(note.getRootNode().activeElement);
    note.hidden = true;
    if (focused) stage.querySelector(".canvas").focus();
    say(t("canvas.restored"));
  }

  return {
    lost() {
      note.hidden = false;
      button.hidden = true;
      say(t("canvas.lost"));
      clearTimeout(waiting);
      waiting = setTimeout(() => (button.hidden = false), PATIENCE);
    },
    again,
    remove: () => clearTimeout(waiting),
  };
}
