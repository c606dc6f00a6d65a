// The 3D view: vtk.js draws, a turntable camera turns, a ray tells what lies under the pointer.

import { between, eyeOf, axesOf, poseFor, project, rayThrough, turned, zoomed, VIEW_ANGLE, dot } from "./camera.js";
import { attachmentsOf, joined } from "./attachments.js";
import { boundsOf, mirrored, normalsOf } from "./geometry.js";
import { makeMarking, placeOf } from "./hatch.js";
import { dotsOf, outlinesOf, raisedPatch, ribbonOf } from "./paint.js";
import { watchPointers } from "./pointer.js";
import { openedLeft, openedOver } from "./window.js";
import { rimOfMouth, seamOf } from "./mouth.js";
import { firstHit, treeOf } from "./raycast.js";
import { makeWayShapes } from "./why_shapes.js";
import { reshape, wardrobe } from "./wear.js";
import { shadeArriving, shadeBone, shadeDeep, shadeEye, shadeMuscle, shadeSkin } from "./shading.js";
import { carriedTo, spreadOf } from "./spread.js";

const HEAD_AND_SHOULDERS = [-205, -110, -262, 205, 132, 138];
const STRAIGHT_VIEWS = ["front", "left", "right", "back"];
const KEY_VIEWS = [...STRAIGHT_VIEWS, "three_quarter"];
const STRIPE = 6; // mm from stripe to stripe of drawn pain

/** Nothing is pressed: every front has passed. */
const STILL = { pressFront: 1e6, pressSpill: 2, pressGlow: 0, pressDeep: 1 };

const rgb = (hex) => [1, 3, 5].map((k) => parseInt(hex.slice(k, k + 2), 16) / 255);

/** True where the browser can draw in 3D. */
export function canDraw() {
  const gl = document.createElement("canvas").getContext("webgl2");
  gl?.getExtension("WEBGL_lose_context")?.loseContext();
  return Boolean(gl);
}

/**
 * Make the view.
 * @param {HTMLElement} place is filled by the canvas
 * @param {Object} vtk vtk.js
 * @param {{meshes: Map, weights: Object, style: Object, dots: Object, bonesNamed: Function}} body
 * @param {{onPick: Function, onHover: Function, onTurn: Function}} events
 * @param {(box: number[]|null) => {top: number, bottom: number}} insetsOf pixels of the picture that are covered, for a box that is shown
 */
export function makeView(place, vtk, body, events, insetsOf = () => ({ top: 0, bottom: 0 })) {
  const { meshes, weights, style } = body;
  const { vtkActor, vtkMapper, vtkRenderer, vtkRenderWindow, vtkLight } = vtk.Rendering.Core;
  const window3d = vtkRenderWindow.newInstance();
  const glWindow = vtk.Rendering.OpenGL.vtkRenderWindow.newInstance();
  window3d.addView(glWindow);
  glWindow.setContainer(place);
  const canvas = glWindow.getCanvas();

  const renderer = vtkRenderer.newInstance();
  const front = vtkRenderer.newInstance({ layer: 1, interactive: false, preserveColorBuffer: true });
  window3d.setNumberOfLayers(2);
  window3d.addRenderer(renderer);
  window3d.addRenderer(front);
  const camera = renderer.getActiveCamera();
  camera.setViewAngle(VIEW_ANGLE);
  front.setActiveCamera(camera);
  for (const scene of [renderer, front]) {
    scene.setBackground(0, 0, 0, 0);
    scene.removeAllLights();
    scene.setAutomaticLightCreation(false);
    for (const { from, strength, tint } of style.lights) {
      const light = vtkLight.newInstance({ intensity: strength, color: rgb(tint) });
      light.setLightTypeToCameraLight();
      light.setPosition(...from);
      light.setFocalPoint(0, 0, 0);
      scene.addLight(light);
    }
  }

  // --- actors -------------------------------------------------------------------------------------------------
  const uniforms = { glass: 0.5, reveal: 1, drawnColour: rgb(style.drawn), coreColour: rgb(style.core), spillColour: rgb(style.spillover) };
  Object.assign(uniforms, STILL, { glowColour: rgb(style.glow), comparing: 0 });
  const things = new Map(); // key -> {actor, mesh, tree, kind, id, side}

  function polyData(mesh, arrays = {}, normals = normalsOf(mesh)) {
    const data = vtk.Common.DataModel.vtkPolyData.newInstance();
    data.getPoints().setData(mesh.positions, 3);
    const cells = new Uint32Array((mesh.faces.length / 3) * 4);
    for (let f = 0, c = 0; f < mesh.faces.length; f += 3, c += 4) {
      cells[c] = 3;
      cells[c + 1] = mesh.faces[f];
      cells[c + 2] = mesh.faces[f + 1];
      cells[c + 3] = mesh.faces[f + 2];
    }
    data.getPolys().setData(cells);
    const make = (name, values, width) =>
      vtk.Common.Core.vtkDataArray.newInstance({ name, values, numberOfComponents: width });
    if (normals) data.getPointData().setNormals(make("Normals", normals, 3));
    for (const [name, { values, width }] of Object.entries(arrays)) data.getPointData().addArray(make(name, values, width));
    return data;
  }

  function actorOf(data, colour, { scene = renderer, shade = null, ambient = 0.25, diffuse = 0.8, specular = 0.08 } = {}) {
    const mapper = vtkMapper.newInstance({ scalarVisibility: false });
    mapper.setInputData(data);
    shade?.(mapper);
    const actor = vtkActor.newInstance({ forceOpaque: true });
    actor.setMapper(mapper);
    const look = actor.getProperty();
    look.setColor(...rgb(colour));
    look.setAmbient(ambient);
    look.setDiffuse(diffuse);
    look.setSpecular(specular);
    look.setSpecularPower(18);
    scene.addActor(actor);
    return actor;
  }

  function add(mesh, side, options) {
    const shape = side === "right" && mesh.pairing !== "right" ? mirrored(mesh) : mesh;
    const arrays = { light: { values: shape.light, width: 1 } };
    if (shape.along) {
      const fibre = new Float32Array(2 * shape.along.length);
      for (let k = 0; k < shape.along.length; k += 1) {
        fibre[2 * k] = shape.along[k] / 255;
        fibre[2 * k + 1] = shape.across[k] / 10;
      }
      arrays.fibre = { values: fibre, width: 2 };
    }
    if (options.arrays) Object.assign(arrays, options.arrays(shape));
    const actor = actorOf(polyData(shape, arrays), options.colour, options);
    const thing = { actor, mesh: shape, kind: mesh.kind, id: mesh.id, side, tree: null };
    things.set(`${mesh.id}/${side}`, thing);
    return thing;
  }

  const sidesOf = (mesh) => (mesh.pairing === "paired" ? ["left", "right"] : [mesh.pairing]);
  const muscleUniforms = { tendonColour: rgb(style.tendon) };
  for (const mesh of meshes.values()) {
    for (const side of sidesOf(mesh)) {
      if (mesh.kind === "bone") add(mesh, side, { colour: style.bone, shade: shadeBone, specular: 0.12 });
      if (mesh.kind === "muscle") add(mesh, side, { colour: style.muscle, shade: (m) => shadeMuscle(m, muscleUniforms) });
      if (["joint", "nerve"].includes(mesh.kind)) add(mesh, side, { colour: style.muscle_chosen }).actor.setVisibility(false);
      if (mesh.kind === "eye") add(mesh, side, { colour: "#ffffff", arrays: sightOf, shade: shadeEye, specular: 0.5 });
      if (mesh.kind === "deep") {
        const deep = add(mesh, side, { colour: style.deep, scene: front, shade: (m) => shadeDeep(m, uniforms), ambient: 0 });
        deep.actor.setVisibility(false);
        deep.actor.getProperty().setBackfaceCulling(true);
      }
    }
  }

  const flat = { ambient: 1, diffuse: 0, specular: 0 };
  const empty = { positions: new Float32Array(9), faces: Uint32Array.from([0, 1, 2]) };
  // attachments lie under the skin, so they are drawn before its depth is
  const onBones = {
    attached: actorOf(polyData(empty, {}, null), style.attachment, { ambient: 0.8, diffuse: 0.15 }),
    origin: actorOf(polyData(empty, {}, null), style.attachment_line, flat),
    insertion: actorOf(polyData(empty, {}, null), style.attachment_line, flat),
  };

  const skin = meshes.get("skin");
  const skinNormals = normalsOf(skin);
  const skinTree = { tree: null };
  // first only its depth, so that of all its layers just the nearest is seen
  const veil = actorOf(polyData(skin, {}, skinNormals), style.skin, { ambient: 0 });
  veil.getProperty().setOpacity(0.003);
  // a little behind the skin itself, or single dots of it would be lost to rounding
  veil.getMapper().setResolveCoincidentTopologyToPolygonOffset();
  veil.getMapper().setRelativeCoincidentTopologyPolygonOffsetParameters(2, 2);
  veil.getProperty().setBackfaceCulling(true);
  const paintValues = new Float32Array(3 * weights.count); // core, spillover, window
  const drawnValues = new Float32Array(2 * weights.count); // pain drawn by a person, and its stripes
  const pressValues = new Float32Array(3 * weights.count); // how a pattern spreads, see spread.js
  for (let v = 0; v < weights.count; v += 1) {
    const [x, y, z] = [skin.positions[3 * v], skin.positions[3 * v + 1], skin.positions[3 * v + 2]];
    drawnValues[2 * v + 1] = (z + 0.7 * y + 0.6 * x) / STRIPE;
  }
  const skinArrays = {
    paint: { values: paintValues, width: 3 },
    drawn: { values: drawnValues, width: 2 },
    press: { values: pressValues, width: 3 },
    light: { values: skin.light, width: 1 },
    marks: { values: new Float32Array(3 * weights.count), width: 3 },
    place: { values: placeOf(skin, skinNormals), width: 4 },
  };
  const skinData = polyData(skin, skinArrays, skinNormals);
  const skinActor = actorOf(skinData, style.skin, { shade: (m) => shadeSkin(m, uniforms), ambient: 0.36, diffuse: 0.74, specular: 0.04 });
  skinActor.getProperty().setBackfaceCulling(true);

  const rim = rimOfMouth(skin);
  const seam = rim.length ? actorOf(polyData(seamOf(skin, rim), {}, null), style.seam, { ambient: 1, diffuse: 0, specular: 0 }) : null;

  // --- bodies and tones of the skin ---------------------------------------------------------------------------
  const bodies = wardrobe(meshes);

  function wear(variant) {
    const positions = bodies.positions(variant);
    const data = (actor) => actor.getMapper().getInputData();
    for (const thing of things.values()) {
      reshape(data(thing.actor), thing.mesh, positions.get(thing.mesh.key), thing.mesh.pairing === "right" ? "left" : thing.side);
      thing.tree = null;
      if (thing.kind === "eye") data(thing.actor).getPointData().getArrayByName("sight").setData(sightOf(thing.mesh).sight.values, 3);
    }
    skin.positions.set(positions.get("skin"));
    skinNormals.set(normalsOf(skin));
    for (const actor of [veil, skinActor]) reshape(data(actor), skin, positions.get("skin"), "midline", skinNormals);
    skinTree.tree = null;
    seam?.getMapper().setInputData(polyData(seamOf(skin, rim), {}, null));
    shownPaint = null; // outlines, dots and the window lie on the skin
    shownWindow = null;
    shownAttached = null;
    request();
  }

  function tint({ skin: own, core, core_line, spillover, spillover_line, compare, drawn = style.drawn, drawn_line = style.drawn_line }) {
    for (const actor of [veil, skinActor]) actor.getProperty().setColor(...rgb(own));
    uniforms.coreColour = rgb(core);
    uniforms.spillColour = rgb(spillover);
    lines.core.getProperty().setColor(...rgb(core_line));
    for (const name of ["spillover", "dots"]) lines[name].getProperty().setColor(...rgb(spillover_line));
    uniforms.drawnColour = rgb(drawn);
    lines.live.getProperty().setColor(...rgb(drawn));
    lines.drawn.getProperty().setColor(...rgb(drawn_line));
    compare.forEach((mark, k) => (uniforms[`mark${"ABC"[k]}`] = rgb(mark.core)));
    marking.tint(compare);
    request();
  }

  const arriving = (colour, front) =>
    actorOf(polyData(empty, { press: { values: new Float32Array(3), width: 1 } }, null), colour, { ...flat, shade: (m) => shadeArriving(m, uniforms, front) });
  const lines = {
    core: arriving(style.core_line, "pressFront"),
    spillover: arriving(style.spillover_line, "pressSpill"),
    dots: arriving(style.spillover_line, "pressSpill"),
    ...onBones,
    drawn: actorOf(polyData(empty, {}, null), style.drawn_line, flat),
    live: actorOf(polyData(empty, {}, null), style.drawn, flat),
  };

  const marking = makeMarking({
    skin,
    normals: skinNormals,
    weights,
    dots: body.dots,
    actor: () => arriving(style.core_line, "pressFront"),
    put: (actor, shape) => replace(actor, shape, { press: { values: new Float32Array(shape.positions.length / 3), width: 1 } }),
    colour: (actor, hex) => actor.getProperty().setColor(...rgb(hex)),
  });

  function replace(actor, shape, arrays = {}) {
    actor.setVisibility(shape.faces.length > 0);
    if (shape.faces.length > 0) actor.getMapper().setInputData(polyData(shape, arrays, null));
  }

  /** Lines or dots of the paint, with the time at which a spreading pattern reaches them. */
  function replaceArriving(actor, shape, component) {
    const values = pressing !== null ? carriedTo(shape.positions, skin.positions, pressValues, component) : new Float32Array(shape.positions.length / 3);
    replace(actor, shape, { press: { values, width: 1 } });
  }

  // --- camera -------------------------------------------------------------------------------------------------
  let box = HEAD_AND_SHOULDERS;
  let size = [1, 1];
  let pose = poseFor("three_quarter", box, ...size, insetsOf());
  let framed = pose.distance; // from where what was asked for is shown
  let moving = null;
  let asked = false;
  let painted = 0;

  let out = false; // the browser took the drawing context away
  const onLost = (event) => {
    event.preventDefault(); // or it would never be given back
    if (removed) return;
    out = true;
    events.onLost?.();
  };
  const onRestored = () => !removed && events.onRestored?.();
  canvas.addEventListener("webglcontextlost", onLost);
  canvas.addEventListener("webglcontextrestored", onRestored);

  function draw() {
    asked = false;
    if (out) return;
    const eye = eyeOf(pose);
    camera.setPosition(...eye);
    camera.setFocalPoint(...pose.focus);
    camera.setViewUp(0, 0, 1);
    camera.setClippingRange(Math.max(10, pose.distance - 1100), pose.distance + 1100);
    window3d.render();
    painted += 1;
    events.onTurn(pose, size);
  }

  function request() {
    if (asked || removed) return;
    asked = true;
    requestAnimationFrame(() => !removed && draw());
  }

  const still = () => globalThis.matchMedia?.("(prefers-reduced-motion: reduce)").matches;

  function moveTo(target, milliseconds = 450) {
    if (moving) cancelAnimationFrame(moving);
    moving = null;
    if (still() || milliseconds === 0) {
      pose = target;
      request();
      return;
    }
    const from = pose;
    const start = performance.now();
    const step = (now) => {
      const t = Math.min(1, (now - start) / milliseconds);
      pose = between(from, target, t * t * (3 - 2 * t));
      request();
      moving = t < 1 && !removed ? requestAnimationFrame(step) : null;
    };
    moving = requestAnimationFrame(step);
  }

  function resize() {
    const bounds = place.getBoundingClientRect();
    size = [Math.max(1, bounds.width), Math.max(1, bounds.height)];
    const ratio = Math.min(globalThis.devicePixelRatio || 1, 2);
    glWindow.setSize(Math.round(size[0] * ratio), Math.round(size[1] * ratio));
    request();
  }

  // --- pointer ------------------------------------------------------------------------------------------------
  let asMirror = false;
  /** Between places of the picture and places of the body's own view, which a mirror exchanges. */
  const across = (x) => (asMirror ? size[0] - x : x);

  function at(event) {
    const bounds = canvas.getBoundingClientRect();
    return [across(event.clientX - bounds.left), event.clientY - bounds.top];
  }

  const hold = () => {
    if (moving) cancelAnimationFrame(moving);
    moving = null;
  };
  const turn = (to) => {
    pose = to;
    request();
  };
  watchPointers(canvas, { at, pose: () => pose, turn, hold, height: () => size[1], pick }, events);

  /** The skin under a place of the picture: the corners of its triangle and the point, mm; null beside the body. */
  function skinAt(x, y) {
    const { origin, direction } = rayThrough(pose, x, y, ...size);
    skinTree.tree ??= treeOf(skin);
    const hit = firstHit(skinTree.tree, origin, direction);
    if (!hit) return null;
    return { vertices: [0, 1, 2].map((k) => skin.faces[3 * hit.face + k]), xyz_mm: direction.map((value, k) => origin[k] + hit.distance * value) };
  }

  /** What lies under a place of the picture: the nearest muscle, joint or bone, and the skin over it. */
  function pick(x, y) {
    const { origin, direction } = rayThrough(pose, x, y, ...size);
    let best = null;
    for (const thing of things.values()) {
      if (!thing.actor.getVisibility() || !["muscle", "bone", "joint", "nerve"].includes(thing.kind)) continue;
      thing.tree ??= treeOf(thing.mesh);
      const hit = firstHit(thing.tree, origin, direction, best?.distance);
      if (hit) best = { ...hit, thing };
    }
    skinTree.tree ??= treeOf(skin);
    const onSkin = firstHit(skinTree.tree, origin, direction);
    if (!best && !onSkin) return null;
    const where = (hit) => direction.map((value, k) => origin[k] + hit.distance * value);
    return {
      kind: best ? best.thing.kind : "skin",
      id: best ? best.thing.id : null,
      side: best ? best.thing.side : null,
      xyz_mm: where(best ?? onSkin),
      skin: onSkin ? { vertices: [0, 1, 2].map((k) => skin.faces[3 * onSkin.face + k]), xyz_mm: where(onSkin) } : null,
    };
  }

  // --- what is shown ------------------------------------------------------------------------------------------
  let shownPaint = "";
  let shownDrawing = null;
  let shownWindow = "";
  let revealing = null;
  let pressing = null; // while a place is pressed: the frame that is asked for
  let shownAttached = "";

  /** Light the places on bones where the chosen muscles are fixed. */
  function showAttached(chosen, bones) {
    const muscles = bones ? chosen.map((key) => things.get(key)).filter((thing) => thing?.kind === "muscle") : [];
    const key = muscles.map((thing) => `${thing.id}/${thing.side}`).join();
    if (key === shownAttached) return;
    shownAttached = key;
    const ends = [];
    for (const side of new Set(muscles.map((thing) => thing.side))) {
      const own = muscles.filter((thing) => thing.side === side).map(({ id, mesh }) => ({ ...mesh, named: body.bonesNamed(id) }));
      const near = [...things.values()].filter((thing) => thing.kind === "bone" && [side, "midline"].includes(thing.side));
      ends.push(attachmentsOf(own, near.map((thing) => thing.mesh)));
    }
    const all = (make) => joined(ends.map(make));
    replace(lines.attached, joined([all((found) => found.origin.patch), all((found) => found.insertion.patch)]));
    replace(lines.origin, all((found) => found.origin.outline));
    replace(lines.insertion, all((found) => found.insertion.outline));
  }

  /** Let the shown paint spread from some places, as long as it is not let go. */
  function spread({ reach_mm: reach }) {
    if (still()) {
      Object.assign(uniforms, STILL, { pressGlow: 1 });
      request();
      return;
    }
    const first = Math.min(1800, Math.max(650, reach / 0.13)); // milliseconds until the core is there
    const start = performance.now();
    const step = (now) => {
      if (pressing === null || removed) return;
      const time = Math.max(0, now - start);
      const share = Math.min(1, time / first);
      const after = Math.min(1, Math.max(0, (time - 0.85 * first) / 800));
      uniforms.pressFront = (reach + 14) * share;
      uniforms.pressSpill = 1.15 * after;
      uniforms.pressDeep = Math.min(1, Math.max(0, (share - 0.6) / 0.4));
      uniforms.pressGlow = Math.min(1, time / 160);
      request();
      pressing = after < 1 ? requestAnimationFrame(step) : 0;
    };
    Object.assign(uniforms, { pressFront: 0, pressSpill: 0, pressDeep: 0, pressGlow: 0 });
    pressing = requestAnimationFrame(step);
  }

  /** How much of some paint is seen from a pose: mm2, less where it is turned away, spillover less than core. */
  function seenFrom(from, { core, spillover }) {
    const { toEye } = axesOf(from);
    let seen = 0;
    for (let v = 0; v < weights.count; v += 1) {
      const amount = core[v] > 127 ? 1 : spillover[v] > 127 ? 0.4 : 0;
      if (!amount) continue;
      const facing = facingOf(v, toEye);
      if (facing > 0.2) seen += amount * facing * body.vertexAreas[v];
    }
    return seen;
  }
  const facingOf = (v, toEye) => dot(toEye, [skinNormals[3 * v], skinNormals[3 * v + 1], skinNormals[3 * v + 2]]);
  const poseOf = (name) => poseFor(name, box, ...size, insetsOf());

  /** Turn to a key view that shows what is pressed, unless the present view does. */
  function turnToPressed(paint, feet) {
    // less where the pressed place itself is turned away
    const seen = (from) => seenFrom(from, paint) * (feet.some((v) => facingOf(v, axesOf(from).toEye) > 0) ? 1 : 0.4);
    const best = KEY_VIEWS.map(poseOf).map((target) => [seen(target), target]).reduce((a, b) => (b[0] > a[0] ? b : a));
    if (seen(pose) < 0.6 * best[0]) moveTo(best[1], 700);
  }

  function showPaint(entries, groups = []) {
    const key = JSON.stringify([entries, groups]);
    if (key === shownPaint) return false;
    shownPaint = key;
    const { core, spillover } = weights.paint(entries);
    for (let k = 0; k < weights.count; k += 1) {
      paintValues[3 * k] = core[k] / 255;
      paintValues[3 * k + 1] = spillover[k] / 255;
    }
    const both = spillover.map((value, k) => Math.min(255, value + core[k]));
    uniforms.comparing = marking.show(groups) ? 1 : 0;
    skinData.getPointData().getArrayByName("marks").setData(marking.values, 3);
    replaceArriving(lines.core, ribbonOf(outlinesOf(skin, skinNormals, core), { width: 1.3, lift: 0.6 }), 0);
    replaceArriving(lines.spillover, ribbonOf(outlinesOf(skin, skinNormals, both), { width: 0.9, lift: 0.55, dash: 5, gap: 3.5 }), 1);
    replaceArriving(lines.dots, dotsOf(skin, skinNormals, spillover, body.dots.vertices, body.dots.radii, 0.7), 1);
    if (groups.length) for (const name of ["core", "spillover", "dots"]) lines[name].setVisibility(false); // each group draws its own
    reveal();
    return true;
  }

  /** Where the skin is opened: over the chosen structures; over the left half while nothing is chosen. */
  function showWindow(chosen, closed) {
    const key = closed ? "closed" : chosen.join();
    if (key === shownWindow && key) return false;
    shownWindow = key;
    const opened = closed ? new Float32Array(weights.count) : chosen.length ? openedOver(skin.positions, chosen.map((name) => things.get(name)?.mesh.positions).filter(Boolean)) : openedLeft(skin.positions);
    for (let k = 0; k < weights.count; k += 1) paintValues[3 * k + 2] = opened[k];
    return true;
  }

  function reveal() {
    if (revealing) cancelAnimationFrame(revealing);
    revealing = null;
    if (still() || pressing !== null) {
      uniforms.reveal = 1;
      request();
      return;
    }
    const start = performance.now();
    const step = (now) => {
      uniforms.reveal = Math.min(1, (now - start) / 380);
      request();
      revealing = uniforms.reveal < 1 && !removed ? requestAnimationFrame(step) : null;
    };
    uniforms.reveal = 0;
    revealing = requestAnimationFrame(step);
  }

  let removed = false;
  const watcher = new ResizeObserver(resize);
  watcher.observe(place);
  const onAwake = () => document.hidden || resize(); // after a sleep the picture may be empty
  document.addEventListener("visibilitychange", onAwake);
  resize();

  const way = makeWayShapes(things, style, (data, colour, opacity) => {
    const actor = actorOf(data, colour, { scene: front, ambient: 0.45, diffuse: 0.6 });
    actor.getProperty().setOpacity(opacity);
    actor.getProperty().setBackfaceCulling(true);
    return actor;
  });

  return {
    canvas,
    /** Let the paint of a scene spread over the skin from places in the body, until it is let go. */
    press(scene, places) {
      if (pressing) cancelAnimationFrame(pressing);
      pressing = 0;
      const field = spreadOf(skin, skinNormals, places, weights.paint(scene.paint));
      pressValues.set(field.values);
      skinData.getPointData().getArrayByName("press").setData(pressValues, 3);
      shownPaint = null;
      this.show({ ...scene, compare: [] });
      turnToPressed(weights.paint(scene.paint), field.feet);
      spread(field);
      return field;
    },
    /** Let go: the still picture of a scene fades in again. */
    release(scene) {
      if (pressing === null) return;
      cancelAnimationFrame(pressing);
      pressing = null;
      Object.assign(uniforms, STILL);
      this.show(scene);
      reveal();
    },
    /** For tests: uniforms of the shading, and what is lit on the bones (corner points, mm). */
    shading: () => ({ ...uniforms }),
    attached: () => (lines.attached.getVisibility() ? [...lines.attached.getMapper().getInputData().getPoints().getData()] : []),
    /** Show a scene of {@link sceneOf}. */
    show(scene) {
      for (const [key, look] of Object.entries(scene.structures)) {
        const thing = things.get(key);
        if (!thing) continue;
        thing.actor.setVisibility(look.visible);
        thing.actor.getProperty().setColor(...rgb(look.colour));
      }
      const deep = new Map(scene.deep.map((entry) => [entry.area, entry]));
      for (const thing of things.values()) {
        if (thing.kind === "bone") thing.actor.setVisibility(scene.bones);
        if (thing.kind === "deep") {
          const entry = deep.get(thing.id);
          const on = scene.deep.some((d) => d.area === thing.id && (d.side === thing.side || d.side === "midline"));
          thing.actor.setVisibility(on);
          thing.actor.getProperty().setOpacity(entry?.role === "core" ? 0.9 : 0.5);
          thing.actor.getProperty().setColor(...rgb(entry?.drawn ? style.drawn : style.deep));
        }
      }
      uniforms.glass = scene.skin;
      seam?.setVisibility(scene.skin > 0.9);
      const chosen = Object.keys(scene.structures).filter((key) => scene.structures[key].chosen);
      showAttached(chosen, scene.bones);
      way.show(scene.way ?? []);
      const changed = [showPaint(scene.paint, scene.compare ?? []), showWindow(chosen, scene.closed)];
      if (changed.some(Boolean)) {
        skinData.getPointData().getArrayByName("paint").setData(paintValues, 3);
        skinData.modified();
      }
      request();
    },
    /** Show pain that a person drew (0..1 for each vertex, or null for none), striped and outlined. */
    showDrawing(values) {
      lines.live.setVisibility(false);
      if (values === shownDrawing) return;
      shownDrawing = values;
      for (let v = 0; v < weights.count; v += 1) drawnValues[2 * v] = values ? values[v] : 0;
      skinData.getPointData().getArrayByName("drawn").setData(drawnValues, 2);
      skinData.modified();
      const chains = values ? outlinesOf(skin, skinNormals, Float32Array.from(values, (value) => 255 * value)) : [];
      replace(lines.drawn, ribbonOf(chains, { width: 1.5, lift: 0.9, dash: 9, gap: 3 }));
      request();
    },
    /** Show a drawing while it is painted: only its triangles, since changing the whole skin would make the hand wait. */
    showLive(values) {
      replace(lines.live, raisedPatch(skin, skinNormals, values, 0.8));
      request();
    },
    skinAt,
    /** Turn to a key view and show a box of the body (none: head and shoulders). */
    look(view, wanted = null, milliseconds) {
      resize(); // what stands around the view may just have changed its size
      box = wanted ?? HEAD_AND_SHOULDERS;
      const target = poseFor(view, box, ...size, insetsOf(wanted));
      framed = target.distance;
      moveTo(target, milliseconds);
    },
    /** Turn, shift or come nearer by steps, for the keyboard. */
    nudge: (dx, dy) => moveTo(turned(pose, asMirror ? -dx : dx, dy), 120),
    zoom: (factor) => moveTo(zoomed(pose, factor), 120),
    /** A box around the paint and around structures, at least as large as a hand. */
    boxOf(scene) {
      let out;
      const { core, spillover } = weights.paint(scene.paint);
      const points = [];
      for (let k = 0; k < weights.count; k += 1) {
        if (core[k] > 127 || spillover[k] > 127) points.push(skin.positions[3 * k], skin.positions[3 * k + 1], skin.positions[3 * k + 2]);
      }
      if (points.length) out = boundsOf(points);
      for (const [key, look] of Object.entries(scene.structures)) {
        if (look.chosen && things.has(key)) out = boundsOf(things.get(key).mesh.positions, out);
      }
      return out ?? null;
    },
    /**
     * The key view from which most of some paint is seen.
     * @param {number} content what the three-quarter view has to show for staying, as a share of what the best other one shows
     */
    bestView(entries, content = 1.05) {
      const paint = weights.paint(entries);
      const seen = (name) => seenFrom(poseOf(name), paint);
      let best = [null, 0];
      for (const view of STRAIGHT_VIEWS) if (seen(view) > 1.05 * best[1]) best = [view, seen(view)];
      return best[0] && seen("three_quarter") <= content * best[1] ? best[0] : "three_quarter";
    },
    /** Show the body of a variant, or the average body (null); then show the scene again. */
    wear,
    /** Colours of the skin and of the paint on it. */
    tint,
    meshOf: (key) => (key === "skin" ? skin : things.get(key)?.mesh),
    project(point) {
      const place = project(pose, point, ...size);
      return { ...place, x: across(place.x) };
    },
    /** Show the picture as in a mirror, or as it is. */
    mirror(on) {
      asMirror = on;
      canvas.style.transform = on ? "scaleX(-1)" : "";
      request();
    },
    across,
    /** The picture as it stands, on a canvas of its own. */
    snapshot() {
      draw();
      const copy = document.createElement("canvas");
      [copy.width, copy.height] = [canvas.width, canvas.height];
      const brush = copy.getContext("2d");
      if (asMirror) brush.setTransform(-1, 0, 0, 1, copy.width, 0);
      brush.drawImage(canvas, 0, 0);
      return { image: copy, width: size[0], height: size[1] };
    },
    /** A square picture from a key view, with what `over` tells of that moment; the view itself stays as it stands. */
    shoot(name, wanted, side, over) {
      const [own, ownSize] = [pose, size];
      size = [side, side];
      glWindow.setSize(2 * side, 2 * side);
      pose = poseFor(name, wanted ?? HEAD_AND_SHOULDERS, side, side, { top: 0, bottom: 0 });
      uniforms.reveal = 1;
      try {
        return { ...this.snapshot(), over: over() };
      } finally {
        [pose, size] = [own, ownSize];
        resize();
      }
    },
    /** Of some vertices of the skin the one nearest to the middle of those that are seen, or null: its place, mm. */
    spotOn(vertices) {
      const { toEye } = axesOf(pose);
      const facing = vertices.filter((v) => dot(toEye, skinNormals.subarray(3 * v, 3 * v + 3)) > 0.25);
      if (!facing.length) return null;
      const at = (v) => skin.positions.subarray(3 * v, 3 * v + 3);
      const middle = [0, 1, 2].map((k) => facing.reduce((sum, v) => sum + at(v)[k], 0) / facing.length);
      const away = (v) => Math.hypot(...middle.map((value, k) => at(v)[k] - value));
      for (const v of facing.sort((a, b) => away(a) - away(b)).slice(0, 40)) {
        const { x, y } = project(pose, at(v), ...size);
        const hit = x > 0 && y > 0 && x < size[0] && y < size[1] ? skinAt(x, y) : null;
        if (hit && Math.hypot(...hit.xyz_mm.map((value, k) => value - at(v)[k])) < 3) return [...at(v)];
      }
      return null;
    },
    size: () => size,
    /** How far the eye is, as a share of the distance that shows what was asked for. */
    nearness: () => pose.distance / framed,
    /** Places of those of some vertices of the skin that look towards the eye. */
    facing(vertices) {
      const { toEye } = axesOf(pose);
      return vertices.filter((v) => dot(toEye, skinNormals.subarray(3 * v, 3 * v + 3)) > 0.1).map((v) => skin.positions.subarray(3 * v, 3 * v + 3));
    },
    /** How solid the skin is at a triangle, 0..1, but for its edges; and whether it is painted there. */
    skinCover(vertices) {
      const mean = (k) => vertices.reduce((sum, v) => sum + paintValues[3 * v + k], 0) / vertices.length;
      return { solid: uniforms.glass * (1 - 0.8 * mean(2)), painted: mean(0) > 0.5 };
    },
    /** The box [left, top, right, bottom] that shapes fill in the picture, or null. */
    pictureOf(keys) {
      const out = [Infinity, Infinity, -Infinity, -Infinity];
      for (const key of keys) {
        const positions = things.get(key)?.mesh.positions ?? [];
        for (let k = 0; k < positions.length; k += 3) {
          const { x, y } = this.project(positions.subarray(k, k + 3));
          [out[0], out[1], out[2], out[3]] = [Math.min(out[0], x), Math.min(out[1], y), Math.max(out[2], x), Math.max(out[3], y)];
        }
      }
      return out[0] < out[2] ? out : null;
    },
    /** Does the skin near a point face the eye? */
    faces(point) {
      const { toEye } = axesOf(pose);
      const outward = point[1] > 20 ? [point[0] * 0.6, 60, 0] : [point[0], -40, 0];
      return dot(toEye, outward) > -10;
    },
    pick: (x, y) => pick(across(x), y),
    ray: (x, y) => rayThrough(pose, across(x), y, ...size),
    pose: () => pose,
    /** Stand where another view stood. */
    stand(where) {
      resize();
      hold();
      turn(where);
    },
    frames: () => painted,
    /** Nothing moves, and what is shown is drawn. */
    resting: () => !asked && !moving && !revealing && !pressing,
    redraw: request,
    remove() {
      removed = true;
      watcher.disconnect();
      document.removeEventListener("visibilitychange", onAwake);
      if (moving) cancelAnimationFrame(moving);
      if (revealing) cancelAnimationFrame(revealing);
      if (pressing) cancelAnimationFrame(pressing);
      glWindow.getContext()?.getExtension("WEBGL_lose_context")?.loseContext();
      window3d.delete();
      glWindow.setContainer(null);
      glWindow.delete();
    },
  };
}

function sightOf(mesh) {
  const bounds = boundsOf(mesh.positions);
  const centre = [0, 1, 2].map((k) => (bounds[k] + bounds[k + 3]) / 2);
  const values = mesh.positions.map((value, k) => value - centre[k % 3]);
  return { sight: { values, width: 3 } };
}
