"""The document: whole, safe, the same every time, and without a warning from LaTeX."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
from jinja2 import UndefinedError

from derive import J, R, expect, grad, gradient_of_a_sum, log, log_derivative, pi, possible, t, tau, total
from derive import P as prob
from derive.checking.derivation import by, calc, theorem
from derive.checking.examine import Session
from derive.checking.judgement import Examined
from derive.checking.theorems import Chain
from derive.checking.verdict import Refuted
from derive.errors import BadInput
from derive.numeric.comparison import compare
from derive.numeric.sources import two_state
from derive.report import document as document_module
from derive.report import tex
from derive.report.document import document
from derive.report.numbers import Evaluated
from derive.report.reporting import formulas_of
from derive.report.tex import compile_pdf, write_report, write_whole
from proofs.gradient_of_probability import gradient_of_probability
from proofs.likelihood_ratio_gradient import likelihood_ratio_gradient
from proofs.policy_gradient import policy_gradient
from proofs.sample_estimate_is_unbiased import sample_estimate_is_unbiased
from proofs.score_of_a_trajectory import score_of_a_trajectory
from proofs.variance_of_the_estimate import variance_of_the_estimate

ROOT = Path(__file__).resolve().parent.parent
THEOREMS = (gradient_of_probability, likelihood_ratio_gradient, score_of_a_trajectory, policy_gradient,
            sample_estimate_is_unbiased, variance_of_the_estimate)
COMMAND = "derive report 'my proofs' -o ~/report.pdf --samples 1000"
needs_latex = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
needs_text = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not installed")
HOSTILE = r"100% \input{/etc/passwd} $x_1$ & ~ \write18{touch pwned} } # ^^41 😀 ∇θ"


@theorem("the last score is enough", assumes=[possible(tau)])
def last_score_is_enough():
    """Only the first action counts. False for H of 1 and more."""
    return calc(grad(log(prob(tau))), by(gradient_of_a_sum, expect=Refuted), grad(log(pi(tau.a[0] | tau.s[0]))))


@theorem(HOSTILE, assumes=[possible(tau)])
def hostile():
    r"""\end{document} {unbalanced $ 100% \input{secret}

    Outline
        1. \write18{touch pwned}

    Source: ~ & \csname end\endcsname
    """
    return calc(
        grad(prob(tau)), by(r"words \input{secret} %", tag=r"$x_1$ \&"), prob(tau) * grad(log(prob(tau))),
        by(log_derivative), grad(prob(tau)) * 2 - grad(prob(tau)))


@pytest.fixture(scope="module")
def examined() -> list[Examined]:
    session = Session()
    return [session.examine(theorem) for theorem in (*THEOREMS, last_score_is_enough)]


@pytest.fixture(scope="module")
def evaluated(examined: list[Examined]) -> Evaluated:
    comparison = compare(two_state(), np.array([[0.3, -0.2], [0.1, 0.4]]), samples=2_000)
    return Evaluated(comparison, formulas_of(examined, comparison, seed=0))


@pytest.fixture(scope="module")
def source(examined: list[Examined], evaluated: Evaluated) -> str:
    return document(examined, evaluated, command=COMMAND)


def warnings_of(log: str) -> list[str]:
    return [line for line in log.splitlines() if re.search(r"Overfull|Underfull|Warning", line)]


def text_of(pdf: Path) -> str:
    run = subprocess.run(["pdftotext", "-layout", str(pdf), "-"], capture_output=True, text=True, check=True)
    return " ".join(run.stdout.split())


# -- what it says ---------------------------------------------------------------------------------------


def test_every_theorem_has_its_parts(source: str) -> None:
    for heading in ("How to read it", "Theorems", "Refuted twins", "The same gradient, in numbers", "The rules",
                    "How to reproduce it"):
        assert rf"\section{{{heading}}}" in source
    assert r"\section{Lines that hold in the mean}" not in source
    assert source.count(r"\subsection{") == len(THEOREMS) + 1
    assert source.count("The claim follows: every step is proved.") == len(THEOREMS)
    assert source.count(r"\lead{One step spelled out.}") == 2  # the two with sums over trajectories
    assert source.count(r"\lead{Why it matters.}") == len(THEOREMS)
    assert source.count(r"\begin{tikzpicture}") == 2


@pytest.mark.parametrize("number", range(1, 12))
def test_the_lines_of_the_source_page_keep_their_labels(source: str, number: int) -> None:
    assert source.count(rf"\tag{{HF-{number}}}") == 1
    assert source.count(rf"& HF-{number} &") == 1


def test_the_scope_of_consecutive_steps_is_said_once(source: str) -> None:
    part = source.split(r"\label{theorem:2}")[1].split(r"\subsection{")[0]
    assert part.count("everywhere}: ") == 1
    assert r"\lead{All steps.}" in part
    assert part.count("by \\texttt{possible(tau)}") == 2  # HF-4 and HF-6


def test_a_lemma_is_referred_to_by_its_section(source: str) -> None:
    assert r"\hyperref[theorem:2]{Section~\ref*{theorem:2}: likelihood-ratio policy gradient}" in source


def test_a_twin_shows_its_counterexample(source: str) -> None:
    twin = source.split(r"\section{Refuted twins}")[1].split(r"\section{")[0]
    assert r"\doubted" in twin
    assert r"\verdict{bad}{refuted}" in twin
    assert re.search(r"left side & \$= -?(\\tfrac\{\d+\}\{\d+\}|\d+)\$", twin)
    assert "The smallest model found" in twin


def test_without_numbers_and_twins_the_sections_are_left_out(examined: list[Examined]) -> None:
    short = document(examined[:1], None, command="derive report")
    assert r"\section{Refuted twins}" not in short
    assert "tikzpicture}" not in short


def test_the_versions_and_the_command_are_given(source: str) -> None:
    assert r"\texttt{derive report \textquotesingle{}my proofs\textquotesingle{} -o \textasciitilde{}/rep" in source
    for name in ("derive", "python", "sympy", "python-flint", "numpy"):
        assert re.search(rf"{name}~\d+\.\d+", source)
    assert r"\begin{tabular}" not in source.split("How to reproduce it")[1]  # alone on a last page it was five lines


def test_nothing_of_this_machine_or_day_is_in_it(source: str) -> None:
    assert str(ROOT) not in source
    assert str(Path.home()) + "/" not in source
    assert time.strftime("%Y") not in re.sub(r"\(\d{4}\)", "", source)
    assert "seconds" not in source


HASHED = """
import sys
sys.path.insert(0, {root!r})
from derive.checking.examine import Session
from derive.numeric.comparison import compare
from derive.numeric.sources import two_state
from derive.report.document import document
from derive.report.reporting import formulas_of
from derive.report.numbers import Evaluated
from proofs.score_of_a_trajectory import score_of_a_trajectory
from proofs.policy_gradient import policy_gradient
session = Session()
both = [session.examine(theorem) for theorem in (policy_gradient, score_of_a_trajectory)]
comparison = compare(two_state(), [[0.3, -0.2], [0.1, 0.4]], samples=500)
sys.stdout.write(document(both, Evaluated(comparison), command="derive report"))
"""


@pytest.mark.slow
def test_the_same_document_under_every_hash_seed() -> None:
    runs = [subprocess.Popen([sys.executable, "-c", HASHED.format(root=str(ROOT))], stdout=subprocess.PIPE,
                             env={**os.environ, "PYTHONHASHSEED": seed}) for seed in ("1", "4242")]
    first, second = (run.communicate(timeout=120)[0] for run in runs)
    assert [run.returncode for run in runs] == [0, 0]
    assert first == second
    assert len(first) > 5_000


# -- what it refuses --------------------------------------------------------------------------------------


def test_the_template_prints_nothing_that_is_not_latex() -> None:
    environment = document_module.environment()
    with pytest.raises(TypeError, match="not marked as LaTeX"):
        environment.from_string(r"\VAR{text}").render(text="100%")
    with pytest.raises(UndefinedError):
        environment.from_string(r"\VAR{missing}").render()
    assert environment.from_string(r"{% not a block %} {{ nor this }} \VAR{n}").render(n=3) == (
        "{% not a block %} {{ nor this }} 3")


@pytest.mark.slow
@needs_latex
@needs_text
def test_hostile_text_appears_literally(tmp_path: Path) -> None:
    (tmp_path / "secret.tex").write_text("SECRET")
    target = tmp_path / "hostile.pdf"
    source = document([Session().examine(hostile)], None, command=r"derive report \input{secret} %")
    assert source.isascii()
    compile_pdf(source, target)
    text = text_of(target)
    assert r"100% \input{/etc/passwd} $x_1$ & ~ \write18{touch pwned} } # ^^41 [U+1F600] ∇θ" in text
    assert r"\end{document} {unbalanced $ 100% \input{secret}" in text
    assert r"($x_1$ \&)" in text
    assert "SECRET" not in text
    assert "root:" not in text


# -- compiling ----------------------------------------------------------------------------------------------


def long_tables(source: str) -> list[int]:
    """The rows of the tables that a page may be too short for: a tabular is never broken, and runs off the page."""
    rows = [body.count(r"\\") for body in re.findall(r"\\begin\{tabular\}(.*?)\\end\{tabular\}", source, re.DOTALL)]
    return [number for number in rows if number > 25]


def test_no_table_runs_off_its_page(source: str) -> None:
    assert long_tables(source) == []
    formulas = source.split(r"\section{The same gradient, in numbers}")[1].split("coordinate by coordinate")[0]
    assert r"\begin{longtable}" in formulas
    assert long_tables(r"\begin{tabular}{l}" + "x \\\\\n" * 30 + r"\end{tabular}") == [30]


@pytest.mark.slow
@needs_latex
def test_the_bundled_theorems_compile_without_a_warning_and_always_the_same(
        source: str, tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        log = compile_pdf(source, tmp_path / folder / "report.pdf")
        assert warnings_of(log) == []
    assert (tmp_path / "one" / "report.pdf").read_bytes() == (tmp_path / "two" / "report.pdf").read_bytes()
    assert [file.name for file in (tmp_path / "one").iterdir()] == ["report.pdf"]


@needs_latex
def test_the_check_for_warnings_sees_one(tmp_path: Path) -> None:
    log = compile_pdf(r"\documentclass{article}\begin{document}\hbox to 1pt{too wide}\ref{x}\end{document}",
                      tmp_path / "w.pdf")
    assert any("Overfull" in line for line in warnings_of(log))
    assert any("LaTeX Warning" in line for line in warnings_of(log))


@needs_latex
@pytest.mark.parametrize("body", [
    r"\immediate\write18{touch pwned}", r"\input{/etc/passwd}", r"\input{../outside}",
    r"\newwrite\w\immediate\openout\w=../escaped.txt",
])
def test_the_engine_has_no_shell_and_no_files_elsewhere(
        body: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "outside.tex").write_text("SECRET")
    target = tmp_path / "out.pdf"
    try:
        log = compile_pdf(rf"\documentclass{{article}}\begin{{document}}x{body}\end{{document}}", target)
    except BadInput as refused:
        assert "pdflatex failed" in str(refused)  # noqa: PT017
        assert not target.exists()
    else:
        assert "runsystem(touch pwned)...disabled" in log
    assert {file.name for file in tmp_path.iterdir()} <= {"outside.tex", "out.pdf"}


@needs_latex
def test_a_failing_source_names_the_error_and_keeps_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "old.pdf"
    target.write_bytes(b"old")
    with pytest.raises(BadInput, match="Undefined control sequence"):
        compile_pdf(r"\documentclass{article}\begin{document}\nonsense\end{document}", target)
    assert target.read_bytes() == b"old"
    with pytest.raises(BadInput, match="made no PDF"):
        compile_pdf(r"\documentclass{article}\begin{document}\end{document}", target)


def test_an_engine_that_hangs_is_killed_with_its_children(tmp_path: Path) -> None:
    engine = tmp_path / "engine"
    engine.write_text(f"#!/bin/sh\nsleep 60 &\necho $! > {tmp_path}/child\nwait\n")
    engine.chmod(0o755)
    start = time.monotonic()
    with pytest.raises(BadInput, match=r"longer than 0\.5 seconds"):
        compile_pdf("x", tmp_path / "out.pdf", engine=str(engine), seconds=0.5)
    assert time.monotonic() - start < 10
    child = int((tmp_path / "child").read_text())
    for _ in range(100):
        if _gone(child):
            break
        time.sleep(0.05)
    assert _gone(child)
    assert not (tmp_path / "out.pdf").exists()


def _gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    state = Path(f"/proc/{process}/stat")
    return state.exists() and state.read_text().rsplit(")", 1)[1].split()[0] == "Z"


def test_without_an_engine_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tex.shutil, "which", lambda name: None)
    with pytest.raises(BadInput, match=r"apt install texlive-latex-recommended"):
        compile_pdf("x", tmp_path / "out.pdf")
    with pytest.raises(BadInput, match="cannot be run"):
        compile_pdf("x", tmp_path / "out.pdf", engine=str(tmp_path / "missing"))


# -- onto the disk --------------------------------------------------------------------------------------------


def test_a_report_is_written_as_latex(examined: list[Examined], tmp_path: Path) -> None:
    target = tmp_path / "report.tex"
    write_report(examined[:1], None, target, command="derive report")
    assert target.read_text() == document(examined[:1], None, command="derive report")


@pytest.mark.parametrize(("name", "complaint"), [
    ("report.txt", "neither in .pdf nor in .tex"), ("missing/report.tex", "does not exist"),
    ("folder.tex", "is a folder"), ("device.pdf", "not a plain file"), ("loop.tex", "loop"), ("a\0b.tex", "null byte"),
])
def test_a_target_that_cannot_be_written_is_refused_before_any_work(
        name: str, complaint: str, tmp_path: Path) -> None:
    (tmp_path / "folder.tex").mkdir()
    (tmp_path / "device.pdf").symlink_to("/dev/null")
    (tmp_path / "loop.tex").symlink_to(tmp_path / "loop.tex")
    before = sorted(file.name for file in tmp_path.iterdir())
    with pytest.raises(BadInput, match=complaint) as caught:
        write_report([], None, tmp_path / name, command="")
    assert len(str(caught.value).splitlines()) == 1
    assert sorted(file.name for file in tmp_path.iterdir()) == before


def test_a_folder_without_permission_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tex.os, "access", lambda *_: False)  # the tests may run as root
    with pytest.raises(BadInput, match="not writable"):
        write_whole(tmp_path / "x.tex", b"")


def test_a_failure_leaves_the_old_file_and_no_litter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "report.tex"
    target.write_bytes(b"old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tex.os, "replace", full)
    with pytest.raises(BadInput, match="No space left on device"):
        write_whole(target, b"new")
    assert target.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["report.tex"]


def test_a_link_stays_a_link_and_permissions_stay(tmp_path: Path) -> None:
    real, link = tmp_path / "real.tex", tmp_path / "link.tex"
    real.write_bytes(b"old")
    real.chmod(0o640)
    link.symlink_to(real)
    write_whole(link, b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"
    assert real.stat().st_mode & 0o777 == 0o640


@theorem("a step too many")
def agreeing() -> Chain:
    closed = expect(tau, total(t, grad(log(pi(tau.a[t] | tau.s[t])))) * R(tau))
    return calc(grad(J), by(), 2 * closed, by(), closed)


@pytest.mark.slow
@needs_latex
@needs_text
def test_a_refuted_formula_that_agrees_on_the_model_stays_on_the_page(tmp_path: Path) -> None:
    """What says that it is refuted ran over the edge of the paper."""
    checked = [Session().examine(agreeing)]
    comparison = compare(two_state(), np.array([[0.3, -0.2], [0.1, 0.4]]), samples=2_000)
    numbers = Evaluated(comparison, formulas_of(checked, comparison, seed=0))
    log = compile_pdf(document(checked, numbers, command=COMMAND), tmp_path / "report.pdf")
    assert warnings_of(log) == []
    assert "the theorem is refuted" in " ".join(text_of(tmp_path / "report.pdf").split())
