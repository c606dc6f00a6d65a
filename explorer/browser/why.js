// "Why there?": the described way from a muscle over nerve cells to the face, as steps with sources, and numbers in the view.

import { h, safeLink, svg } from "./dom.js";
import { middleOf } from "./press.js";
import { shownSides } from "./scene.js";
import { DIVISIONS, findingsOf, NUCLEUS, wayOf } from "./why_way.js";

/** Step -> number on its chip. */
const NUMBERS = { source: 1, nerve: 2, meeting: 3, division: 4, area: 5 };

/**
 * @param {{catalogue: Object, t: Function, set: Function, view: () => Object|null, weights: Object, linked: boolean}} context
 */
export function makeWhy({ catalogue, t, set, view, weights, linked }) {
  const chips = h("div", { class: "way-chips", "aria-hidden": "true" });
  let placed = [];

  const areaNames = (ids) => ids.map((id) => catalogue.areas[id][t.voice === "plain" ? "plain" : "name"]).join(", ");
  const fieldName = (id) => catalogue.structures[id].name;
  const patternOf = (structure, state) => (structure.patterns.some((entry) => entry.id === state.pattern) ? state.pattern : null);

  function cite({ citation, link, locator }) {
    const address = link && safeLink(link);
    return h("li", {}, address ? h("a", { href: address, target: "_blank", rel: "noopener noreferrer", text: citation }) : citation, locator ? h("span", { class: "quiet", text: ` ${locator}` }) : null);
  }

  function step(kind, ...content) {
    return h("li", { class: `way-step way-${kind}`, dataset: { step: kind } }, h("h4", { class: "way-head" }, h("span", { class: "way-number", "aria-hidden": "true", text: String(NUMBERS[kind]) }), t(`why.step_${kind}`)), ...content);
  }

  function finding(row) {
    return h(
      "div",
      { class: "way-finding" },
      h("p", { text: t("why.finding", { finding: row.finding, subject: t(`why.subject_${row.subject}`) }) }),
      row.basis === "stated" ? null : h("p", {}, h("span", { class: "badge", text: t("why.joined") })),
      h("ul", { class: "cites" }, ...row.sources.map(cite)),
    );
  }

  function course(names) {
    const sources = new Map(names.flatMap((name) => catalogue.nerves[name]?.course ?? []).map((entry) => [entry.citation, entry]));
    if (!sources.size) return null;
    return h("details", { class: "way-course" }, h("summary", { text: t("why.course") }), h("ul", { class: "cites" }, ...[...sources.values()].map((entry) => cite({ ...entry, locator: entry.seen }))));
  }

  const nerveName = (name) => catalogue.nerves[name]?.name ?? name;
  const nervePlain = (name) => (t.voice === "plain" ? catalogue.nerves[name]?.plain : null) ?? nerveName(name);
  const partsText = (way) => way.parts.join(", ");

  function steps(structure, way) {
    const findings = findingsOf(catalogue, structure);
    const family = findings.some((row) => row.family) && catalogue.families[structure.family];
    const divisions = way.fields.map((field) => field.territory);
    return h(
      "ol",
      { class: "way-steps" },
      step(
        "source",
        h("p", {}, structure.name, family && family !== structure.name ? ` ${t("why.family", { family })}` : ""),
      ),
      step(
        "nerve",
        h("ul", { class: "way-list" }, ...way.nerves.map((name) => h("li", { text: nervePlain(name) + (nervePlain(name) === nerveName(name) ? "" : ` (${nerveName(name)})`) }))),
        way.levels.length ? h("p", { class: "quiet", text: t("why.level", { segments: way.levels.join(", ") }) }) : null,
        course(way.nerves),
      ),
      step("meeting", h("p", { text: t("why.parts", { parts: partsText(way) }) }), ...findings.map(finding), course([NUCLEUS])),
      divisions.length
        ? step(
            "division",
            h("ul", { class: "way-list" }, ...divisions.map((id) => h("li", { text: fieldName(id) }))),
            course(divisions.flatMap((id) => Object.keys(catalogue.nerves).filter((name) => catalogue.nerves[name].segments === DIVISIONS[id]))),
          )
        : null,
      step(
        "area",
        ...way.fields.map((field) => h("p", {}, h("strong", { text: `${fieldName(field.territory)}: ` }), areaNames(field.areas))),
        divisions.length ? null : h("p", { text: t("why.no_face") }),
        way.own_fields.length
          ? h("p", { text: t("why.own_field", { areas: areaNames([...new Set(way.own_fields.flatMap((field) => field.areas))]), fields: way.own_fields.map((field) => fieldName(field.territory)).join(", ") }) })
          : null,
        way.rest.length ? h("p", { class: "quiet", text: t("why.rest", { areas: areaNames(way.rest) }) }) : null,
      ),
    );
  }

  /** Two ways into the same cells, as a small drawing; its words stand in the list below. */
  function diagram(structure, way) {
    const divisions = way.fields.map((field) => DIVISIONS[field.territory]).join(", ");
    const label = t("why.diagram", {
      source: structure.name,
      nerves: way.nerves.map(nerveName).join(", "),
      areas: areaNames([...new Set(way.fields.flatMap((field) => field.areas))]),
      divisions,
      parts: partsText(way),
    });
    const [left, middle, right] = [62, 160, 258];
    const number = (x, y, kind) => [
      svg("circle", { cx: x, cy: y, r: 11, class: `way-dot way-${kind}` }),
      Object.assign(svg("text", { x, y: y + 4.5, class: "way-dot-text" }), { textContent: String(NUMBERS[kind]) }),
    ];
    const words = (x, y, text, name = "") => Object.assign(svg("text", { x, y, class: `way-word ${name}` }), { textContent: text });
    return svg(
      "svg",
      { viewBox: "0 0 320 128", class: "way-diagram", role: "img", "aria-label": label },
      svg("path", { d: `M${left},100 C${left},58 100,30 ${middle - 14},30`, class: "way-line way-nerve" }),
      svg("path", { d: `M${right},100 C${right},58 220,30 ${middle + 14},30`, class: "way-line way-division" }),
      ...number(left, 100, "source"),
      ...number(88, 51, "nerve"),
      ...number(middle, 30, "meeting"),
      ...number(232, 51, "division"),
      ...number(right, 100, "area"),
      words(left, 124, t("why.step_source")),
      words(71, 56, way.levels.join(", ") || "V3", "way-left"),
      words(middle, 12, t("why.cells")),
      words(249, 56, divisions, "way-right"),
      words(right, 124, t("why.step_area")),
    );
  }

  function none(structure, way) {
    const fact = structure.anatomy.innervation;
    return [
      h("p", { class: "note", text: t("why.none") }),
      fact ? h("p", { text: t("why.none_nerve", { nerve: fact.text, citation: catalogue.references[fact.reference], locator: fact.locator }) }) : null,
      way.own_fields.length
        ? h("p", { class: "quiet", text: t("why.none_shared", { areas: areaNames([...new Set(way.own_fields.flatMap((field) => field.areas))]), fields: way.own_fields.map((field) => fieldName(field.territory)).join(", ") }) })
        : null,
    ];
  }

  /** The switch and, when it is on, the steps. */
  function block(structure, state) {
    if (!structure.patterns.length) return null;
    const panel = `rpx-why-${structure.id.replaceAll(":", "_")}`;
    const side = state.side === "right" ? "right" : state.side === "both" ? "three_quarter" : "left";
    const toggle = h("button", {
      type: "button",
      class: "small why-switch",
      "aria-expanded": String(state.why),
      "aria-controls": panel,
      dataset: { why: structure.id },
      onclick: () => set(state.why ? { why: false } : { why: true, view: side }),
      text: t("why.open"),
    });
    const way = state.why ? wayOf(catalogue, structure.id, patternOf(structure, state)) : null;
    return h(
      "div",
      { class: "why" },
      toggle,
      h(
        "section",
        { id: panel, class: "why-panel", "aria-label": t("why.title"), hidden: !state.why },
        ...(way
          ? [
              h("h3", { text: t("why.title") }),
              ...(way.findings.length ? [h("p", { class: "note", text: t("why.schematic") }), way.fields.length ? diagram(structure, way) : null, h("p", { text: t("why.idea") }), steps(structure, way)] : none(structure, way)),
              linked && catalogue.pages["how-pain-travels"] ? h("p", {}, h("a", { href: "how-pain-travels", text: t("why.more") })) : null,
            ]
          : []),
      ),
    );
  }

  /** Where the numbers of the steps stand in the body. */
  function spots(structure, side, way) {
    const mesh = (id) => view().meshOf(`${id}/${side}`);
    const middle = (id) => mesh(id) && middleOf(mesh(id).positions);
    const out = [];
    const own = structure.members.length ? structure.members[0] : structure.id;
    const add = (kind, place) => place && out.push({ kind, place });
    add("source", middle(own));
    const nerve = way.nerves.find((name) => name !== own && mesh(name)) ?? way.nerves.find(mesh);
    add("nerve", nerve && middle(nerve));
    const nucleus = mesh(NUCLEUS);
    add("meeting", nucleus && nerve && nearestOf(nucleus.positions, mesh(nerve).positions));
    const onSkin = (field) => field.areas.find((id) => weights.area(id, side));
    const field = way.fields.find(onSkin) ?? way.fields[0];
    if (!field) return out;
    const trunk = Object.keys(catalogue.nerves).find((name) => catalogue.nerves[name].segments === DIVISIONS[field.territory] && mesh(name));
    add("division", trunk && middle(trunk));
    const felt = onSkin(field) && weights.area(onSkin(field), side);
    if (felt) {
      const skin = view().meshOf("skin").positions;
      const points = felt.vertices.length ? Float32Array.from([...felt.vertices].flatMap((v) => [skin[3 * v], skin[3 * v + 1], skin[3 * v + 2]])) : null;
      add("area", points && middleOf(points));
    }
    return out;
  }

  return {
    chips,
    block,
    /** What is told when the way of a state is opened or closed. */
    words(state) {
      if (!state.why) return t("announce.why_closed");
      const ways = state.structures.map((id) => wayOf(catalogue, id, patternOf(catalogue.structures[id], state)));
      const first = ways.find((way) => way.findings.length);
      return first ? t("announce.why", { count: first.fields.length ? 5 : 4 }) : t("announce.why_none");
    },
    show(state) {
      placed = [];
      if (state.why && view()) {
        for (const id of state.structures) {
          const structure = catalogue.structures[id];
          const way = wayOf(catalogue, id, patternOf(structure, state));
          if (!way.findings.length) continue;
          for (const side of shownSides(structure, state.side)) placed.push(...spots(structure, side, way));
        }
      }
      placed = placed.map(({ kind, place }) => ({ place, chip: h("span", { class: `way-chip way-${kind}`, text: String(NUMBERS[kind]) }) }));
      chips.replaceChildren(...placed.map(({ chip }) => chip));
    },
    /** Put the numbers where they belong for the present turn of the view. */
    place() {
      const points = apart(placed.map(({ place }) => view().project(place)));
      placed.forEach(({ chip }, k) => {
        const { x, y } = points[k];
        chip.style.transform = `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px) translate(-50%, -50%)`;
      });
    },
  };
}

/** Places of the picture, moved until no two are nearer than a chip is wide. */
function apart(places, least = 29) {
  const out = places.map(({ x, y }) => ({ x, y }));
  for (let round = 0; round < 12; round += 1) {
    for (let a = 0; a < out.length; a += 1) {
      for (let b = 0; b < a; b += 1) {
        const [dx, dy] = [out[a].x - out[b].x || 0.1, out[a].y - out[b].y];
        const far = Math.hypot(dx, dy);
        if (far >= least) continue;
        const push = (least - far) / far / 2;
        out[a] = { x: out[a].x + push * dx, y: out[a].y + push * dy };
        out[b] = { x: out[b].x - push * dx, y: out[b].y - push * dy };
      }
    }
  }
  return out;
}

/** The point of some points that lies nearest to any of others. */
function nearestOf(points, others) {
  let [best, least] = [null, Infinity];
  for (let k = 0; k < points.length; k += 3) {
    for (let j = 0; j < others.length; j += 3) {
      const square = (points[k] - others[j]) ** 2 + (points[k + 1] - others[j + 1]) ** 2 + (points[k + 2] - others[j + 2]) ** 2;
      if (square < least) [best, least] = [[points[k], points[k + 1], points[k + 2]], square];
    }
  }
  return best;
}
