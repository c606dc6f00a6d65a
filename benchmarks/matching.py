"""Measure matching: one drawing in the API, and a table of ten thousand on one core. Writes docs/benchmark_matching.md."""

from __future__ import annotations

import csv
import os
import platform
import resource
import statistics
import tempfile
import time
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np  # noqa: E402

from explorer import load_atlas  # noqa: E402
from explorer.drawings import match_table  # noqa: E402
from explorer.roundtrip import RoundTrip  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
DRAWINGS = 10_000


def write_table(path: Path, check: RoundTrip, count: int) -> int:
    """A table of redrawn maps, the same few hundred again and again under new names; its number of rows."""
    some = [
        check.redraw(cells, np.random.default_rng([3, k, time]), 0.2)
        for k, cells in enumerate(check.originals)
        for time in range(2)
    ]
    rows = 0
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("drawing", "area", "side", "vertex", "weight"))
        for number in range(count):
            cells = some[number % len(some)]
            own = [(f"d{number}", "", "", int(v), f"{cells[v]:.3f}") for v in np.flatnonzero(cells[: check.count])]
            own += [(f"d{number}", *place, "", "") for place, at in check.scorer.deep_index.items() if cells[at]]
            rows += len(own)
            writer.writerows(own)
    return rows


def main() -> None:
    atlas = load_atlas()
    start = time.perf_counter()
    check = RoundTrip(atlas)
    ready = time.perf_counter() - start
    skins = [cells[: check.count] for cells in check.originals if cells[: check.count].any()]
    times = []
    for _ in range(5):
        for skin in skins:
            start = time.perf_counter()
            atlas.match(weights=skin)
            times.append(time.perf_counter() - start)
    times.sort()
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "in.csv", Path(folder) / "out.csv"
        figures = []
        for count in (1000, DRAWINGS):
            rows = write_table(source, check, count)
            start = time.process_time()
            match_table(atlas, source, target, limit=10)
            taken = time.process_time() - start
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            figures.append(f"| {count:,} | {rows:,} | {taken:.1f} s | {memory:.0f} MB |")
    page = f"""# Benchmark of matching

`python benchmarks/matching.py` writes this page.

One drawing against all {len(check.scorer.rows)} maps of both sides, with all reasons, `atlas.match(weights=...)`:
median **{1000 * statistics.median(times):.1f} ms**, 95 of 100 under {1000 * times[int(0.95 * len(times))]:.1f} ms
({len(times)} drawings; wanted: under 5 ms). Made once when first asked for: {ready:.1f} s.

A table of drawings, `referred-pain match --drawings in.csv --out out.csv --limit 10`, time of one core
(wanted: 10,000 under a minute) and the most memory that the process ever held:

| drawings | rows of the table | time | memory |
|---|---|---|---|
{chr(10).join(figures)}

Measured with {platform.system()}, Python {platform.python_version()}, NumPy {np.__version__}, {os.cpu_count()} cores shared with other work.
"""
    (ROOT / "docs" / "benchmark_matching.md").write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
