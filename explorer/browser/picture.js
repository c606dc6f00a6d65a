// Pictures to keep: the view as PNG and the chart as SVG, each with name, grade, legend, sources and what it is not.

import { svg } from "./dom.js";
import { LETTERS } from "./hatch.js";

const PAPER = "#ffffff";
const INK = "#22282f";
const QUIET = "#59626c";
const FAMILY = 'system-ui, "Segoe UI", Roboto, sans-serif';
const COLUMNS = [380, 520, 680]; // px of the words beside the picture: the first in which they are not much longer than it
const LONGER = 1.15;
const EDGE = 22;
const MOST_SOURCES = 6;

/**
 * What a picture says beside the drawing.
 * @param {{letters: Map<string, string>, shared: string}|null} context.compared letters of compared structures, and what they share
 * @returns {Array<{text: string, size: number, weight?: number, italic?: boolean, quiet?: boolean, swatch?: string, gap?: number}>}
 */
export function captionOf({ catalogue, t, state, inWords, compared }) {
  const lines = [];
  const add = (text, look = {}) => text && lines.push({ text, size: 14, ...look });
  const chosen = state.structures.map((id) => catalogue.structures[id]).filter(Boolean);
  add(catalogue.title, { size: 13, quiet: true });
  for (const structure of chosen) {
    const letter = compared?.letters.get(structure.id);
    add(structure.name, { size: 22, weight: 700, gap: letter ? 12 : 6, swatch: letter });
    add(structure.latin, { italic: true, quiet: true });
    const narrowed = structure.patterns.some((pattern) => pattern.id === state.pattern);
    const patterns = structure.patterns.filter((pattern) => !narrowed || state.pattern === pattern.id);
    add(`${t("side.title")}: ${t(`side.${structure.pairing === "midline" ? "midline" : state.side}`)}`);
    for (const pattern of patterns) {
      const point = structure.trigger_points.find((entry) => entry.id === pattern.trigger_point);
      const grade = t("grade.title", { grade: pattern.grade });
      const disputed = pattern.status === "disputed" ? `. ${t("card.disputed")}` : "";
      add(`${point ? `${point.label}. ` : ""}${grade}: ${catalogue.grades[pattern.grade].name}${disputed}`, { weight: 600, gap: 6 });
    }
    add(inWords({ ...state, structures: [structure.id] }), { size: 13 });
    const cited = [...new Set(patterns.flatMap((pattern) => pattern.evidence.filter((entry) => entry.stance === "supports").map((entry) => catalogue.references[entry.reference])))];
    const more = cited.length > MOST_SOURCES ? ` ${t("picture.more", { count: cited.length - MOST_SOURCES })}` : "";
    if (cited.length) add(`${t("page.sources")}: ${cited.slice(0, MOST_SOURCES).join("; ")}.${more}`, { size: 12, quiet: true, gap: 6 });
  }
  if (compared) {
    add(compared.shared, { weight: 600, gap: 12 });
    add(t("compare.basis"), { size: 12, quiet: true });
    add(t("compare.kinds"), { size: 13, gap: 12 });
  }
  const kinds = [...(compared ? [] : ["core", "spillover"]), "trigger", "muscle", "deep"];
  kinds.forEach((kind, k) => add(t(`legend.${kind}_long`), { size: 13, swatch: kind, gap: k || compared ? 2 : 12 }));
  if (state.mirror) add(t("mirror.note"), { size: 13, weight: 600, gap: 8 });
  add(t("about.purpose"), { size: 13, weight: 600, gap: 12 });
  if (catalogue.own) {
    const { name, credits, conditions } = catalogue.own;
    add(`${t("shapes.credits", { atlas: name })}:`, { size: 12, quiet: true, gap: 8 });
    for (const { text, licence } of credits) add(`${text} (${licence})`, { size: 12, quiet: true });
    for (const text of conditions) add(text, { size: 13, weight: 600, gap: 6 });
  }
  add(t("picture.version", { data: catalogue.version }), { size: 12, quiet: true });
  return lines;
}

const fontOf = ({ size, weight = 400, italic }) => `${italic ? "italic " : ""}${weight} ${size}px ${FAMILY}`;

/** Break a caption into lines of a width. @returns {{rows: Object[], height: number}} rows with x and y of their baseline */
function setIn(caption, width, start) {
  const ruler = document.createElement("canvas").getContext("2d");
  const rows = [];
  let y = start;
  for (const entry of caption) {
    ruler.font = fontOf(entry);
    const indent = entry.swatch ? 30 : 0;
    y += entry.gap ?? 4;
    let line = "";
    let first = true;
    const put = () => {
      y += entry.size * 1.35;
      rows.push({ ...entry, text: line, x: indent, y: y - entry.size * 0.3, swatch: first ? entry.swatch : null });
      first = false;
    };
    for (const word of entry.text.split(/\s+/)) {
      const longer = line ? `${line} ${word}` : word;
      if (line && ruler.measureText(longer).width > width - indent) {
        put();
        line = word;
      } else line = longer;
    }
    put();
  }
  return { rows, height: y };
}

function swatchOn(brush, kind, x, y, style) {
  brush.save();
  brush.lineWidth = 2;
  if (kind === "trigger") crossOn(brush, x + 10, y, 5.5);
  else if (LETTERS.includes(kind)) letterOn(brush, kind, x + 11, y - 2, style);
  else {
    brush.beginPath();
    if (kind === "deep") brush.ellipse(x + 10, y, 7, 7, 0, 0, 2 * Math.PI);
    else brush.roundRect(x + 1, y - 7, 18, 13, 3);
    const colour = { core: style.core, spillover: PAPER, muscle: style.muscle_chosen, deep: style.deep }[kind];
    brush.globalAlpha = kind === "deep" ? 0.6 : 1;
    brush.fillStyle = colour;
    brush.fill();
    brush.globalAlpha = 1;
    brush.strokeStyle = kind === "core" ? style.core_line : kind === "muscle" ? "#8a5a1c" : kind === "deep" ? style.deep : style.spillover_line;
    if (kind === "spillover") {
      brush.setLineDash([3, 2]);
      brush.fillStyle = style.spillover_line;
      for (const dx of [5, 10, 15]) for (const dy of [-3, 2]) brush.fillRect(x + dx - 1, y + dy - 1, 2, 2);
    }
    brush.stroke();
  }
  brush.restore();
}

/** The letter of a compared structure, on its stripes' colours. */
function letterOn(brush, letter, x, y, style) {
  const { core, line } = style.compare[LETTERS.indexOf(letter)];
  brush.beginPath();
  brush.arc(x, y, 11, 0, 2 * Math.PI);
  brush.fillStyle = PAPER;
  brush.fill();
  brush.lineWidth = 2.5;
  brush.strokeStyle = core;
  brush.stroke();
  brush.fillStyle = line;
  brush.font = `700 14px ${FAMILY}`;
  brush.textAlign = "center";
  brush.fillText(letter, x, y + 5);
  brush.textAlign = "left";
}

function crossOn(brush, x, y, arm) {
  for (const [colour, width] of [["#ffffff", 6], ["#14181d", 2.6]]) {
    brush.beginPath();
    brush.moveTo(x - arm, y - arm);
    brush.lineTo(x + arm, y + arm);
    brush.moveTo(x + arm, y - arm);
    brush.lineTo(x - arm, y + arm);
    brush.strokeStyle = colour;
    brush.lineWidth = width;
    brush.lineCap = "round";
    brush.stroke();
  }
}

/**
 * The view with everything that must go along with it.
 * @param {Object} shot {@link makeView}'s snapshot
 * @param {{marks: Array<{x: number, y: number}>, letters: [string, string], signs: Array<{letter: string, x: number, y: number}>}} over what
 *   stands over the canvas: trigger points, the letters of the sides, those of compared structures
 * @returns {HTMLCanvasElement}
 */
export function pictureOf(shot, over, caption, style) {
  const beside = shot.width >= 560;
  const tried = (beside ? COLUMNS : [shot.width]).map((column) => ({ column, ...setIn(caption, column - 2 * EDGE, EDGE) }));
  const { column, rows, height } = tried.find((one) => one.height + EDGE <= LONGER * shot.height) ?? tried.at(-1);
  const sheet = document.createElement("canvas");
  const wide = beside ? shot.width + column : shot.width;
  const high = beside ? Math.max(shot.height, height + EDGE) : shot.height + height + EDGE;
  const scale = 2;
  [sheet.width, sheet.height] = [Math.round(wide * scale), Math.round(high * scale)];
  const brush = sheet.getContext("2d");
  brush.scale(scale, scale);
  brush.fillStyle = PAPER;
  brush.fillRect(0, 0, wide, high);
  brush.fillStyle = "#f3f0ea";
  brush.fillRect(0, 0, shot.width, beside ? high : shot.height);
  const top = beside ? high - shot.height : 0; // the body is cut at its lower edge: it stands on that of the sheet
  brush.drawImage(shot.image, 0, top, shot.width, shot.height);
  for (const { x, y } of over.marks) crossOn(brush, x, y + top, 6);
  for (const { letter, x, y } of over.signs ?? []) letterOn(brush, letter, x, y + top, style);
  brush.fillStyle = "#545d66";
  brush.font = `700 20px ${FAMILY}`;
  brush.fillText(over.letters[0], 14, top + shot.height / 2);
  brush.textAlign = "right";
  brush.fillText(over.letters[1], shot.width - 14, top + shot.height / 2);
  brush.textAlign = "left";
  const [x0, y0] = beside ? [shot.width + EDGE, 0] : [EDGE, shot.height];
  for (const row of rows) {
    if (row.swatch) swatchOn(brush, row.swatch, x0, y0 + row.y - row.size * 0.32, style);
    brush.font = fontOf(row);
    brush.fillStyle = row.quiet ? QUIET : INK;
    brush.fillText(row.text, x0 + row.x, y0 + row.y);
  }
  return sheet;
}

/**
 * A picture without words, for a page: as wide as it is high, with the marks and letters that stand over it.
 * @param {{image: HTMLCanvasElement, width: number, height: number, over: Object}} shot of the view's `shoot`
 */
export function squareOf({ image, width, height, over }) {
  const sheet = document.createElement("canvas");
  [sheet.width, sheet.height] = [image.width, image.height];
  const brush = sheet.getContext("2d");
  brush.fillStyle = "#f3f0ea";
  brush.fillRect(0, 0, sheet.width, sheet.height);
  brush.scale(sheet.width / width, sheet.height / height);
  brush.drawImage(image, 0, 0, width, height);
  for (const { x, y } of over.marks) crossOn(brush, x, y, 7);
  brush.fillStyle = "#545d66";
  brush.font = `700 26px ${FAMILY}`;
  brush.fillText(over.letters[0], 14, height / 2);
  brush.textAlign = "right";
  brush.fillText(over.letters[1], width - 14, height / 2);
  return sheet;
}

/** The chart with its words as the text of an SVG file. */
export function chartFile(chart, caption, style) {
  const width = Math.max(1200, chart.width);
  const scale = width / chart.width;
  const { rows, height } = setIn(caption.map((entry) => ({ ...entry, size: entry.size * 1.5 })), width - 2 * EDGE, scale * chart.height + 10);
  const file = svg("svg", { xmlns: "http://www.w3.org/2000/svg", viewBox: `0 0 ${width + 2 * EDGE} ${(height + 2 * EDGE).toFixed(0)}`, "font-family": FAMILY });
  chart.element.setAttribute("x", EDGE);
  chart.element.setAttribute("y", EDGE);
  for (const [name, value] of Object.entries({ width, height: scale * chart.height, viewBox: `0 0 ${chart.width} ${chart.height}` })) chart.element.setAttribute(name, value);
  const title = svg("title", {});
  title.textContent = caption.filter((entry) => entry.size > 20).map((entry) => entry.text).join(", ");
  const words = rows.map((row) => {
    const text = svg("text", { x: EDGE + row.x, y: (EDGE + row.y).toFixed(1), "font-size": row.size, "font-weight": row.weight ?? 400, "font-style": row.italic ? "italic" : "normal", fill: row.quiet ? QUIET : INK });
    text.textContent = row.text;
    return text;
  });
  const swatches = rows.filter((row) => row.swatch).flatMap((row) => swatchOf(row.swatch, EDGE, EDGE + row.y - row.size * 0.32, style));
  file.append(title, svg("rect", { width: "100%", height: "100%", fill: PAPER }), chart.element, ...swatches, ...words);
  return new XMLSerializer().serializeToString(file);
}

function swatchOf(kind, x, y, style) {
  if (LETTERS.includes(kind)) {
    const { core, line } = style.compare[LETTERS.indexOf(kind)];
    const text = svg("text", { x: x + 13, y: y + 2, "font-size": 17, "font-weight": 700, "text-anchor": "middle", fill: line });
    text.textContent = kind;
    return [svg("circle", { cx: x + 13, cy: y - 4, r: 12, fill: PAPER, stroke: core, "stroke-width": 3 }), text];
  }
  const place = { x: x + 2, y: y - 8, width: 20, height: 15, rx: 3, "stroke-width": 2 };
  if (kind === "trigger") return [svg("path", { d: `M${x + 6} ${y - 6}l12 12m-12 0l12 -12`, stroke: "#14181d", "stroke-width": 3, fill: "none" })];
  if (kind === "deep") return [svg("circle", { cx: x + 12, cy: y, r: 8, fill: style.deep, "fill-opacity": 0.6, stroke: style.deep })];
  if (kind === "spillover") return [svg("rect", { ...place, fill: style.spillover, "fill-opacity": 0.22, stroke: style.spillover_line, "stroke-dasharray": "4 3" })];
  return [svg("rect", { ...place, fill: kind === "core" ? style.core : style.muscle_chosen, stroke: kind === "core" ? style.core_line : "#8a5a1c" })];
}

/** Hand a file to the person; nothing leaves the browser. */
export function keep(blob, name) {
  const address = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
