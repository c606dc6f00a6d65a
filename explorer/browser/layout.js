// Where names stand: beside the body, left and right, so that nothing is covered and lines do not cross.

const STEP = 7; // pixels from place to place that is tried
const INSETS = [10, 56]; // pixels from the edge
const CROSSED = 260; // what two lines that cross cost, in pixels of way
const ROUNDS = 60;

/** Do two boxes [left, top, right, bottom] come nearer than so much? */
export function meets(a, b, away = 0) {
  return a[0] < b[2] + away && b[0] < a[2] + away && a[1] < b[3] + away && b[1] < a[3] + away;
}

/** Do two stretches of line cross? */
export function crosses([a, b], [c, d]) {
  const turn = (p, q, r) => (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]);
  return turn(a, b, c) > 0 !== turn(a, b, d) > 0 && turn(c, d, a) > 0 !== turn(c, d, b) > 0;
}

/** Does a stretch of line pass through a box? */
export function passes([p, q], [left, top, right, bottom]) {
  const inside = ([x, y]) => x > left && x < right && y > top && y < bottom;
  if (inside(p) || inside(q)) return true;
  const corners = [[left, top], [right, top], [right, bottom], [left, bottom]];
  return corners.some((corner, k) => crosses([p, q], [corner, corners[(k + 1) % 4]]));
}

/**
 * Give each name a place, those that come first before the others; what finds no place is left out.
 * @param {Array<{anchor: number[], size: number[]}>} entries
 * @param {{width: number, height: number, over: number[][], face: number[]|null, away: number}} room what must stay free
 * @returns {Array<Object>} entries with `box` [left, top, right, bottom] and `from`, where the line leaves it
 */
export function arranged(entries, { width, height, over, face, away }) {
  const kept = face ? [...over, face] : over;
  const ends = entries.map(({ anchor: [x, y] }) => [x - 3, y - 3, x + 3, y + 3]);
  const inFace = ([x, y]) => face && meets([x, y, x, y], face);

  /** What it costs to put a name somewhere beside others that stand; null where it may not stand. */
  function tried(own, side, inset, top, others) {
    const { size: [w, high], anchor } = entries[own];
    const left = side === "left" ? inset : width - inset - w;
    const box = [left, top, left + w, top + high];
    if (top < away || top + high > height - away) return null;
    if (kept.some((other) => meets(box, other, away)) || others.some((other) => meets(box, other.box, away))) return null;
    if (ends.some((end, k) => k !== own && meets(box, end, 2))) return null;
    const from = [side === "left" ? left + w + 3 : left - 3, top + high / 2];
    if ((side === "left") !== from[0] < anchor[0]) return null; // the line would run back through its own name
    const line = [from, anchor];
    if (others.some((other) => passes([other.from, other.anchor], box) || passes(line, other.box))) return null;
    let cost = Math.hypot(from[0] - anchor[0], from[1] - anchor[1]) + 0.9 * Math.abs(from[1] - anchor[1]) + 1.6 * (inset - INSETS[0]);
    cost += CROSSED * others.filter((other) => crosses(line, [other.from, other.anchor])).length;
    cost += 120 * over.filter((other) => passes(line, other)).length;
    cost += 90 * ends.filter((end, k) => k !== own && passes(line, end)).length;
    if (face && passes(line, face)) cost += inFace(anchor) ? 40 : 300;
    return { ...entries[own], index: own, column: side, inset, cost, box, from };
  }

  function bestOf(own, others) {
    let best = null;
    for (const side of ["left", "right"]) {
      for (const inset of INSETS) {
        for (let top = away; top < height; top += STEP) {
          const found = tried(own, side, inset, top, others);
          if (found && (!best || found.cost < best.cost)) best = found;
        }
      }
    }
    return best;
  }

  const out = [];
  entries.forEach((entry, own) => {
    const best = bestOf(own, out);
    if (best) out.push(best);
  });
  for (let round = 0; round < ROUNDS && untangled(); round += 1);
  return out;

  /** Let one pair whose lines cross exchange places, or find better ones. @returns {boolean} whether a pair did */
  function untangled() {
    for (let a = 0; a < out.length; a += 1) {
      for (let b = 0; b < a; b += 1) {
        const [one, other] = [out[a], out[b]];
        if (!crosses([one.from, one.anchor], [other.from, other.anchor])) continue;
        const rest = out.filter((entry) => entry !== one && entry !== other);
        const before = total([...rest, one, other]);
        const pairs = [
          () => [tried(one.index, other.column, other.inset, middled(one, other), rest), (first) => tried(other.index, one.column, one.inset, middled(other, one), [...rest, first])],
          () => [bestOf(one.index, rest), (first) => bestOf(other.index, [...rest, first])],
          () => [bestOf(other.index, rest), (first) => bestOf(one.index, [...rest, first])],
        ];
        for (const pair of pairs) {
          const [first, then] = pair();
          const second = first && then(first);
          if (!second || total([...rest, first, second]) >= before - 1) continue;
          const [mine, theirs] = first.index === one.index ? [first, second] : [second, first];
          [out[a], out[b]] = [mine, theirs];
          return true;
        }
      }
    }
    return false;
  }

  /** Where the top of one name lies when it stands around the middle of another. */
  function middled(one, other) {
    return (other.box[1] + other.box[3]) / 2 - one.size[1] / 2;
  }

  function total(all) {
    return all.reduce((sum, entry) => sum + (tried(entry.index, entry.column, entry.inset, entry.box[1], all.filter((other) => other !== entry))?.cost ?? 1e6), 0);
  }
}
