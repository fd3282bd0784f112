"""``derive evaluate`` at a terminal: the verdict, both sides of the theorem on one model, and what is said of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from sympy import Expr

from derive.diagnostics import ERROR, WARNING, visible
from derive.errors import DeriveError
from derive.evaluation.both_sides import Evaluation, other_side
from derive.evaluation.inputs import SOME
from derive.evaluation.ways import Compared
from derive.language.assumptions import POSSIBLE
from derive.language.models import Shape
from derive.language.signature import signature
from derive.numeric.tabular import FloatArray, about_discount
from derive.report.findings import findings
from derive.report.refutation import history_places
from derive.report.symbolic import derivative_formulas
from derive.report.terminal import fitted, indented, plural

SMALL = (Shape(1, 2, 1), Shape(2, 2, 0))
MOST_ROWS, MOST_NUMBERS = 24, 64


def shown(console: Console, one: Evaluation) -> int:
    """Print an evaluation; its exit status."""
    theorem = one.theorem
    fitted(console, f"{visible(theorem.title)}: {theorem.claim}")
    _verdict(console, one)
    _model(console, one)
    if (closed := _closed_form(one)) is not None:
        _symbolic(console, closed, f"the {other_side(theorem)} side", POSSIBLE in theorem.assumes)
    console.print()
    if one.compared and _fits(console, ways := _ways(one)):
        console.print(ways)
    else:
        for way in one.compared:
            indented(console, _sentence(_way(way)), 0)
    for name, why in one.skipped:
        indented(console, f"{name}: skipped: {visible(why, most=2000)}", 0)
    widest = next((way for way in reversed(one.compared)), None)
    if widest is not None:
        forms = [_rows(one, widest, narrow=narrow, drawn=drawn)
                 for narrow, drawn in ((False, True), (True, True), (True, False))]
        form = next((form for form in forms if _fits(console, form)), forms[-1])
        console.print(form)
        if len(form.columns) < len(forms[0].columns):
            _left_out(console, "Monte Carlo and its standard error")
    if one.methods:
        _print_methods(console, one)
    for row in one.methods:
        if row.gradient is None:
            indented(console, f"{row.method}: skipped: {row.skipped.rstrip('.')}", 0)
    console.print()
    fitted(console, one.conclusion, style="" if one.status == 0 else "bold")
    return one.status


def _verdict(console: Console, one: Evaluation) -> None:
    """What ``check`` says, first of all."""
    declared = "" if one.examined.expected == "proved" or not one.stands else ", as declared"
    console.print(f"check: {one.verdict}{declared}")
    for told in findings(one.examined):
        if told.severity in (ERROR, WARNING) or not one.stands:
            fitted(console, visible(told.message, most=2000), 2)


def _model(console: Console, one: Evaluation) -> None:
    mdp = one.mdp
    horizon = "no last decision" if one.theorem.endless else f"H = {mdp.horizon}"
    sizes = f"{plural(mdp.states, 'state')}, {plural(mdp.actions, 'action')}"
    fitted(console, f"model: {visible(mdp.name)}, {sizes}, {horizon}, γ = {mdp.gamma:g}; softmax policy, "
           f"θ {one.theta_from}")
    if odd := about_discount(mdp.gamma):
        fitted(console, f"note: {odd}")
    if one.unmet:
        console.print(f"this model is outside of the theorem's class ({', '.join(one.unmet)}): a difference is no "
                      "counterexample", soft_wrap=True)
    of_histories = {name for name, _ in history_places(*one.theorem.chain.terms)}
    for name, table in one.functions.items():
        seen = ", of the last state of a history" if name in of_histories else ""
        console.print(f"{visible(name)}: {'drawn' if name in one.drawn else 'given'}{seen}, {_numbers(table)}",
                      soft_wrap=True)
    if one.samples:
        console.print(f"m = {one.samples} samples")
    if one.in_the_mean:
        console.print("a random side is compared by its mean over the samples")


def _numbers(table: FloatArray) -> str:
    """A table, or its first numbers and its shape."""
    with np.printoptions(precision=6, suppress=True, threshold=10**9, linewidth=10**9):
        if table.size <= MOST_NUMBERS:
            return str(table).replace("\n", "")
        first = str(table.reshape(-1)[:8])
    return f"shape {table.shape}, first {first.strip('[]')} ..."


def _closed_form(one: Evaluation) -> Expr | None:
    """The formula of a claim about the gradient of J, at a finite horizon."""
    side, terms = other_side(one.theorem), one.theorem.chain.terms
    if side is None or one.theorem.endless or not one.compared:
        return None
    return terms[-1] if side == "right" else terms[0]


def _symbolic(console: Console, closed: Expr, side: str, possible_only: bool) -> None:
    samples = SOME if signature(closed).samples else 1
    for small in SMALL:
        shape = replace(small, samples=samples)
        try:
            formulas = derivative_formulas(closed, shape, possible_only=possible_only)
        except DeriveError:
            continue
        if not formulas:
            continue
        sampled = f", m = {samples}" if samples > 1 else ""
        console.print()
        indented(console, f"{side} in symbols, on every MDP with |S| = {shape.states}, |A| = {shape.actions}, "
                 f"H = {shape.horizon}{sampled} (softmax θ):", 0)
        for name, formula in formulas:
            indented(console, f"{name}  {formula}", 2, hang=len(name) + 2)


def _table(title: str, *headers: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", title=f"{title}" or None, title_justify="left",
                  title_style="")
    for number, header in enumerate(headers):
        # words may be wrapped, numbers are never cut
        label = number in (0, len(headers) - 1)
        table.add_column(header, justify="left" if label else "right", no_wrap=number > 0, overflow="fold")
    return table


def _fits(console: Console, table: Table) -> bool:
    """Whether no column of a table need be wrapped or cut; where it does not, less is said."""
    return _measured(console, table).maximum <= console.width


def _measured(console: Console, table: Table) -> Measurement:
    return Measurement.get(console, console.options.update(max_width=10_000), table)


def _ways(one: Evaluation) -> Table:
    """Both sides by each way."""
    table = _table("", "both sides", "rows", "largest left", "largest right", "difference", "allowed", "")
    for way in one.compared:
        table.add_row(*_way(way))
    return table


def _way(way: Compared) -> list[str]:
    """The cells of a way's row."""
    apart = np.abs(way.left - way.right)
    among = np.where(way.differs, apart, -1.0) if way.differs.any() else apart
    worst = int(np.lexsort((way.allowed, among))[-1])
    return [way.way, f"{len(way.left):,}", _largest(way.left), _largest(way.right), f"{apart[worst]:.1e}",
            f"{way.allowed[worst]:.1e}", way.counts]


def _sentence(cells: list[str]) -> str:
    """A way where there is no room for a table."""
    name, rows, left, right, apart, allowed, says = cells
    count = "1 row" if rows == "1" else f"{rows} rows"
    return f"{name}: {count}, the largest {left} and {right}, they differ by {apart}, allowed {allowed}: {says}"


def _largest(values: FloatArray) -> str:
    size = np.abs(values)
    first = np.flatnonzero(size >= size.max() * (1 - 1e-9))[0]  # of values alike up to rounding the first
    return f"{values[first]:+.6g}"


def _rows(one: Evaluation, way: Compared, *, narrow: bool, drawn: bool) -> Table:
    """The rows that differ and the largest others, empty ones last, in order; if ``drawn``, with Monte Carlo for ∇J."""
    apart = np.abs(way.left - way.right) / np.maximum(way.allowed, 1e-300)
    size = np.maximum(np.abs(way.left), np.abs(way.right))
    chosen = np.sort(np.lexsort((way.empty, -size, -np.where(way.differs, apart, 0.0)))[:MOST_ROWS])
    beside = drawn and one.simulated is not None and len(way.left) == one.theta.size
    estimate = one.simulated.estimate if beside and one.simulated is not None else None
    more: tuple[str, ...] = ("Monte Carlo", "standard error") if estimate is not None else ()
    sides, digits = ("left side", "right side"), 10
    if narrow:
        sides, more, digits = ("left", "right"), ("Monte\nCarlo", "standard\nerror")[:len(more)], 6
    table = _table(f"\n{way.way}", "", *sides, *more, "")
    for row in chosen:
        estimates = () if estimate is None else (
            f"{estimate.gradient.reshape(-1)[row]:+.6f}", f"{estimate.standard_error.reshape(-1)[row]:.6f}")
        table.add_row(way.label(int(row)), f"{way.left[row]:+.{digits}g}", f"{way.right[row]:+.{digits}g}",
                      *estimates, way.says(int(row)))
    if len(way.left) > len(chosen):
        table.add_row(f"{len(way.left) - len(chosen):,} more", "", "", *[""] * len(more), "")
    return table


METHODS = "∇J(θ) by methods that read no theorem, and the side that is ∇J(θ)"


def _print_methods(console: Console, one: Evaluation) -> None:
    """As a table; as sentences where a word of it would be broken."""
    table = _methods(one, narrow=False)
    if not _fits(console, table):
        table = _methods(one, narrow=True)
    names = [row.method for row in one.methods if row.gradient is not None]
    words = [word for name in names for word in name.split()]
    if _measured(console, table).maximum - max(map(len, names)) + max(map(len, words)) <= console.width:
        console.print(table)
        if len(table.columns) < len(_methods(one, narrow=False).columns):
            _left_out(console, "the seconds")
        return
    console.print()
    indented(console, f"{METHODS}:", 0)
    for row in one.methods:
        if row.gradient is not None and row.resolution is not None:
            said = "" if row is one.methods[0] else f"disagreement {row.disagreement:.2g}, allowed {row.allowed:.2g}, "
            indented(console, f"{row.method}: {said}resolves {np.max(row.resolution):.1e}: {row.says}", 2)


def _left_out(console: Console, columns: str) -> None:
    """What a table has no room for is said: a column that is not there reads as one that does not exist."""
    indented(console, f"{columns}: left out at a width of {console.width}", 0, "dim")


def _methods(one: Evaluation, *, narrow: bool) -> Table:
    table = _table(f"\n{METHODS}", "method", "resolves",
                   "disagreement", "allowed", *(() if narrow else ("seconds",)), "")
    for row in one.methods:
        if row.gradient is None or row.resolution is None:
            continue
        first = row is one.methods[0]
        seconds = () if narrow else (f"{row.seconds:.4f}" if row.seconds else "",)
        table.add_row(row.method, f"{np.max(row.resolution):.1e}", "" if first else f"{row.disagreement:.2g}",
                      "" if first else f"{row.allowed:.2g}", *seconds, row.says)
    return table
