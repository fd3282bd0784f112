"""What a notebook shows: HTML that is well-formed and can only print what a proof says."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from derive import J, P, R, by, calc, evaluate, examine, grad, policy_positive, regroup, tau, theorem, total
from derive.checking.verdict import Refuted
from derive.estimators import check_advantage

HOSTILE = "<script>alert(1)</script> & $x$ \\(y\\) \x1b[2K"


@theorem(HOSTILE, assumes=[policy_positive])
def shown() -> Any:
    return calc(grad(J), by(HOSTILE), total(tau, grad(P(tau)) * R(tau) * 2), by(regroup),
                total(tau, grad(P(tau)) * 2 * R(tau)))


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.seen.add(tag)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def parsed(html: str) -> _Tags:
    tags = _Tags()
    tags.feed(html)
    tags.close()
    assert tags.open == []
    assert tags.seen <= {"p", "b", "br", "table", "tr", "td", "th", "span", "pre"}
    assert "\x1b" not in html
    return tags


def test_theorems_verdicts_witnesses_and_judgements_have_html() -> None:
    examined = examine(shown)
    verdict = examined.steps[0].verdict
    assert isinstance(verdict, Refuted)
    theorem_text = parsed(shown._repr_html_()).text
    assert "<script>alert(1)</script>" in theorem_text  # as text
    assert "assuming policy_positive" in theorem_text
    assert r"\begin{aligned}" in theorem_text
    assert "refuted" in parsed(verdict._repr_html_()).text
    sides = parsed(verdict.witness._repr_html_()).text
    assert f"left side{verdict.witness.left}" in sides
    assert f"right side{verdict.witness.right}" in sides
    whole = parsed(examined._repr_html_()).text
    assert "refuted" in whole
    assert "proved" in whole
    assert "on its own the claim is refuted" in whole


def test_an_evaluation_has_html_and_one_line() -> None:
    found = evaluate(shown, "two-state", samples=100)
    html = parsed(found._repr_html_()).text
    assert "refuted" in html
    assert "by dynamic programming" in html
    assert f"{found.compared[-1].left[0]:+.6g}{found.compared[-1].right[0]:+.6g}differs" in html
    assert html.endswith("THE SIDES DIFFER on this model; the theorem is refuted")
    assert repr(found) == "<shown on two-state: refuted; THE SIDES DIFFER on this model; the theorem is refuted>"


def test_a_result_about_an_estimator_prints_what_the_command_prints() -> None:
    found = check_advantage(lambda r: r - r.mean(), name=HOSTILE)
    printed = str(found).split("\n")
    assert printed[0] == f"{HOSTILE}: proportional, factor 3/4"
    assert printed[1] == "    known: exact at G = 4, rewards 0, 1, 3, every policy"
    assert "<script>alert(1)</script>" in parsed(found._repr_html_()).text


def test_what_is_known_of_a_theorem_is_a_line_a_step() -> None:
    first, one, two = str(examine(shown)).split("\n")
    assert first == f"{HOSTILE}: on its own the claim is refuted"
    assert one.startswith("  1  refuted  ∇J(θ) = Σ_τ ")
    assert two.startswith("  2  proved  ")


def test_a_theorem_has_latex() -> None:
    latex = shown._repr_latex_()
    assert latex.startswith(r"$$\begin{aligned}\nabla_\theta J(\theta) &= ")
    assert latex.count("&=") == 2
    assert latex.endswith(r"\end{aligned}$$")
