// A camera on a turntable: the body stays upright, whoever turns it.

const { abs, atan2, cos, max, min, PI, sin, tan } = Math;

export const VIEW_ANGLE = 18; // degrees, vertical: long lens, little distortion
const STEEPEST = (80 * PI) / 180;

/** Key views: azimuth (0 from the front, positive towards the subject's left) and elevation, degrees. */
export const KEY_VIEWS = {
  three_quarter: [38, 8],
  front: [0, 0],
  left: [90, 0],
  right: [-90, 0],
  back: [180, 0],
  top: [20, 62],
};

const RADIAN = PI / 180;

/** A pose for a key view that shows a box of the body. */
export function poseFor(view, box, width, height, insets) {
  const [azimuth, elevation] = KEY_VIEWS[view].map((degrees) => degrees * RADIAN);
  return fit({ azimuth, elevation, focus: [0, 0, 0], distance: 1 }, box, width, height, insets);
}

/**
 * Move a pose so that a box [x0, y0, z0, x1, y1, z1] fills the picture between what stands at its top and bottom.
 * @param {{top: number, bottom: number}} insets pixels that are covered
 */
export function fit(pose, box, width, height, insets = { top: 0, bottom: 0 }) {
  const focus = [0, 1, 2].map((k) => (box[k] + box[k + 3]) / 2);
  const { right, up, toEye } = axesOf(pose);
  let [half, wide, deep] = [0, 0, 0];
  for (let corner = 0; corner < 8; corner += 1) {
    const p = [0, 1, 2].map((k) => box[(corner >> k) & 1 ? k + 3 : k] - focus[k]);
    wide = max(wide, abs(dot(p, right)));
    half = max(half, abs(dot(p, up)));
    deep = max(deep, dot(p, toEye));
  }
  const slope = tan((VIEW_ANGLE * RADIAN) / 2);
  const free = max(0.25, 1 - (insets.top + insets.bottom) / height);
  const distance = max(half / (slope * free), wide / ((slope * width) / height)) * 1.05 + 0.5 * deep;
  const shift = (((insets.top - insets.bottom) / height) * distance * slope);
  return { ...pose, focus: focus.map((value, k) => value + shift * up[k]), distance };
}

/** Unit vectors of a pose: to the eye, to the right of the picture, up. LPS: -y is the front. */
export function axesOf({ azimuth, elevation }) {
  const toEye = [sin(azimuth) * cos(elevation), -cos(azimuth) * cos(elevation), sin(elevation)];
  const right = [cos(azimuth), sin(azimuth), 0];
  const up = cross(toEye, right);
  return { toEye, right, up };
}

export function eyeOf(pose) {
  const { toEye } = axesOf(pose);
  return pose.focus.map((value, k) => value + pose.distance * toEye[k]);
}

/** Turn by pixels of a drag; stops short of the poles. */
export function turned(pose, dx, dy) {
  const elevation = min(STEEPEST, max(-STEEPEST, pose.elevation + dy * 0.006));
  return { ...pose, azimuth: wrap(pose.azimuth - dx * 0.008), elevation };
}

/** Shift by pixels of a drag. */
export function panned(pose, dx, dy, height) {
  const { right, up } = axesOf(pose);
  const scale = (2 * pose.distance * tan((VIEW_ANGLE * RADIAN) / 2)) / height;
  return { ...pose, focus: pose.focus.map((value, k) => value - scale * (dx * right[k] - dy * up[k])) };
}

/** Come nearer (factor below 1) or go away. */
export function zoomed(pose, factor) {
  return { ...pose, distance: min(6000, max(150, pose.distance * factor)) };
}

/** Between two poses, the short way round. */
export function between(a, b, t) {
  const turn = wrap(b.azimuth - a.azimuth);
  const mix = (p, q) => p + (q - p) * t;
  return {
    azimuth: wrap(a.azimuth + turn * t),
    elevation: mix(a.elevation, b.elevation),
    distance: mix(a.distance, b.distance),
    focus: a.focus.map((value, k) => mix(value, b.focus[k])),
  };
}

function wrap(angle) {
  return atan2(sin(angle), cos(angle));
}

/** Put a point of the body on the picture. @returns {{x: number, y: number, depth: number}} CSS pixels; depth in mm */
export function project(pose, point, width, height) {
  const { toEye, right, up } = axesOf(pose);
  const p = point.map((value, k) => value - pose.focus[k]);
  const depth = pose.distance - dot(p, toEye);
  const scale = height / (2 * depth * tan((VIEW_ANGLE * RADIAN) / 2));
  return { x: width / 2 + dot(p, right) * scale, y: height / 2 - dot(p, up) * scale, depth };
}

/** The ray through a pixel. */
export function rayThrough(pose, x, y, width, height) {
  const { toEye, right, up } = axesOf(pose);
  const slope = (2 * tan((VIEW_ANGLE * RADIAN) / 2)) / height;
  const [a, b] = [(x - width / 2) * slope, (height / 2 - y) * slope];
  const direction = [0, 1, 2].map((k) => a * right[k] + b * up[k] - toEye[k]);
  const length = Math.hypot(...direction);
  return { origin: eyeOf(pose), direction: direction.map((value) => value / length) };
}

export function dot(a, b) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

export function cross(a, b) {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}
