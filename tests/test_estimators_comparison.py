"""The comparison on the disk: reports and pictures say what the results say, in whatever the names are."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import pytest

from derive.errors import BadInput
from derive.estimators import comparison, plot
from derive.estimators.comparison import html, tex, write
from derive.estimators.gallery import entry_of
from derive.estimators.subjects import of_entry

NAMES = ("rloo", "centred", "grpo", "opo", "sum-over-others")
FOUND = [(of_entry(entry_of(name)), entry_of(name)) for name in NAMES]
RESULTS = [result for result, _ in FOUND]
NASTY = r"a_b%c\input{x}<script>$\$#&^~{}:f"


def test_the_picture_has_the_sizes_of_the_results() -> None:
    """Both axes by hand: x is log4 of the groups, y log10 of the bias or of sqrt(variance/groups)/|∇J|."""
    shown = plot.picture(RESULTS)
    places = {power: y for y, power in shown.up}
    low, high = min(places), max(places)
    decade = (places[low] - places[high]) / (high - low)
    for one, result in zip(shown.lines, RESULTS, strict=True):
        assert result.relative_bias is not None
        assert result.trace_variance is not None
        assert result.at.target_length is not None
        assert (one.bias is None) == (result.name == "rloo")
        if one.bias is not None:
            assert 10 ** ((places[low] - one.bias[0][1]) / decade + low) == pytest.approx(result.relative_bias)
            assert one.bias[0][1] == one.bias[1][1]
        for groups, (x, y) in zip(plot.GROUPS, one.error, strict=True):
            error = (result.trace_variance / groups) ** 0.5 / result.at.target_length
            assert 10 ** ((places[low] - y) / decade + low) == pytest.approx(error)
            assert (str(groups), pytest.approx(x)) in [(label, place) for place, label in shown.across]


def test_a_wrong_bias_moves_its_line() -> None:
    """The twin: another bias is another line."""
    grpo = RESULTS[2]
    other = replace(grpo, groups=tuple(replace(row, relative_bias=2 * (row.relative_bias or 0)) for row in grpo.groups))
    assert plot.picture([RESULTS[0], grpo]).lines[1].bias != plot.picture([RESULTS[0], other]).lines[1].bias


def test_too_many_are_counted_and_nothing_is_refused() -> None:
    shown = plot.picture(RESULTS * 5)
    assert (len(shown.lines), shown.left_out, shown.legend[-1]) == (16, 9, ("and 9 more, not drawn", None))
    with pytest.raises(BadInput, match="nothing to draw"):
        plot.picture([replace(RESULTS[0], groups=tuple(replace(row, relative_bias=None) for row in RESULTS[0].groups))])


def test_svg_and_html_are_well_formed_and_load_nothing() -> None:
    renamed = [(replace(FOUND[0][0], name=NASTY), None), *FOUND[1:]]
    ElementTree.fromstring(plot.svg(plot.picture([result for result, _ in renamed])))
    page = html(renamed, command=f"derive estimator {NASTY}")
    ElementTree.fromstring(re.sub(r"<meta[^>]*>|<!DOCTYPE html>", "", page))
    assert "<script" not in page
    assert "http" not in re.sub(r"http-equiv|http://www.w3.org/2000/svg", "", page)
    for result, _ in FOUND:
        assert result.known in page.replace("&#39;", "'").replace("&gt;", ">")


def test_the_rows_of_the_report() -> None:
    source = tex(FOUND, command="derive estimator rloo")
    assert r"rloo & 4 & \verdict{good}{unbiased} & $0$ & $1.0000$ & $0.2487$" in source
    assert r"centred & 4 & \verdict{good}{proportional}, factor (G-1)/G & $0.25$" in source
    assert r"grpo & 4 & \verdict{bad}{biased} & $0.37$ & $0.9618$" in source
    assert r"sum-over-others & 2 & \verdict{bad}{zero mean}, factor (G-2)/(G-1) & $1$ &  &" in source
    assert "$-0.8333$" in source
    assert tex(FOUND, command="derive estimator rloo") == source


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None or shutil.which("pdftotext") is None, reason="no LaTeX here")
def test_the_pdf_prints_its_table_and_hostile_names(tmp_path: Path) -> None:
    path = tmp_path / "compare.pdf"
    write(path, [*FOUND, (replace(FOUND[2][0], name=NASTY, notes=(NASTY, "√2 π ∇J → ≥ 日本")), None)],
          command=f"derive {NASTY}")
    text = subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, text=True, check=True).stdout
    for name in NAMES:
        assert name in text
    assert "(G-1)/G" in text
    assert "0.2487" in text
    assert "<script>" in text


def test_the_pdf_by_typst_where_there_is_no_latex(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With hostile names, which reach the engine as strings; the same each time. Without Typst either, one sentence."""
    monkeypatch.setattr(comparison, "find_engine", lambda: None)
    monkeypatch.setattr("derive.report.tex.find_engine", lambda: None)
    found, path = [*FOUND, (replace(FOUND[2][0], name=NASTY, notes=(NASTY, "√2 π ∇J → ≥")), None)], tmp_path / "a.pdf"
    source = comparison.typ(found, command=f"derive {NASTY}")
    assert '[#"grpo";], [4], [#bad[#"biased";]], [#"0.37";], [#"0.9618";]' in source
    assert "#image(" in source
    with monkeypatch.context() as without:
        without.setattr(comparison.typeset, "available", lambda: False)
        with pytest.raises(BadInput, match=r"pip install 'derive-rl\[pdf\]'"):
            write(path, found, command="derive")
    pytest.importorskip("typst")
    write(path, found, command=f"derive {NASTY}")
    made = path.read_bytes()
    write(path, found, command=f"derive {NASTY}")
    assert made.startswith(b"%PDF")
    assert made == path.read_bytes()


def test_png(tmp_path: Path) -> None:
    """The colours of the lines are where the lines are."""
    image = pytest.importorskip("PIL.Image")
    from derive.estimators.raster import png

    shown = plot.picture(RESULTS)
    drawn = image.open(BytesIO(png(shown))).convert("RGB")
    assert drawn.size == tuple(2 * round(length) for length in plot.size(shown))
    for one in shown.lines:
        if one.bias is not None:
            x, y = plot.LEFT + plot.WIDTH * 0.93, plot.TOP + one.bias[0][1]
            near = {drawn.getpixel((round(2 * x), round(2 * y) + off)) for off in (-1, 0, 1)}
            assert tuple(int(one.colour[at:at + 2], 16) for at in (1, 3, 5)) in near
    write(tmp_path / "a.png", FOUND, command="")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_png_without_pillow_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(BadInput, match=r"needs Pillow: pip install 'derive-rl\[plot\]'"):
        write(tmp_path / "a.png", FOUND, command="")
    write(tmp_path / "a.svg", FOUND, command="")
    assert [path.name for path in tmp_path.iterdir()] == ["a.svg"]


@pytest.mark.parametrize(("name", "message"), [
    ("a.gif", "ends in none of .svg and .png"), ("a", "ends in none"), ("missing/a.svg", "does not exist")])
def test_names_that_cannot_be_written(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        comparison.check(tmp_path / name)


def test_a_table_without_a_picture_is_a_report() -> None:
    bare = replace(RESULTS[0], groups=tuple(replace(row, relative_bias=None) for row in RESULTS[0].groups))
    assert "tikzpicture" not in tex([(bare, None)], command="")
    assert "<svg" not in html([(bare, None)], command="")
