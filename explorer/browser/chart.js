// The chart: the body from four sides on paper, painted with the same weights on the same skin as the 3D view.
// Always whole, and what there is where a browser cannot draw in 3D.

import { h, svg } from "./dom.js";
import { mirrored, normalsOf } from "./geometry.js";
import { depthUnder, gridOf, linesOf, loopsOf, onPaper, PAPER, pathOf, valuesOn } from "./project.js";
import { areaSides } from "./scene.js";

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
  function parts(name, found, mirror, id, [left, , across]) {
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
      ...(found.spillover.length
        ? [
            svg("path", { class: "spillover", d: pathOf(found.spillover, true), fill: style.spillover, "fill-opacity": 0.22, "fill-rule": "evenodd", stroke: style.spillover_line, "stroke-width": 1.8, "stroke-dasharray": "5 4" }),
            svg("path", { class: "dots", d: found.spots.map(([x, y, r]) => disc(x, y, r)).join(""), fill: style.spillover_line }),
          ]
        : []),
      ...(found.core.length
        ? [svg("path", { class: "core", d: pathOf(found.core, true), fill: style.core, "fill-rule": "evenodd", stroke: style.core_line, "stroke-width": 2.4, "stroke-linejoin": "round" })]
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
        if (state.pattern && state.pattern !== pattern.id) continue;
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

  /** Draw, if the chart can be seen. */
  function render() {
    if (!shown || element.hidden) return;
    const { scene, state, drawing } = shown;
    const key = JSON.stringify([scene.paint, scene.markers, scene.deep, state.mirror, drawing?.key]);
    if (element.dataset.key === key) return;
    element.dataset.key = key;
    const paint = weights.paint(scene.paint);
    const lowest = lowestOf(scene, paint, drawing);
    const widest = Math.max(...Object.keys(PAPER).map((name) => boxOf(name, lowest)[2]));
    for (const [name, { picture, figure }] of Object.entries(figures)) {
      const found = drawn(name, scene, paint, drawing);
      const box = boxOf(name, lowest);
      picture.setAttribute("viewBox", box.map((value) => value.toFixed(1)).join(" "));
      picture.setAttribute("aria-label", labelOf(name, found));
      picture.replaceChildren(parts(name, found, Boolean(state.mirror), `rpx-deep-${name}`, box), ...letterMarks(name, Boolean(state.mirror), box, box[1] + 44));
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
        const figure = svg("g", { "clip-path": `url(#${clip})` }, parts(name, drawn(name, scene, paint, drawing), Boolean(state.mirror), `rpx-saved-${name}`, box));
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

function disc(x, y, r) {
  const d = (2 * r).toFixed(1);
  return `M${(x - r).toFixed(1)} ${y.toFixed(1)}a${r.toFixed(1)} ${r.toFixed(1)} 0 1 0 ${d} 0a${r.toFixed(1)} ${r.toFixed(1)} 0 1 0 -${d} 0`;
}
