"""The theorems that the verdicts rest on, each with its proof. A verdict names the one that it uses.

Setting. Given the prompt, o_1, ..., o_G are independent with law mu; the estimator is
g = (1/G) Σ_i c_i score(o_i), score(o) = ∇log π(o), where c_i is a function of the samples that
is not differentiated (for an advantage function: its i-th entry, and mu = π). J = E_π[r].
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Theorem:
    """A theorem by name; ``statement`` is printed, the proof is the docstring of the function that makes it."""

    name: str
    statement: str


def effective_reward() -> Theorem:
    """E[g] = Σ_o π(o) H(o) score(o), H(o) = (mu(o)/π(o)) E[(1/G) Σ_i c_i | o_i = o].

    Proof. E[c_i score(o_i)] = Σ_o mu(o) E[c_i | o_i = o] score(o), and mu(o) = π(o) (mu(o)/π(o))
    on the support of π, where score is defined (mu must be 0 elsewhere or the score there be
    taken as 0). Sum over i and divide by G. If the c_i are exchangeable, the mean over i is
    E[c_1 | o_1 = o].

    If. Let H = c r + b on the support, with the same c for every prompt (b may depend on the
    prompt). Then E[g] = c Σ_o π(o) r(o) score(o) + b Σ_o π(o) score(o) = c ∇J + b ∇Σ_o π(o) = c ∇J, for
    every differentiable policy. With c = 1: unbiased.

    Only if, for the tabular policy. Its scores are score(o) = e_o - π in the logits, so E[g] - c ∇J has
    the coordinates π(o) (D(o) - Σ_b π(b) D(b)), D = H - c r. All vanish iff D is constant on the support.
    With several prompts the coordinates are those of each prompt, and c is common to all.

    Every policy. With given rewards, H(o) is a polynomial in the probabilities whose
    coefficients are Σ_d q_d √d. The identity H(o) - H(o') = c (r(o) - r(o')) for every π is one between
    polynomials for each squarefree d, for the √d are linearly independent over Q.
    """
    return Theorem("effective reward", "E[g] = c grad J for every policy iff H(o) = E[A_i | o_i = o] is c r(o) + b")


def leave_one_out() -> Theorem:
    """A_i = h(others) (r_i - B(others)) has E[g] = E[h] ∇J, where ``others`` are the other G - 1 rewards.

    Proof. (r_i, o_i) is independent of the others. So E[A_i | o_i = o] = E[h] r(o) - E[h B], which is
    c r + b with c = E[h]; use the effective-reward theorem. With h = 1 the estimator is unbiased for
    every B; with h a constant c (of G) it is proportional by c. This holds for every G >= 2, every
    differentiable policy, hence every autoregressive model, vocabulary and length.
    """
    return Theorem("leave one out", "A_i = h (r_i - B(the other rewards)), h a constant, has E[g] = h grad J")


def centring() -> Theorem:
    """r_i - mean(r) = (G-1)/G (r_i - mean of the others); r_i - sum(r)/(G-1) = (G-2)/(G-1) r_i - (others)/(G-1).

    Proof. Write S for the sum of the others. r_i - (r_i + S)/G = ((G-1) r_i - S)/G, which is (G-1)/G times
    r_i - S/(G-1). And r_i - (r_i + S)/(G-1) = ((G-2) r_i - S)/(G-1). Both are h (r_i - B(others)) with h a
    constant, unless G = 2 in the second, where h = 0 and the mean is 0. Use the theorem above.
    """
    return Theorem("centring", "r_i - mean(r) is (G-1)/G times the leave-one-out estimator")


def two_values() -> Theorem:
    """A function of the rewards only, with two reward values, is proportional on each prompt.

    Proof. A_i is then a function of the rewards, so H(o) depends on o through r(o) only: it takes two
    values and is c r + b with c = (H(v) - H(u))/(v - u). This holds for every G, so two reward values
    cannot show a bias in direction; c may depend on the policy, and then differs between prompts.
    """
    return Theorem("two reward values", "a function of two-valued rewards only is proportional on each prompt")


def degree_in_the_group_size() -> Theorem:
    """Finitely many group sizes settle every G >= 2, for advantages that are polynomials in power sums of the others.

    Let P_k = Σ_(j≠i) r_j^k, and A_i = Σ_t c_t(G) r_i^(a_t) Π_(k in K_t) P_k with finitely many t, where
    c_t(G) = p_t(G)/(G^(q_t) (G-1)^(s_t)), p_t a polynomial; neither p_t, a_t nor K_t depends on G. Let f(G) =
    p(G)/(G^q' (G-1)^s') be the factor that is claimed, and w(o) the effective reward of the target,
    which does not depend on G. Put q, s for the largest exponents of G and of G - 1 in any denominator, and e for
    the largest of deg p_t + |K_t| + (q - q_t) + (s - s_t) and deg p + (q - q') + (s - s').
    If H(o) - H(o') = f(G) (w(o) - w(o')) for all o, o' at e + 1 different group sizes >= 2, for a policy, then it
    holds for that policy at every G >= 2.

    Proof. Let n = |K_t|. Expand Π_k P_k into Σ r_(j_1)^(k_1) ... r_(j_n)^(k_n) over tuples of the other indices, and
    sort the tuples by which of the j are equal: a partition of {1, ..., n} into b blocks is that of
    (G-1)(G-2)...(G-b) tuples, and the rewards being independent with one law, all of them have the same
    expectation, which does not depend on G. (For G - 1 < b the product is 0, and so is the number of tuples.) So
    E[Π_k P_k] is a polynomial in G of degree at most n, for b <= n; r_i is independent of the others, hence
    H(o) = Σ_t c_t(G) r(o)^(a_t) E[Π_k P_k]. Multiplied by G^q (G-1)^s, H(o) - H(o') and f(G)(w(o) - w(o')) are
    polynomials in G of degree at most e. They agree at e + 1 points, hence everywhere, and at G >= 2 the
    multiplier is not 0. The values 0 and 1 of G are no samples that count: the multiplier vanishes there.

    What it does not say. A function in Python is no polynomial because it agrees with one at the sizes
    that were run: ``r if len(r) < 5 else 0`` does. So it is used for advantages whose form is declared, as data,
    and a factor that merely fits several sizes is said to fit them.
    """
    return Theorem("degree in G", "for a polynomial in power sums of the others, e + 1 group sizes settle every G >= 2")


def scores_have_mean_zero() -> Theorem:
    """Coefficients that do not depend on the own sample give a mean gradient of 0.

    Proof. H(o) = E[c_i | o_i = o] is the same for all o, so E[g] = b Σ_o π(o) score(o) = 0. The log-ratio
    log π - log ref differentiated in the loss is the case c_i = 1: pure noise.
    """
    return Theorem("scores have mean zero", "a coefficient without the own sample contributes noise only")


def tokens() -> Theorem:
    """Per token: Σ_t H_t score_t is unbiased iff E[H_t | prefix, token] - Q(prefix, token) depends on the prefix only.

    Proof. Condition on the prefix and the token: E[H_t score_t] = Σ_prefix d(prefix) Σ_token π(token|prefix)
    E[H_t | prefix, token] ∇log π(token|prefix). With Q in its place this is ∇J (policy gradient theorem), and
    a function of the prefix alone contributes 0, since Σ_token ∇π(token|prefix) = 0. The tabular policy
    has free logits for each prefix, so nothing else may be left over where d(prefix) > 0.

    Apart from it: Σ_t KL(π(.|prefix_t), ref(.|prefix_t)) with the law of the prefixes held fixed is what
    k2 or k3 summed over tokens has as its mean gradient (k3 with the arguments exchanged). The
    gradient of the KL of sequences has a further term, the score of the prefixes times the KL that follows.
    """
    return Theorem("per token", "E[H_t | prefix, token] - Q(prefix, token) depends on the prefix only")
