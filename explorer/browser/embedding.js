// Showing the explorer inside another page: the snippet, and which pages the server lets do so.

/** What a course page takes in to show a state. */
export function snippetOf(link, title) {
  const url = new URL(link);
  url.search = "?embed";
  const safe = (text) => text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
  return `<iframe src="${safe(url.href)}" title="${safe(title)}" width="100%" height="640" style="border:0" loading="lazy" allow="fullscreen; clipboard-write"></iframe>`;
}

/**
 * Which other sites may show this one in a frame, as its content security policy says.
 *
 * @returns {Promise<string[]|null>} origins; empty when none may, null when the server does not say or cannot be asked
 */
export async function embedders(place = location) {
  let policy;
  try {
    policy = (await fetch(`${place.origin}${place.pathname}`, { method: "HEAD" })).headers.get("Content-Security-Policy");
  } catch {
    return null;
  }
  const said = /(?:^|;)\s*frame-ancestors\s+([^;]*)/.exec(policy ?? "")?.[1];
  return said === undefined ? null : said.split(/\s+/).filter((source) => source && !["'self'", "'none'"].includes(source));
}
