// The chart: the body from four sides on paper, painted with the same weights on the same skin as the 3D view.
// Always whole, and what there is where a browser cannot draw in 3D.

import { stripesOf } from "./compare.js";
import { h, svg } from "./dom.js";
import { mirrored, normalsOf } from "./geometry.js";
import { depthUnder, gridOf, linesOf, loopsOf, onPaper, PAPER, pathOf, valuesOn } from "./project.js";
import { areaSides } from "./scene.js";
import { groupsOf } from "./sharing.js";

const LEVEL = 127.5;
const HEAD_TO = 238; // mm below the origin: how far the chart reaches when no paint lies lower
const MARGIN = 26;
const DEEP_MM = 75; // a deep place is marked on the sides from which it lies no deeper than this
const DEEP_SLACK_MM = 6;
const OPPOSITE = { front: "back", back: "front", left: "right", right: "left" };
const POINT_MM = 32; // and a trigger point where it lies no deeper than this

/**
 * @param {{catalogue: Object, t: Function, weights: Object, dots: {vertices: ArrayLike<number>, radii: ArrayLike<number>}, meshes: Map}} context
 */
export function makeChart({ catalogue, t, weights, dots, meshes }) {
  const skin = meshes.get("skin");
  const { style } = catalogue;
  const inkOf = ({ palette }) => ({ ...style, ...style.palettes[palette]?.light }); // on paper, whatever the tone of the skin
  const bodies = {}; // side -> grid, outline and lines, drawn when first needed
  const shells = {};
  let shown = null;

  const bodyOf = (name) => {
    if (!bodies[name]) {
      const side = PAPER[name];
      shells.normals ??= normalsOf(skin);
      const grid = gridOf(skin, side);
      const covered = new Float32Array(grid.depth.length);
      for (let k = 0; k < covered.length; k += 1) covered[k] = grid.depth[k] === -Infinity ? 0 : 1;
      bodies[name] = {
        side,
        grid,
        outline: pathOf(loopsOf(grid, covered, 0.5), true),
        tones: tonesOf(side, grid),
        lines: pathOf(linesOf(skin, shells.normals, side, grid), false),
        eyes: eyesOf(side, grid),
      };
    }
    return bodies[name];
  };

  /** Calm shading: where the skin turns from a light above the eye, in two steps. */
  function tonesOf(side, grid) {
    const light = [0, 1, 2].map((k) => 0.86 * side.toEye[k] + (k === 2 ? 0.5 : 0));
    const dark = new Float32Array(weights.count);
    for (let v = 0; v < dark.length; v += 1) {
      dark[v] = 1 - (shells.normals[3 * v] * light[0] + shells.normals[3 * v + 1] * light[1] + shells.normals[3 * v + 2] * light[2]);
    }
    const image = valuesOn(grid, dark);
    return [0.42, 0.72].map((level) => pathOf(loopsOf(grid, image, level).filter((loop) => loop.length > 14), true, 1));
  }

  /** What the lids leave free of the eyes, and the iris in it. */
  function eyesOf(side, grid) {
    const eye = meshes.get("eye");
    if (!eye) return [];
    const [white, iris] = [new Float32Array(grid.depth.length), new Float32Array(grid.depth.length)];
    for (const mesh of [eye, mirrored(eye)]) {
      const own = gridOf(mesh, side);
      const middle = onPaper(side, [0, 1, 2].map((axis) => mesh.positions.reduce((sum, value, k) => (k % 3 === axis ? sum + value : sum), 0) / (mesh.positions.length / 3)));
      const sight = onPaper(side, [0, -1, 0]);
      for (let row = 0; row < own.height; row += 1) {
        for (let column = 0; column < own.width; column += 1) {
          const depth = own.depth[row * own.width + column];
          const [x, y] = [own.left + column * own.step, own.top + row * own.step];
          if (depth === -Infinity || !(depthUnder(grid, [x, y, depth]) < 0)) continue;
          const k = Math.round((y - grid.top) / grid.step) * grid.width + Math.round((x - grid.left) / grid.step);
          white[k] = 1;
          if (Math.hypot(x - middle[0] - 10.5 * sight[0], y - middle[1]) < 5.6) iris[k] = 1;
        }
      }
    }
    return [white, iris].map((values) => pathOf(loopsOf(grid, values, 0.5), true, 0.4));
  }

  const figures = {};
  const strip = h("div", { class: "chart-figures" });
  const words = h("p", { class: "sr-only", id: "rpx-chart-words" });
  const element = h("section", { class: "chart", "aria-label": t("chart.title"), "aria-describedby": "rpx-chart-words" }, strip, words);
  for (const name of Object.keys(PAPER)) {
    const picture = svg("svg", { role: "img", preserveAspectRatio: "xMidYMin meet" });
    const caption = h("span", { text: t(`view.${name}`) });
    const figure = h("figure", { dataset: { side: name } }, picture, h("figcaption", {}, caption));
    figures[name] = { picture, figure };
    strip.append(figure);
  }

  /** Everything that is drawn on one side of the body. */
  function drawn(name, scene, paint, drawing) {
    const { side, grid } = bodyOf(name);
    const own = drawing && valuesOn(grid, drawing.skin.map((value) => 255 * value));
    const core = valuesOn(grid, paint.core);
    const spillover = valuesOn(grid, paint.spillover);
    const both = core.map((value, k) => Math.min(255, value + spillover[k]));
    const spots = [];
    dots.vertices.forEach((vertex, k) => {
      if (paint.spillover[vertex] < 110) return;
      const place = onPaper(side, skin.positions.subarray(3 * vertex, 3 * vertex + 3));
      if (depthUnder(grid, place) < 1.5) spots.push([place[0], place[1], dots.radii[k] / 10]);
    });
    const points = scene.markers.filter((marker) => marker.chosen).map((marker) => ({ marker, place: onPaper(side, marker.xyz_mm) }));
    const deep = [...scene.deep, ...(drawing?.deep ?? [])].flatMap((entry) => deepMarks(entry, name));
    return {
      own: own ? loopsOf(grid, own, LEVEL) : [],
      core: loopsOf(grid, core, LEVEL),
      spillover: loopsOf(grid, both, LEVEL).filter(() => spillover.some((value) => value > LEVEL)),
      spots,
      points: points.filter(({ place }) => depthUnder(grid, place) < POINT_MM).map(({ place, marker }) => ({ place, id: marker.id, side: marker.side })),
      deep,
    };
  }

  /** Paint of each compared structure on one side of the body. */
  function drawnMarks(name, groups) {
    const { side, grid } = bodyOf(name);
    return groups.map(({ letter, entries }, k) => {
      const paint = weights.paint(entries);
      const [core, spillover] = [valuesOn(grid, paint.core), valuesOn(grid, paint.spillover)];
      const spots = [];
      dots.vertices.forEach((vertex, n) => {
        if (paint.spillover[vertex] < 110) return;
        const place = onPaper(side, skin.positions.subarray(3 * vertex, 3 * vertex + 3));
        if (depthUnder(grid, place) < 1.5) spots.push([place[0], place[1], dots.radii[n] / 10]);
      });
      const loops = loopsOf(grid, core, LEVEL);
      const both = core.map((value, n) => Math.min(255, value + spillover[n]));
      return { letter, colours: style.tones.light.compare[k], core: loops, spillover: spillover.some((value) => value > LEVEL) ? loopsOf(grid, both, LEVEL) : [], spots, at: insideOf(loops) };
    });
  }

  /** A soft ellipse where a deep place lies, on the sides of the body from which it is not far, and not nearer from behind. */
  function deepMarks({ area, side: bodySide, role, drawn: own = false }, name) {
    const { side, grid } = bodyOf(name);
    const beyond = bodyOf(OPPOSITE[name]);
    const mesh = meshes.get(area);
    if (!mesh) return [];
    const sides = mesh.pairing === "midline" || bodySide !== "midline" ? [bodySide] : ["left", "right"];
    return sides.flatMap((one) => {
      const { positions } = one === "right" && mesh.pairing !== "midline" ? mirrored(mesh) : mesh;
      const places = [];
      for (let k = 0; k < positions.length; k += 3) places.push(onPaper(side, positions.subarray(k, k + 3)));
      const middle = [0, 1, 2].map((k) => places.reduce((sum, p) => sum + p[k], 0) / places.length);
      const depth = depthUnder(grid, middle);
      const through = depthUnder(beyond.grid, [-middle[0], middle[1], -middle[2]]);
      if (depth === -Infinity || depth > DEEP_MM || depth > through + DEEP_SLACK_MM) return [];
      const spread = [0, 1].map((k) => Math.max(5, 1.7 * Math.sqrt(places.reduce((sum, p) => sum + (p[k] - middle[k]) ** 2, 0) / places.length)));
      return [{ x: middle[0], y: middle[1], rx: spread[0], ry: spread[1], role, area, side: one, own }];
    });
  }

  /** How far down the paint reaches, mm on paper. */
  function lowestOf(scene, paint, drawing) {
    let lowest = HEAD_TO - MARGIN;
    for (let k = 0; k < weights.count; k += 1) {
      if (paint.core[k] > LEVEL || paint.spillover[k] > LEVEL || drawing?.skin[k] > 0.5) lowest = Math.max(lowest, -skin.positions[3 * k + 2]);
    }
    for (const { xyz_mm: place } of scene.markers) lowest = Math.max(lowest, -place[2]);
    return lowest + MARGIN;
  }

  function boxOf(name, lowest) {
    const { grid } = bodyOf(name);
    const rows = Math.min(grid.height, Math.ceil((lowest - grid.top) / grid.step));
    let [first, last] = [grid.width, 0];
    for (let row = 0; row < rows; row += 1) {
      for (let column = 0; column < grid.width; column += 1) {
        if (grid.depth[row * grid.width + column] === -Infinity) continue;
        first = Math.min(first, column);
        last = Math.max(last, column);
      }
    }
    return [grid.left + (first - 3) * grid.step, grid.top, (last - first + 6) * grid.step, rows * grid.step];
  }

  /** The figure of one side as SVG parts with their looks in attributes, so that a saved file needs no style sheet. */
  function parts(name, found, mirror, id, [left, , across], ink) {
    const body = bodyOf(name);
    const flip = mirror ? { transform: `matrix(-1 0 0 1 ${2 * left + across} 0)` } : {};
    const line = { fill: "none", "stroke-linejoin": "round", "stroke-linecap": "round" };
    const soft = svg(
      "radialGradient",
      { id },
      svg("stop", { offset: "0.25", "stop-color": style.deep, "stop-opacity": "0.85" }),
      svg("stop", { offset: "1", "stop-color": style.deep, "stop-opacity": "0.15" }),
    );
    // the drawing has its own mark, stripes and a dashed edge, as on the skin
    const stripes = svg(
      "pattern",
      { id: `${id}-own`, width: 9, height: 9, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
      svg("rect", { width: 4.5, height: 9, fill: style.drawn }),
      svg("rect", { x: 4.5, width: 4.5, height: 9, fill: "#ffffff", "fill-opacity": 0.35 }),
    );
    const ownLook = { fill: `url(#${id}-own)`, stroke: style.drawn_line, "stroke-width": 2.4, "stroke-dasharray": "9 4" };
    return svg(
      "g",
      { class: "figure", ...flip },
      svg("defs", {}, soft, stripes),
      svg("path", { class: "body", d: body.outline, fill: "#f3ebe2", stroke: "#6b6259", "stroke-width": 1.6, "fill-rule": "evenodd", "stroke-linejoin": "round" }),
      ...body.tones.map((tone) => svg("path", { class: "tone", d: tone, fill: "#8a6a50", "fill-opacity": 0.1, "fill-rule": "evenodd" })),
      ...body.eyes.map((part, k) => svg("path", { class: "eye", d: part, fill: k ? "#6f665d" : "#ffffff", stroke: k ? "none" : "#9a8f84", "stroke-width": 1.2 })),
      svg("path", { class: "feature", d: body.lines, ...line, stroke: "#9a8f84", "stroke-width": 1.2 }),
      ...(found.marks ?? []).flatMap((mark) => markParts(mark, `${id}-${mark.letter}`)),
      ...(found.spillover.length && !found.marks
        ? [
            svg("path", { class: "spillover", d: pathOf(found.spillover, true), fill: ink.spillover, "fill-opacity": 0.22, "fill-rule": "evenodd", stroke: ink.spillover_line, "stroke-width": 1.8, "stroke-dasharray": "5 4" }),
            svg("path", { class: "dots", d: found.spots.map(([x, y, r]) => disc(x, y, r)).join(""), fill: ink.spillover_line }),
          ]
        : []),
      ...(found.core.length && !found.marks
        ? [svg("path", { class: "core", d: pathOf(found.core, true), fill: ink.core, "fill-rule": "evenodd", stroke: ink.core_line, "stroke-width": 2.4, "stroke-linejoin": "round" })]
        : []),
      ...(found.own.length ? [svg("path", { class: "own", d: pathOf(found.own, true), "fill-rule": "evenodd", "stroke-linejoin": "round", ...ownLook })] : []),
      ...found.deep.filter((mark) => mark.own).map((mark) => svg("ellipse", { class: "own", cx: mark.x.toFixed(1), cy: mark.y.toFixed(1), rx: mark.rx.toFixed(1), ry: mark.ry.toFixed(1), ...ownLook })),
      ...found.deep.filter((mark) => !mark.own).map((mark) =>
        svg("ellipse", { class: "deep", cx: mark.x.toFixed(1), cy: mark.y.toFixed(1), rx: mark.rx.toFixed(1), ry: mark.ry.toFixed(1), fill: `url(#${id})`, opacity: mark.role === "core" ? 1 : 0.7, stroke: style.deep, "stroke-width": 1.4, ...(mark.role === "core" ? {} : { "stroke-dasharray": "4 3" }) }),
      ),
      ...found.points.flatMap(({ place: [x, y] }) => {
        const arms = `M${(x - 7).toFixed(1)} ${(y - 7).toFixed(1)}l14 14m-14 0l14 -14`;
        return [
          svg("path", { d: arms, ...line, stroke: "#ffffff", "stroke-width": 8 }),
          svg("path", { class: "point", d: arms, ...line, stroke: "#14181d", "stroke-width": 3.6 }),
        ];
      }),
      ...(found.marks ?? []).filter(({ at }) => at).map(({ letter, at: [x, y], colours }) => letterSign(letter, x, y, colours, mirror)),
    );
  }

  /** Which of the subject's sides stands on the left of the paper: none where the body is seen from the side. */
  function lettersOf(name, mirror) {
    if (!["front", "back"].includes(name)) return null;
    return (name === "front") !== mirror ? ["right", "left"] : ["left", "right"];
  }

  function letterMarks(name, mirror, [left, , across], y) {
    const letters = lettersOf(name, mirror);
    if (!letters) return [];
    return letters.map((side, k) => {
      const mark = svg("text", { class: "chart-letter", x: k === 0 ? left + 22 : left + across - 22, y, "text-anchor": "middle", "font-size": 30, "font-weight": 700, fill: "#545d66" });
      mark.textContent = t(`letter.${side}`);
      return mark;
    });
  }

  /** The pattern in words, sides resolved: the text twin of the drawing. */
  function inWords(state, drawing = null) {
    const lines = drawing ? [`${t("legend.drawn_long")}: ${drawing.places.join(", ") || t("chart.unnamed")}.`] : [];
    for (const structure of state.structures.map((id) => catalogue.structures[id]).filter(Boolean)) {
      for (const pattern of structure.patterns) {
        if (state.pattern !== pattern.id && structure.patterns.some((own) => own.id === state.pattern)) continue;
        const point = structure.trigger_points.find((entry) => entry.id === pattern.trigger_point);
        const sides = structure.pairing === "midline" ? ["midline"] : state.side === "both" ? ["left", "right"] : [state.side];
        const places = (entries) =>
          entries
            .map(({ area, side: rule }) => {
              const where = new Set(sides.flatMap((side) => areaSides(rule, side)));
              const side = where.has("left") && where.has("right") ? "both" : [...where][0];
              return `${catalogue.areas[area].plain} (${t(`side.${side}`).toLowerCase()})`;
            })
            .join(", ");
        const head = [structure.name, point?.label].filter(Boolean).join(", ");
        const reach = ["core", "spillover"].filter((role) => pattern[role].length).map((role) => `${t(`card.${role}`)}: ${places(pattern[role])}.`);
        lines.push(`${head}. ${reach.join(" ")}`);
      }
    }
    return lines.length ? lines.join(" ") : t("chart.empty");
  }

  function labelOf(name, found) {
    const kinds = [
      found.core.length ? t("legend.core") : null,
      found.spillover.length ? t("legend.spillover") : null,
      found.deep.some((mark) => !mark.own) ? t("legend.deep") : null,
      found.own.length || found.deep.some((mark) => mark.own) ? t("legend.drawn") : null,
      found.points.length ? t("legend.trigger") : null,
    ].filter(Boolean);
    return t("chart.figure", { view: t(`view.${name}`), shown: kinds.length ? kinds.join(", ") : t("chart.nothing") });
  }

  const withMarks = (name, found, groups) => (groups.length ? { ...found, marks: drawnMarks(name, groups) } : found);

  /** Draw, if the chart can be seen. */
  function render() {
    if (!shown || element.hidden) return;
    const { scene, state, drawing } = shown;
    const groups = groupsOf(catalogue, state);
    const key = JSON.stringify([scene.paint, scene.markers, scene.deep, state.mirror, groups, state.palette, drawing?.key]);
    if (element.dataset.key === key) return;
    element.dataset.key = key;
    const paint = weights.paint(scene.paint);
    const lowest = lowestOf(scene, paint, drawing);
    const widest = Math.max(...Object.keys(PAPER).map((name) => boxOf(name, lowest)[2]));
    for (const [name, { picture, figure }] of Object.entries(figures)) {
      const found = withMarks(name, drawn(name, scene, paint, drawing), groups);
      const box = boxOf(name, lowest);
      picture.setAttribute("viewBox", box.map((value) => value.toFixed(1)).join(" "));
      picture.setAttribute("aria-label", labelOf(name, found));
      picture.replaceChildren(parts(name, found, Boolean(state.mirror), `rpx-deep-${name}`, box, inkOf(state)), ...letterMarks(name, Boolean(state.mirror), box, box[1] + 44));
      figure.style.flex = `${box[2]} 1 0`;
      figure.style.setProperty("--share", (box[2] / widest).toFixed(3));
      figure.style.setProperty("--shape", `${box[2]} / ${box[3]}`);
      figure.dataset.painted = String(found.core.length + found.spillover.length + found.own.length > 0);
    }
    strip.style.setProperty("--ratio", String(Object.keys(PAPER).reduce((sum, name) => sum + boxOf(name, lowest)[2] / boxOf(name, lowest)[3], 0)));
    words.textContent = inWords(state, drawing);
  }

  return {
    element,
    /** Draw a scene, and over it pain that a person drew: `{key, skin, deep, places}` of the pain-first door, or null. */
    show(scene, state, drawing = null) {
      shown = { scene, state, drawing };
      render();
    },
    /** Draw what was missed while the chart was hidden. */
    wake: render,
    /** Draw all anew: the skin has another form. */
    reshaped() {
      for (const kept of [bodies, shells]) for (const name of Object.keys(kept)) delete kept[name];
      delete element.dataset.key;
      if (shown) render();
    },
    inWords,
    /**
     * The whole chart as one SVG element, with nothing left to a style sheet.
     * @returns {{element: SVGElement, width: number, height: number}} size in millimetres on paper
     */
    sheet() {
      const { scene, state, drawing } = shown;
      const paint = weights.paint(scene.paint);
      const lowest = lowestOf(scene, paint, drawing);
      const out = svg("svg", {});
      let x = 0;
      let height = 0;
      for (const name of Object.keys(PAPER)) {
        const box = boxOf(name, lowest);
        const clip = `rpx-clip-${name}`;
        const frame = svg("clipPath", { id: clip }, svg("rect", { x: box[0], y: box[1], width: box[2], height: box[3] }));
        const found = withMarks(name, drawn(name, scene, paint, drawing), groupsOf(catalogue, state));
        const figure = svg("g", { "clip-path": `url(#${clip})` }, parts(name, found, Boolean(state.mirror), `rpx-saved-${name}`, box, inkOf(state)));
        const caption = svg("text", { x: box[0] + box[2] / 2, y: box[1] + box[3] + 30, "text-anchor": "middle", "font-size": 22, fill: "#22282f" });
        caption.textContent = t(`view.${name}`);
        out.append(svg("g", { transform: `translate(${(x - box[0]).toFixed(1)} ${(-box[1]).toFixed(1)})` }, frame, figure, ...letterMarks(name, Boolean(state.mirror), box, box[1] + 44), caption));
        x += box[2] + 20;
        height = Math.max(height, box[3] + 44);
      }
      return { element: out, width: x - 20, height };
    },
  };
}

/** One of compared structures: tint, stripes, solid outline; dots of its own shape and a dashed outline. */
function markParts({ letter, colours: { core, line }, core: loops, spillover, spots }, id) {
  const out = [];
  const ring = { "fill-rule": "evenodd", stroke: line, "stroke-linejoin": "round" };
  if (spillover.length) {
    out.push(svg("path", { class: `spillover mark-${letter}`, d: pathOf(spillover, true), fill: core, "fill-opacity": 0.12, ...ring, "stroke-width": 1.8, "stroke-dasharray": "5 4" }));
    out.push(svg("path", { class: `dots mark-${letter}`, d: spots.map(([x, y, r]) => spot(letter, x, y, r)).join(""), fill: line }));
  }
  if (loops.length) {
    out.push(svg("defs", {}, stripesOf(letter, id, core)));
    out.push(svg("path", { class: "tint", d: pathOf(loops, true), fill: core, "fill-opacity": 0.2, "fill-rule": "evenodd" }));
    out.push(svg("path", { class: `core mark-${letter}`, d: pathOf(loops, true), fill: `url(#${id})`, ...ring, "stroke-width": 2.4 }));
  }
  return out;
}

function spot(letter, x, y, r) {
  if (letter === "A") return disc(x, y, r);
  const at = (dx, dy) => `${(x + dx * r).toFixed(1)} ${(y + dy * r).toFixed(1)}`;
  return letter === "B" ? `M${at(0, -1.4)}L${at(1.25, 0.85)}L${at(-1.25, 0.85)}Z` : `M${at(-0.95, -0.95)}L${at(0.95, -0.95)}L${at(0.95, 0.95)}L${at(-0.95, 0.95)}Z`;
}

function letterSign(letter, x, y, { core, line }, mirror) {
  const text = svg("text", { x: 0, y: 8.5, "text-anchor": "middle", "font-size": 24, "font-weight": 700, fill: "#14181d" });
  text.textContent = letter;
  return svg("g", { class: "sign", transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})${mirror ? " scale(-1 1)" : ""}` }, svg("circle", { r: 15, fill: "#ffffff", stroke: line, "stroke-width": 3 }), text);
}

/** A point well inside the largest of some loops, or null. */
function insideOf(loops) {
  const sizeOf = (loop) => Math.abs(loop.reduce((sum, [x, y], k) => sum + x * loop[(k + 1) % loop.length][1] - y * loop[(k + 1) % loop.length][0], 0)) / 2;
  const largest = loops.reduce((best, loop) => (!best || sizeOf(loop) > sizeOf(best) ? loop : best), null);
  if (!largest || sizeOf(largest) < 250) return null;
  const inside = ([x, y]) => largest.reduce((odd, [ax, ay], k) => {
    const [bx, by] = largest[(k + 1) % largest.length];
    return ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax ? !odd : odd;
  }, false);
  const xs = largest.map(([x]) => x);
  const ys = largest.map(([, y]) => y);
  let [best, most] = [null, 0];
  for (let i = 1; i < 12; i += 1) {
    for (let j = 1; j < 12; j += 1) {
      const p = [Math.min(...xs) + (i / 12) * (Math.max(...xs) - Math.min(...xs)), Math.min(...ys) + (j / 12) * (Math.max(...ys) - Math.min(...ys))];
      if (!inside(p)) continue;
      const free = Math.min(...largest.map(([x, y]) => Math.hypot(x - p[0], y - p[1])));
      if (free > most) [best, most] = [p, free];
    }
  }
  return best;
}

function disc(x, y, r) {
  const d = (2 * r).toFixed(1);
  return `M${(x - r).toFixed(1)} ${y.toFixed(1)}a${r.toFixed(1)} ${r.toFixed(1)} 0 1 0 ${d} 0a${r.toFixed(1)} ${r.toFixed(1)} 0 1 0 -${d} 0`;
}
