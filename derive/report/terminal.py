"""Verdicts for a reader at a terminal, in the manner of ruff and rustc."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from textwrap import wrap

from rich.console import Console
from rich.text import Text

from derive.checking.judgement import Examined, Judgement
from derive.checking.letters import as_written
from derive.checking.positions import Places, places_of
from derive.checking.scope import Scope
from derive.checking.verdict import Estimates, Refuted, SameMean
from derive.codes import KINDS, code_of, headline
from derive.diagnostics import ERROR, NOT_AS_CLAIMED, NOTE, WARNING, Diagnostic, Span, visible
from derive.language.introduced import introduced
from derive.language.spoken import Letters
from derive.report.excerpt import Source, cells, excerpt
from derive.report.findings import code, headline_of, worst
from derive.report.marking import marked_lines, marked_part
from derive.report.payload import ABOUT_NO_VERDICT
from derive.report.per_trajectory import claim_of, share_lines, shares
from derive.report.refutation import describe
from derive.report.wording import assumed, conditions, for_a_shell, hint, reason_text, shown_path, why

STYLES = {"proved": "green", "refuted": "red", "malformed": "red", "estimates": "yellow", "same-mean": "yellow",
          "needs-condition": "yellow", "unjustified": "yellow", "undecided": "magenta", "not-claimed": "cyan",
          "proportional": "cyan"}


COLUMNS_OF_A_SCOPE = 70
REPLAY = "replay with: derive show"
COLOURS = {ERROR: "red", WARNING: "yellow", NOTE: "cyan"}


def full(console: Console, one: Examined, found: Sequence[Diagnostic], *, verbose: bool = False) -> None:
    """One line, and what there is to say; ``verbose``: claim, assumptions, every step and its scope too."""
    _title(console, one, found)
    if verbose:
        _evidence(console, one, found)
    else:
        for told in found:
            if told.step is not None and told.severity != NOTE and told.code not in ABOUT_NO_VERDICT:
                _diagnostic(console, one, told)
            elif told.severity != NOTE or told.code in ABOUT_NO_VERDICT:
                _remark(console, told)
        if any(told.severity == ERROR for told in found):
            _claim_line(console, one)
    if verbose:
        for told in found:
            if told.step is None or told.code in ABOUT_NO_VERDICT:
                _remark(console, told)
    if verbose or worst(found) in (ERROR, WARNING):
        console.print()


def _title(console: Console, one: Examined, found: Sequence[Diagnostic]) -> None:
    gravest = worst([told for told in found if told.severity != NOTE])
    hidden = ""
    if gravest != ERROR:
        otherwise = one.claim.code if one.overreaches else ""
        hidden = next((step.verdict.code for step in one.steps if not step.stands), otherwise)
    mark, style = {ERROR: ("✗", "red"), WARNING: ("!", "yellow")}.get(
        gravest, ("-", "dim") if hidden else ("✓", "green"))
    where = f"{visible(shown_path(one.theorem.file))}:{one.theorem.line}"
    declared = "" if gravest == ERROR or one.expected == "proved" else f"  ({one.expected}, as declared)"
    declared = f"  ({hidden}; that is left out)" if hidden else declared
    title = visible(one.theorem.title)
    if cells(f"{mark} {title}  {where}{declared}") <= console.width:
        head, tail = Text(f"{mark} ", style=style), Text(f"  {where}{declared}", style="dim")
        console.print(head + Text(title, style="bold") + tail, soft_wrap=True)
        return
    for number, line in enumerate(wrap(title, console.width - 2, break_on_hyphens=False) or [""]):
        head = Text(f"{mark} " if number == 0 else "  ", style=style)
        console.print(head + Text(line, style="bold"), soft_wrap=True)
    indented(console, f"{where}{declared}", 4, "dim")


def _evidence(console: Console, one: Examined, found: Sequence[Diagnostic]) -> None:
    theorem, terms = one.theorem, as_written(one.theorem)
    indented(console, f"{terms[0]} {theorem.sign} {terms[-1]}", 4)
    for name in introduced(theorem.chain.terms):
        indented(console, f"where {name.term} := {name.body}", 4, "dim")
    if theorem.assumes:
        marks = {name: f" ({mark})" for _, mark, listed in assumed(one) if mark for name, _ in listed}
        names = [f"{assumption.name}{marks.get(assumption.name, '')}" for assumption in theorem.assumes]
        indented(console, f"assuming {', '.join(names)}", 4, "dim")
    console.print()
    for number, step in enumerate(one.steps, 1):
        _step(console, number, step, terms[number - 1 : number + 1])
        for told in found:
            if told.step == number and told.code not in ABOUT_NO_VERDICT:
                _diagnostic(console, one, told, columns=8)
    wide = console.width >= COLUMNS_OF_A_SCOPE
    for line in scope_lines(one.steps):  # three columns, or where there is no room for them, sentences
        indented(console, line if wide else " ".join(line.split()), 4, "dim", hang=31 if wide else 4)
    _claim_line(console, one)


def _remark(console: Console, told: Diagnostic) -> None:
    """A diagnostic of one line: a note, or an idle assumption."""
    style = COLOURS[told.severity]
    hint = f"; {told.hint}" if told.hint else ""
    indented(console, f"{told.severity}[{told.code}]: {told.message}{hint}", 4, style)
    if told.code == KINDS["shared term"] and told.span is not None:
        indented(console, f"--> {told.place}", 4, "dim")
        _excerpt(console, told.file, told.span, 4)


def told(console: Console, found: Diagnostic) -> None:
    """What kept a file, or a theorem, from being checked."""
    whole = found.code in (KINDS["unreadable"], KINDS["not executed"])  # else something of it may have been settled
    where = f", theorem {found.theorem}" if found.theorem else ", nothing of this file was checked" if whole else ""
    head = f"{found.severity}[{found.code}]: {visible(found.message)}"
    indented(console, head, 0, f"bold {COLOURS[found.severity]}")
    indented(console, f"--> {visible(found.place + where)}", 2, "dim")
    if found.span is not None and found.span.end_column > 1:
        _excerpt(console, found.file, found.span, 2)
    if found.hint:
        indented(console, f"hint: {visible(found.hint)}", 2, "cyan")
    console.print()


def _excerpt(console: Console, file: str, span: Span, columns: int) -> None:
    for line, style in excerpt(Source.of(file), span, console.width - columns):
        console.print(Text(" " * columns + line, style=style), soft_wrap=True)


def indented(console: Console, text: str, columns: int, style: str = "", hang: int = 4) -> None:
    """Wrapped at the console's width, continuation lines indented further; no trailing spaces."""
    indent, text = " " * columns, text if text.isprintable() else visible(text)
    lines = [indent + text]
    if len(lines[0]) > console.width:
        hanging = indent + " " * hang
        lines = wrap(text, console.width, initial_indent=indent, subsequent_indent=hanging, break_long_words=False,
                     break_on_hyphens=False)
    for line in lines:
        console.print(Text(line, style=style), soft_wrap=True)


def fitted(console: Console, text: str, columns: int = 0, style: str = "") -> None:
    """Wrapped at a terminal; elsewhere, where programs read it, on one line."""
    if console.is_terminal:
        indented(console, text, columns, style)
    else:
        console.print(Text(" " * columns + text, style=style), soft_wrap=True)


def _step(console: Console, number: int, step: Judgement, sides: Sequence[str]) -> None:
    label = visible(step.by.tag or number)
    head = Text(f"{label:>6}  ", style="dim")
    head.append(f"{step.verdict.code:<16}", style=STYLES[step.verdict.code])
    reason = visible(reason_text(step))
    declared = "  (as declared)" if step.as_claimed and step.by.relation is None and (
        step.verdict.code != "proved") else ""
    if head.cell_len + cells(reason + declared) <= console.width:
        console.print(head + Text(reason, style="italic") + Text(declared, style="dim"), soft_wrap=True)
    else:
        head.rstrip()
        console.print(head + Text(declared, style="dim"), soft_wrap=True)
        indented(console, reason, 8, "italic")
    if number == 1:
        indented(console, f"  {sides[0]}", 8)
    indented(console, f"{step.by.sign} {sides[1]}", 8)


def _diagnostic(console: Console, one: Examined, told: Diagnostic, columns: int = 4) -> None:
    """What is wrong with a step, where, and what to do."""
    assert told.step is not None
    step = one.steps[told.step - 1]
    style = COLOURS[told.severity]
    indented(console, f"{told.severity}[{told.code}]: {headline_of(step)}", columns, f"bold {style}")
    indented(console, f"--> {told.place}, step {told.step} of {len(one.steps)}", columns, "dim")
    if told.span is not None:
        _excerpt(console, one.theorem.file, told.span, columns)
    part, places = marked_part(step), places_of(one.theorem)
    if part is not None and not _is_located(places, told):
        letters = [Letters({}) if places is None else places.letters(side) for side in (told.step - 1, told.step)]
        for text, look in marked_lines(step, part, console.width - columns, letters):
            console.print(Text(" " * columns + text, style=look), soft_wrap=True)
    for text, look in diagnostic_lines(one, told.step, step):
        if text.startswith(REPLAY):  # a command is to be copied whole
            console.print(Text(" " * columns + text, style=look), soft_wrap=True)
        else:
            indented(console, text, columns, look)


def _is_located(places: Places | None, told: Diagnostic) -> bool:
    """Whether the carets stand under the wrong part itself, so that the term need not be shown again."""
    return places is not None and told.step is not None and told.span not in (None, *map(places.term, range(99)))


def diagnostic_lines(one: Examined, number: int, step: Judgement) -> Iterator[tuple[str, str]]:
    """The lines of a diagnostic below its source, with their styles."""
    if code(step) == KINDS["declaration"]:
        yield f"declared {step.by.expect}, found {step.verdict.code}", "red"
    if step.made is not None and isinstance(step.verdict, Refuted):
        yield f"the rule makes of the left side: {step.made}", ""
    if why(step):
        yield f"because {why(step)}", ""
    for condition in conditions(step):
        yield f"owes {condition}, which is not known to follow from the assumptions", ""
    if isinstance(step.verdict, (Refuted, Estimates, SameMean)):
        if not isinstance(step.verdict, Refuted):
            yield f"its mean is equal, if {step.verdict.law}; as an equality it fails:", ""
        yield "smallest counterexample found:", ""
        witness = step.verdict.witness
        for line in describe(witness, step.before, step.after):
            yield f"  {line}", ""
        for line in share_lines(shares(claim_of(one, step), witness), witness.left, witness.right):
            yield f"  {line}", ""
        if not (place := shown_path(one.theorem.file)).startswith("<"):  # a cell of a notebook
            yield f"{REPLAY} {for_a_shell(place)} --replay {one.theorem.name}:{number}", "dim"
    if isinstance(step.verdict, Refuted) and step.verdict.note:
        yield f"note: {step.verdict.note}", "cyan"
    if hint(step):
        yield f"hint: {hint(step)}", "cyan"


def scope_lines(steps: Sequence[Judgement]) -> Iterator[str]:
    """The scope of each step, said once for neighbours that share it."""
    def scope(item: tuple[int, Judgement]) -> Scope | None:
        return item[1].scope

    for shared, group in groupby(enumerate(steps, 1), key=scope):
        numbers = [number for number, _ in group]
        if shared is None or not shared.lines():
            continue
        which = f"step {numbers[0]}" if len(numbers) == 1 else f"steps {numbers[0]}-{numbers[-1]}"
        for place, (kind, text) in enumerate(shared.lines()):
            yield f"{which if place == 0 else '':<11} {kind + ':':<18} {text}"


def _claim_line(console: Console, one: Examined) -> None:
    if one.theorem.broken is not None:
        indented(console, f"the chain breaks at {one.theorem.sign}; nothing is claimed across it", 4, "cyan")
    elif one.follows:
        reach = f" for {one.reach}" if one.reach else ""
        indented(console, f"every step is proved; the claim follows{reach}", 4, "green")
    elif one.equation is not None:
        reach = one.reach or "every horizon"
        indented(console, f"every step is proved, for {reach}; the claim itself is {one.claim.code}", 4, "yellow")
    elif one.holds:
        indented(console, one.holds, 4, "yellow")
    elif len(one.steps) > 1:
        indented(console, f"the claim does not follow; on its own it is {one.claim.code}", 4, "yellow")


def concise(console: Console, one: Examined, found: Sequence[Diagnostic], *, verbose: bool = False) -> None:
    """One line a diagnostic, notes too, for editors and grep; ``verbose``: one for every proved step besides."""
    for told in found:
        one_line(console, told)
    for number, step in enumerate(one.steps, 1):
        if verbose and step.verdict.code == "proved" and step.as_claimed:
            label = step.by.tag or f"step {number}"
            console.print(Text(
                f"{visible(shown_path(one.theorem.file))}:{step.by.line}:{step.by.column}: "
                f"{code_of(step.verdict.code).number} proved: {one.theorem.name} {visible(label)}: "
                f"{visible(reason_text(step))}"), soft_wrap=True)


def one_line(console: Console, told: Diagnostic) -> None:
    """``file:line:column: error[D001] theorem: message (hint)``."""
    hint = f" ({told.hint})" if told.hint else ""
    theorem = f"{told.theorem}: " if told.theorem else ""
    console.print(Text(visible(f"{told.place}: {told.severity}[{told.code}] {theorem}{told.message}{hint}")),
                  soft_wrap=True)


def summary(console: Console, settled: Sequence[bool], steps: int, found: Sequence[Diagnostic], seconds: float,
            *, unreadable: int, skipped: int = 0, stopped: bool = False) -> None:
    """How many theorems are as claimed, of all or of those that a run came to that was stopped."""
    begin = "stopped before the end: " if stopped else ""
    parts = [f"{begin}{sum(settled)} of {plural(len(settled), 'theorem')} as claimed", plural(steps, "step")]
    if unreadable and not settled:  # there may well be theorems in what was not read
        parts = [f"{begin}no theorem was checked"]
    wrong = {(told.file, told.theorem) for told in found
             if told.severity == ERROR and told.status == NOT_AS_CLAIMED}
    hidden = settled.count(False) - len(wrong)  # no error, and no exit status, comes of what is not selected
    parts += [f"what is wrong with {hidden} is left out"] if hidden else []
    warnings = sum(told.severity == WARNING for told in found)
    parts += [plural(warnings, "warning")] if warnings else []
    parts += [f"{unreadable} unreadable"] if unreadable else []
    parts += [f"{skipped} skipped (tests, virtual environments)"] if skipped else []
    parts.append(f"{seconds:.1f} s")
    style = "red" if wrong or unreadable or stopped else "yellow" if hidden else "green"
    fitted(console, ", ".join(parts), style=style)


def statistics(console: Console, found: Sequence[Diagnostic]) -> None:
    """How often each code was met, the most frequent first."""
    counts = Counter((told.code, told.severity) for told in found)
    for (number, severity), count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
        console.print(Text(f"{count:>6}  {number}  {severity:<8} {headline(number)}"), soft_wrap=True)


def plural(number: int, noun: str) -> str:
    """1 theorem, 2 theorems."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
