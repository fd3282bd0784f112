"""The report as one HTML file: well-formed, by itself, and nothing in it that was not escaped."""

from __future__ import annotations

import builtins
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from derive import (
    J,
    P,
    R,
    by,
    calc,
    dynamics_positive,
    examine,
    expect,
    function,
    gamma,
    grad,
    inner,
    log,
    log_derivative,
    mu,
    pi,
    possible,
    prod,
    ratio,
    s,
    t,
    tau,
    theorem,
    total,
)
from derive.checking.proof_files import bundled, load, proof_files
from derive.checking.theorems import Chain
from derive.cli import main
from derive.errors import BadInput
from derive.report.document import document
from derive.report.legend import VERDICTS
from derive.report.page import mathml, page, prose
from derive.report.typeset import typeset

MATH = "{http://www.w3.org/1998/Math/MathML}"
VOID = {"meta", "br", "link", "img", "input", "hr"}
WRONG = '''"""A slip: <script>alert(1)</script> & more."""
from derive import *
@theorem("a <b>slip</b> \\x1b[2K")
def wrong():
    return calc(grad(J), by("by <i>magic</i>", tag="<u>"),
                expect(tau, total(t, grad(log(pi(tau.a[t] | tau.s[t]))), start=1) * R(tau)))
'''
needs_mathml = pytest.mark.usefixtures("latex2mathml")


@pytest.fixture
def latex2mathml() -> None:
    pytest.importorskip("latex2mathml")


class Page(HTMLParser):
    """Checks that tags are closed in their order, and remembers the tags, the attributes and the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words = ""
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


def report(folder: Path, *names: str, samples: int = 200) -> tuple[str, int]:
    status = main(["report", *names, "-o", str(folder / "r.html"), "--samples", str(samples)])
    return (folder / "r.html").read_text(encoding="utf-8"), status


@pytest.mark.slow
@needs_mathml
def test_the_page_of_a_theorem_with_its_numbers(tmp_path: Path) -> None:
    text, status = report(tmp_path, "policy_gradient")
    assert status == 0
    found = Page(text)
    assert {"math", "svg", "table", "polyline"} <= set(found.tags)
    assert "Every step is proved; the claim follows." in found.words
    assert "agrees" in found.words
    assert "derive report policy_gradient --samples 200 --seed 0 -o r.html" in found.words
    assert not {"script", "link", "img", "iframe", "object"} & set(found.tags)
    assert not [value for name, value in found.attributes if name in ("src", "href") and not str(value).startswith("#")]
    linked = [str(value)[1:] for name, value in found.attributes if name == "href"]
    assert linked
    assert set(linked) <= {str(value) for name, value in found.attributes if name == "id"}
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text
    assert str(tmp_path) not in text
    assert report(tmp_path, "policy_gradient")[0] == text


@needs_mathml
def test_a_refuted_theorem_shows_where_the_sides_part_and_no_text_is_a_tag(tmp_path: Path) -> None:
    (tmp_path / "wrong.py").write_text(WRONG)
    text, status = report(tmp_path, str(tmp_path / "wrong.py"))
    assert status == 1
    found = Page(text)
    assert "The claim does not follow; on its own it is refuted." in found.words
    assert "left side 1/4, right side 0" in found.words
    assert re.search(r"\(0, 1, 0\)\s*1/4\s*0", found.words)  # by hand: pi (1 - pi) at 1/2
    assert "disagrees" in found.words
    assert not {"u", "script"} & set(found.tags)
    assert "by &lt;i&gt;magic&lt;/i&gt;" in text
    assert "<script>alert(1)</script> & more" in found.words
    assert "a <b>slip</b> \\x1b[2K" in found.words
    assert "by <i>magic</i>" in found.words


@needs_mathml
@pytest.mark.parametrize("suffix", [".html", ".tex"])
def test_one_wrong_term_between_two_false_steps_is_named(suffix: str, tmp_path: Path) -> None:
    """Two errors would be looked for where one was made; not said where each step is false by itself."""
    for last, one_reason in (("J * 1", True), ("3 * J", False)):
        (tmp_path / "mine.py").write_text(
            f"from derive import *\n@theorem('mid')\ndef mid():\n"
            f"    return calc(J, by('a'), 2 * J, by('b'), {last})\n", encoding="utf-8")
        target = tmp_path / f"mine{suffix}"
        main(["report", str(tmp_path / "mine.py"), "-o", str(target)])
        said = "false for one reason: the term between them is wrong" in " ".join(target.read_text().split())
        assert said == one_reason


@needs_mathml
def test_a_reason_stands_outside_of_what_scrolls(tmp_path: Path) -> None:
    """What only a browser can show was looked at: in one scrolling table a long formula hid the reasons of all rows."""
    text, _ = report(tmp_path, "policy_gradient")
    assert text.count('<div class="because"><span class="reason">') == 3
    assert text.count('<div class="term">') == 4
    assert "sticky" not in text
    assert "@media screen and (max-width: 40rem)" in text
    tables = re.findall(r'(.{0,18})<table class="(?:ruled|chain)', text)
    assert all(before.endswith('<div class="wide">') for before in tables)


@needs_mathml
def test_a_long_formula_has_places_where_a_line_may_end() -> None:
    """Its parts are the whole of it, in order; one that fits on a telephone has none."""
    body = total(t, gamma**t * grad(log(pi(tau.a[t] | tau.s[t]))) * R(tau))
    long = expect(tau, (body + 2 * body) * (body + 3 * body) - body)
    found = ElementTree.fromstring(str(mathml(long)).replace("<wbr/>", ""))
    whole = ElementTree.fromstring(str(mathml(long, display="inline")))
    assert len(found) > 3
    assert {part.get("class") for part in found} == {"piece"}
    assert "".join(found.itertext()) == "".join(whole.itertext())
    assert ElementTree.fromstring(str(mathml(grad(J)))).tag == f"{MATH}math"
    signs = [part[0][0][0] for part in found if part[0][0][0].text in ("+", "\u2212")]
    assert signs
    assert all(sign.get("form") == "infix" for sign in signs)
    bars = expect(tau, inner(grad(log(P(tau))), grad(log(P(tau)))) * (body + 2 * body) * (body + 3 * body))
    assert "Vert" not in mathml(bars)
    assert "‖" in "".join(ElementTree.fromstring(str(mathml(bars)).replace("<wbr/>", "")).itertext())


@needs_mathml
def test_the_words_of_the_verdicts_and_the_signs_are_explained_in_every_format() -> None:
    """A step of which every model is known to agree is not 'equal on the models tried', though its reason is wrong."""
    theorem, = load(bundled() / "policy_gradient.py")
    for made in (document, typeset, page):
        text = made([examine(theorem)], None, command="derive report")
        assert "equal on the models tried, but" not in text
        for word, _, says in VERDICTS:
            assert word in text, (made, word)
            assert re.split(" [≈∝]", says.split(";")[0])[0] in text, (made, says)
        assert "stands before a step that is not proved" in text


def test_the_checks_of_a_page_see_a_fault() -> None:
    """The twins: a tag that is not closed, and one that comes from a text."""
    for broken in ("<p><b>x</p>", "<p>", "</p>"):
        with pytest.raises(AssertionError):
            Page(broken)
    assert "script" in Page("<p><script>alert(1)</script></p>").tags


def shape(element: Any) -> str:
    """MathML as nested words, without attributes and rows of one: msub(mo ∇, mi θ)."""
    within = [shape(child) for child in element if child.tag != f"{MATH}mspace"]
    name = element.tag.removeprefix(MATH)
    if not len(element):
        return str(element.text)
    joined = " ".join(within)
    return joined if name in ("math", "mrow") else f"{name}({', '.join(within)})"


@needs_mathml
@pytest.mark.parametrize(("term", "expected"), [
    (grad(J), "msub(∇, θ) J ( θ )"),
    (ratio(grad(P(tau)), P(tau)), "mfrac(msub(∇, θ) P ( τ ; θ ), P ( τ ; θ ))"),
    (total(t, gamma**t * R(tau)), "munderover(∑, t = 0, H) msup(γ, t) R ( τ )"),
    (prod(t, mu(tau.s[t])), "munderover(∏, t = 0, H) μ ( msub(s, t) )"),
    (log(pi(tau.a[0] | tau.s[0])), "log msub(π, θ) ( msub(a, 0) ∣ msub(s, 0) )"),
    (expect(tau, function("b")(tau.s[0])), "msub(𝔼, τ ∼ P ( · ; θ )) [ b ( msub(s, 0) ) ]"),
    (ratio(1, 2) * function("β2")(s), "mfrac(1, 2) β 2 ( s )"),
], ids=str)
def test_a_term_as_mathml(term: Any, expected: str) -> None:
    """Each by hand."""
    assert shape(ElementTree.fromstring(str(mathml(term)))) == expected


@pytest.mark.parametrize(("text", "expected"), [
    ("the *mean* of s_{t+1} <b>", "the <em>mean</em> of <i>s</i><sub>t+1</sub> &lt;<i>b</i>&gt;"),
    ("Σ_{t=0..H} γ^t & 'x'", "<i>Σ</i><sub>t=0,…,H</sub> <i>γ</i><sup>t</sup> &amp; ‘<i>x</i>’"),
    ("the author's reason 'it is known'", "the author’s reason ‘it is known’"),
    ("a policy π(a|s), at (s, a)", "a policy <i>π</i>(<i>a</i>|<i>s</i>), at (<i>s</i>,\xa0<i>a</i>)"),
    ("π_{<}", "<i>π</i><sub>&lt;</sub>"),
])
def test_a_sentence_on_a_page(text: str, expected: str) -> None:
    assert prose(text) == expected


@needs_mathml
@pytest.mark.deep
def test_every_bundled_term_becomes_mathml_without_a_rest_of_latex() -> None:
    for file in proof_files([bundled()]):
        for one in load(file):
            for term in one.chain.terms:
                found = ElementTree.fromstring(str(mathml(term)))
                assert "\\" not in "".join(found.itertext()), (one.name, term)


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.startswith("latex2mathml"):
            raise ImportError(name)
        return real(name, *rest)

    theorem, = load(bundled() / "policy_gradient.py")
    one = examine(theorem)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(BadInput, match=r"derive-rl\[html\]"):
        page([one], None, command="x")


@theorem("assumed", assumes=[possible(tau), dynamics_positive])
def assumed_in_two_ways() -> Chain:
    return calc(grad(P(tau)), by(log_derivative), P(tau) * grad(log(P(tau))))


@needs_mathml
def test_every_assumption_is_said_in_every_format() -> None:
    """What is used, and what is idle or not known to be needed: some formats left those out."""
    one = examine(assumed_in_two_ways)
    assert one.used
    assert one.idle + one.unknown
    for made in (document, typeset, page):
        text = made([one], None, command="derive report")
        for assumption in assumed_in_two_ways.assumes:
            assert assumption.name.replace("_", r"\_") in text or assumption.name in text, (made, assumption)
