"""``derive check --fix``: what it writes is as claimed and nothing else changes; what does no good is not written."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import derive
from derive import J, P, R, Time, function, grad, log, tau, total
from derive.checking.proof_files import bundled
from derive.cli import main
from derive.diagnostics import Edit, Fix, Span
from derive.errors import BadInput
from derive.files.rewriting import Text as Characters
from derive.files.rewriting import apart, difference
from derive.fixing.layout import laid_out
from derive.fixing.search import sequences
from derive.fixing.spelling import NotSpelled, Scope, imports
from derive.process.limits import Limits
from derive.runs.campaign import Look, Text, check_isolated
from derive.runs.mending import Mended, Mender, write_back

HEAD = "from derive import J, P, R, by, calc, grad, log, ratio, tau, theorem, total\n"
IMPORTED = HEAD.replace("grad,", "definition, grad, gradient_of_a_sum,")
HOLE = HEAD + '''

@theorem("one")
def one():
    return calc(
        grad(J),
        by(),  # why?
        grad(total(tau, P(tau) * R(tau))),
    )
'''
FILLED = '''from derive import J, P, R, by, calc, definition, grad, log, ratio, tau, theorem, total


@theorem("one")
def one():
    return calc(
        grad(J),
        by(definition(J)),  # why?
        grad(total(tau, P(tau) * R(tau))),
    )
'''
TWO = HOLE.replace("by(),  # why?", 'by(tag="b"),').replace(
    "grad(total(tau, P(tau) * R(tau)))", "total(tau, grad(P(tau) * R(tau)))")
TWO_FILLED = IMPORTED + '''

@theorem("one")
def one():
    return calc(
        grad(J),
        by(definition(J)),
        grad(total(tau, P(tau) * R(tau))),
        by(gradient_of_a_sum, tag="b"),
        total(tau, grad(P(tau) * R(tau))),
    )
'''
LIKELIHOOD = HOLE.replace("grad(total(tau, P(tau) * R(tau)))", "total(tau, P(tau) * grad(log(P(tau))) * R(tau))")
CONDITION = HEAD + '''
@theorem("one")
def one():
    return calc(grad(log(P(tau))), by(), ratio(grad(P(tau)), P(tau)))
'''


def fixed(folder: Path, text: str | bytes, *options: str) -> tuple[bytes, int]:
    """The bytes of a file after ``--fix``, and the exit status."""
    path = folder / "proof.py"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    status = main(["check", "-q", "--fix", *options, str(path)])
    return path.read_bytes(), status


# -- what is written -------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "expected"), [
    (HOLE, FILLED),
    (HOLE.replace("by()", "by(None)"), FILLED),
    (TWO, TWO_FILLED),
    (HOLE.replace("by()", "by(log)").replace("log, ratio", "gradient_of_a_sum as log, ratio"),
     FILLED.replace("log, ratio", "gradient_of_a_sum as log, ratio")),
    (HOLE.replace("        by(),  # why?\n", ""), FILLED.replace("  # why?", "")),
    (HOLE.replace("return calc(", "calc("), FILLED),
    ("import derive as d\n\n@d.theorem('x')\ndef x(): return d.calc(d.J, d.by( ), d.J * 1)",
     "import derive as d\n\n@d.theorem('x')\ndef x(): return d.calc(d.J, d.by( d.regroup), d.J * 1)"),
    ("from derive import *\nsince = by\n@theorem('x')\ndef x(): return calc(J, since(), J * 1)",
     "from derive import *\nsince = by\n@theorem('x')\ndef x(): return calc(J, since(regroup), J * 1)"),
    ("from derive import *\n@theorem('x')\ndef x():\n return calc(J, by(tag='l'), J * 1)",
     "from derive import *\n@theorem('x')\ndef x():\n return calc(J, by(regroup, tag='l'), J * 1)"),
], ids=["a hole", "None", "two rules", "another rule", "no by", "no return", "a module", "another name", "a star"])
def test_what_is_missing_is_filled_in(text: str, expected: str, tmp_path: Path) -> None:
    found, status = fixed(tmp_path, text)
    assert found.decode() == expected
    assert status == 0
    assert main(["check", "--strict", "-q", str(tmp_path / "proof.py")]) == 0


@pytest.mark.slow
def test_the_rest_stays_byte_for_byte(tmp_path: Path) -> None:
    """A byte order mark, tabs, both ways to end a line, characters of several bytes, and no end of the last line."""
    tabs = HOLE.replace("    ", "\t").replace("# why?", "# τ für 🎲").rstrip("\n")
    for ending in ("\r\n", "\r", "\n"):
        mixed = tabs.replace("\n", ending)
        given = b"\xef\xbb\xbf" + mixed.encode()
        found, status = fixed(tmp_path, given)
        assert found == given.replace(b"calc, ", b"calc, definition, ").replace(b"by()", b"by(definition(J))")
        assert status == 0
    latin = b"# -*- coding: latin-1 -*-\n# \xfc\n" + HOLE.encode()
    found, status = fixed(tmp_path, latin)
    assert found == b"# -*- coding: latin-1 -*-\n# \xfc\n" + FILLED.encode()
    inserted, _ = fixed(tmp_path, TWO.replace("\n", "\r\n"))
    assert inserted == TWO_FILLED.replace("\n", "\r\n").encode()


def test_a_file_whose_bytes_do_not_come_back_is_left_alone() -> None:
    with pytest.raises(BadInput, match="not rewritten"):
        Characters.of(b"# coding: utf-7\n# +AGE-\n")
    assert Characters.of(b"\xef\xbb\xbfx\n").content == b"\xef\xbb\xbfx\n"


@pytest.mark.slow
def test_the_likelihood_ratio_is_found_from_a_hole(tmp_path: Path) -> None:
    text = LIKELIHOOD.replace('"one"', '"one", assumes=[possible(tau)]').replace("log, ratio", "log, possible, ratio")
    found, status = fixed(tmp_path, text)
    assert status == 0
    call = next(node for node in ast.walk(ast.parse(found)) if isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name) and node.func.id == "calc")
    assert [ast.unparse(item) for item in call.args[1::2]] == [  # the textbook's own way
        "by(definition(J))", "by(gradient_of_a_sum)", "by(factor_without_theta)", "by(log_derivative_trick)"]


LEMMA = """from derive import *


@theorem("the score of a trajectory", assumes=[possible(tau)])
def score():
    return calc(grad(log(P(tau))), by(automata), total(t, grad(log(pi(tau.a[t] | tau.s[t])))))


@theorem("used", assumes=[possible(tau)])
def used():
    return calc(
        total(tau, P(tau) * grad(log(P(tau))) * R(tau)),
        by(),
        total(tau, P(tau) * total(t, grad(log(pi(tau.a[t] | tau.s[t])))) * R(tau)))
"""


def test_a_lemma_of_the_file_fills_a_hole(tmp_path: Path) -> None:
    """Its proof is by automata, so that no rule is found there, and none is needed here."""
    text, status = fixed(tmp_path, LEMMA)
    assert (text.decode(), status) == (LEMMA.replace("by()", "by(score)"), 0)


@pytest.mark.slow
@pytest.mark.parametrize("broken", [
    LEMMA.replace("by(automata), total", "by(automata), 2 * total"),
    LEMMA.replace("by(automata), total", "by('words'), total"),
    LEMMA.replace('trajectory", assumes=[possible(tau)]', 'trajectory", assumes=[possible(tau), policy_positive]'),
    LEMMA.replace("    return calc(\n        total", "    score = 1\n    return calc(\n        total"),
    LEMMA.replace("return calc(grad(log(P(tau))), by(automata),", "return calc(grad(log(P(tau))),"),
], ids=["false", "without a reason", "assumes more", "hidden by a local name", "no chain"])
def test_a_lemma_that_does_not_serve_is_not_cited(broken: str, tmp_path: Path) -> None:
    """The twins: what is not proved, assumes more, or has no name where it would be written."""
    assert broken != LEMMA
    text, _ = fixed(tmp_path, broken)
    assert b"by(score)" not in text


@pytest.mark.slow
def test_two_holes_do_not_fill_each_other(tmp_path: Path) -> None:
    """Each would give the other; a theorem with a hole is not proved, so neither is cited."""
    alone = LEMMA[:LEMMA.index('@theorem("used"')].replace("by(automata)", "by()")
    again = alone[alone.index("@theorem"):].replace("def score", "def again")
    again = again.replace("the score of a trajectory", "again")
    text, status = fixed(tmp_path, alone + again)
    assert status == 0
    assert b"by()" not in text
    assert b"by(again)" not in text
    assert b"by(score)" not in text


LOOP = """from derive import *


@theorem("one")
def one():
    chain = [FIRST]
    for term in [TERMS]:
        chain += [by(), term]
    return calc(*chain)
"""


def loop(first: str, *terms: str) -> str:
    return LOOP.replace("FIRST", first).replace("TERMS", ", ".join(terms))


def test_a_reason_of_several_steps_is_given_only_if_it_is_that_of_each(tmp_path: Path,
                                                                       capsys: pytest.CaptureFixture[str]) -> None:
    """The first step's was put into a loop, where it was wrong for the second."""
    apart_ = loop("grad(J)", "grad(total(tau, P(tau) * R(tau)))", "total(tau, grad(P(tau) * R(tau)))")
    assert fixed(tmp_path, apart_) == (apart_.encode(), 0)
    capsys.readouterr()
    main(["check", "--fix", str(tmp_path / "proof.py")])
    assert "proof.py:8: one by() is the reason of steps 1 and 2 of one; where they need" in capsys.readouterr().err
    half = loop("grad(J)", "grad(total(tau, P(tau) * R(tau)))", "grad(J)").replace(
        "by(), term]", "by() if term != grad(J) else by(definition(J)), term]")  # two places, of which one is a hole
    assert fixed(tmp_path, half)[0].decode() == half.replace("by()", "by(definition(J))")
    same = loop("J", "1 * J", "1 * (1 * J)")
    assert fixed(tmp_path, same) == (same.replace("by()", "by(regroup)").encode(), 0)
    main(["check", "--fix", str(tmp_path / "proof.py")])
    assert "is the reason of" not in capsys.readouterr().err


def test_a_reason_that_serves_one_step_and_leaves_another_is_not_changed(tmp_path: Path) -> None:
    given = loop("grad(J)", "grad(total(tau, P(tau) * R(tau)))", "total(tau, grad(P(tau) * R(tau)))").replace(
        "by()", "by(definition(J))")
    text, _ = fixed(tmp_path, given)
    assert text.decode() == given


# -- long lines ------------------------------------------------------------------------------------

LONG = ("total(tau, grad(P(tau) * ((R(tau) - 2 * function('b')(s)) * R(tau) + R(tau) * R(tau) + (gamma + 2) * R(tau) "
        "+ 3 * P(tau) * total(t, log(pi(tau.a[t] | tau.s[t])), start=1))))")


@pytest.mark.parametrize("columns", [0, 4, 8, 24])
@pytest.mark.parametrize("width", [60, 80, 110])
def test_a_long_term_is_broken_over_lines_and_stays_the_same(columns: int, width: int) -> None:
    written = laid_out(LONG, columns, width=width)
    assert ast.dump(ast.parse(f"({written})")) == ast.dump(ast.parse(LONG))
    first, *rest = written.split("\n")
    assert rest
    if columns < 24:
        assert max(columns + len(first), *map(len, rest)) <= width
    assert all(line.startswith(" " * (columns + 4)) and not line.endswith((" ", "+", "*")) for line in rest)
    assert laid_out(LONG, columns, width=300) == LONG


def test_what_cannot_be_broken_is_left_on_one_line() -> None:
    text = f"function('a {'b ' * 60}')"
    assert laid_out(text, 0) == text
    assert laid_out("x" * 200, 0) == "x" * 200


def test_a_long_term_between_two_reasons_is_written_on_lines(tmp_path: Path) -> None:
    inside = "((R(tau) - function('b')(s)) * R(tau) + R(tau) * R(tau) + (gamma + 2) * R(tau) + 3 * P(tau))"
    text = ("from derive import *\n\n\n@theorem('one', assumes=[possible(tau)])\ndef one():\n    return calc(\n"
            f"        grad(expect(tau, {inside})),\n        by(),\n"
            f"        total(tau, grad(P(tau) * {inside})),\n    )\n")
    found, status = fixed(tmp_path, text)
    assert status == 0
    assert b"by()" not in found
    new = [line for line in found.decode().splitlines() if line not in text.splitlines()]
    assert len(new) == 4
    assert all(len(line) <= 110 for line in new)


def test_what_is_false_or_declared_is_left_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    false = HOLE.replace("P(tau) * R(tau)", "2 * P(tau) * R(tau)")
    assert fixed(tmp_path, false) == (false.encode(), 1)
    declared = HOLE.replace("by()", "by(expect=derive.Unjustified)").replace(HEAD, HEAD + "import derive\n")
    assert fixed(tmp_path, declared) == (declared.encode(), 0)
    assert "fixed" not in capsys.readouterr().err


def test_one_theorem_that_is_false_does_not_keep_the_other_from_being_mended(tmp_path: Path) -> None:
    other = '\n@theorem("two")\ndef two():\n    return calc(J, by(), 2 * J)\n'
    found, status = fixed(tmp_path, HOLE + other)
    assert (found.decode(), status) == (FILLED + other, 1)


# -- what has to be allowed ------------------------------------------------------------------------


def test_an_assumption_makes_another_claim(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert fixed(tmp_path, CONDITION)[0] == CONDITION.encode()
    assert "--unsafe-fixes" not in capsys.readouterr().err  # quiet
    main(["check", "--fix", str(tmp_path / "proof.py")])
    assert "1 more fix changes" in capsys.readouterr().err
    found, status = fixed(tmp_path, CONDITION, "--unsafe-fixes")
    assert status == 0
    assert b'@theorem("one", assumes=[possible(tau)])' in found
    assert b"by(log_derivative)" in found


@pytest.mark.parametrize(("given", "expected"), [
    ("", ", assumes=[possible(tau)]"), (", assumes=[]", ", assumes=[possible(tau)]"), (",", ",assumes=[possible(tau)]"),
    (", assumes=()", ", assumes=(possible(tau), )"), (", assumes=[undiscounted]",
                                                     ", assumes=[possible(tau), undiscounted]"),
    (", assumes=KNOWN", ", assumes=[possible(tau), *KNOWN]"),
])
def test_where_an_assumption_is_written(given: str, expected: str, tmp_path: Path) -> None:
    head = HEAD.replace("log,", "log, undiscounted,") + "KNOWN = (undiscounted,)\n"
    text = CONDITION.replace(HEAD, head).replace('"one"', f'"one"{given}')
    found, status = fixed(tmp_path, text, "--unsafe-fixes")
    assert f'@theorem("one"{expected})' in found.decode()
    assert status == 0


def test_words_of_the_author_are_not_lost_without_leave(tmp_path: Path) -> None:
    words = HOLE.replace("by()", 'by("by definition")')
    assert fixed(tmp_path, words)[0] == words.encode()
    assert fixed(tmp_path, words, "--unsafe-fixes")[0] == FILLED.encode()


def test_a_guess_has_to_be_allowed(tmp_path: Path) -> None:
    slip = FILLED.replace("grad(total(", "grad(totl(")
    assert fixed(tmp_path, slip) == (slip.encode(), 2)
    assert fixed(tmp_path, slip, "--unsafe-fixes") == (FILLED.encode(), 0)


def test_coverage_is_assumed_by_the_names_of_the_file(tmp_path: Path) -> None:
    text = '''from derive import *
behaviour = Policy("beta")
rho = ratio(pi(tau.a[0] | tau.s[0]), behaviour(tau.a[0] | tau.s[0]))
@theorem("one")
def one():
    return calc(expect(tau, rho, policy=behaviour), by(automata), 1)
'''
    found, status = fixed(tmp_path, text, "--unsafe-fixes")
    assert status == 0, found.decode()
    assert b"assumes=[covers(behaviour, pi)]" in found


# -- what does no good is not written ---------------------------------------------------------------


def _checked(text: str) -> Mended:
    checked = next(check_isolated([Text("proof.py", text.encode())]))
    return Mended(before=text.encode(), after=text.encode(), first=checked, checked=checked)


def _edit(text: str, old: str, new: str) -> Fix:
    rows = text.split("\n")
    row = next(number for number, line in enumerate(rows, 1) if old in line)
    column = rows[row - 1].index(old) + 1
    return Fix(span=Span(line=row, column=column, end_line=row, end_column=column + len(old)), text=new)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "proof.py").write_text(HOLE)
    return tmp_path


BAD = (
    ("by()", "by(grad)"), ("by()", "by("), ("by()", "by(total)"), ("grad(total", "total(tau, J), by(), grad(total"),
    ("        grad(J),", "        grad(total(tau, P(tau) * R(tau))),"), ('"one"', '"another"'),
    ("@theorem", "theorem"), ("by()", "by(expect=derive.Unjustified)"),
)


def test_a_fix_that_does_no_good_or_changes_the_claim_is_dropped(here: Path) -> None:
    """Planted: each is refused, though some of them leave nothing to complain of; the good one is not."""
    now = _checked(HOLE)
    mender = Mender(Look(), Limits())
    for old, new in BAD:
        assert mender._better("proof.py", now, [_edit(HOLE, old, new)]) is None, new
    good = Fix(**{name: getattr(_edit(HOLE, "by()", "by(definition(J))"), name) for name in ("span", "text")},
               words=("definition",))
    better = mender._better("proof.py", now, [_edit(HOLE, "grad(total", "grad(totl"), good])
    assert better is not None
    assert better.made == (good,)
    assert better.after == FILLED.encode()
    assert (here / "proof.py").read_text() == HOLE


def test_no_better_text_with_more_assumptions_unless_allowed(here: Path) -> None:
    (here / "proof.py").write_text(CONDITION)
    now = _checked(CONDITION)
    more = Fix(**{name: getattr(_edit(CONDITION, '"one"', '"one", assumes=[possible(tau)]'), name)
                  for name in ("span", "text")}, words=("possible",))
    assert Mender(Look(), Limits())._better("proof.py", now, [more]) is None
    assert Mender(Look(), Limits(), unsafe=True)._better("proof.py", now, [more]) is not None


# -- where it is written ----------------------------------------------------------------------------


def test_nothing_is_written_through_a_link_out_of_the_folder(
        tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    away, home = tmp_path / "away", tmp_path / "home"
    for folder in (away, home):
        folder.mkdir()
    for folder in (away, home):
        (folder / "real.py").write_text(HOLE)
    (home / "out.py").symlink_to(away / "real.py")
    (home / "in.py").symlink_to("real.py")
    assert main(["check", "-q", "--fix", str(home / "out.py")]) == 2
    assert "leads out of its folder" in capsys.readouterr().out
    assert (away / "real.py").read_text() == HOLE
    assert main(["check", "-q", "--fix", str(home / "in.py")]) == 0
    assert (home / "in.py").is_symlink()
    assert (home / "real.py").read_text() == FILLED


def test_a_file_that_may_not_be_written_or_has_changed_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "proof.py"
    path.write_text(HOLE + "\n# later")
    changed = Mended(before=HOLE.encode(), after=FILLED.encode(), first=None, checked=None)  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="was changed"):
        write_back(path, changed)
    path.write_text(HOLE)
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(BadInput, match="may not be written"):
        write_back(path, changed)
    assert path.read_text() == HOLE
    monkeypatch.undo()
    path.chmod(0o640)
    write_back(path, changed)
    assert (path.read_text(), path.stat().st_mode & 0o777) == (FILLED, 0o640)
    assert [one.name for one in tmp_path.iterdir()] == ["proof.py"]


def test_diff_shows_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "proof.py"
    path.write_text(HOLE)
    stamp = path.stat().st_mtime_ns
    assert main(["check", "--diff", str(path)]) == 0  # a hole is a warning
    shown = capsys.readouterr().out
    assert main(["check", "--strict", "--diff", str(path)]) == 1
    assert (path.read_text(), path.stat().st_mtime_ns) == (HOLE, stamp)
    assert shown == f"""--- {path}
+++ {path}
@@ -1,10 +1,10 @@
-{HEAD.rstrip()}
+{FILLED.splitlines()[0]}
 
 
 @theorem("one")
 def one():
     return calc(
         grad(J),
-        by(),  # why?
+        by(definition(J)),  # why?
         grad(total(tau, P(tau) * R(tau))),
     )
"""


@pytest.mark.skipif(shutil.which("patch") is None, reason="patch is not installed")
def test_patch_takes_the_difference(tmp_path: Path) -> None:
    before, after = Characters(HOLE.rstrip("\n"), "utf-8"), Characters(TWO_FILLED, "utf-8")
    found = difference(before, after, "proof.py")
    assert "\\ No newline at end of file\n" in found
    (tmp_path / "proof.py").write_text(before.characters)
    subprocess.run(["patch", "-p0"], cwd=tmp_path, input=found, text=True, check=True, capture_output=True)
    assert (tmp_path / "proof.py").read_text() == after.characters


@pytest.mark.slow
def test_standard_input_is_printed_mended(tmp_path: Path) -> None:
    def run(text: str, *options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-m", "derive", "check", *options, "-"], input=text, text=True,
                              capture_output=True, timeout=60, check=False)

    found = run(HOLE, "--fix")
    assert (found.stdout, found.returncode) == (FILLED, 0)
    assert "fixed: <stdin>: step 1 of one: by(definition(J))" in found.stderr
    false = HOLE.replace("P(tau) * R(tau)", "2 * P(tau) * R(tau)")
    found = run(false, "--fix")
    assert (found.stdout, found.returncode) == (false, 1)
    assert "the step is false" in found.stderr


@pytest.mark.parametrize(("arguments", "said"), [
    (["--fix"], "bundled proofs are not rewritten"), (["--fix", "policy_gradient"], "bundled proofs are not"),
    (["--unsafe-fixes", "x.py"], "--unsafe-fixes says which"), (["--fix", "-", "x.py"], "give - alone"),
    (["--fix", "x.py", "--certificate", "c.json"], "--certificate is about"),
])
def test_what_cannot_be_mended_is_refused(arguments: list[str], said: str, here: Path,
                                          capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_json_has_the_fix_of_each_step(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", "--format", "json", "proof.py"])
    data = json.loads(capsys.readouterr().out)
    fix = data["theorems"][0]["steps"][0]["fix"]
    assert fix == data["diagnostics"][0]["fix"]
    assert (fix["text"], fix["words"], fix["unsafe"]) == ("definition(J)", ["definition"], False)
    assert fix["span"] == {"line": 8, "column": 12, "end_line": 8, "end_column": 12}
    edits = [Edit(span=Span(**one["span"]), text=one["text"]) for one in (fix, *fix["imports"])]
    assert Characters.of(HOLE.encode()).edited(edits).content == FILLED.encode()


# -- parts -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("before", "after"), [
    ("from derive import a, m\n", "from derive import J, a, log, m\n"),
    ("from derive import m, a\n", "from derive import m, a, J, log\n"),
    ("from derive import (\n    a,\n    m,  # last\n)\n",
     "from derive import (\n    J,\n    a,\n    log,\n    m,  # last\n)\n"),
    ("from derive import a as c\n", "from derive import J, a as c, log\n"),
    ("from derive import *\n", "from derive import J, log\nfrom derive import *\n"),
    ('"""D."""\nfrom __future__ import annotations\nimport os\nx = 1\n',
     '"""D."""\nfrom __future__ import annotations\nfrom derive import J, log\nimport os\nx = 1\n'),
    ("from derive import " + "a, " * 34 + "m\n", "from derive import J, log\nfrom derive import " + "a, " * 34 + "m\n"),
])
def test_where_words_are_imported(before: str, after: str) -> None:
    edits = imports(ast.parse(before), before, frozenset({"log", "J"}))
    assert Characters(before, "utf-8").edited(edits).characters == after


def test_terms_are_spelled_with_the_names_of_the_file() -> None:
    f, n = function("b"), Time("n")
    score = grad(log(P(tau)))
    names = {"f": f, "n": n, "tau": tau, "gradient": grad, "d": derive}
    scope = Scope(names, {"score": score, "log": None})
    assert scope.term(f(tau.s[n]) * score).text == "f(tau.s[n]) * score"
    assert scope.term(grad(total(tau, R(tau)))).text == "gradient(d.total(tau, d.R(tau)))"
    with pytest.raises(NotSpelled):
        Scope({"log": 3}, {}).python("log(J)")
    assert Scope({"J": J}, {}).python("log(J)").missing == {"log"}


@pytest.mark.slow
def test_sequences_are_found_shortest_first_and_none_for_what_is_false() -> None:
    found = list(sequences(grad(J), total(tau, grad(P(tau)) * R(tau)), lambda rule: not rule.assumes))
    assert [rule.name for rule in found[0].rules] == [
        "definition_of_objective", "gradient_of_a_sum", "factor_without_theta"]
    assert [len(one.rules) for one in found] == sorted(len(one.rules) for one in found)
    assert not list(sequences(J, 2 * J, lambda rule: not rule.assumes))


def test_of_fixes_that_touch_each_other_the_first_is_made() -> None:
    one, two = _edit(HOLE, "by()", "by(a)"), _edit(HOLE, "by(", "c(")
    assert list(apart([one, two, _edit(HOLE, "J", "K")])) == [one, _edit(HOLE, "J", "K")]


@pytest.mark.deep
def test_every_bundled_proof_is_mended_after_its_reasons_are_taken_away(tmp_path: Path) -> None:
    """Each ``by(RULE)`` becomes a hole; what fills them need not be what stood there, but every step is as claimed."""
    folder = tmp_path / "proofs"
    shutil.copytree(bundled(), folder, ignore=shutil.ignore_patterns("__pycache__"))
    holes = 0
    for file in folder.glob("*.py"):
        text, number = re.subn(r"by\((?:definition\(\w+\)|[a-z_]+)\)", "by()", file.read_text(encoding="utf-8"))
        file.write_text(text, encoding="utf-8")
        holes += number
    assert holes > 100
    assert main(["check", "-q", "--fix", "-j", "2", str(folder)]) == 0
    assert not [file for file in folder.glob("*.py") if "by()" in file.read_text(encoding="utf-8")]


@pytest.mark.parametrize(("chain", "said"), [
    ("grad(P(tau)), by(), P(tau) * grad(log(P(tau)))", "1 more fix changes what is claimed"),
    ("grad(P(tau)), by(), P(tau) * grad(log(2))", "nothing was found that mends it"),
    ("grad(P(tau)), by(regroup), grad(P(tau)) * 1", "")])
def test_a_difference_that_is_empty_says_why(chain: str, said: str, tmp_path: Path,
                                             capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing at all was printed: neither that nothing was found, nor that something was held back."""
    text = f"from derive import *\n@theorem('x')\ndef x(): return calc({chain})\n"
    (tmp_path / "x.py").write_text(text, encoding="utf-8")
    main(["check", "--diff", str(tmp_path / "x.py")])
    printed = capsys.readouterr()
    assert printed.out == ""
    assert (said in printed.err) if said else printed.err == ""
