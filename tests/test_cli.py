"""The command line, as a person calls it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from explorer.cli import main


def run(capsys, *arguments: str) -> tuple[int, str, str]:
    status = main(arguments)
    out, err = capsys.readouterr()
    return status, out, err


def answer(capsys, *arguments: str):
    status, out, err = run(capsys, *arguments, "--json")
    assert (status, err) == (0, "")
    return json.loads(out)


def test_list(capsys, atlas):
    found = answer(capsys, "list")
    assert [entry["id"] for entry in found] == [structure.id for structure in atlas]
    assert set(found[0]) == {"id", "kind", "name", "latin", "family", "region", "layer", "patterns"}
    _, out, _ = run(capsys, "list")
    assert all(structure.id in out for structure in atlas)


def test_show(capsys, atlas):
    found = answer(capsys, "show", "trapezius_upper")
    assert {"anatomy", "trigger_points", "patterns", "id", "name", "family", "region"} <= set(found)
    point = found["trigger_points"][0]
    assert {"id", "label", "part", "site", "xyz_mm"} == set(point)
    left, right = point["xyz_mm"]["left"], point["xyz_mm"]["right"]
    assert left[0] == -right[0] > 0
    assert left[1:] == right[1:]
    pattern = found["patterns"][0]
    assert {"id", "grade", "status", "core", "spillover", "quality", "plain", "clinical", "evidence"} <= set(pattern)
    assert {"area", "side"} <= set(pattern["core"][0])
    assert {"reference", "locator", "method", "finding"} <= set(pattern["evidence"][0])
    _, out, _ = run(capsys, "show", "trapezius_upper")
    for entry in atlas["trapezius_upper"].patterns:
        assert entry.clinical in out
        assert entry.plain in out


def test_match(capsys, atlas):
    found = answer(capsys, "match", "--area", "temple_anterior:left", "--area", "temple_mid:left")["matches"]
    assert len(found) == len(atlas.match([("temple_anterior", "left"), ("temple_mid", "left")]))
    assert set(found[0]) == {
        "rank",
        "structure",
        "family",
        "pattern",
        "side",
        "score",
        "grade",
        "covered",
        "missed",
        "extra",
        "members",
        "core_mm2",
        "spillover_mm2",
        "missed_mm2",
        "added_mm2",
        "features",
        "points",
        "status",
    }
    assert found[0]["rank"] == 1
    assert len(answer(capsys, "match", "--area", "occiput", "--limit", "3")["matches"]) == 3
    _, out, _ = run(capsys, "match", "--area", "occiput")
    assert "not for diagnosis" in out


def test_check(capsys, tables):
    assert run(capsys, "check")[0] == 0
    (tables / "grades.csv").write_text("id,name,rule,plain\nA,a,b,c\n", encoding="utf-8")
    status, out, _ = run(capsys, "check", str(tables))
    assert status == 1
    assert "patterns.csv:2:grade" in out
    assert json.loads(run(capsys, "check", str(tables), "--json")[1])["faults"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("show", "trapezius_uper"), "structure 'trapezius_uper' is not known; did you mean 'trapezius_upper'?"),
        (("match", "--area", "templ"), "area 'templ' is not known"),
        (
            ("match", "--area", "temple_mid:up"),
            "--area temple_mid:up: side 'up' is not known; allowed: left, right, midline",
        ),
        (("check", "/nowhere/at/all"), "no datapackage.json"),
        (("build", "skins"), "step 'skins' is not known; did you mean 'skin'?"),
        (("sheet", "out.png", "no_pattern"), "pattern 'no_pattern' is not known"),
        (("serve", "--port", "99999"), "port 99999 cannot be used"),
    ],
)
def test_a_mistake_gets_one_line_and_status_two(capsys, arguments, told):
    status, out, err = run(capsys, *arguments)
    assert status == 2
    assert out == ""
    assert told in err
    assert err.count("\n") == 1


def test_the_module_runs_and_a_closed_pipe_is_no_fault():
    command = f"{sys.executable} -m explorer list | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert done.stdout.strip()
    assert done.stderr == ""


def test_a_contact_sheet_is_drawn(capsys, tmp_path):
    from PIL import Image

    path = tmp_path / "sheet.png"
    assert run(capsys, "sheet", str(path), "trap_1", "temp_1")[0] == 0
    with Image.open(path) as picture:
        assert picture.width == 2 * picture.height
        assert len(picture.getcolors(1 << 24)) > 1000


def test_a_taken_default_port_is_not_insisted_on(monkeypatch):
    import socket

    from explorer import app

    with socket.socket() as other:
        other.bind(("localhost", 0))
        other.listen()
        taken = other.getsockname()[1]
        monkeypatch.setattr(app, "PORT", taken)
        assert app._free("localhost", None) not in (0, taken)
        with pytest.raises(app.ExplorerError, match="cannot be used"):
            app._free("localhost", taken)
