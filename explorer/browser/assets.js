// Load the assets: gzip streams, fetched (or handed over as base64) and unpacked in the browser.

const MAGIC = 0x31585052; // "RPX1", little-endian

/** Bytes of one asset as a stream of the network or of a base64 text. */
async function open(source) {
  if (source.base64 !== undefined) {
    const bytes = Uint8Array.from(atob(source.base64), (letter) => letter.charCodeAt(0));
    return { stream: new Blob([bytes]).stream(), total: bytes.length };
  }
  const answer = await fetch(source.url);
  if (!answer.ok) throw new Error(`${source.url}: the server answered ${answer.status}`);
  return { stream: answer.body, total: source.bytes ?? Number(answer.headers.get("content-length")) };
}

/**
 * Fetch and unpack one asset.
 * @param {{url?: string, base64?: string, bytes?: number}} source
 * @param {(bytes: number) => void} progress gets the number of bytes that arrived
 * @returns {Promise<ArrayBuffer>}
 */
export async function load(source, progress = () => {}) {
  const { stream } = await open(source);
  const counted = stream.pipeThrough(
    new TransformStream({
      transform(chunk, controller) {
        progress(chunk.byteLength);
        controller.enqueue(chunk);
      },
    }),
  );
  const bytes = new Uint8Array(await new Response(counted).arrayBuffer());
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes.buffer; // a server that knows gzip has unpacked it already
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
}

/** Fetch and unpack a text. */
export async function loadText(source, progress) {
  return new TextDecoder().decode(await load(source, progress));
}

/** Fetch and unpack a JSON asset. */
export async function loadJson(source, progress) {
  return JSON.parse(await loadText(source, progress));
}

const TYPES = { u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, f4: Float32Array };

/**
 * Read a container of arrays that `explorer/assets.py` packed.
 * @param {ArrayBuffer} buffer
 * @returns {{header: Object, array: (name: string) => ArrayLike<number>}} arrays marked `delta` are summed up again
 */
export function container(buffer) {
  const view = new DataView(buffer);
  if (view.getUint32(0, true) !== MAGIC) throw new Error("an asset is not one of this explorer's files");
  const length = view.getUint32(4, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  const start = 8 + length;
  const array = (name) => {
    const entry = header.arrays[name];
    if (!entry) return undefined;
    const values = new TYPES[entry.type](buffer, start + entry.offset, entry.length);
    if (!entry.delta) return values;
    const out = new TYPES[entry.type](values);
    const width = entry.delta;
    for (let k = width; k < out.length; k += 1) out[k] += out[k - width]; // wraps round, as packed
    return out;
  };
  return { header, array };
}
