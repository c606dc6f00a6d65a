"""What is taken home: the words of a hand-out, the one HTML file, the static site; whole or not at all."""

from __future__ import annotations

import base64
import dataclasses
import gzip
import hashlib
import html
import json
import os
import re
import signal
import subprocess
import sys
import time
from html.parser import HTMLParser
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urldefrag

import pytest

from explorer import folders
from explorer.assets import Assets
from explorer.atlas import Atlas
from explorer.build.sources import read_sources
from explorer.cli import main
from explorer.errors import DataError, ExplorerError
from explorer.export import handout_html, site
from explorer.export.handout import (
    HandoutRequest,
    clean,
    fragment,
    handout_content,
    link_to,
    safe_link,
)
from explorer.export.handout_html import html_of, write_html
from explorer.export.site import export_site
from explorer.export.whole import whole_file, whole_folder
from tests.qr_reader import modules_of, read_qr

ROOT = folders.DATA.parent
#: what somebody may type, or what may stand in a link or a table
HOSTILE = (
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"><svg onload=alert(1)>'",
    "{{packs}} {{ 7 * 7 }} {% raw %} ${1} $& $1",
    "<!-- --> ]]> <!",
    "a\x00b\x07c\x1b[31md\x7f\x9be",
    "left\u202eright\u2066x\u2069 \u200f\u061c\ufeff",
    "line\u2028break\u2029end\r\nnext",
    "z" + "\u0301" * 500,
    "\ud800 lone",
    "x" * 1_000_000,
)


class Reader(HTMLParser):
    """Elements of a page, its text outside of scripts, and where its addresses lead."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.words: list[str] = []
        self.inside: str | None = None
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self.inside = tag
            if tag == "script":
                self.scripts.append((dict(attrs), ""))

    def handle_endtag(self, tag):
        if tag == self.inside:
            self.inside = None

    def handle_data(self, data):
        if self.inside == "script":
            attributes, text = self.scripts[-1]
            self.scripts[-1] = (attributes, text + data)
        elif self.inside is None:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    @property
    def policy(self) -> dict[str, str]:
        [content] = [a["content"] for tag, a in self.tags if a.get("http-equiv") == "Content-Security-Policy"]
        return dict(rule.strip().split(" ", 1) for rule in content.split(";"))


# --- text ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("lines", [False, True])
def test_what_is_typed_becomes_plain_text(text, lines):
    import unicodedata

    out = clean(text, 200, lines)
    assert len(out) <= 200
    kinds = {unicodedata.category(letter) for letter in out if letter != "\n"}
    assert not kinds & {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    assert lines or "\n" not in out
    assert clean(out, 200, lines) == out
    out.encode()  # can be written to a file


def test_what_is_typed_stays_as_it_is_where_it_can():
    assert clean("  Praxis Dr. Ö. Müller & Söhne <3 ", 120) == "Praxis Dr. Ö. Müller & Söhne <3"
    assert clean("one\n\n\n\ntwo \n three", 120, lines=True) == "one\n\ntwo\nthree"
    assert clean("שלום עולם", 120) == "שלום עולם"
    assert clean("x" * 300, 120) == "x" * 119 + "…"


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//example.org",
        "https://",
        "https://user:secret@example.org/",
        "https://example.org/a b",
        "https://example.org/\u202egpj",
        "https://example.org/\x00",
        "https://example.org/<script>",
        "https://example.org:99999999/",
        "file:///etc/passwd",
        "https://example.org/" + "x" * 1_000_000,
    ],
)
def test_only_addresses_of_the_web_are_links(address):
    with pytest.raises(DataError, match=r"give (https://host/path|one of at most)") as fault:
        safe_link(address)
    assert len(str(fault.value)) < 250
    assert str(fault.value).isprintable()


def test_links_lead_to_the_state():
    assert link_to("https://example.org/pain/", ["trapezius_upper", "c2_c3"], "both") == (
        "https://example.org/pain/#v=1&s=trapezius_upper,c2_c3&side=both"
    )
    assert link_to("http://bücher.example:8080/x#old", ["a"]) == "http://xn--bcher-kva.example:8080/x#v=1&s=a"
    assert fragment([], "left") == "v=1"
    assert fragment(["clinic:lev&<"]) == "v=1&s=clinic%3Alev%26%3C"


# --- content ---------------------------------------------------------------------------------------------------


def test_every_structure_has_a_hand_out_with_everything_it_must_say(atlas):
    texts = atlas.dataset.texts["en"]
    for structure in atlas:
        content = handout_content(atlas, HandoutRequest((structure.id,), "right"))
        whole = structure if structure.part_of is None else atlas[structure.part_of]
        [told] = content.structures
        assert told.id == whole.id
        assert [p.plain for p in told.patterns] == [p.plain for p in whole.patterns] == list(content.paragraphs)
        cited = {entry.reference.citation for p in whole.patterns for entry in p.evidence}
        assert {source.citation for source in content.sources} == cited
        assert atlas.dataset.version in content.version
        assert "not a diagnosis" in content.disclaimer
        emergencies = [group for group in content.warnings if group.title == texts["warn.emergency"]]
        assert emergencies
        assert emergencies[0].lead
        if whole.pairing == "paired" and whole.patterns:
            assert "(right)" in content.title
            for pattern, record in zip(told.patterns, whole.patterns, strict=True):
                for name, places in pattern.reach:
                    role = "core" if name == texts["card.core"] else "spillover"
                    rules = [row.side for row in record.areas if row.role == role]
                    assert places.count("(right)") == rules.count("same")
                    assert places.count("(left)") == rules.count("opposite")


def test_red_flags_are_those_of_the_places_that_are_reached(atlas):
    chest = (
        handout_content(atlas, HandoutRequest(("pectoralis_major",)))
        if "pectoralis_major" in atlas.dataset.structures
        else None
    )
    head = handout_content(atlas, HandoutRequest(("temporalis",)))
    said = [sign for group in head.warnings for sign in (*group.signs, *group.others)]
    flags = {flag.id: flag for flag in atlas.dataset.red_flags}
    assert any("headache came on suddenly" in sign for sign in said)
    assert not any("short of breath or faint" in sign for sign in said), "a sign of the chest for a muscle of the head"
    assert "any" in {flag.applies_to for flag in flags.values()}
    assert chest is None or any("short of breath" in s for g in chest.warnings for s in (*g.signs, *g.others))


def test_credits_name_every_licence_of_the_shapes(atlas):
    content = handout_content(atlas, HandoutRequest(("temporalis",)))
    said = " ".join([*content.credits, content.licence])
    assert (
        "BodyParts3D, (c) The Database Center for Life Science licensed under CC Attribution-Share Alike 2.1 Japan"
        in said
    )
    names = {
        "CC0-1.0": "CC0 1.0",
        "CC-BY-4.0": "CC BY 4.0",
        "CC-BY-SA-2.1-JP": "CC BY-SA 2.1 Japan",
        "Apache-2.0": "Apache-2.0",
    }
    for row in read_sources(atlas.meshes):
        for licence in row.licence.split(" AND "):
            assert names[licence] in said, f"{row.file} is under {licence}, which a hand-out does not name"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"structures": ()}, "no structure is given"),
        ({"structures": ("trapezius_uper",)}, "did you mean 'trapezius_upper'"),
        ({"side": "up"}, "allowed: left, right, both"),
        ({"paper": "a5"}, "did you mean 'a4'"),
        ({"link": "javascript:1"}, "not an address of the web"),
        ({"structures": tuple(f"c{k}" for k in range(20))}, "is not known"),
    ],
)
def test_what_cannot_be_used_is_told(atlas, change, told):
    request = dataclasses.replace(HandoutRequest(("trapezius_upper",)), **change)
    with pytest.raises(DataError, match=told):
        handout_content(atlas, request)


def test_no_more_structures_than_a_link_holds(atlas):
    many = tuple(s.id for s in atlas if not s.part_of)[:13]
    with pytest.raises(DataError, match="holds at most 12"):
        handout_content(atlas, HandoutRequest(many))


# --- one file --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def one_file(atlas: Atlas) -> str:
    link = link_to("https://example.org/pain/", ["trapezius_upper", "c2_c3"], "both")
    return html_of(
        atlas, HandoutRequest(("trapezius_upper", "c2_c3"), "both", "Dr. Ö & Co", "Rest.\nThen walk.", link=link)
    )


def packs(page: str) -> dict[str, bytes]:
    return {
        str(a["id"]).removeprefix("pack-"): gzip.decompress(base64.b64decode(text))
        for a, text in Reader(page).scripts
        if a.get("type") == "application/octet-stream"
    }


def test_the_file_is_small_and_holds_all(one_file, atlas):
    assert len(one_file.encode()) < 5_000_000
    inside = packs(one_file)
    assert set(inside) == {"vtk", "code", "sheet", "catalogue", "body", "paint"}
    listed = json.loads(inside["catalogue"])
    members = {"trapezius_upper", "c2_c3", *atlas["trapezius_upper"].members, *atlas["c2_c3"].members}
    assert set(listed["structures"]) == members | {s.id for s in atlas if s.part_of in members}
    assert b"export const { mount }" in inside["code"]
    assert b"Kitware" in one_file.encode()


def test_the_file_asks_for_nothing_outside_and_runs_only_its_own_script(one_file):
    page = Reader(one_file)
    for tag, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on")], f"<{tag}> has a handler"
        for name in ("src", "srcset", "action", "data", "poster"):
            assert name not in attributes
        if tag == "link":
            assert attributes["href"].startswith("data:")
        if tag == "a":
            assert attributes["href"].startswith(("http://", "https://"))
    policy = page.policy
    assert policy["default-src"] == "'none'"
    assert "connect-src" not in policy, "nothing may be fetched, so the default must hold"
    [boot] = [text for attributes, text in page.scripts if "type" not in attributes]
    digest = base64.b64encode(hashlib.sha256(boot.encode()).digest()).decode()
    assert policy["script-src"] == f"'sha256-{digest}' blob:"


def test_the_text_of_the_file_can_be_read_without_a_script(one_file, atlas):
    text = Reader(one_file).text
    content = handout_content(atlas, HandoutRequest(("trapezius_upper", "c2_c3"), "both"))
    wanted = [content.disclaimer, content.version, content.licence, *content.credits, *content.paragraphs]
    wanted += [words for _, words in content.legend] + [source.citation for source in content.sources]
    wanted += [sign for group in content.warnings for sign in (*group.signs, *group.others)]
    wanted += ["Dr. Ö & Co", "Rest. Then walk.", "https://example.org/pain/#v=1&s=trapezius_upper,c2_c3&side=both"]
    assert [words for words in wanted if " ".join(words.split()) not in text] == []


def test_the_code_of_the_file_leads_back_to_the_state(one_file):
    [(size, path)] = re.findall(r'<svg class="qr" viewBox="0 0 (\d+) .*?<path d="([^"]*)"', one_file)
    assert read_qr(modules_of(path, int(size))) == "https://example.org/pain/#v=1&s=trapezius_upper,c2_c3&side=both"


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_notes_come_out_as_text(atlas, one_file, text):
    page = Reader(html_of(atlas, HandoutRequest(("trapezius_upper", "c2_c3"), "both", text, text)))
    assert len(page.scripts) == len(Reader(one_file).scripts)
    own, usual = ({tag for tag, _ in reader.tags} for reader in (page, Reader(one_file)))
    assert own <= usual
    assert " ".join(clean(text, 1200, lines=True).split()) in page.text
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)


def test_hostile_data_come_out_as_text(atlas):
    """A user's own additions may hold anything; no element comes of it, in the words or in what is packed."""
    nasty = "</script><img src=x onerror=alert(1)>\u202e{{boot}}"
    data = atlas.dataset
    structure = data.structures["temporalis"]
    patterns = tuple(dataclasses.replace(p, plain=nasty, clinical=nasty, dispute=nasty) for p in structure.patterns)
    spoilt = dataclasses.replace(structure, name=nasty, plain=nasty, latin=nasty, patterns=patterns)
    records = MappingProxyType(dict(data.structures) | {"temporalis": spoilt})
    own = Atlas(dataclasses.replace(data, structures=records), atlas.meshes)
    page = Reader(html_of(own, HandoutRequest(("temporalis",))))
    assert "img" not in {tag for tag, _ in page.tags}
    assert "\u202e" not in page.text
    assert "</script><img src=x onerror=alert(1)>{{boot}}" in page.text
    assert len(page.scripts) == 8
    assert (
        json.loads(packs(html_of(own, HandoutRequest(("temporalis",))))["catalogue"])["structures"]["temporalis"][
            "name"
        ]
        == nasty
    )


def test_hand_out_from_the_command_line(tmp_path, capsys):
    out = tmp_path / "hand-out.html"
    assert main(["handout", "temporalis", "--side", "right", "--link", "https://example.org", "--out", str(out)]) == 0
    assert "written" in capsys.readouterr().out
    assert "https://example.org/#v=1&amp;s=temporalis&amp;side=right" in out.read_text(encoding="utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["hand-out.html"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nothing_such", "--out", "x.html"], "is not known"),
        (["temporalis", "--out", "x.txt"], "give --format pdf or --format html"),
        (["temporalis", "--out", "missing/x.html"], "does not exist; make it first"),
        (["temporalis", "--out", "x.html", "--link", "ftp://x"], "not an address of the web"),
    ],
)
def test_a_command_that_cannot_be_done_says_why_and_writes_nothing(tmp_path, monkeypatch, capsys, arguments, told):
    monkeypatch.chdir(tmp_path)
    assert main(["handout", *arguments]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


# --- whole or not at all ---------------------------------------------------------------------------------------


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "a.html"
    path.write_text("before")

    def stopped():
        with whole_file(path) as part:
            part.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]
    with whole_file(path) as part:
        part.write_text("after")
    assert path.read_text() == "after"


def test_an_interrupted_hand_out_leaves_nothing(tmp_path, atlas, monkeypatch):
    def stop(path, *_, **__):
        path.touch()
        raise KeyboardInterrupt

    monkeypatch.setattr(handout_html.Path, "write_text", stop)
    with pytest.raises(KeyboardInterrupt):
        write_html(atlas, HandoutRequest(("temporalis",)), tmp_path / "x.html")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_written_whole_or_not_at_all(tmp_path):
    folder = tmp_path / "site"
    with whole_folder(folder, "mark") as part:
        (part / "mark").write_text("1")

    def stopped():
        with whole_folder(folder, "mark") as part:
            (part / "mark").write_text("2")
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="disk"):
        stopped()
    assert (folder / "mark").read_text() == "1"
    with whole_folder(folder, "mark") as part:
        (part / "mark").write_text("3")
    assert (folder / "mark").read_text() == "3"
    assert list(tmp_path.iterdir()) == [folder]


def test_other_peoples_folders_are_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(ExplorerError, match="holds other files"), whole_folder(tmp_path, "mark"):
        pass
    with pytest.raises(ExplorerError, match="is a file"), whole_folder(tmp_path / "thesis.txt", "mark"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_an_export_that_is_told_to_end_leaves_nothing(tmp_path):
    """A real process, ended while it writes."""
    script = (
        "import sys, time; from explorer.export import site; from explorer.cli import main\n"
        "files = site._files\n"
        "def slow(atlas):\n"
        "    print('writing', flush=True); time.sleep(60); return files(atlas)\n"
        "site._files = slow\n"
        f"sys.exit(main(['export-site', {str(tmp_path / 'site')!r}]))"
    )
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        assert len(os.listdir(tmp_path)) == 1
        time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 128 + signal.SIGTERM
    assert os.listdir(tmp_path) == []


# --- static site -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory, atlas: Atlas) -> Path:
    place = tmp_path_factory.mktemp("export") / "site"
    done = export_site(atlas, place)
    assert done.packed < 12_000_000
    return place


def pages_of(folder: Path) -> dict[str, Reader]:
    return {path.name: Reader(path.read_text(encoding="utf-8")) for path in folder.glob("*.html")}


def test_the_mark_lists_every_file_with_its_hash(folder):
    mark = json.loads((folder / site.MARK).read_text(encoding="utf-8"))
    found = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.name != site.MARK
    }
    assert mark["files"] == found


def test_the_same_atlas_gives_the_same_files(folder, atlas, tmp_path):
    export_site(atlas, tmp_path / "again")
    names = sorted(path.relative_to(folder) for path in folder.rglob("*"))
    assert names == sorted(path.relative_to(tmp_path / "again") for path in (tmp_path / "again").rglob("*"))
    assert all(
        (folder / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
        for name in names
        if (folder / name).is_file()
    )


def test_the_site_has_every_page_and_the_very_assets_of_the_served_app(folder, atlas):
    from explorer.pages import Pages

    assert {path.stem for path in folder.glob("*.html")} == {"index", *Pages(atlas, "").names}
    kept = {path.name: path.read_bytes() for path in (folder / "assets").iterdir()}
    for asset in Assets(atlas).all:
        own = kept[re.sub(r"\.(json|bin)\.gz$", ".bin", asset.name)]
        assert own == (gzip.decompress(asset.content) if asset.transparent else asset.content)


def test_every_link_of_the_site_leads_somewhere(folder):
    pages = pages_of(folder)
    places = {name: {a["id"] for _, a in page.tags if a.get("id")} for name, page in pages.items()}
    for name, page in pages.items():
        for tag, attributes in page.tags:
            address = attributes.get("href") if tag in ("a", "link") else attributes.get("src")
            if address is None or address.startswith(("https://", "http://", "mailto:", "data:")):
                assert tag == "a" or address is None or address.startswith("data:"), f"{name} loads {address}"
                continue
            file, mark = urldefrag(address)
            assert (folder / (file or name)).is_file(), f"{name}: {address} leads nowhere"
            if mark and not mark.startswith("v="):
                assert html.unescape(mark) in places[file or name], (
                    f"{name}: nothing is called {mark} in {file or name}"
                )


def test_every_page_of_the_site_forbids_what_it_does_not_need(folder):
    for name, page in pages_of(folder).items():
        first = [attributes for tag, attributes in page.tags if tag == "meta"][:2]
        assert first[0] == {"charset": "utf-8"}
        assert first[1]["http-equiv"] == "Content-Security-Policy", f"{name}: something stands before its policy"
        policy = page.policy
        assert policy["default-src"] == policy["base-uri"] == policy["form-action"] == "'none'"
        assert "unsafe" not in json.dumps(policy)
        assert "http" not in json.dumps(policy)
        for tag, attributes in page.tags:
            assert not {"style", *(a for a in attributes if a.startswith("on"))} & set(attributes), f"{name}: <{tag}>"
        for attributes, text in page.scripts:
            if "src" in attributes or attributes.get("type") == "application/json":
                continue
            digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
            assert f"'sha256-{digest}'" in policy["script-src"]


def test_the_site_carries_the_licences_along(folder):
    text = (folder / site.LICENCES).read_text(encoding="utf-8")
    for words in ("Kitware Inc.", "Redistributions in binary form", "CC BY-SA 2.1 Japan", "MyoSim", "MakeHuman"):
        assert words in text


def test_the_site_may_be_read_by_a_web_server(folder):
    for path in (folder, *folder.rglob("*")):
        assert path.stat().st_mode & 0o044 == 0o044 & ~_umask(), path


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_the_size_that_the_document_states_is_the_size(folder, atlas, capsys, tmp_path):
    assert main(["export-site", str(tmp_path / "site")]) == 0
    said = re.search(r"(\d+) files, ([\d.]+) MB, ([\d.]+) MB compressed", capsys.readouterr().out)
    page = (ROOT / "docs" / "static-site.md").read_text(encoding="utf-8")
    stated = re.search(r"(\d+) files, ([\d.]+) MB, ([\d.]+) MB compressed", page)
    assert said
    assert stated
    assert [float(x) for x in stated.groups()[1:]] == pytest.approx([float(x) for x in said.groups()[1:]], rel=0.1)
