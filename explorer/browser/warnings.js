// What must not be missed: the warning signs, shown once before the first list.

import { h, safeLink } from "./dom.js";

const KEY = "rpx-warnings-read";

/**
 * @param {{catalogue: Object, t: Function, done: () => void}} context
 */
export function warningsOf({ catalogue, t, done }) {
  const { red_flags: flags, chest_and_arm: lower } = catalogue.pain_first;
  const read = new Set(remembered());

  function remembered() {
    try {
      return JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
    } catch {
      return []; // a page without storage asks once a page
    }
  }
  function remember() {
    try {
      sessionStorage.setItem(KEY, JSON.stringify([...read]));
    } catch {
      // kept for this page only
    }
  }

  /** Kinds of signs that belong to drawn places and have not been read in this session. */
  function unread(places) {
    const kinds = new Set(places.map((place) => (lower.includes(catalogue.areas[place.split(":")[0]].region) ? "chest and arm" : "head and neck")));
    return ["head and neck", "chest and arm"].filter((kind) => kinds.has(kind) && !read.has(kind));
  }

  const of = (kinds, first) => flags.filter((flag) => kinds.includes(flag.applies_to) || (first && flag.applies_to === "any"));

  function sign(flag, lead) {
    const link = flag.link && safeLink(flag.link);
    const text = lead ? flag.plain.slice(lead.length).trim() : flag.plain;
    const name = flag.citation.split(")")[0].replace(/,[^(]*\(/, " (") + ")";
    return h(
      "li",
      {},
      `${text.charAt(0).toUpperCase()}${text.slice(1)} `,
      h("span", { class: "quiet" }, link ? h("a", { href: link, target: "_blank", rel: "noopener noreferrer", title: flag.citation, text: name }) : h("span", { title: flag.citation, text: name }), `, ${flag.locator === "not seen" ? t("card.not_seen") : flag.locator}`),
    );
  }

  /** Signs with one beginning ("Please see a doctor first if") stand under it. */
  function group(urgency, title, own) {
    const signs = own.filter((flag) => flag.urgency === urgency);
    if (!signs.length) return null;
    const leads = signs.map((flag) => flag.plain.match(/^[^,]*? if /)?.[0] ?? "");
    const lead = leads.sort((a, b) => leads.filter((x) => x === b).length - leads.filter((x) => x === a).length)[0];
    const [same, other] = [signs.filter((flag) => lead && flag.plain.startsWith(lead)), signs.filter((flag) => !lead || !flag.plain.startsWith(lead))];
    return h(
      "section",
      { class: `warning warning-${urgency.split(" ")[0]}` },
      h("h3", { text: title }),
      same.length ? h("p", { text: `${lead.trim()}:` }) : null,
      same.length ? h("ul", { class: "dots" }, ...same.map((flag) => sign(flag, lead))) : null,
      other.length ? h("ul", { class: "dots" }, ...other.map((flag) => sign(flag, ""))) : null,
    );
  }

  function signs(kinds, first) {
    const own = of(kinds, first);
    return [group("emergency now", t("warn.emergency"), own), group("doctor soon", t("warn.doctor"), own)];
  }

  return {
    unread,
    card(kinds) {
      return [
        h("h2", { text: t("warn.title") }),
        h("p", { class: "words", text: t("warn.intro") }),
        h(
          "button",
          {
            type: "button",
            class: "primary",
            dataset: { act: "continue" },
            onclick: () => {
              for (const kind of kinds) read.add(kind);
              remember();
              done();
            },
          },
          t("warn.continue"),
        ),
        ...signs(kinds, read.size === 0),
        h("p", { class: "note", text: t("about.purpose") }),
      ];
    },
    /** The signs again, folded, for the foot of the list. */
    folded(places) {
      const kinds = new Set(places.map((place) => (lower.includes(catalogue.areas[place.split(":")[0]].region) ? "chest and arm" : "head and neck")));
      return h("details", { class: "anatomy" }, h("summary", { text: t("warn.again") }), ...signs([...kinds], true).filter(Boolean));
    },
  };
}
