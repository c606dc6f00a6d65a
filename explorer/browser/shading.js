// Own shading on vtk.js mappers: the glass skin with its paint, muscle fibres, and the eye.
// Text is put in at vtk.js's template marks; `replaceFirst: true` keeps the mark for vtk.js's own code.

import { HATCH_ATTRIBUTES, HATCH_DECLARATIONS, HATCH_SHADING } from "./hatch.js";

function replacement(shaderType, mark, text, { first = true } = {}) {
  return {
    shaderType,
    originalValue: mark,
    replaceFirst: first,
    replacementValue: `${text}\n${mark}`,
    replaceAll: false,
  };
}

/** Hand a point-data array of `size` numbers through to the fragment shader as `<name>VS`. */
function passThrough(name, size) {
  const type = size === 1 ? "float" : `vec${size}`;
  return [
    replacement("Vertex", "//VTK::Normal::Dec", `attribute ${type} ${name}MC;\nvarying ${type} ${name}VS;`),
    replacement("Vertex", "//VTK::PositionVC::Impl", `${name}VS = ${name}MC;`),
    replacement("Fragment", "//VTK::Normal::Dec", `varying ${type} ${name}VS;`),
  ];
}

function after(mark, text) {
  return { shaderType: "Fragment", originalValue: mark, replaceFirst: false, replacementValue: `${text}\n${mark}`, replaceAll: false };
}

function install(mapper, attributes, declarations, body, uniforms) {
  const own = mapper.getViewSpecificProperties();
  own.OpenGL = {
    ShaderReplacements: [
      ...Object.entries(attributes).flatMap(([name, size]) => passThrough(name, size)),
      replacement("Fragment", "//VTK::Light::Dec", declarations),
      after("//VTK::Light::Impl", body),
    ],
  };
  own.ShadersCallbacks = [
    {
      userData: uniforms,
      callback: (values, cells) => {
        const program = cells.getProgram();
        for (const [name, value] of Object.entries(values)) {
          if (!program.isUniformUsed(name)) continue;
          if (Array.isArray(value)) program.setUniform3f(name, ...value);
          else program.setUniformf(name, value);
        }
      },
    },
  ];
  mapper.setCustomShaderAttributes(Object.keys(attributes));
}

/**
 * Skin: opaque where painted, glass elsewhere, more solid towards its edge.
 * Needs the point arrays `paint` (core, spillover and window, each 0..1) and `drawn` (pain that a person drew, 0..1, and
 * its stripes, a number that rises by 1 from stripe to stripe), `press` (see spread.js: distance in mm, arrival, way) and
 * `light` (0..1), and those of hatch.js.
 */
export function shadeSkin(mapper, uniforms) {
  install(
    mapper,
    { paint: 3, drawn: 2, press: 3, light: 1, ...HATCH_ATTRIBUTES },
    "const vec3 warmShadow = vec3(0.42, 0.30, 0.26);\nuniform float pressFront;\nuniform float pressSpill;\nuniform float pressGlow;\nuniform vec3 glowColour;\nuniform vec3 drawnColour;\nuniform float glass;\nuniform float reveal;\nuniform vec3 coreColour;\nuniform vec3 spillColour;" + HATCH_DECLARATIONS,
    `
  vec3 toEye = normalize(-vertexVC.xyz);
  float facing = max(dot(normalVCVSOutput, toEye), 0.0);
  float rim = pow(1.0 - facing, 2.2);
  float light = clamp(dot(gl_FragData[0].rgb, vec3(0.333)) / max(dot(diffuseColor, vec3(0.333)), 0.01), 0.0, 1.15);
  float soft = max(fwidth(paintVS.x), 0.002);
  float core = smoothstep(0.5 - soft, 0.5 + soft, paintVS.x) * reveal * (1.0 - smoothstep(pressFront - 4.0, pressFront, pressVS.x));
  float spill = smoothstep(0.42, 0.58, paintVS.y) * reveal * (1.0 - core) * (1.0 - smoothstep(pressSpill - 0.1, pressSpill, pressVS.y));
  vec3 shade = gl_FragData[0].rgb * mix(warmShadow, vec3(1.0), lightVS);
  shade = mix(shade, spillColour * (0.25 + 0.75 * light), 0.30 * spill * (1.0 - comparing));
  shade = mix(shade, coreColour * (0.35 + 0.65 * light), core * (1.0 - comparing));
  float open = glass * (1.0 - 0.80 * paintVS.z);
  float cover = clamp(open + (1.0 - open) * 0.65 * rim * step(0.01, glass), 0.0, 1.0);
  cover = max(cover, max((0.94 - 0.6 * paintVS.z) * core * (1.0 - comparing), 0.55 * spill));${HATCH_SHADING}
  float crest = (pressVS.x - pressFront + 4.0) / 7.0;
  float run = pressVS.z * (exp(-crest * crest) + 0.35 * step(pressVS.x, pressFront));
  float finger = exp(-pressVS.x * pressVS.x / 90.0);
  float lit = pressGlow * clamp(max(finger, 0.8 * run * (1.0 - core)), 0.0, 1.0);
  shade = mix(shade, glowColour, lit);
  cover = max(cover, 0.92 * lit);
  float edge = max(fwidth(drawnVS.x), 0.002);
  float mine = smoothstep(0.5 - edge, 0.5 + edge, drawnVS.x);
  float band = abs(fract(drawnVS.y) - 0.5) * 2.0;
  float blur = max(2.0 * fwidth(drawnVS.y), 0.02);
  float stripe = smoothstep(0.5 - blur, 0.5 + blur, band);
  shade = mix(shade, drawnColour * (0.3 + 0.7 * light), mine * mix(0.22, 0.85, stripe));
  cover = max(cover, mine * mix(0.6, 0.95, stripe));
  gl_FragData[0] = vec4(shade, cover);`,
    uniforms,
  );
}

/** Lines and dots that appear when a spreading pattern reaches them. Needs the point array `press`, compared with one uniform. */
export function shadeArriving(mapper, uniforms, front) {
  install(mapper, { press: 1 }, `uniform float ${front};\nuniform float reveal;`, `  if (pressVS > ${front} || reveal < 0.3) discard;`, uniforms);
}

/** Muscle: fine lines along the fibres, pale tendons at both ends. Needs the point arrays `fibre` (along 0..1, across mm) and `light`. */
export function shadeMuscle(mapper, uniforms) {
  install(
    mapper,
    { fibre: 2, light: 1 },
    "uniform vec3 tendonColour;",
    `
  float lane = fibreVS.y * 0.42;
  float near = 1.0 - smoothstep(0.12, 0.42, fwidth(lane)); // lines finer than a pixel would flicker
  float nearer = 1.0 - smoothstep(0.12, 0.42, 2.7 * fwidth(lane));
  float line = near * 0.6 * sin(6.2832 * lane + 1.3 * sin(fibreVS.x * 9.0 + fibreVS.y * 0.21)) + nearer * 0.4 * sin(6.2832 * lane * 2.7 + 1.7);
  float tendon = 1.0 - smoothstep(0.0, 0.13, min(fibreVS.x, 1.0 - fibreVS.x) + 0.03 * line);
  float light = dot(gl_FragData[0].rgb, vec3(0.333)) / max(dot(diffuseColor, vec3(0.333)), 0.01);
  vec3 flesh = gl_FragData[0].rgb * (1.0 + 0.13 * line);
  gl_FragData[0] = vec4(mix(flesh, tendonColour * light, 0.8 * tendon) * lightVS, opacity);`,
    uniforms,
  );
}

/** Bone: darker in its hollows. Needs the point array `light` (0..1). */
export function shadeBone(mapper) {
  install(mapper, { light: 1 }, "", "  gl_FragData[0] = vec4(gl_FragData[0].rgb * lightVS, opacity);", {});
}

/** Eye: white, iris and pupil by the angle from the line of sight. Needs the point array `sight` (unit vectors from its centre). */
export function shadeEye(mapper) {
  install(
    mapper,
    { sight: 3 },
    "",
    `
  float angle = acos(clamp(-normalize(sightVS).y, -1.0, 1.0));
  float edge = fwidth(angle) + 0.02;
  float iris = 1.0 - smoothstep(0.47 - edge, 0.47 + edge, angle);
  float ring = smoothstep(0.36, 0.47, angle) * iris;
  float pupil = 1.0 - smoothstep(0.19 - edge, 0.19 + edge, angle);
  float light = dot(gl_FragData[0].rgb, vec3(0.333)) / max(dot(diffuseColor, vec3(0.333)), 0.01);
  vec3 colour = mix(vec3(0.93, 0.91, 0.88), vec3(0.36, 0.31, 0.27), iris);
  colour = mix(colour, vec3(0.20, 0.17, 0.15), 0.8 * ring);
  colour = mix(colour, vec3(0.04), pupil);
  gl_FragData[0] = vec4(colour * (0.35 + 0.65 * light), 1.0);`,
    {},
  );
}

/** Deep shape: soft and see-through, denser towards its middle. */
export function shadeDeep(mapper, uniforms) {
  install(
    mapper,
    {},
    "uniform float reveal;\nuniform float pressDeep;",
    `
  float facing = max(dot(normalVCVSOutput, normalize(-vertexVC.xyz)), 0.0);
  gl_FragData[0] = vec4(diffuseColor * (0.55 + 0.45 * facing), opacity * reveal * pressDeep * (0.25 + 0.75 * facing * facing));`,
    uniforms,
  );
}
