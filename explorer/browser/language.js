// In which language the words stand: as the address says (?lang=de), as chosen, as the browser prefers, or English.
// What is not translated stays English, and says so to screen readers.

import { h } from "./dom.js";
import { preference } from "./tools.js";

const ENOUGH = 0.9; // a browser's wish is followed where so much of the table is translated; a person's own wish always

/** The languages of the tables, English first. */
export function languagesOf(tables) {
  return ["en", ...Object.keys(tables).filter((name) => name !== "en").sort()];
}

/**
 * @param {Object<string, Object<string, string>>} tables language -> id -> text
 * @param {boolean} linked the page's address and settings are ours
 * @returns {string} one of the languages of the tables
 */
export function chosenLanguage(tables, linked) {
  const all = languagesOf(tables);
  const asked = linked && new URLSearchParams(location.search).get("lang")?.toLowerCase();
  if (all.includes(asked)) return asked;
  const kept = preference("language", ["", ...all]).get();
  if (kept) return kept;
  const whole = (name) => Object.keys(tables[name]).length >= ENOUGH * Object.keys(tables.en).length;
  for (const wish of globalThis.navigator?.languages ?? []) {
    const name = wish.toLowerCase().split("-")[0];
    if (all.includes(name) && whole(name)) return name;
  }
  return "en";
}

/** The choice of a language for the settings; null where there is but one. */
export function languageChoice(tables, t) {
  const all = languagesOf(tables);
  if (all.length === 1) return null;
  const pick = (name) => {
    preference("language", ["", ...all]).set(name);
    const query = new URLSearchParams(location.search);
    query.delete("lang");
    if (preference("language", ["", ...all]).get() !== name) query.set("lang", name); // a private window keeps nothing
    const address = `${location.pathname}${query.size ? `?${query}` : ""}${location.hash}`;
    history.replaceState(null, "", address);
    location.reload();
  };
  const buttons = all.map((name) =>
    h("button", { type: "button", lang: name, dataset: { language: name }, "aria-pressed": String(name === t.language), onclick: () => pick(name), text: tables[name]["language.name"] ?? name }),
  );
  return h("div", { class: "choice" }, h("span", { class: "choice-title", text: t("language.title") }), h("div", { class: "segments", role: "group", "aria-label": t("language.title") }, ...buttons));
}

/** Fill the words that stand in the page around the explorer, and lead to the pages in the same language. */
export function dressPage(t) {
  document.documentElement.lang = t.language;
  if (t.language === "en") return;
  for (const element of document.querySelectorAll("[data-text]")) {
    element.textContent = t(element.dataset.text);
    if (!t.translates(element.dataset.text)) element.lang = "en";
    const to = element.getAttribute("href");
    if (element.dataset.page) element.setAttribute("href", to.replace(element.dataset.page, `${element.dataset.page}.${t.language}`));
  }
}

/**
 * Mark what is in English within an element of another language, now and whenever it changes.
 * @returns {() => void} ends it
 */
export function markEnglish(root, t) {
  root.lang = t.language;
  if (t.language === "en") return () => {};
  const mark = (text) => {
    const element = text.parentElement;
    const words = text.data.trim();
    if (!element || !/\p{L}{2}/u.test(words) || (element.lang && element.lang !== "en")) return;
    if (t.made(words)) element.removeAttribute("lang");
    else element.lang = "en";
  };
  const each = (node) => {
    if (node.nodeType === Node.TEXT_NODE) mark(node);
    else for (const texts = document.createTreeWalker(node, NodeFilter.SHOW_TEXT); texts.nextNode(); ) mark(texts.currentNode);
  };
  each(root);
  const watcher = new MutationObserver((changes) => changes.forEach(({ type, target, addedNodes }) => (type === "characterData" ? mark(target) : addedNodes.forEach(each))));
  watcher.observe(root, { childList: true, subtree: true, characterData: true });
  return () => watcher.disconnect();
}
