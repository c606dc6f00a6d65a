// A drawing as a file: JSON in mm, LPS, for one skin; explorer/drawings.py reads and writes the same.

const FORMAT = "referred-pain-drawing";
const TOLERANCE = 1; // mm between a vertex of the file and of the skin

/** Write a drawing of matching.js. */
export function drawingToText({ atlas, topology, mesh, drawing }) {
  const [vertex, weight, xyz] = [[], [], []];
  drawing.skin.forEach((value, v) => {
    const byte = drawing.skin[v] > drawing.lent[v] ? Math.round(255 * value) : 0; // what areas lend is written as areas
    if (!byte) return;
    vertex.push(v);
    weight.push(byte);
    xyz.push([0, 1, 2].map((k) => Math.round(100 * mesh.positions[3 * v + k]) / 100));
  });
  const out = { format: FORMAT, version: 1, frame: "LPS", unit: "mm", body: atlas, topology, vertex_count: mesh.positions.length / 3 };
  return `${JSON.stringify({ ...out, areas: drawing.named.map((place) => ({ area: place.split(":")[0], side: place.split(":")[1] })), vertex, weight_255: weight, xyz_mm: xyz })}\n`;
}

/** Read a drawing; `problem` says in words why a file cannot be used. */
export function textToDrawing(text, { t, atlas, topology, mesh, areas }) {
  const refuse = (problem) => ({ values: null, places: [], problem });
  let file;
  try {
    file = JSON.parse(text);
  } catch {
    return refuse(t("drawing.not_json"));
  }
  if (file?.format !== FORMAT || file.version !== 1) return refuse(t("drawing.format", { format: FORMAT }));
  if (file.frame !== "LPS" || file.unit !== "mm") return refuse(t("drawing.frame", { frame: file.frame, unit: file.unit }));
  if (file.body !== atlas) return refuse(t("drawing.body", { body: file.body, atlas }));
  if (file.topology !== topology) return refuse(t("drawing.topology"));
  const { vertex = [], weight_255: weight = [], xyz_mm: xyz = [], areas: chosen = [] } = file;
  if (![vertex, weight, xyz, chosen].every(Array.isArray) || vertex.length !== weight.length || vertex.length !== xyz.length) return refuse(t("drawing.lists"));
  const count = mesh.positions.length / 3;
  const values = new Float64Array(count);
  for (let k = 0; k < vertex.length; k += 1) {
    const v = vertex[k];
    if (!Number.isInteger(v) || v < 0 || v >= count) return refuse(t("drawing.vertex", { vertex: v, count }));
    if (!Number.isInteger(weight[k]) || weight[k] < 1 || weight[k] > 255) return refuse(t("drawing.weight", { vertex: v }));
    const far = Array.isArray(xyz[k]) && Math.hypot(...[0, 1, 2].map((axis) => xyz[k][axis] - mesh.positions[3 * v + axis]));
    if (!(far <= TOLERANCE)) return refuse(t("drawing.place", { vertex: v }));
    values[v] = weight[k] / 255;
  }
  const places = [];
  for (const entry of chosen) {
    if (!areas[entry?.area] || areas[entry.area].place === "own" || !["left", "right"].includes(entry.side)) return refuse(t("drawing.area", { area: entry?.area, side: entry?.side }));
    places.push(`${entry.area}:${entry.side}`);
  }
  if (!vertex.length && !places.length) return refuse(t("drawing.empty"));
  return { values: vertex.length ? values : null, places: [...new Set(places)], problem: null };
}
