"""The report without TeX: Typst that compiles, says what the page says, and prints any text literally."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from examples import NODES

from derive import (
    J,
    P,
    R,
    approximately,
    becomes,
    define,
    expect,
    function,
    gamma,
    grad,
    log,
    pi,
    pi_old,
    prod,
    ratio,
    s,
    same,
    t,
    tau,
    total,
)
from derive.checking.derivation import by, calc, theorem
from derive.checking.examine import Session
from derive.checking.judgement import Examined
from derive.checking.proof_files import bundled, load, proof_files
from derive.checking.verdict import Refuted
from derive.cli import main
from derive.errors import BadInput
from derive.language.alphabets import TYPST, TYPST_LOOSE
from derive.language.notation import write
from derive.report import tex
from derive.report import typeset as typeset_module
from derive.report.tex import write_report
from derive.report.typeset import (
    Typ,
    TypstFailed,
    compile_typst,
    environment,
    formula,
    lacking,
    literal,
    prose,
    typeset,
)
from proofs.policy_gradient import policy_gradient

needs_text = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not installed")
HOSTILE = r'#panic("x") $x$ *bold* "quoted" \ ] } [ @label <tag> // comment 漢 naïve'


@theorem(HOSTILE)
def hostile():
    """Only the *first* score. #panic("stop") ] } P_{)(} and s_{;#x}

    Source: ] #read("/etc/passwd")
    """
    return calc(
        grad(J), by(r'] #panic("z")', tag="$]", expect=Refuted), expect(tau, grad(log(pi(tau.a[0] | tau.s[0])))),
        by("#x", expect=Refuted), 0)


@pytest.fixture
def typst(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A machine with the library and without LaTeX."""
    monkeypatch.setattr(tex, "find_engine", lambda: None)
    return pytest.importorskip("typst")


def examined(*theorems: Any) -> list[Examined]:
    session = Session()
    return [session.examine(one) for one in theorems]


def text_of(pdf: Path) -> str:
    found = subprocess.run(["pdftotext", "-layout", str(pdf), "-"], capture_output=True, check=True).stdout.decode()
    return " ".join(found.split())


@pytest.mark.parametrize(("term", "expected"), [
    (grad(J), "∇_θ J(θ)"),
    (ratio(grad(P(tau)), P(tau)), "(∇_θ P(τ;θ)) / (P(τ;θ))"),
    (total(t, gamma**t * R(tau)), "∑_(t=0)^(H) γ^(t) thin R(τ)"),
    (expect(tau, prod(t, log(pi(tau.a[t] | tau.s[t])))),
     "𝔼_(τ ∼ P(⋅;θ)) [∏_(t=0)^(H) log π_(θ)(a_(t) ∣ s_(t))]".replace(") [", ")[")),
    (function("b_old'")(s) + function("β2")(s), "b_(italic(\"old\"))'(s) + italic(\"β2\")(s)"),
    (ratio(1, 2) * pi_old(tau.a[0] | tau.s[0]), "(1) / (2) thin π_(italic(\"old\"))(a_(0) ∣ s_(0))"),
    (same(tau.s[0], s), "bold(1){s_(0) = s}"),
], ids=str)
def test_a_term_as_typst(term: Any, expected: str) -> None:
    """Each by hand."""
    assert write(term, TYPST) == expected


def test_a_long_bracket_may_be_parted_and_a_short_one_not() -> None:
    short = R(tau) * (R(tau) - J)
    assert write(short, TYPST_LOOSE) == "R(τ) joint (R(τ) - J(θ))"
    long = write(expect(tau, total(t, grad(log(pi(tau.a[t] | tau.s[t])))) * R(tau) * short), TYPST_LOOSE)
    assert "fencesquare" in long
    assert "unfencesquare" in long
    assert "[" not in long


def source_of(terms: list[Any]) -> str:
    head = environment().from_string('{% include "head.typ" %}').render()
    return head + "\n\n".join(formula(term) for term in terms)


def test_every_node_compiles_in_both_forms(typst: Any, tmp_path: Path) -> None:
    terms = [node for node, _ in NODES.values()]
    both = [f"${write(term, alphabet)}$" for term in terms for alphabet in (TYPST, TYPST_LOOSE)]
    compile_typst(source_of(terms) + "\n\n".join(both), tmp_path / "nodes.pdf")
    assert (tmp_path / "nodes.pdf").read_bytes().startswith(b"%PDF")


def test_what_is_no_formula_does_not_compile(typst: Any, tmp_path: Path) -> None:
    """The twin: two letters side by side are the name of nothing."""
    with pytest.raises(TypstFailed, match="unknown variable: ab"):
        compile_typst("$ab$", tmp_path / "x.pdf")
    assert not (tmp_path / "x.pdf").exists()


@pytest.mark.deep
def test_every_bundled_term_compiles(typst: Any, tmp_path: Path) -> None:
    terms = [term for file in proof_files([bundled()]) for one in load(file) for term in one.chain.terms]
    compile_typst(source_of(terms), tmp_path / "terms.pdf")


@pytest.mark.slow
@needs_text
def test_a_report_without_tex(typst: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "r.pdf"
    assert main(["report", "policy_gradient", "discount_lost", "-o", str(target), "--samples", "1000"]) == 0
    first = target.read_bytes()
    text = text_of(target)
    for part in ("2.1 Policy gradient theorem", "Every step is proved; the claim follows.", "3.1 The discount is lost",
                 "left side 3/2, right side 2", "agrees", "score of a trajectory", "derive report policy_gradient"):
        assert part in text
    assert str(tmp_path) not in text
    assert "lack" not in capsys.readouterr().err
    assert main(["report", "policy_gradient", "discount_lost", "-o", str(target), "--samples", "1000"]) == 0
    assert target.read_bytes() == first


@needs_text
def test_side_conditions_a_step_spelled_out_and_relations(typst: Any, tmp_path: Path) -> None:
    g = define("g", [tau], R(tau) * 2)

    @theorem("a surrogate")
    def surrogate():
        """Twice as much, nearly."""
        return calc(expect(tau, g(tau)), by(approximately), expect(tau, R(tau)), by(becomes), J)

    source = typeset(examined(policy_gradient, surrogate), None, command="here")
    compile_typst(source, tmp_path / "report.pdf")
    text = text_of(tmp_path / "report.pdf")
    conditions = text.split("Side conditions.")
    assert len(conditions) == 2
    assert conditions[1].startswith(" Step 1: ")
    assert "> 0, by possible(tau). Step 2: " in conditions[1]
    assert text.count("One step spelled out") == 1
    assert source.count("#let spelled(") == 1
    assert source.count("π_(θ)(1 ∣ 0)") == 8  # on each side in P and in the score of two trajectories, for either width
    assert "$g(τ) := R(τ) ⋅ 2$" in source.replace(" thin ", " ").replace("R(τ) 2", "R(τ) ⋅ 2")
    assert source.count("[$≈$]") == 2  # the claim and the first line
    assert source.count("[$←$]") == 1
    assert "The chain breaks at ≈" in text


@needs_text
def test_hostile_text_appears_literally(typst: Any, tmp_path: Path) -> None:
    target = tmp_path / "h.pdf"
    lacks = write_report(examined(hostile), None, target, command='derive "report" #x')
    text = text_of(target)
    assert r'#panic("x") $x$ *bold* "quoted" \ ] } [ @label <tag> // comment [U+6F22] naïve' in text
    assert '#panic(“stop”)' in text
    assert '] #panic("z")' in text
    assert "#read(“/etc/passwd”)" in text
    assert lacks == ("漢",)


def test_the_template_prints_nothing_that_is_not_typst() -> None:
    made = environment()
    assert made.from_string("{{ x }}").render(x=Typ("#a")) == "#a"
    with pytest.raises(TypeError, match="not marked as Typst"):
        made.from_string("{{ x }}").render(x="#panic()")


@pytest.mark.parametrize(("text", "expected"), [
    ("a \\ and \"b\"", '#"a \\\\ and \\"b\\"";'),
    ("line\nbreak \x1b", '#"line\\\\nbreak \\\\x1b";'),
])
def test_text_is_a_string(text: str, expected: str) -> None:
    assert literal(text) == expected


@pytest.mark.parametrize(("text", "expected"), [
    ("so s_t and γ^t", '#"so ";$s_(t)$#" and ";$γ^(t)$'),
    ("Σ_{t=0..H} r", '$∑_(t = 0 ,…, H)$#" ";$r$'),
    ("*far* π_{old}", '#emph[#"far";]#" ";$π_(italic("old"))$'),
    ("x_{)(}", '$x_(")" "(")$'),
    ("τ^{(i)}", "$τ^(( i ))$"),
])
def test_prose(text: str, expected: str) -> None:
    assert prose(text) == expected


def test_what_the_fonts_lack_is_told_in_one_line(
        typst: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lacking("∇θ é ж ≤ 漢😀") == ("漢", "😀")
    file = tmp_path / "far.py"
    file.write_text('from derive import *\n@theorem("far 漢 and 😀")\ndef far():\n'
                    '    return calc(grad(1), by("it is constant"), 0)\n')
    main(["report", str(file), "-o", str(tmp_path / "far.pdf")])
    assert "the fonts lack 漢 (U+6F22), 😀 (U+1F600); shown by number\n" in capsys.readouterr().err


def test_latex_tells_it_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lacks = write_report(examined(hostile), None, tmp_path / "h.tex", command="derive report [U+1F600]")
    assert lacks == ("漢",)


def test_latex_comes_first_where_it_is_installed(typst: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(tex, "find_engine", lambda: "pdflatex")
    monkeypatch.setattr(tex, "compile_pdf", lambda source, path: asked.append(source[:14]))
    write_report(examined(policy_gradient), None, tmp_path / "r.pdf", command="x")
    assert asked == ["\\documentclass"]


def test_without_either_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tex, "available", lambda: False)
    monkeypatch.setattr(tex, "find_engine", lambda: None)
    with pytest.raises(BadInput, match=r"LaTeX or Typst.*derive-rl\[pdf\].*apt install"):
        write_report(examined(policy_gradient), None, tmp_path / "r.pdf", command="x")


def test_a_file_of_the_users_is_not_the_library(typst: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "typst.py").write_text("raise SystemExit(5)")
    monkeypatch.chdir(tmp_path)
    assert compile_typst("x", tmp_path / "x.pdf") == ()


def test_an_engine_that_takes_too_long_is_stopped(typst: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typeset_module, "SECONDS", 0.001)
    with pytest.raises(BadInput, match=r"longer than 0\.001 seconds"):
        compile_typst("x", tmp_path / "x.pdf")


def test_the_source_is_the_same_every_time() -> None:
    first, second = (typeset(examined(policy_gradient), None, command="x") for _ in range(2))
    assert first == second
