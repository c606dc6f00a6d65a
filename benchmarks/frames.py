"""Frame times while the body turns, beside a bare opaque scene of the same triangles in the same browser.

Writes ``docs/benchmark_frames.md``; times are worth comparing only within one run.
"""

from __future__ import annotations

import statistics
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
from get_chromium import FLAGS, find_chromium  # noqa: E402

from benchmarks.browser import served  # noqa: E402

STEPS, ROUNDS = 8, 2
#: what is compared, and how much of the bare frame time it may take
STATES = {
    "the opening picture": ("v=1", 1.5),
    "a muscle chosen": ("v=1&s=temporalis&view=left", 1.5),
    "skin faded to 40 %": ("v=1&s=temporalis&view=left&skin=40", 2.5),
}
PAGE = """# Frame times

`make bench` turns the body in a real browser and writes this page: the median time of a frame, beside a bare opaque scene
of the same triangles in the same browser, WebGL in software. Times are worth comparing only within one run.

| state | triangles | frame, ms | bare frame, ms | ratio | at most |
|---|---|---|---|---|---|
{rows}
"""
#: both draw, and one pixel is read, so that the time holds the drawing itself
TURN = """async (node, steps) => {
    const view = node.explorer.view;
    const start = view.pose();
    const times = [];
    for (let k = 0; k <= steps; k += 1) {
        view.stand({ ...start, azimuth: start.azimuth + (6.283 * k) / steps });
        await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
        view.snapshot().image.getContext("2d").getImageData(0, 0, 1, 1); // nothing waits to be drawn
        const from = performance.now();
        const { image } = view.snapshot();
        image.getContext("2d").getImageData(0, 0, 1, 1);
        times.push(performance.now() - from);
    }
    return times.slice(1);
}"""
BARE = """async (node, steps) => {
    const { view, scene, catalogue } = node.explorer;
    const shown = scene();
    const keys = Object.keys(shown.structures).filter((key) => shown.structures[key].visible);
    for (const id of Object.keys(catalogue.bones)) for (const side of ["left", "right", "midline"]) keys.push(`${id}/${side}`);
    const meshes = ["skin", ...keys].map((key) => view.meshOf(key)).filter(Boolean);
    const { vtkRenderWindow, vtkRenderer, vtkActor, vtkMapper } = vtk.Rendering.Core;
    const renderer = vtkRenderer.newInstance({ background: [1, 1, 1] });
    const window_ = vtkRenderWindow.newInstance();
    window_.addRenderer(renderer);
    const gl = vtk.Rendering.OpenGL.vtkRenderWindow.newInstance();
    const place = document.body.appendChild(document.createElement("div"));
    gl.setContainer(place);
    gl.setSize(view.canvas.width, view.canvas.height);
    window_.addView(gl);
    let triangles = 0;
    for (const { positions, faces } of meshes) {
        const data = vtk.Common.DataModel.vtkPolyData.newInstance();
        data.getPoints().setData(Float32Array.from(positions), 3);
        const cells = new Uint32Array((faces.length / 3) * 4);
        for (let f = 0; f < faces.length / 3; f += 1) cells.set([3, faces[3 * f], faces[3 * f + 1], faces[3 * f + 2]], 4 * f);
        data.getPolys().setData(cells);
        triangles += faces.length / 3;
        const mapper = vtkMapper.newInstance();
        mapper.setInputData(data);
        const actor = vtkActor.newInstance();
        actor.setMapper(mapper);
        renderer.addActor(actor);
    }
    renderer.resetCamera();
    const camera = renderer.getActiveCamera();
    camera.setViewUp(0, 0, 1);
    const pose = view.pose();
    const times = [];
    for (let k = 0; k <= steps; k += 1) {
        const turn = pose.azimuth + (6.283 * k) / steps;
        camera.setViewAngle(18);
        camera.setFocalPoint(...pose.focus);
        camera.setPosition(pose.focus[0] + pose.distance * Math.sin(turn), pose.focus[1] - pose.distance * Math.cos(turn), pose.focus[2]);
        renderer.resetCameraClippingRange();
        await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
        const from = performance.now();
        window_.render();
        const copy = document.createElement("canvas");
        [copy.width, copy.height] = [view.canvas.width, view.canvas.height];
        copy.getContext("2d").drawImage(gl.getCanvas(), 0, 0);
        copy.getContext("2d").getImageData(0, 0, 1, 1);
        times.push(performance.now() - from);
    }
    gl.delete();
    place.remove();
    return { times: times.slice(1), triangles };
}"""


def measure(page: Page, address: str, fragment: str) -> tuple[float, float, int]:
    """Median frame times of the app and of the bare scene, ms, and how many triangles both have."""
    page.goto("about:blank")
    page.goto(f"{address}/#{fragment}")
    page.wait_for_selector(".rpx[data-ready]", timeout=60_000)
    page.wait_for_timeout(1500)
    node = page.locator(".rpx")
    own, bare, triangles = [], [], 0
    for _ in range(ROUNDS):  # in turns, so that both meet the same disturbances
        own += node.evaluate(TURN, STEPS)
        found = node.evaluate(BARE, STEPS)
        bare += found["times"]
        triangles = found["triangles"]
    return statistics.median(own), statistics.median(bare), triangles


def main() -> None:
    """Measure and write the page."""
    rows = []
    server = served("-m", "explorer", "serve", "--port", "0", "--no-browser")
    with server as (address, _), sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        page = browser.new_page(viewport={"width": 1760, "height": 800}, reduced_motion="reduce")
        for name, (fragment, most) in STATES.items():
            own, bare, triangles = measure(page, address, fragment)
            rows.append(f"| {name} | {triangles:,} | {own:.0f} | {bare:.0f} | {own / bare:.2f} | {most} |")
            print(rows[-1], flush=True)
        browser.close()
    (ROOT / "docs" / "benchmark_frames.md").write_text(PAGE.format(rows="\n".join(rows)), encoding="utf-8")


if __name__ == "__main__":
    main()
