"""The real server as a course runs it: several processes, behind a proxy, with headers, health check and log."""

from __future__ import annotations

import base64
import gzip
import hashlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from explorer import __version__
from explorer.errors import ExplorerError
from explorer.server import Page, content_policy, read_origin, read_root_path

ORIGIN = "https://course.example.org"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Server:
    port: int
    process: subprocess.Popen

    def ask(self, path: str, method: str = "GET", **headers: str) -> Answer:
        connection = http.client.HTTPConnection("localhost", self.port, timeout=30)
        try:
            connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            response = connection.getresponse()
            return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        finally:
            connection.close()


@contextmanager
def served(*options: str) -> Iterator[Server]:
    command = [sys.executable, "-m", "explorer", "serve", "--port", "0", "--no-browser", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"http://localhost:(\d+)", line)
        if not found:
            process.kill()
            pytest.fail(f"the server never printed its address: {line}{process.stdout.read()}")
        try:
            yield Server(int(found[1]), process)
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def log(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("log") / "access.log"


@pytest.fixture(scope="module")
def many(log) -> Iterator[Server]:
    """Two processes under a path of a proxy."""
    with served("--num-procs", "2", "--root-path", "/pain/", "--access-log", str(log)) as server:
        yield server


@pytest.fixture(scope="module")
def embedded() -> Iterator[Server]:
    with served("--allow-embedding", ORIGIN, "--allow-embedding", "http://localhost:8080") as server:
        yield server


def assets_of(page: bytes) -> list[str]:
    return sorted(set(re.findall(r"assets/[\w.-]+", page.decode())))


def until(true: Callable[[], bool]) -> bool:
    return any(true() or time.sleep(0.2) for _ in range(100))


# --- many processes, one site ---------------------------------------------------------------------------------


def test_every_process_gives_the_same_page(many):
    """No session ties a visitor to a process, so any number of fresh connections see one page."""
    assert len({many.ask("/pain/").body for _ in range(12)}) == 1


def children_of(pid: int) -> list[int]:
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [int(word) for word in found.stdout.split()]


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks at processes as Linux shows them")
def test_a_process_that_dies_is_replaced_and_none_is_left_behind():
    with served("--num-procs", "2") as server:
        assert until(lambda: len(children_of(server.process.pid)) == 2)
        first = children_of(server.process.pid)
        os.kill(first[0], signal.SIGKILL)
        assert until(lambda: len(set(children_of(server.process.pid)) - {first[0]}) == 2)
        assert server.ask("/health").status == 200
        last = children_of(server.process.pid)
        server.process.terminate()
        assert server.process.wait(20) == 0
        assert until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in last))


# --- under a path ----------------------------------------------------------------------------------------------


def test_the_root_path_may_be_passed_on_or_taken_away(many):
    assert many.ask("/pain/").body == many.ask("/").body
    for page in ("patterns", "about", "learn"):
        assert many.ask(f"/pain/{page}").status == 200
    redirect = many.ask("/pain")
    assert (redirect.status, redirect.headers["location"]) == (302, "/pain/")


def test_every_address_on_the_pages_is_relative_and_served(many):
    """So the explorer may live under any path, and nothing is asked from elsewhere."""
    for name in ("", "patterns", "about"):
        page = many.ask(f"/pain/{name}").body.decode()
        loaded = re.findall(r'<(?:script|link|img|iframe)[^>]*?(?:src|href)="([^"]*)"', page)
        loaded = [address for address in loaded if not address.startswith("data:")]
        assert loaded
        assert not [address for address in loaded if re.match(r"/|[a-z]+:", address)]
        assert "holoviz" not in page  # where Panel would have its files from
        for address in loaded:
            assert many.ask(f"/pain/{address}").status == 200
    for address in assets_of(many.ask("/pain/").body):
        assert many.ask(f"/{address}").status == 200


# --- headers ----------------------------------------------------------------------------------------------------


def rules_of(answer: Answer) -> dict[str, list[str]]:
    parts = [rule.split() for rule in answer.headers["content-security-policy"].split(";")]
    return {name: values for name, *values in parts}


@pytest.mark.parametrize("path", ["/pain/", "/pain/patterns", "/pain/health", "/pain/nowhere", "/pain/assets/none.js"])
def test_every_answer_carries_the_headers_that_protect(many, path):
    headers = many.ask(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "geolocation=()" in headers["permissions-policy"]
    assert not {"set-cookie", "x-powered-by"} & set(headers)
    assert not re.search(r"\d", headers["server"])  # no version to look up faults for


@pytest.mark.parametrize("path", ["/pain/", "/pain/patterns", "/pain/learn", "/pain/nowhere"])
def test_the_content_policy_allows_our_own_and_nothing_else(many, path):
    answer = many.ask(path)
    rules = rules_of(answer)
    assert rules["default-src"] == ["'self'"]
    assert rules["connect-src"] == ["'self'"]
    assert rules["object-src"] == ["'none'"]
    assert rules["frame-ancestors"] == ["'self'"]
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"
    assert not {"'unsafe-inline'", "'unsafe-eval'", "*", "https:", "data:"} & set(rules["script-src"])
    named = {value for value in rules["script-src"] if value.startswith("'sha256-")}
    inside = re.findall(rb"<script(?![^>]*(?:src=|json))[^>]*>(.*?)</script>", answer.body, re.DOTALL)
    digests = {base64.b64encode(hashlib.sha256(text).digest()).decode() for text in inside}
    assert named == {f"'sha256-{digest}'" for digest in digests}
    # an inline handler would be dead under this policy
    assert not re.search(r"<[^>]+\son[a-z]+=", answer.body.decode())


def test_the_policy_names_scripts_by_what_the_browser_hashes():
    """The known hash of ``alert('Hello, world.');`` from the specification's example."""
    policy = content_policy("<p><script>alert('Hello, world.');</script><script type='application/json'>{}</script>")
    assert policy.count("sha256-") == 1
    assert "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='" in policy


def test_who_may_embed(embedded):
    answer = embedded.ask("/")
    assert rules_of(answer)["frame-ancestors"] == ["'self'", ORIGIN, "http://localhost:8080"]
    assert "x-frame-options" not in answer.headers  # it knows no list and would forbid


@pytest.mark.parametrize(
    "wrong", ["*", "course.example.org", "https://a.example/path", "https://a b", "x; script-src *"]
)
def test_an_origin_that_is_none_is_refused(wrong):
    with pytest.raises(ExplorerError, match="give scheme and host"):
        read_origin(wrong)


@pytest.mark.parametrize(
    ("given", "meant"), [("", ""), ("/", ""), ("pain", "/pain"), ("/a/b/", "/a/b"), ("/x_1.0~", "/x_1.0~")]
)
def test_the_root_path_is_read(given, meant):
    assert read_root_path(given) == meant


@pytest.mark.parametrize("wrong", ["/a b", "/a/../b", "https://x", "/a?b", '/"><script>', "/a//b"])
def test_a_root_path_that_is_none_is_refused(wrong):
    with pytest.raises(ExplorerError, match="is no path"):
        read_root_path(wrong)


# --- caching and compression -----------------------------------------------------------------------------------


def test_assets_are_named_by_content_and_kept_for_ever(many):
    for address in assets_of(many.ask("/").body):
        answer = many.ask(f"/{address}", Accept_Encoding="gzip")
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert re.search(r"-[0-9a-f]{16}\.", address)


def test_pages_are_asked_for_again_and_not_sent_again(many):
    first = many.ask("/pain/patterns")
    assert first.headers["cache-control"] == "no-cache"
    again = many.ask("/pain/patterns", If_None_Match=first.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    assert many.ask("/pain/patterns", If_None_Match='"other"').status == 200


@pytest.mark.parametrize("path", ["/pain/", "/pain/patterns"])
def test_text_is_compressed_for_who_can_unpack_it(many, path):
    paths = [path, *(f"/{name}" for name in assets_of(many.ask(path).body) if name.endswith((".js", ".css")))]
    for name in paths:
        plain, packed = many.ask(name), many.ask(name, Accept_Encoding="gzip, deflate, br")
        assert packed.headers["content-encoding"] == "gzip"
        assert "content-encoding" not in plain.headers
        assert gzip.decompress(packed.body) == plain.body
        assert len(packed.body) < 0.6 * len(plain.body)
        assert "Accept-Encoding" in packed.headers["vary"]


def test_head_answers_without_a_body(many):
    get, head = many.ask("/pain/", Accept_Encoding="gzip"), many.ask("/pain/", "HEAD", Accept_Encoding="gzip")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == str(len(get.body))


# --- health, faults, log ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/health", "/pain/health"])
def test_the_health_check(many, atlas, path):
    answer = many.ask(path)
    assert answer.status == 200
    assert answer.headers["cache-control"] == "no-store"
    assert json.loads(answer.body) == {"status": "ok", "version": __version__, "dataset": atlas.dataset.version}


@pytest.mark.parametrize("path", ["/nowhere", "/pain/nowhere", "/pain/assets/../../etc/passwd", "/static/", "/%00"])
def test_what_is_not_there_is_said_in_words(many, path):
    answer = many.ask(path)
    assert answer.status == 404
    assert b"There is no page here." in answer.body
    assert b'href="/pain/"' in answer.body
    assert b"Traceback" not in answer.body


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_can_be_sent(many, method):
    assert many.ask("/pain/", method).status == 405


def test_the_log_says_nothing_about_the_person(many, log):
    """Neither address nor browser nor query; what somebody typed by mistake is not written down either."""
    asked = {"User_Agent": "Secretbrowser/1", "Referer": "https://secret.example/", "Cookie": "secret=1"}
    many.ask("/pain/sources?name=secret", **asked, X_Forwarded_For="203.0.113.9")
    many.ask("/pain/secret@example.org", "OPTIONS", **asked)
    told = {("GET", "/pain/sources", "200"), ("OPTIONS", "-", "404")}
    pattern = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ ([A-Z]+) (\S+) (\d{3}) \d+ B \d+\.\d ms"

    def lines() -> list[re.Match[str] | None]:
        return [re.fullmatch(pattern, line) for line in log.read_text().splitlines()]

    assert until(lambda: told <= {entry.groups() for entry in lines() if entry})  # written after the answer is sent
    assert all(lines()), log.read_text()
    assert not re.search("secret|203.0.113.9|127.0.0.1|mozilla", log.read_text().lower())


def test_a_log_that_cannot_be_written_is_said_before_serving(capsys, tmp_path):
    from explorer.cli import main

    assert main(["serve", "--access-log", str(tmp_path / "no" / "such" / "log")]) == 2
    assert "--access-log" in capsys.readouterr().err


def test_localhost_is_for_this_machine_only(many):
    import socket

    own = socket.gethostbyname(socket.gethostname())
    if own.startswith("127."):
        pytest.skip("this machine has no other address")
    with socket.socket() as other:
        assert other.connect_ex((own, many.port)) != 0


def test_a_page_is_packed_once():
    page = Page("<p>x</p>" * 100)
    assert page.packed is page.packed
    assert page.etag == Page("<p>x</p>" * 100).etag != Page("<p>y</p>").etag
