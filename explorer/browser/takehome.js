// Take it home: the page of a hand-out with what a clinician types, the same as one HTML file, and the link to share.
// What is typed lives in the fields of this page only: it is not kept, not put into a link, and never sent.

import { loadJson } from "./assets.js";
import { h, safeLink, svg } from "./dom.js";
import { embedders, snippetOf } from "./embedding.js";
import { cleaned, contentOf, MOST_CLINIC, MOST_NOTE, pageOf, qrPicture } from "./handout.js";
import { fileOf } from "./onefile.js";
import { keep, squareOf } from "./picture.js";
import { toFragment } from "./state.js";

const PAPERS = { a4: { css: "A4", width: 210, height: 297 }, letter: { css: "letter", width: 215.9, height: 279.4 } }; // mm
const MARGIN = 10; // mm
const SIZES = [11, 10.5, 10, 9.5, 9, 8.5, 8, 7.5]; // pt, the largest that fits one page
const PIXELS = 96 / 25.4; // CSS pixels in a millimetre

/** The address of a state on this page, without what belongs to embedding. */
export function linkOf(state, place = location) {
  const query = new URLSearchParams(place.search);
  query.delete("embed");
  const fragment = toFragment(state);
  const words = query.toString();
  return `${place.origin}${place.pathname}${words ? `?${words}` : ""}${fragment ? `#${fragment}` : ""}`;
}

/** The state without what a person drew: what goes onto paper. */
const undrawn = (state) => ({ ...state, areas: [], strokes: [], features: [], from: null, mode: "muscle" });

/**
 * @param {Object} context
 * @param {() => Object} context.get the state
 * @param {{sheet: Function}} context.chart
 * @param {() => string[]} context.telling names of the views to show
 * @param {Object|null} context.view
 * @param {{kit: Object, code: Object, sheet: Object, vtk: Object|null}} context.sources what is fetched when it is needed
 */
export function makeTakeHome({ catalogue, t, get, frameOf, marksOf, chart, telling, view, assets, sources, linked }) {
  const handoutButton = h("button", { type: "button", class: "take", dataset: { take: "handout" }, onclick: () => open(handout), text: t("take.handout") });
  const shareButton = linked ? h("button", { type: "button", class: "take", dataset: { take: "share" }, onclick: () => open(share), text: t("take.share") }) : null;
  const element = h("div", { class: "takes" }, handoutButton, shareButton);
  let kit = null;
  const kitOf = () => (kit ??= loadJson(sources.kit));

  // --- hand-out -----------------------------------------------------------------------------------------------
  const clinic = h("input", { type: "text", id: "rpx-clinic", maxlength: MOST_CLINIC, autocomplete: "off", dir: "auto", oninput: soon });
  const note = h("textarea", { id: "rpx-note", maxlength: MOST_NOTE, rows: 5, autocomplete: "off", dir: "auto", oninput: soon });
  const paper = h("select", { id: "rpx-paper", onchange: () => compose() }, ...Object.keys(PAPERS).map((name) => h("option", { value: name, text: t(`paper.${name}`) })));
  const leads = h("input", { type: "url", id: "rpx-leads", autocomplete: "off", spellcheck: "false", oninput: soon });
  const leadsNote = h("p", { class: "quiet", role: "status" });
  const preview = h("iframe", { class: "preview", title: t("take.preview") });
  const sized = h("div", { class: "preview-size" }, preview);
  const place = h("div", { class: "preview-place", tabindex: "0", role: "region", "aria-label": t("take.preview") }, sized);
  const told = h("p", { class: "quiet told", role: "status" });
  const field = (input, label) => h("div", { class: "field" }, h("label", { for: input.id, text: label }), input);
  const printButton = h("button", { type: "button", class: "primary", dataset: { act: "print" }, onclick: print, text: t("take.print") });
  const fileButton = h("button", { type: "button", dataset: { act: "file" }, onclick: saveFile, text: t("take.file") });
  const handout = dialogOf(
    "handout-dialog",
    t("take.handout"),
    h("div", { class: "fields" }, field(clinic, t("take.clinic")), field(note, t("take.note")), h("p", { class: "quiet", text: t("take.private") }), field(paper, t("take.paper")), linked ? field(leads, t("take.leads")) : null, leadsNote, h("div", { class: "acts" }, printButton, fileButton), told),
    place,
  );
  let pictures = null; // of the open hand-out
  let waiting = null;
  let page = null;

  function dialogOf(name, title, ...children) {
    const close = h("button", { type: "button", class: "close", onclick: () => dialog.close(), text: t("keys.close") });
    const dialog = h("dialog", { class: `take-dialog ${name}`, "aria-label": title, onkeydown: (event) => event.stopPropagation() }, h("header", {}, h("h2", { text: title }), close), h("div", { class: "take-body" }, ...children));
    return dialog;
  }

  async function open(dialog) {
    dialog.showModal();
    if (dialog === share) showLink();
    else {
      told.textContent = "";
      leads.value = linked ? linkOf(undrawn(get())) : "";
      pictures = null;
      await compose();
    }
  }

  function soon() {
    clearTimeout(waiting);
    waiting = setTimeout(() => compose(), 250);
  }

  /** The link that goes onto the page: what the field says, if it is an address of the web. */
  function leadsTo() {
    const address = leads.value.trim() && safeLink(leads.value.trim());
    const here = address && ["localhost", "127.0.0.1", "[::1]"].includes(new URL(address).hostname);
    leadsNote.textContent = leads.value.trim() && !address ? t("take.leads_wrong") : here ? t("take.leads_here") : "";
    return address || null;
  }

  const contentNow = () => contentOf({ catalogue, t, state: get(), clinic: clinic.value, note: note.value, link: leadsTo() });

  function chartPicture() {
    const { element: drawing, width, height } = chart.sheet();
    return svg("svg", { viewBox: `0 0 ${width.toFixed(1)} ${height.toFixed(1)}`, role: "img", "aria-label": `${t("chart.title")}. ${chart.inWords(get())}`, "font-family": "system-ui, sans-serif" }, drawing);
  }

  function picturesOf() {
    if (!view) return [];
    const state = get();
    return telling().map((name) => ({ src: squareOf(view.shoot(name, frameOf(state), 640, marksOf)).toDataURL("image/png"), label: t(`view.${name}`) }));
  }

  /** Make the page anew and let it fill one sheet of paper. */
  async function compose() {
    const { style } = await kitOf();
    if (!handout.open) return;
    pictures ??= picturesOf();
    const content = contentNow();
    const inside = preview.contentDocument;
    inside.title = `${content.title} - ${content.app}`;
    inside.documentElement.lang = "en";
    const { css, width, height } = PAPERS[paper.value];
    preview.style.width = `${width * PIXELS}px`;
    // a sheet that is made, not written into the page: allowed under the strictest content policy
    const sheet = new preview.contentWindow.CSSStyleSheet();
    sheet.replaceSync(`${style}\n@page { size: ${css}; margin: ${MARGIN}mm; }\n@media screen { body { overflow: hidden; } .handout { max-width: none; padding: ${MARGIN}mm; } }`);
    inside.adoptedStyleSheets = [sheet];
    page = inside.adoptNode(pageOf(content, t, { pictures, chart: chartPicture() }));
    inside.body.replaceChildren(page);
    await Promise.all([...page.querySelectorAll("img")].map((image) => image.decode().catch(() => null)));
    fit(inside, (height - 2 * MARGIN) * PIXELS);
    const pages = Number(preview.dataset.pages);
    const [wide, high] = [width * PIXELS, (pages > 1 ? 2 * MARGIN + pages * (height - 2 * MARGIN) : height) * PIXELS];
    const scale = Math.min(1, (place.clientWidth - 2) / wide);
    preview.style.height = `${high}px`;
    preview.style.transform = `scale(${scale})`;
    sized.style.width = `${scale * wide}px`;
    sized.style.height = `${scale * high}px`;
  }

  /** The largest letters with which the page still fits one sheet; what does not fit even with the smallest goes on a second. */
  function fit(inside, height) {
    const root = inside.documentElement;
    const box = page.getBoundingClientRect.bind(page);
    for (const size of SIZES) {
      root.style.setProperty("--size", `${size}pt`);
      if (box().height - 2 * MARGIN * PIXELS <= height) break;
    }
    preview.dataset.pages = String(Math.ceil((box().height - 2 * MARGIN * PIXELS) / height));
  }

  async function print() {
    clearTimeout(waiting);
    await compose();
    preview.contentWindow.focus();
    preview.contentWindow.print();
  }

  async function saveFile() {
    fileButton.disabled = true;
    told.textContent = t("take.making");
    try {
      const state = { ...undrawn(get()), body: "average" };
      const content = contentNow();
      const blob = await fileOf(
        { catalogue, t, state, page: pageOf(content, t, { view: true, chart: chartPicture() }), title: `${content.title} - ${content.app}` },
        { kit: await kitOf(), assets, sources },
      );
      keep(blob, `${["referred-pain", ...state.structures, state.side].join("_").slice(0, 100)}.html`);
      told.textContent = t("take.made", { size: (blob.size / 1e6).toFixed(1) });
    } catch (error) {
      told.textContent = t("take.failed", { reason: error.message });
    } finally {
      fileButton.disabled = false;
    }
  }
  fileButton.hidden = !sources.vtk;

  // --- link ---------------------------------------------------------------------------------------------------
  const address = h("textarea", { id: "rpx-link", rows: 3, readonly: true, spellcheck: "false" });
  const snippet = h("textarea", { id: "rpx-embed", rows: 4, readonly: true, spellcheck: "false" });
  const framed = h("p", { class: "quiet framed", hidden: true });
  const copied = h("p", { class: "quiet", role: "status" });
  const holds = h("p", { class: "note", hidden: true, text: t("take.holds_drawing") });
  const code = h("div", { class: "code" });
  const copy = (source, name) => h("button", { type: "button", dataset: { copy: name }, onclick: () => copyOf(source), text: t(`take.copy_${name}`) });
  const share = dialogOf(
    "share-dialog",
    t("take.share"),
    h("div", { class: "fields" }, field(address, t("take.link")), holds, h("div", { class: "acts" }, copy(address, "link")), field(snippet, t("take.embed")), framed, h("div", { class: "acts" }, copy(snippet, "embed")), copied),
    code,
  );

  function showLink() {
    const state = get();
    const link = linkOf(state);
    address.value = link;
    const names = state.structures.map((id) => catalogue.structures[id].name).join(", ");
    snippet.value = snippetOf(link, cleaned([t("app.name"), names].filter(Boolean).join(": "), 200));
    holds.hidden = !(state.areas.length || state.strokes.length);
    copied.textContent = "";
    void embedders().then((sites) => {
      framed.hidden = !sites;
      framed.textContent = sites?.length ? t("take.embed_sites", { sites: sites.join(", ") }) : t("take.embed_none");
    });
    code.replaceChildren(...[qrPicture(link, t("handout.qr"))].filter(Boolean));
  }

  async function copyOf(source) {
    try {
      await navigator.clipboard.writeText(source.value);
    } catch {
      source.select(); // a page without the right to the clipboard
      if (!document.execCommand("copy")) {
        copied.textContent = t("take.copy_by_hand");
        return;
      }
    }
    copied.textContent = t("take.copied");
  }

  return {
    element,
    dialogs: [handout, share],
    show(state) {
      handoutButton.hidden = !state.structures.length;
      element.hidden = handoutButton.hidden && !shareButton;
    },
    /** For tests and embedding pages: the frame that holds the page, and the words of a page as the one file has them. */
    preview,
    words: (typed = {}, state = get()) => pageOf(contentOf({ catalogue, t, state, ...typed }), t, { view: true }).outerHTML,
  };
}
