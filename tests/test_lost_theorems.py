"""A proof file never loses a theorem in silence: whatever is declared is checked, or is an error and exit status 2."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from derive.checking.proof_files import load, proof_files, search
from derive.cli import main
from derive.errors import BadInput
from derive.report.payload import payload

STAR = "from derive import *\n"
GOOD = "return calc(J, by(regroup), J * 1)"
FALSE = "return calc(J, by('words'), 2 * J)"
ONE = f"{STAR}@theorem('one')\ndef one(): {GOOD}\n"


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


TWO = f"@theorem('two')\ndef two(): {FALSE}\n"
METHOD = f"    @theorem('two')\n    def two(): {FALSE}\n"

# what is lost below the theorem one: (the lines, the number of the line, what is said, the same with nothing lost)
LOST: dict[str, tuple[str, int | None, str, str]] = {
    "redefined": (TWO.replace("def two", "def one"), 2, "theorem one is lost: its name is given again, on line 4", TWO),
    "overwritten": (f"{TWO}two = None\n", 4, "is given again, to something else", f"{TWO}three = None\n"),
    "deleted": (f"{TWO}del two\n", 4, "theorem two has no name", f"{TWO}kept = two\ndel two\n"),
    "in_a_class": (f"class Page:\n{METHOD}", 5, "theorem two has no name", f"class Page:\n{METHOD}two = Page.two\n"),
    "in_a_function": (f"def more():\n{METHOD}more()\n", 5, "theorem two has no name",
                      f"def more():\n{METHOD}    return two\ntwo = more()\n"),
    "in_a_function_that_is_not_called": (f"def more():\n{METHOD}    return two\n", 5, "this line was not reached",
                                         f"def more():\n{METHOD}    return two\ntwo = more()\n"),
    "in_a_list": (f"def body(): {FALSE}\nALL = [theorem('two')(body)]\n", 4, "theorem body is lost",
                  f"def body(): {FALSE}\ntwo = theorem('two')(body)\nALL = [two]\n"),
    "not_executed": (f"if False:\n{METHOD}", 5, "this line was not reached", f"if True:\n{METHOD}"),
    "in_a_loop": (f"for factor in (1, 2):\n{METHOD}", 5, "is lost", f"for factor in (1,):\n{METHOD}"),
    "without_parentheses": (TWO.replace("('two')", ""), 4, '@theorem has no title. Write @theorem("the title")', TWO),
    "refused_and_swallowed": (f"try:\n{METHOD}except Exception: pass\n".replace("('two')", ""), 5,
                              "makes no theorem", f"try:\n{METHOD}except Exception: pass\n"),
    "async": (TWO.replace("def", "async def"), 4, "decorates an async function", TWO),
    "generator": (TWO.replace("return", "yield"), 4, "decorates a generator", TWO),
    "lambda": ("theorem('two')(lambda: calc(J, by('words'), 2 * J))\n", 4, "theorem <lambda> has no name",
               "two = theorem('two')(lambda: calc(J, by('words'), 2 * J))\n"),
    "object": (f"class C:\n    def __call__(self): {FALSE}\ntwo = theorem('two')(C())\n", 6, "decorates a C", TWO),
    "class": ("@theorem('two')\nclass two: pass\n", 4, "decorates a type", TWO),
    "theorem": (f"@theorem('three')\n{TWO}", 4, "decorates a Declared", TWO),
    "wrapped": (f"hidden = lambda f: (lambda: f)\n@hidden\n{TWO}", 5, "is given again, to something else", TWO),
    "not_applied": (f"named = theorem('two')\ndef two(): {FALSE}\n", 4, "makes no theorem",
                    f"named = theorem('two')\n@named\ndef two(): {FALSE}\n"),
    "alias": (f"import derive\nth = derive.theorem\n{TWO.replace('theorem', 'th')}del two\n", 6, "has no name",
              f"import derive\nth = derive.theorem\n{TWO.replace('theorem', 'th')}"),
    "one_name": (f"first = one\n{TWO.replace('def two', 'def one')}", None, "2 theorems are called one (lines 2, 5)",
                 f"first = one\n{TWO}"),
    "exec": (f'exec("""{TWO}""")\n', None, "where its lines do not stand", TWO),
    "title_is_a_number": (TWO.replace("'two'", "3"), 4, "a title is a string, not 3.", TWO),
    "title_is_none": (TWO.replace("'two'", "None"), 4, "a title is a string, not None.", TWO),
    "title_is_bytes": (TWO.replace("'two'", "b'x'"), 4, "a title is a string, not b'x'.", TWO),
    "title_of_a_subclass": ("class S(str): pass\n" + TWO.replace("'two'", "S(3)"), 5, "a title is a string", TWO),
    "title_with_half_a_character": (TWO.replace("'two'", r"'x\ud800'"), 4, "half a character at place 2",
                                    TWO.replace("'two'", r"'x\u00e9'")),
}


def checked(path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, dict[str, object]]:
    """The exit status, what stands on stderr, and the JSON."""
    status = main(["check", "--format", "json", str(path)])
    printed = capsys.readouterr()
    assert main(["check", str(path)]) == status
    capsys.readouterr()
    return status, printed.err, json.loads(printed.out)


@pytest.mark.slow
@pytest.mark.parametrize("name", LOST)
def test_a_theorem_that_disappears_is_one_error_with_its_place(name: str, tmp_path: Path,
                                                               capsys: pytest.CaptureFixture[str]) -> None:
    lost, line, said, _ = LOST[name]
    path = write(tmp_path, f"{name}.py", ONE + lost)
    status, err, data = checked(path, capsys)
    assert status == 2
    assert err.startswith(f"error: {path}:{line}: " if line else "error: ")
    assert said in err
    assert err.count("\n") == 1
    assert data["ok"] is False
    others = ("fuzz", "probe", "evaluate", "report") if name in ("redefined", "title_is_none", "generator") else ()
    for command in ("show", *others):
        assert main([command, str(path)]) == 2
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("name", LOST)
def test_the_same_theorem_kept_is_checked(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The twin: its theorem is false, so finding it is exit status 1."""
    *_, kept = LOST[name]
    status, _, data = checked(write(tmp_path, f"{name}.py", ONE + kept), capsys)
    assert (status, len(data["theorems"])) == (1, 2)  # type: ignore[arg-type]


NONE = {
    "nested": f"{STAR}class Page:\n    @theorem('x')\n    def x(): {GOOD}\n",
    "imported": "from derive import theorem\n",
    "imported_as": "from derive import theorem as th\n",
    "taken": "import derive\nth = derive.theorem\n",
    "taken_by_name": "import derive\nth = getattr(derive, 'theorem')\n",
    "from_a_part": "from derive.checking.derivation import theorem\n",
    "of_another_package": "def theorem(f): return f\n@theorem\ndef x(): pass\n",
    "starred": f"{STAR}th = theorem\n",
}


@pytest.mark.parametrize("name", NONE)
@pytest.mark.parametrize("whole_folder", [False, True])
def test_a_file_that_mentions_theorem_and_has_none_is_an_error(name: str, whole_folder: bool, tmp_path: Path,
                                                               capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, "none.py", NONE[name])
    write(tmp_path, "one.py", ONE)
    status, err, data = checked(tmp_path if whole_folder else tmp_path / "none.py", capsys)
    assert (status, data["ok"]) == (2, False)
    assert f"{tmp_path / 'none.py'}:" in err
    assert len(data["theorems"]) == whole_folder  # type: ignore[arg-type]


def test_a_file_that_does_not_mention_theorem_is_skipped_in_a_folder(tmp_path: Path,
                                                                     capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, "one.py", ONE)
    write(tmp_path, "letters.py", f"{STAR}'''Says theorem in words.'''\nscore = grad(log(pi(a | s)))\n")
    write(tmp_path, "loop.py", "def f(theorems):\n    for theorem in theorems: print(theorem.title, f.theorem)\n")
    write(tmp_path, ".hidden.py", "def broken(:")
    assert checked(tmp_path, capsys)[0] == 0


@pytest.mark.parametrize("text", [
    "import derive\nth = derive.theorem\n@th('n')\ndef f(): return derive.calc(derive.J, derive.by(), 2 * derive.J)\n",
    "import derive as d\n@d.theorem('n')\ndef f(): return d.calc(d.J, d.by(), 2 * d.J)\n",
    f"{STAR}from derive import theorem as th\n@th('n')\ndef f(): {FALSE}\n",
    f"{STAR}th = theorem\n@th('n')\ndef f(): {FALSE}\n",
    f"{STAR}def body(): {FALSE}\nf = theorem('n')(body)\n",
    f"from derive import *\nimport derive\nth = getattr(derive, 'theorem')\n@th('n')\ndef f(): {FALSE}\n",
])
def test_other_spellings_of_the_decorator_are_found_in_a_folder(text: str, tmp_path: Path,
                                                                capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, "aliased.py", text)
    status, _, data = checked(tmp_path, capsys)
    assert (status, len(data["theorems"])) == (1, 1)  # type: ignore[arg-type]


# -- several files ---------------------------------------------------------------------------------


def test_a_theorem_of_an_imported_file_is_that_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, "lemmas.py", f"{STAR}@theorem('used')\ndef used(): {GOOD}\n"
                                 f"@theorem('other')\ndef other(): {GOOD}\n")
    user = write(tmp_path, "user.py", f"{STAR}from .lemmas import used\n@theorem('user')\n"
                                      "def user(): return calc(J, by(used), J * 1)\n")
    assert [theorem.name for theorem in load(user)] == ["user"]
    assert [theorem.name for theorem in load(tmp_path / "lemmas.py")] == ["used", "other"]
    status, _, data = checked(tmp_path, capsys)
    assert (status, len(data["theorems"])) == (0, 3)  # type: ignore[arg-type]


def test_a_bundled_proof_is_a_lemma_by_the_name_that_it_has_wherever_derive_lies(
        tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (f"{STAR}from derive.proofs.bellman_difference import bellman_difference as known\n"
            "@theorem('user', assumes=known.assumes)\n"
            "def user(): return calc(known.chain.terms[0], by(known), known.chain.terms[-1])\n")
    write(tmp_path, "user.py", text)
    status, _, data = checked(tmp_path, capsys)
    assert status == 0
    assert [each["name"] for each in data["theorems"]] == ["user"]  # type: ignore[attr-defined]
    write(tmp_path, "user.py", text.replace("known.chain.terms[-1])", "2 * known.chain.terms[-1])"))
    assert checked(tmp_path, capsys)[0] == 1


@pytest.mark.parametrize("order", [("user.py", "lemmas.py"), ("lemmas.py", "user.py")])
def test_a_theorem_lost_by_an_imported_file_is_an_error_of_that_file(order: tuple[str, str], tmp_path: Path,
                                                                     capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, "lemmas.py", f"{ONE}@theorem('lost')\ndef lost(): {FALSE}\ndel lost\n")
    write(tmp_path, "user.py", f"{STAR}from .lemmas import one\n@theorem('user')\n"
                               "def user(): return calc(J, by(one), J * 1)\n")
    assert main(["check", *(str(tmp_path / name) for name in order)]) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith(f"error: {tmp_path / 'lemmas.py'}:4: theorem lost has no name")
    assert "2 of 2 theorems as claimed, 2 steps, 1 unreadable" in printed.out


def test_a_theorem_made_by_another_files_function_is_refused_not_dropped(tmp_path: Path) -> None:
    write(tmp_path, "maker.py", f"{STAR}def make():\n    @theorem('made')\n    def made(): {FALSE}\n    return made\n")
    user = write(tmp_path, "user.py", f"{ONE}from .maker import make\nmade = make()\n")
    with pytest.raises(BadInput, match=r"maker\.py:3: theorem made is declared for .*user\.py"):
        load(user)


def test_a_decorator_made_by_another_files_function_is_found(tmp_path: Path) -> None:
    write(tmp_path, "maker.py", f"{STAR}def titled(title): return theorem(title, assumes=[possible(tau)])\n")
    user = write(tmp_path, "user.py", f"{STAR}from .maker import titled\n{ONE}@titled('two')\ndef two(): {GOOD}\n")
    assert [theorem.name for theorem in load(user)] == ["one", "two"]


def test_lemmas_further_down_and_across_imports_in_a_circle(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, "left.py", f"{STAR}from . import right\n"
                               "@theorem('up')\ndef up(): return calc(J, by(right.lemma), J * 1)\n"
                               "@theorem('down')\ndef down(): return calc(J, by(last), J * 1)\n"
                               f"@theorem('last')\ndef last(): {GOOD}\n")
    write(tmp_path, "right.py", f"{STAR}from . import left\n@theorem('lemma')\ndef lemma(): {GOOD}\n"
                                "@theorem('back')\ndef back(): return calc(J, by(left.down), J * 1)\n")
    status, _, data = checked(tmp_path, capsys)
    assert (status, len(data["theorems"])) == (0, 5)  # type: ignore[arg-type]


def test_a_chain_that_is_wrong_is_reported_for_itself_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, "three.py", f"{ONE}@theorem('two')\ndef two():\n    return calc(J, by(), totl)\n"
                                       f"@theorem('three')\ndef three(): {GOOD}\n")
    status, err, data = checked(path, capsys)
    assert (status, data["ok"], len(data["theorems"])) == (2, False, 2)  # type: ignore[arg-type]
    assert err == f"error: {path}:6: theorem two: NameError: name 'totl' is not defined\n"


def test_a_lemma_whose_chain_is_wrong_is_named_where_it_is_used(tmp_path: Path,
                                                               capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, "lemmas.py", f"{STAR}@theorem('bad')\ndef bad(): return calc(J, by(), totl)\n")
    user = write(tmp_path, "user.py", f"{ONE}from .lemmas import bad\n@theorem('two')\n"
                                      "def two(): return calc(J, by(bad), J * 1)\n")
    status, err, _ = checked(user, capsys)
    assert status == 2
    assert err.startswith(f"error: {user}:5: theorem two: {tmp_path / 'lemmas.py'}:3: theorem bad: NameError")


def test_a_file_that_changes_is_executed_again_and_one_that_does_not_is_not(tmp_path: Path) -> None:
    path = write(tmp_path, "one.py", ONE)
    first = load(path)
    assert load(path) == first
    write(tmp_path, "one.py", ONE.replace("def one", "def uno"))
    os.utime(path, ns=(1, 1))
    assert [theorem.name for theorem in load(path)] == ["uno"]


def test_no_thread_sees_a_file_that_another_is_still_executing(tmp_path: Path) -> None:
    """Without a lock the quick file, when it ends, takes the slow lemmas for finished."""
    write(tmp_path, "quick.py", f"import time\n{ONE}time.sleep(0.2)\n")
    write(tmp_path, "lemmas.py", f"import time\n{ONE}time.sleep(0.6)\n{TWO}")
    write(tmp_path, "user.py", f"from . import lemmas\n{ONE}")

    def late(name: str, seconds: float) -> list[str]:
        time.sleep(seconds)
        return [theorem.name for theorem in load(tmp_path / name)]

    with ThreadPoolExecutor(3) as threads:
        found = list(threads.map(late, ("quick.py", "user.py", "lemmas.py"), (0, 0.05, 0.35)))
    assert found == [["one"], ["one"], ["one", "two"]]


# -- executing -------------------------------------------------------------------------------------

RAISES = {
    "base": ("raise BaseException('x')", "BaseException: x"),
    "generator_exit": ("raise GeneratorExit", "GeneratorExit: (no message)"),
    "system_exit": ("raise SystemExit(0)", "SystemExit: 0"),
    "unprintable": ("class E(Exception):\n    def __str__(self): raise SystemExit(0)\nraise E",
                    "E: (a E that cannot be shown: SystemExit)"),
    "two_lines": ("raise ValueError('one\\n\\n  two')", "ValueError: one two"),
    "half_a_character": ("raise ValueError('\\ud800')", "ValueError: \\ud800"),
}


@pytest.mark.parametrize("name", RAISES)
def test_whatever_a_file_or_a_body_raises_is_one_line(name: str, tmp_path: Path,
                                                      capsys: pytest.CaptureFixture[str]) -> None:
    raising, said = RAISES[name]
    whole = write(tmp_path, f"whole_{name}.py", f"{ONE}{raising}\n")
    indented = raising.replace("\n", "\n    ")
    body = write(tmp_path, f"body_{name}.py", f"{ONE}@theorem('two')\ndef two():\n    {indented}\n")
    for path in (whole, body):
        status, err, data = checked(path, capsys)
        assert (status, data["ok"]) == (2, False)
        assert err.startswith(f"error: {path}:")
        assert err.endswith(f"{said}\n")


def test_an_interrupt_that_a_file_raises_is_its_own_error_with_its_line(tmp_path: Path,
                                                                        capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, "stopped.py", f"{ONE}raise KeyboardInterrupt\n")
    for _ in range(2):
        assert main(["check", str(path)]) == 2
        assert capsys.readouterr().err == f"error: {path}:4: KeyboardInterrupt: (no message)\n"


# -- folders ---------------------------------------------------------------------------------------


def test_a_file_of_a_folder_that_cannot_be_looked_at_is_an_error(tmp_path: Path,
                                                                 capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, "one.py", ONE)
    away = tmp_path.with_name(f"{tmp_path.name}_away")
    away.mkdir()
    write(away, "false.py", ONE)
    write(tmp_path, "syntax.py", "def f(:\n")
    write(tmp_path, "large.py", ONE + "#" * 1_000_001)
    write(tmp_path, "Old.PY", ONE)
    write(tmp_path, "deep.py", f"x = {'-' * 100_000}1\n")
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "zero.py").symlink_to("/dev/zero")
    (tmp_path / "dangling.py").symlink_to(tmp_path / "nowhere")
    (tmp_path / "linked").symlink_to(away)
    assert main(["check", str(tmp_path)]) == 2
    printed = capsys.readouterr()
    assert "1 of 1 theorem as claimed" in printed.out
    assert "8 unreadable" in printed.out
    said = {"syntax.py:1": "not valid Python", "large.py": "at most 1,000,000", "Old.PY": "does not end in .py",
            "deep.py": "too many operators", "pipe.py": "not a regular file", "zero.py": "not a regular file",
            "dangling.py": "cannot be read", "linked": "a link to a folder is not followed"}
    for name, words in said.items():
        (line,) = (line for line in printed.err.splitlines() if line.startswith(f"error: {tmp_path / name}: "))
        assert words in line
    assert main(["check", "--format", "json", str(tmp_path)]) == 2
    assert json.loads(capsys.readouterr().out)["ok"] is False


def test_a_folder_that_cannot_be_read_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    write(tmp_path, "one.py", ONE)
    assert search(tmp_path).errors == ()
    real = os.scandir

    def refusing(path: str) -> object:  # the tests may run as root, who may read everything
        if Path(path) == closed:
            raise PermissionError(13, "Permission denied", str(closed))
        return real(path)

    monkeypatch.setattr(os, "scandir", refusing)
    found = search(tmp_path)
    assert found.files == (tmp_path / "one.py",)
    assert found.errors == (f"{closed}: this folder cannot be read (Permission denied).",)
    with pytest.raises(BadInput, match="cannot be read"):
        list(proof_files([tmp_path]))


def test_a_link_to_a_folder_that_is_searched_anyway_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    write(tmp_path / "lib", "one.py", ONE)
    (tmp_path / "lib64").symlink_to("lib")
    found = search(tmp_path)
    assert (found.files, found.errors) == ((tmp_path / "lib" / "one.py",), ())
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "seen").symlink_to(".hidden")
    assert "a link to a folder is not followed" in search(tmp_path).errors[0]


def test_a_folder_without_a_theorem_is_passed_over_if_any_is_asked_for(
        tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for wanted, options in ((0, ["--if-any"]), (2, [])):
        assert main(["check", str(tmp_path), *options]) == wanted
    (tmp_path / "latin.py").write_bytes(b"# theorem \xe4\n")
    assert main(["check", str(tmp_path), "--if-any"]) == 2  # what cannot be read is another matter
    assert "is not UTF-8" in capsys.readouterr().err


def test_a_link_to_itself_is_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "loop.py").symlink_to("loop.py")
    assert main(["check", str(tmp_path / "loop.py")]) == 2
    assert "loop.py: no such file or folder." in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("target", ["/dev/zero", "/dev/null"])
def test_devices_and_pipes_are_refused_as_proofs(target: str, tmp_path: Path) -> None:
    (tmp_path / "device.py").symlink_to(target)
    os.mkfifo(tmp_path / "pipe.py")
    for name in ("device.py", "pipe.py"):
        run = subprocess.run([sys.executable, "-m", "derive", "check", str(tmp_path / name)], capture_output=True,
                             text=True, timeout=30)
        assert (run.returncode, run.stderr) == (2, f"error: {tmp_path / name}: not a regular file.\n")


def test_nothing_checked_is_never_a_success() -> None:
    assert payload([])["ok"] is False


def test_no_certificate_is_written_beside_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, "one.py", ONE)
    assert main(["check", str(tmp_path), "--certificate", str(tmp_path / "c.json")]) == 0
    (tmp_path / "c.json").unlink()
    write(tmp_path, "broken.py", "def f(:\n")
    assert main(["check", str(tmp_path), "--certificate", str(tmp_path / "c.json")]) == 2
    assert not (tmp_path / "c.json").exists()
    assert "broken.py:1: not valid Python" in capsys.readouterr().err


def test_two_workers_say_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("redefined", "async", "title_is_none"):
        write(tmp_path, f"{name}.py", ONE + LOST[name][0])
    outputs = []
    for jobs in ("1", "2"):
        assert main(["check", str(tmp_path), "-j", jobs]) == 2
        outputs.append(capsys.readouterr().err)
    assert outputs[0] == outputs[1]
    assert len(outputs[0].splitlines()) == 3
