"""A new notion is a record and nothing else: it is typed, written, evaluated, decided and unfolded.

The records of this file stand in no table of the program. The numbers are worked out by hand on
the model of ``three_evaluators``: Q_0(0,0) = 3/8, Q_0(0,1) = 3/2, V_0(0) = 39/32.
"""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from sympy import Expr, latex
from three_evaluators import EVALUATORS, TWO_STATE, B, F, at_hand

import derive
from derive.checking import verdict
from derive.checking.derivation import Theorem, by, calc, theorem
from derive.checking.examine import examine
from derive.errors import InvalidChain, MalformedTerm, NotATerm
from derive.language.assumptions import (
    additive_return,
    discount_below_one,
    initial_positive,
    policy_positive,
    possible,
)
from derive.language.binding import each
from derive.language.definitions import DEFINITIONS, SAMPLE_MEAN, TD_ERROR, expanded, inside, resolved
from derive.language.dependence import depends_on_theta
from derive.language.expansion import Definition, Situation
from derive.language.expression import Node, Plus, Times
from derive.language.notation import Notation
from derive.language.ranks import is_symmetric, rank
from derive.language.signature import signature
from derive.language.source import source
from derive.language.terms import Action as AnAction
from derive.language.terms import (
    ActionProbability,
    ActionValue,
    Defined,
    Everything,
    Grad,
    Initial,
    Log,
    Notion,
    Objective,
    Policy,
    StateValue,
    Total,
)
from derive.language.typing import admit, check, check_equation, sort_of
from derive.language.vocabulary import (
    A,
    J,
    P,
    Q,
    R,
    V,
    a,
    expect,
    forever,
    function,
    gamma,
    grad,
    letter_of,
    log,
    mu,
    pi,
    r,
    ratio,
    s,
    t,
    tau,
    total,
    x,
)
from derive.procedures.decision import Shown, decided
from derive.procedures.encoding import Encoding, context_of
from derive.procedures.obligations import undischarged
from derive.rules import RULES, automata, definition
from derive.rules.definitions import rule_of


def _second_moment(situation: Situation, policy: Expr, time: Expr, state: Expr) -> Expr:
    """sum_a policy(a|s) Q_t(s,a)^2."""
    return each(Total, AnAction, Everything(), lambda act: Times(
        ActionProbability(policy, act, state), ActionValue(policy, time, state, act) ** 2))


def _joint(situation: Situation, policy: Expr, state: Expr, act: Expr) -> Expr:
    """mu(s) policy(a|s)."""
    return Times(Initial(state), ActionProbability(policy, act, state))


def _score(situation: Situation, policy: Expr, act: Expr, state: Expr) -> Expr:
    """grad log policy(a|s)."""
    return Grad(Log(ActionProbability(policy, act, state)))


SECOND_MOMENT = Definition(
    name="second_moment", says="The definition: the mean square of the action values.",
    sorts=("policy", "time or forever", "state"), example=(pi, t, s),
    notation=Notation(letter="M", python="M", inside=(2,), below=1, policy=0), stands_for=_second_moment)
JOINT = Definition(
    name="joint", says="The definition: the probability of a first state and action.",
    sorts=("policy", "state", "action"), example=(pi, s, a),
    notation=Notation(letter="rho", python="rho", inside=(1, 2), policy=0), stands_for=_joint)
SCORE = Definition(
    name="score", says="The definition: the gradient of the logarithm of the policy.",
    sorts=("policy", "action", "state"), example=(pi, a, s),
    notation=Notation(letter="psi", python="psi", inside=(1, 2), policy=0), stands_for=_score)
M, rho, psi = letter_of(SECOND_MOMENT), letter_of(JOINT), letter_of(SCORE)

NEW = (SECOND_MOMENT, JOINT, SCORE)


def notion_of(name: str, stands_for: Any) -> Definition:
    """A notion of an action and a state."""
    return Definition(name=name, says="A test.", sorts=("action", "state"), example=(a, s), stands_for=stands_for,
                      notation=Notation(letter=name, python=name, inside=(0, 1)))


def checked(before: Any, after: Any, reason: Any, *assumes: Any) -> verdict.Verdict:
    @theorem("a step with a new notion", assumes=assumes)
    def step():  # type: ignore[no-untyped-def]
        return calc(before, by(reason), after)

    return examine(step).steps[0].verdict


def test_they_stand_in_no_table() -> None:
    assert not {record.name for record in NEW} & {record.name for record in DEFINITIONS}
    assert not {f"definition_of_{record.name}" for record in NEW} & {rule.name for rule in RULES}
    assert all(isinstance(record(*record.example), Defined) for record in NEW)


# -- as terms --------------------------------------------------------------------------------------------


def test_how_they_are_written() -> None:
    assert str(M[t](s)) == "M_t(s)"
    assert str(M(s)) == "M(s)"
    assert str(M[t + 1](s, policy=B)) == "M_{t+1}^b(s)"
    assert latex(rho(s, a)) == r"\rho(s, a)"
    assert str(total(x, M[0](x) * rho(x, a))) == "Σ_s M_0(s) ρ(s, a)"
    assert str(log(M[t](s)) - M[t](s) ** 2) == "log M_t(s) - M_t(s)^2"
    assert str(letter_of(TD_ERROR)[t](tau, policy=B)) == "δ_t^b(τ)"


def test_the_python_that_builds_them() -> None:
    names = {name: getattr(derive, name) for name in derive.__all__} | {"M": M, "rho": rho, "psi": psi}
    for term in (M[t](s), M(s, policy=B), grad(total(a, rho(s, a) * psi(a, s))), expect(tau, M[0](tau.s[0]))):
        assert eval(source(term), names) == term


def test_terms_of_them_are_ordinary_terms() -> None:
    term = total(s, M[t](s) * mu(s))
    assert term == total(x, M[t](x) * mu(x))
    assert term.free_symbols == {t}
    for twin in (copy.copy(term), copy.deepcopy(term), pickle.loads(pickle.dumps(term)), term.func(*term.args)):
        assert twin == term
        assert hash(twin) == hash(term)
    assert M[t](s) != M[t](x)
    assert M[t](s) != M[t](s, policy=B)
    assert M[t](s) != SECOND_MOMENT(pi, t, s) + 0


def test_wrong_uses_are_refused() -> None:
    for wrong in (lambda: M[t](s, a), lambda: SECOND_MOMENT(pi, t), lambda: Defined(pi, t, s), lambda: rho(s),
                  lambda: letter_of(SAMPLE_MEAN)):
        with pytest.raises(NotATerm):
            wrong()
    for term in (M[s](s), M[t](a), rho(a, s), total(t, M[t](tau)), SECOND_MOMENT(s, t, s), rho(s, a) + psi(a, s)):
        with pytest.raises(MalformedTerm):
            check(term)
    with pytest.raises(MalformedTerm, match="notion"):
        check(Notion(JOINT))


def test_their_types_are_those_of_what_they_stand_for() -> None:
    assert [rank(check(term)) for term in (M[t](s), psi(a, s), grad(M[t](s)), grad(psi(a, s)))] == [0, 1, 1, 2]
    assert sort_of(M[t](s)) == "scalar"
    assert is_symmetric(grad(psi(a, s)))
    assert not is_symmetric(grad(M[t](s) * psi(a, s)))
    weighted = notion_of("weighted", lambda situation, act, state: Times(pi(act | state), psi(act, state)))
    assert rank(check(grad(weighted(a, s)))) == 2
    assert not is_symmetric(grad(weighted(a, s)))
    hessian = notion_of("hessian", lambda situation, act, state: Grad(psi(act, state)))
    lopsided = notion_of("lopsided", lambda situation, act, state: Grad(weighted(act, state)))
    assert [is_symmetric(one(a, s)) for one in (hessian, lopsided)] == [True, False]
    assert depends_on_theta(M[t](s))
    assert not depends_on_theta(M[t](s, policy=B))
    check_equation(psi(a, s), grad(log(pi(a | s))))
    with pytest.raises(MalformedTerm):
        check_equation(psi(a, s), log(pi(a | s)))
    with pytest.raises(MalformedTerm):
        check(log(psi(a, s)))


def test_what_a_definition_hides_is_seen() -> None:
    """Theta in a policy that is no argument, a function, rewards and a literal time: all inside the definition."""
    hidden = notion_of("hidden", lambda situation, act, state: Times(
        pi(act | state), function("f")(state), V[3](state), gamma, log(pi(act | state))))
    term = hidden(a, s)
    assert depends_on_theta(term)
    assert StateValue(pi, 3, s) in set(inside(term))
    found = signature(term)
    assert found.functions == {("f", ("state",))}
    assert found.largest_offset == 3
    assert found.policies == {"pi"}
    assert (found.returns, found.discount, found.logarithms) == (True, True, True)
    with pytest.raises(MalformedTerm, match="two kinds of arguments"):
        check_equation(term, function("f")(s, a))
    assert not isinstance(checked(grad(term), 0 * grad(J), "words", additive_return), verdict.Proved)


def test_a_definition_that_brings_in_a_letter_is_malformed() -> None:
    """reading: a right side with a letter that is no argument would be captured by a binder above."""
    loose = Definition(name="loose", says="A test.", sorts=("state",), example=(s,),
                       notation=Notation(letter="l", python="l", inside=(0,)),
                       stands_for=lambda situation, state: Times(mu(state), mu(x)))
    with pytest.raises(MalformedTerm, match="speaks of x"):
        expanded(total(x, loose(s)), additive=True, infinite=False)
    assert isinstance(checked(total(x, loose(s)), total(x, loose(s)), "words"), verdict.Malformed)


# -- what they are worth -------------------------------------------------------------------------------------

BY_HAND = {
    SECOND_MOMENT: (M[t](s), F(1, 4) * F(3, 8) ** 2 + F(3, 4) * F(3, 2) ** 2),  # 441/256
    JOINT: (rho(s, a), F(3, 4)),
    SCORE: (psi(a, s), F(1) - F(3, 4)),  # phi = (0, 1): 1 - pi(1|0)
}


@pytest.mark.parametrize("evaluator", EVALUATORS)
@pytest.mark.parametrize("record", NEW, ids=lambda record: record.name)
def test_the_number_by_hand(record: Definition, evaluator: str) -> None:
    term, number = BY_HAND[record]
    value = EVALUATORS[evaluator]
    assert term == record(*record.example)
    for written in (term, resolved(term, additive=True, infinite=False), expanded(term, additive=True, infinite=False)):
        assert value(written, TWO_STATE, at_hand(term)) == pytest.approx(float(number), abs=1e-14)
    inside_more = total(s, gamma * term * term) if rank(term) == 0 else total(s, gamma * term)
    plain = resolved(inside_more, additive=True, infinite=False)
    assert plain != inside_more
    assert value(inside_more, TWO_STATE, at_hand(inside_more)) == value(plain, TWO_STATE, at_hand(plain))


# -- what they owe ---------------------------------------------------------------------------------------------


def owed(term: Expr, *known: Any) -> list[str]:
    return [str(one) for one in undischarged([term], known)]


def test_what_they_owe_is_said_in_the_authors_words() -> None:
    assert owed(ratio(1, M[t](s)), additive_return) == ["M_t(s) ≠ 0"]
    assert owed(ratio(1, rho(s, a))) == ["ρ(s, a) ≠ 0"]
    assert owed(log(rho(s, a)), initial_positive) == ["ρ(s, a) > 0"]
    assert owed(log(rho(s, a)), initial_positive, policy_positive) == []
    assert owed(ratio(1, -1 * rho(s, a)), initial_positive, policy_positive) == []
    minus = notion_of("minus", lambda situation, act, state: -1 * rho(state, act))
    assert owed(ratio(1, minus(a, s)), initial_positive, policy_positive) == []
    assert owed(log(minus(a, s)), initial_positive, policy_positive) == ["minus(a, s) > 0"]
    assert owed(log(rho(tau.s[0], tau.a[0])), possible(tau)) == []
    assert owed(log(rho(tau.s[0], tau.a[0], policy=B)), possible(tau)) == [f"{rho(tau.s[0], tau.a[0], policy=B)} > 0"]
    (one,) = undischarged([ratio(1, rho(s, a))], ())
    assert set(one.settled_by) == {initial_positive, policy_positive}


def test_what_their_definitions_owe() -> None:
    assert owed(psi(a, s)) == ["π_θ(a|s) > 0"]
    assert owed(psi(a, s), policy_positive) == []
    assert owed(M(s), additive_return) == ["γ < 1"]
    td_error = letter_of(TD_ERROR)[t](tau)
    assert owed(td_error, additive_return) == []
    assert {one.says for one in undischarged([td_error], [additive_return], endless=True)} == {"γ < 1"}


def test_the_objective_of_an_infinite_horizon_owes_a_discount() -> None:
    assert owed(J) == []
    assert [one.says for one in undischarged([J], (), endless=True)] == ["γ < 1"]
    assert undischarged([J], [discount_below_one], endless=True) == ()

    @theorem("a step without an infinite sum in a chain with one", assumes=[additive_return])
    def chain():  # type: ignore[no-untyped-def]
        return calc(1 * J, by("words"), J, by("words"), expect(tau, total(t, function("f")(tau.s[t]), stop=forever)))

    found = examine(chain).steps[0].verdict
    assert isinstance(found, verdict.NeedsCondition)
    assert found.conditions == ("γ < 1",)


# -- derivations with them ---------------------------------------------------------------------------------------

SPREAD = total(a, pi(a | s) * A[t](s, a) ** 2)


def test_their_definition_is_a_reason() -> None:
    right = total(a, pi(a | s) * Q[t](s, a) ** 2)
    assert isinstance(checked(M[t](s), right, definition(M), additive_return), verdict.Proved)
    assert isinstance(checked(M[t](s), right, definition(SECOND_MOMENT), additive_return), verdict.Proved)
    assert isinstance(checked(grad(M[t](s)), grad(right), definition(M[t](s)), additive_return), verdict.Proved)
    assert isinstance(checked(M[t](s), right * 2, definition(M), additive_return), verdict.Refuted)
    rule = rule_of(SECOND_MOMENT)
    assert rule.name == "definition_of_second_moment"
    assert rule.statement == "M_t(s) = Σ_a π_θ(a|s) Q_t(s, a)^2"
    with pytest.raises(InvalidChain, match="written out at once"):
        rule_of(SAMPLE_MEAN)


def test_claims_about_them_are_decided() -> None:
    gap = M[t](s) - V[t](s) ** 2
    assert isinstance(checked(gap, SPREAD, automata, additive_return), verdict.Proved)
    untimed = M(s) - V(s) ** 2
    spread = total(a, pi(a | s) * A(s, a) ** 2)
    assert isinstance(checked(untimed, spread, automata, additive_return, discount_below_one), verdict.Proved)
    assert isinstance(checked(gap, SPREAD * 2, automata, additive_return), verdict.Refuted)
    assert isinstance(checked(total(a, rho(s, a)), mu(s), automata), verdict.Proved)
    assert isinstance(checked(total(a, rho(s, a)), mu(x), automata), verdict.Refuted)
    assert isinstance(
        checked(grad(J), expect(tau, total(t, psi(tau.a[t], tau.s[t])) * R(tau)), automata), verdict.Proved)
    assert isinstance(checked(expect(tau, psi(tau.a[0], tau.s[0])), 0 * grad(J), automata), verdict.Proved)


def test_the_kernel_sees_what_they_stand_for() -> None:
    """Certificates ask without a chain."""
    encoding = Encoding((), infinite=False)
    occupied, sampled = encoding.term(total(a, rho(s, a))), encoding.term(expect(tau, psi(tau.a[0], tau.s[0])))
    assert occupied != encoding.term(mu(s))
    assert isinstance(decided(context_of((), infinite=False), occupied, encoding.term(mu(s))), Shown)
    assert isinstance(decided(context_of((), infinite=False), sampled, encoding.term(0 * grad(J))), Shown)
    assert sampled == encoding.term(resolved(expect(tau, psi(tau.a[0], tau.s[0])), additive=True, infinite=False))
    with pytest.raises(MalformedTerm, match="has no meaning while"):
        encoding.term(total(a, M[t](s)))


def test_the_objective_of_another_policy_has_no_sum_over_the_trajectories_of_pi() -> None:
    """With possible(tau) the sum runs over what pi may do; J of b is the sum over what b may do."""
    (rule,) = (rule for rule in RULES if rule.name == "definition_of_objective")
    other = Objective(B)
    summed = total(tau, P(tau, policy=B) * R(tau))
    assert rule.touches(J, J)
    assert not rule.touches(other, other)
    assert isinstance(checked(other, summed, rule, possible(tau)), verdict.Refuted)


def test_what_their_definitions_need_is_asked_of_the_theorem() -> None:
    malformed = checked(M[t](s), M[t](s) * 1, "words")
    assert isinstance(malformed, verdict.Malformed)
    assert "additive_return" in str(malformed.why)
    assert isinstance(checked(expect(tau, M[0](tau.s[0])), total(t, M(s), stop=forever), "words", additive_return),
                      verdict.Malformed)
    assert isinstance(checked(grad(log(rho(s, a))), psi(a, s), automata), verdict.NeedsCondition)
    assert isinstance(checked(grad(log(rho(s, a))), psi(a, s), automata, initial_positive, policy_positive),
                      verdict.Proved)


def test_rules_leave_a_notion_as_it_is() -> None:
    """A product rule for M f knows nothing of what M stands for, and grad M is not 0."""
    (product_rule,) = (rule for rule in RULES if rule.name == "product_rule")
    (constant,) = (rule for rule in RULES if rule.name == "gradient_of_a_constant")
    before = grad(rho(s, a) * pi(a | x))
    after = grad(rho(s, a)) * pi(a | x) + rho(s, a) * grad(pi(a | x))
    assert isinstance(checked(before, after, product_rule), verdict.Proved)
    assert isinstance(checked(grad(rho(s, a)), 0 * grad(J), constant), verdict.Refuted)
    assert isinstance(checked(grad(rho(s, a, policy=B)), 0 * grad(J), constant), verdict.Proved)


# -- one notion that the program ships this way ------------------------------------------------------------------


def td_theorem(right: Expr, *assumes: Any) -> Theorem:
    delta = letter_of(TD_ERROR)

    @theorem("a claim about TD errors", assumes=(additive_return, *assumes))
    def claim():  # type: ignore[no-untyped-def]
        return calc(total(t, gamma**t * delta[t](tau)), by(automata), right)

    return claim


def test_td_errors_telescope() -> None:
    assert examine(td_theorem(R(tau) - V[0](tau.s[0]))).follows
    assert isinstance(examine(td_theorem(R(tau) - V[1](tau.s[0]))).steps[0].verdict, verdict.Refuted)
    assert derive.delta[t](tau) == TD_ERROR(pi, tau, t)
    assert "delta" in derive.__all__


def test_td_errors_of_both_horizons() -> None:
    delta = letter_of(TD_ERROR)
    step = r(tau.s[t], tau.a[t], tau.s[t + 1])
    timed = Plus(step, gamma * V[t + 1](tau.s[t + 1]), -1 * V[t](tau.s[t]))
    untimed = Plus(step, gamma * V(tau.s[t + 1]), -1 * V(tau.s[t]))
    assert resolved(delta[t](tau), additive=True, infinite=False) == timed
    assert resolved(delta[t](tau), additive=True, infinite=True) == untimed
    score = grad(log(pi(tau.a[t] | tau.s[t])))
    endless = expect(tau, total(t, gamma**t * score * delta[t](tau), stop=forever))
    assumed = (additive_return, policy_positive, discount_below_one)
    assert isinstance(checked(grad(J), endless, automata, *assumed), verdict.Proved)
    wrong = expect(tau, total(t, score * gamma ** (2 * t) * delta[t](tau), stop=forever))
    assert isinstance(checked(grad(J), wrong, automata, *assumed), verdict.Refuted)


# -- nothing foreign in them -------------------------------------------------------------------------------------


class Unknown(Node):
    """A node that this language does not have."""

    __slots__ = ()
    arity = 1


class Disguised(Defined):
    """A subclass must not pass for the node that it inherits from."""

    __slots__ = ()


def test_a_definition_that_says_something_foreign_is_refused() -> None:
    foreign = notion_of("foreign", lambda situation, act, state: Times(gamma, Unknown(Initial(state))))
    plain = notion_of("plain", lambda situation, act, state: Times(gamma, Initial(state)))
    nested = notion_of("nested", lambda situation, act, state: Plus(1, foreign(act, state)))
    for record in (foreign, nested):
        for reader in (admit, check, source):
            with pytest.raises(NotATerm, match="Unknown is not of this language"):
                reader(grad(record(a, s)))
    assert admit(plain(a, s)) == plain(a, s)


def test_a_subclass_of_their_node_is_refused() -> None:
    term = Disguised(Notion(JOINT), pi, s, a)
    for reader in (admit, check, source, str):
        with pytest.raises(NotATerm, match="Disguised is not of this language"):
            reader(term)


def test_a_letter_alone_has_a_text_with_and_without_another_policy() -> None:
    record = Definition(
        name="gain", says="A test.", sorts=("policy",), example=(pi,),
        notation=Notation(letter="G", python="G", policy=0), stands_for=lambda situation, policy: Objective(policy))
    names = {"G": letter_of(record), "Policy": Policy}
    for term in (record(pi), record(B)):
        assert eval(source(term), names) == term
