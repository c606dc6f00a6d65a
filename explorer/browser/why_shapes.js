// The described way drawn in the view: nerves, nucleus and cord over everything else, as if seen through the body.

/** Colour (a name in style.json) and opacity of each role; the cord is drawn last, since the nucleus lies in it. */
const LOOK = { nerve: ["way_nerve", 1], division: ["way_division", 1], nucleus: ["way_nucleus", 1], cord: ["way_cord", 0.55] };

/**
 * @param {Map<string, {actor: Object}>} things shapes of the view by `<id>/<side>`; what is drawn here shares their data
 * @param {Object} style
 * @param {(data: Object, colour: string, opacity: number) => Object} make an actor in the layer in front
 */
export function makeWayShapes(things, style, make) {
  const made = new Map();
  return {
    /** @param {Array<{key: string, role: string}>} way of a scene */
    show(way) {
      const wanted = new Set(way.map(({ key, role }) => `${key}/${role}`));
      for (const [name, actor] of made) actor.setVisibility(wanted.has(name));
      const order = Object.keys(LOOK);
      for (const { key, role } of [...way].sort((a, b) => order.indexOf(a.role) - order.indexOf(b.role))) {
        const thing = things.get(key);
        if (thing && !made.has(`${key}/${role}`)) {
          const [colour, opacity] = LOOK[role];
          made.set(`${key}/${role}`, make(thing.actor.getMapper().getInputData(), style[colour], opacity));
        }
      }
    },
  };
}
