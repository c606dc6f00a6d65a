"""The whole explorer as plain files for any web server: same component, same scoring, no Python behind it."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from explorer import __version__, folders
from explorer.assets import Asset, Assets, site_sheet
from explorer.export.vtkjs import LICENCE, vtkjs
from explorer.export.whole import whole_folder
from explorer.pages import PAGES, EveryLanguage

if TYPE_CHECKING:
    from explorer.atlas import Atlas

#: by this file an exported folder is known; it lists all others with their hashes
MARK = "export.json"
FOLDER = "assets/"
LICENCES = "licences.txt"
#: what starts the explorer on a page
START = """import { mount } from "./CODE";
const places = JSON.parse(document.getElementById("places").textContent);
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault(); // the page's fragment holds what is chosen, so the link moves the focus without it
  document.getElementById("explorer").focus();
});
// a root of its own, as Panel gives it: the style sheet of the text pages stays outside
const inside = document.createElement("div");
inside.style.height = "100%";
document.getElementById("place").attachShadow({ mode: "open" }).append(inside);
mount(inside, { ...places, vtk: window.vtk, linked: true });
"""
#: style sheets that vtk.js 30.1 puts into each page for parts of it that are not used here: refused without harm, but
#: each refusal would stand in the console
VTK_STYLES = " ".join(
    f"'sha256-{digest}='"
    for digest in (
        "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU",
        "dqsNSwMwaaYeUJDQK0nKmF7De9rr8Q7htODTErY0iOM",
        "0sv6tlg1mln09SP8ALumGRpj/E24Qatl0XNyyf7aZfI",
        "fkk/J7Y4p52rRaDmTJ16XUKUsllAiCp5WozeQIcoRdU",
        "0oOXbxk/5nybI1JwnaCdvyemU7YjFvsWbDIESSU5HX8",
        "iRtf1ShhRaK0pVWFR6qQgv7qad5bUec/+LtbEK5Zj2s",
    )
)
#: what a page may load: its own files, and no inline code but that whose hash is named
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": f"'self' {VTK_STYLES}",
    "img-src": "'self' data: blob:",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
}


@dataclass(frozen=True, slots=True)
class SiteExport:
    """What was written: how many files, their bytes, and their bytes as a compressing server sends them (gzip -9)."""

    files: int
    bytes: int
    packed: int


def inline_hashes(page: str) -> list[str]:
    """Hashes of the inline scripts of a page as a content security policy names them."""
    scripts = re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
    return [f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in scripts]


def guarded(page: str) -> str:
    """A page with its content security policy; its first place is right after the declaration of its letters."""
    rules = POLICY | {"script-src": " ".join(["'self'", *inline_hashes(page)])}
    policy = "; ".join(f"{name} {value}" for name, value in rules.items())
    letters = '<meta charset="utf-8">'
    metas = (
        f'{letters}\n<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="referrer" content="no-referrer">'
    )
    if page.count(letters) != 1:
        raise ValueError(f"a page says {page.count(letters)} times what letters it is written in; once is right")
    return page.replace(letters, metas)


def as_files(page: str, names: tuple[str, ...]) -> str:
    """A page whose links lead to files: ``patterns#x`` becomes ``patterns.html#x``."""
    choice = "|".join(re.escape(name) for name in names)
    page = re.sub(rf'(href=")({choice})(["#])', r"\1\2.html\3", page)
    return re.sub(r'(href=")\./(\?lang=\w+)?(["#])', r"\1index.html\2\3", page)


def _files(atlas: Atlas) -> dict[str, bytes]:
    """Every file of the site, by its place, except the mark."""
    assets = Assets(atlas)
    sheet, vtk = site_sheet(), vtkjs()
    every = EveryLanguage(atlas, FOLDER + sheet.name)
    pages = every.english
    start = START.replace("CODE", assets.code.name).encode()
    start_name = f"start-{hashlib.sha256(start).hexdigest()[:16]}.js"
    places = assets.places(FOLDER, _plain_name) | {"pageEnding": ".html"}
    places["sources"]["vtk"] = {"url": FOLDER + vtk.name, "bytes": len(vtk.content)}
    out: dict[str, bytes] = {}
    for asset in (*assets.all, sheet, vtk):
        # servers differ in what they make of the ending .gz, so what the browser unpacks by itself does not have it
        out[FOLDER + _plain_name(asset)] = gzip.decompress(asset.content) if asset.transparent else asset.content
    out[FOLDER + start_name] = start
    environment = Environment(
        loader=PackageLoader("explorer", "pages"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    index = environment.get_template("static.html").render(
        t=pages.text,
        pages=PAGES,
        here="./",
        languages=[],
        site_sheet=pages.site_sheet,
        vtk=FOLDER + vtk.name,
        start=FOLDER + start_name,
        places=places,
        preload=[entry["url"] for entry in places["assets"].values()],
    )
    for name, text in {"index": index, **{name: every.render(name) for name in every.names}}.items():
        out[f"{name}.html"] = guarded(as_files(text, every.names)).encode()
    own = [folders.MESHES / "LICENSES.md", LICENCE]
    out[LICENCES] = b"\n\n".join(path.read_bytes() for path in own)
    return out


def _plain_name(asset: Asset) -> str:
    return re.sub(r"\.(json|bin)\.gz$", ".bin", asset.name)


def _packed(name: str, content: bytes) -> int:
    return len(content) if name.endswith(".bin") else len(gzip.compress(content, 9, mtime=0))


def export_site(atlas: Atlas, folder: Path) -> SiteExport:
    """Write the explorer as plain files.

    Parameters
    ----------
    atlas : Atlas
    folder : Path
        Made whole or not at all; an older export there is replaced.

    Raises
    ------
    ExplorerError
        When something else is there.
    """
    with whole_folder(folder, MARK) as part:
        files = _files(atlas)
        mark: dict[str, Any] = {
            "what": "Referred Pain Explorer, static site",
            "code": __version__,
            "dataset": atlas.dataset.version,
            "files": {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())},
        }
        files[MARK] = (json.dumps(mark, indent=2) + "\n").encode()
        for name, content in files.items():
            place = part / name
            place.parent.mkdir(exist_ok=True)
            place.write_bytes(content)
    return SiteExport(
        len(files), sum(map(len, files.values())), sum(_packed(name, content) for name, content in files.items())
    )
