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
export function textToDrawing(text, { atlas, topology, mesh, areas }) {
  const refuse = (problem) => ({ values: null, places: [], problem });
  let file;
  try {
    file = JSON.parse(text);
  } catch {
    return refuse("it is not JSON");
  }
  if (file?.format !== FORMAT || file.version !== 1) return refuse(`its format is not ${FORMAT}, version 1`);
  if (file.frame !== "LPS" || file.unit !== "mm") return refuse(`its frame is ${file.frame} in ${file.unit}; only LPS in mm is read`);
  if (file.body !== atlas) return refuse(`it was drawn on the body ${file.body}, this is ${atlas}`);
  if (file.topology !== topology) return refuse("it was drawn on another mesh (its topology differs)");
  const { vertex = [], weight_255: weight = [], xyz_mm: xyz = [], areas: chosen = [] } = file;
  if (![vertex, weight, xyz, chosen].every(Array.isArray) || vertex.length !== weight.length || vertex.length !== xyz.length) return refuse("vertex, weight_255 and xyz_mm must be lists of one length");
  const count = mesh.positions.length / 3;
  const values = new Float64Array(count);
  for (let k = 0; k < vertex.length; k += 1) {
    const v = vertex[k];
    if (!Number.isInteger(v) || v < 0 || v >= count) return refuse(`vertex ${v} is not one of the ${count} of this skin`);
    if (!Number.isInteger(weight[k]) || weight[k] < 1 || weight[k] > 255) return refuse(`the weight of vertex ${v} is not a whole number from 1 to 255`);
    const far = Array.isArray(xyz[k]) && Math.hypot(...[0, 1, 2].map((axis) => xyz[k][axis] - mesh.positions[3 * v + axis]));
    if (!(far <= TOLERANCE)) return refuse(`vertex ${v} does not lie where this skin has it; the frame or the body differs`);
    values[v] = weight[k] / 255;
  }
  const places = [];
  for (const entry of chosen) {
    if (!areas[entry?.area] || areas[entry.area].place === "own" || !["left", "right"].includes(entry.side)) return refuse(`the area ${entry?.area} (${entry?.side}) is not known`);
    places.push(`${entry.area}:${entry.side}`);
  }
  if (!vertex.length && !places.length) return refuse("it is empty");
  return { values: vertex.length ? values : null, places: [...new Set(places)], problem: null };
}
