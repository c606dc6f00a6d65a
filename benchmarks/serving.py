"""Measure the server with a lecture hall at the door: many visitors who open the explorer at once, nothing cached.

Prints a table and puts it into ``docs/serving.md``. Client and servers share this machine, so only the relations count.
"""

from __future__ import annotations

import asyncio
import datetime
import os
import platform
import re
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VISITORS = 300
PAGES = 300
ROUNDS = 5  # of which the middle one counts
MARK = re.compile(r"(<!-- measured -->\n).*?(<!-- end -->)", re.DOTALL)


@dataclass
class Row:
    """What was measured of one way to serve."""

    name: str
    pages_per_s: float
    all_s: float | None
    median_s: float | None
    slowest_s: float | None
    memory_mb: float
    more_mb: float


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(*command: str) -> Iterator[tuple[int, int]]:
    """A server's port and process id."""
    with subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                found = re.search(r"http://localhost:(\d+)", line)
                if found:
                    for _ in range(100):
                        with socket.socket() as probe:
                            if probe.connect_ex(("localhost", int(found[1]))) == 0:
                                break
                        time.sleep(0.1)
                    yield int(found[1]), process.pid
                    return
            raise RuntimeError("the server never printed its address")
        finally:
            process.terminate()


def memory_mb(pid: int) -> float:
    """Memory of a process and its children; what they share is counted once."""
    pids = [pid, *map(int, subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True).stdout.split())]
    total = 0.0
    for one in pids:
        rollup = Path(f"/proc/{one}/smaps_rollup").read_text(encoding="ascii")
        total += int(re.search(r"Pss:\s+(\d+)", rollup)[1]) / 1024
    return total


class Connection:
    """One connection of one visitor, kept open."""

    def __init__(self, port: int) -> None:
        self.port = port

    async def open(self) -> Connection:
        self.reader, self.writer = await asyncio.open_connection("localhost", self.port)
        return self

    async def get(self, path: str) -> bytes:
        self.writer.write(
            f"GET {path} HTTP/1.1\r\nHost: localhost:{self.port}\r\nAccept-Encoding: gzip\r\n\r\n".encode()
        )
        head = await self.reader.readuntil(b"\r\n\r\n")
        assert b" 200 " in head.split(b"\r\n")[0], head
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        return await self.reader.readexactly(int(length[1]))


async def visit(port: int, files: list[str]) -> float:
    """Fetch all that a first visit needs; seconds."""
    start = time.perf_counter()
    connection = await Connection(port).open()
    for name in files:
        await connection.get(name)
    connection.writer.close()
    return time.perf_counter() - start


async def crowd(port: int, files: list[str], visitors: int) -> tuple[float, list[float]]:
    start = time.perf_counter()
    took = await asyncio.gather(*(visit(port, files) for _ in range(visitors)))
    return time.perf_counter() - start, took


def measure(name: str, whole: bool, *command: str) -> Row:
    import urllib.request

    with served(*command) as (port, pid):
        page = urllib.request.urlopen(f"http://localhost:{port}/").read().decode()
        files = ["/", *(f"/{found}" for found in sorted(set(re.findall(r"assets/[\w.-]+", page))))]
        asyncio.run(crowd(port, ["/"], 50))  # until every process has come up
        time.sleep(1)
        before = memory_mb(pid)
        seconds = statistics.median(asyncio.run(crowd(port, ["/"], PAGES))[0] for _ in range(ROUNDS))
        rounds = [asyncio.run(crowd(port, files, VISITORS)) for _ in range(ROUNDS)] if whole else [(None, [])]
        all_s, took = sorted(rounds)[len(rounds) // 2]
        return Row(
            name,
            PAGES / seconds,
            all_s,
            statistics.median(took) if took else None,
            max(took, default=None),
            before,
            memory_mb(pid) - before,
        )


def main() -> None:
    """Measure, print, and keep the table."""
    ours = ("-m", "explorer", "serve", "--port", "0", "--no-browser", "--num-procs")
    rows = [
        measure("`--num-procs 1`", True, *ours, "1"),
        measure("`--num-procs 2`", True, *ours, "2"),
        measure("a Panel session for each visitor", False, "benchmarks/session_page.py", str(free_port())),
    ]
    base = rows[0]
    lines = [
        f"| | start pages a second | against the first | {VISITORS} first visits at once, all done | median visit | slowest | memory | more after it |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        seconds = [f"{value:.1f} s" if value else "-" for value in (row.all_s, row.median_s, row.slowest_s)]
        lines.append(
            f"| {row.name} | {row.pages_per_s:,.0f} | {row.pages_per_s / base.pages_per_s:.2f} | {' | '.join(seconds)} "
            f"| {row.memory_mb:,.0f} MB | {row.more_mb:,.0f} MB |"
        )
    text = "\n".join(lines)
    text += (
        f"\n\nMeasured on {datetime.date.today()}: {os.cpu_count()} cores, shared with the client, {platform.system()}, "
        f"Python {platform.python_version()}. Memory that processes share is counted once.\n"
    )
    print(text)
    page = ROOT / "docs" / "serving.md"
    page.write_text(
        MARK.sub(lambda found: found[1] + text + found[2], page.read_text(encoding="utf-8")), encoding="utf-8"
    )


if __name__ == "__main__":
    main()
