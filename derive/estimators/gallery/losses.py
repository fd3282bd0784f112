"""Estimators that are a torch loss: ratios, clipping, KL penalties, values, masks.

They use methods of tensors only, so that the gallery can be listed without torch. Reductions
are sums over tokens and means over samples unless the name says otherwise; ``advantages``
are leave-one-out ones, of shape (samples,).
"""

from __future__ import annotations

from typing import Any

from derive.estimators.gallery.entry import Entry
from derive.estimators.result import Verdict

Tensor = Any


def summed(x: Tensor, mask: Tensor) -> Tensor:
    """The sum over tokens, the mean over samples."""
    return (x * mask).sum(-1).mean()


# -- ratios ------------------------------------------------------------------------------------------


def ppo(log_probs: Tensor, old_log_probs: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    """min(ratio A, clip(ratio, 4/5, 6/5) A), ratios of tokens (Schulman et al. 2017)."""
    ratio, a = (log_probs - old_log_probs).exp(), advantages[:, None]
    return summed(-(ratio * a).minimum(ratio.clamp(0.8, 1.2) * a), mask)


def token_ratio(log_probs: Tensor, old_log_probs: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    """The ratio of each token times A."""
    return summed(-(log_probs - old_log_probs).exp() * advantages[:, None], mask)


def prefix_ratio(log_probs: Tensor, old_log_probs: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    """The ratio of the prefix up to each token, detached, times A log π."""
    ratio = ((log_probs - old_log_probs) * mask).cumsum(-1).exp().detach()
    return summed(-ratio * advantages[:, None] * log_probs, mask)


def sequence_ratio(log_probs: Tensor, old_log_probs: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    """The ratio of the whole response times A."""
    return -(((log_probs - old_log_probs) * mask).sum(-1).exp() * advantages).mean()


def capped_sequence_ratio(log_probs: Tensor, old_log_probs: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    """The detached ratio of the response, at most 5/4, times A log π."""
    ratio = ((log_probs - old_log_probs) * mask).sum(-1).exp().clamp(max=1.25).detach()
    return -(ratio * advantages * (log_probs * mask).sum(-1)).mean()


def self_normalised(log_probs: Tensor, old_log_probs: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    """The ratios of the responses divided by their sum."""
    ratio = ((log_probs - old_log_probs) * mask).sum(-1).exp().detach()
    return -(ratio / ratio.sum() * advantages * (log_probs * mask).sum(-1)).sum()


def no_ratio(log_probs: Tensor, old_log_probs: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    """A log π of samples of another policy, as if they were its own."""
    return summed(-log_probs * advantages[:, None], mask)


def detached_ratio(log_probs: Tensor, old_log_probs: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    """The detached ratio times A, and nothing that is differentiated."""
    return summed(-(log_probs - old_log_probs).exp().detach() * advantages[:, None], mask)


def gspo(log_probs: Tensor, old_log_probs: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    """exp of the mean log-ratio of the tokens, times A (Zheng et al. 2025)."""
    mean = ((log_probs - old_log_probs) * mask).sum(-1) / mask.sum(-1)
    return -(mean.exp() * advantages).mean()


def gspo_summed(log_probs: Tensor, old_log_probs: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    """The same, once for each token of the response."""
    mean = ((log_probs - old_log_probs) * mask).sum(-1) / mask.sum(-1)
    return -(mean.exp() * advantages * mask.sum(-1)).mean()


def cispo(log_probs: Tensor, old_log_probs: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    """The detached ratio, at most 6/5, times A log π (MiniMax 2025)."""
    ratio = (log_probs - old_log_probs).exp().clamp(max=1.2).detach()
    return summed(-ratio * advantages[:, None] * log_probs, mask)


def cispo_not_detached(log_probs: Tensor, old_log_probs: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    """The same without detach."""
    ratio = (log_probs - old_log_probs).exp().clamp(max=1.2)
    return summed(-ratio * advantages[:, None] * log_probs, mask)


# -- KL ----------------------------------------------------------------------------------------------


def _k(number: int, d: Tensor) -> Tensor:
    """k1, k2, k3 of d = log π - log ref (Schulman 2020)."""
    return d if number == 1 else d * d / 2 if number == 2 else (-d).exp() - 1 + d


def k_in_loss(number: int, *, sequence: bool) -> Any:
    """k1, k2 or k3 in the loss, of tokens or of the whole response."""
    def loss(log_probs: Tensor, ref_log_probs: Tensor, mask: Tensor) -> Tensor:
        d = (log_probs - ref_log_probs) * mask
        return _k(number, d.sum(-1)).mean() if sequence else summed(_k(number, d), mask)

    return loss


def k_in_reward(number: int, *, detach: bool = True) -> Any:
    """k1, k2 or k3 of the tokens, summed, in the reward."""
    def loss(log_probs: Tensor, ref_log_probs: Tensor, mask: Tensor) -> Tensor:
        penalty = (_k(number, log_probs - ref_log_probs) * mask).sum(-1)
        return ((log_probs * mask).sum(-1) * (penalty.detach() if detach else penalty)).mean()

    return loss


def k_with_ratio(number: int, *, sequence: bool) -> Any:
    """k1, k2 or k3 times the ratio, which is differentiated too; of tokens or of the whole response."""
    def loss(log_probs: Tensor, old_log_probs: Tensor, ref_log_probs: Tensor, mask: Tensor) -> Tensor:
        d, e = (log_probs - ref_log_probs) * mask, (log_probs - old_log_probs) * mask
        if sequence:
            return (_k(number, d.sum(-1)) * e.sum(-1).exp()).mean()
        return summed(_k(number, d) * e.exp(), mask)

    return loss


def rloo_with_k3(log_probs: Tensor, ref_log_probs: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    """RLOO plus 1/10 of k3 per token in the loss."""
    return summed(-log_probs * advantages[:, None] + _k(3, log_probs - ref_log_probs) / 10, mask)


def rloo_with_k1_in_reward(log_probs: Tensor, ref_log_probs: Tensor, rewards: Tensor, mask: Tensor) -> Tensor:
    """REINFORCE with r - 1/10 of k1."""
    penalty = ((log_probs - ref_log_probs) * mask).sum(-1).detach()
    return -((log_probs * mask).sum(-1) * (rewards - penalty / 10)).mean()


# -- values and masks ---------------------------------------------------------------------------------


def gae(trace: float, *, error: float = 0.0) -> Any:
    """Generalised advantages with gamma = 1; the values are the true ones, or wrong by error V^2."""
    def loss(log_probs: Tensor, token_level_rewards: Tensor, values: Tensor, mask: Tensor) -> Tensor:
        v = (values + error * values**2) * mask
        following = v * 0
        columns = []
        last = following[:, 0]
        for place in reversed(range(v.shape[1])):
            nxt = v[:, place + 1] if place + 1 < v.shape[1] else v[:, 0] * 0
            last = token_level_rewards[:, place] + nxt - v[:, place] + last * trace
            columns.append((last * log_probs[:, place] * mask[:, place]).mean())
        return -sum(columns)

    return loss


def end_of_sequence_out(log_probs: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    """RLOO with the last token of the response left out of the mask."""
    kept = (mask.cumsum(-1) < mask.sum(-1)[:, None]) * mask
    return summed(-log_probs * advantages[:, None], kept)


def truncated_out(log_probs: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    """RLOO with responses of full length left out (here one that ends in its last token, too)."""
    kept = (mask.sum(-1) < mask.shape[1])[:, None] * mask
    return summed(-log_probs * advantages[:, None], kept)


def mean_over_padding(log_probs: Tensor, advantages: Tensor) -> Tensor:
    """RLOO with the mean over all places, padding included."""
    return -(log_probs * advantages[:, None]).mean()


def _entry(name: str, statement: str, verdict: Verdict, source: str, function: Any, *, target: str = "J",
           off_policy: bool = False, remark: str = "") -> Entry:
    return Entry(name, statement, verdict, source, function, groups=(2,), target=target, loss=True,
                 off_policy=off_policy, remark=remark)


SCHULMAN = "Schulman 2020, Approximating KL divergence"
BIG = "verl#7325 and the threads that it gathers"

ENTRIES: tuple[Entry, ...] = (
    _entry("ppo", "clipped token ratios, at theta_old", "unbiased", "Schulman et al. 2017", ppo,
           remark="nothing is clipped there, and min and clip have the same derivative"),
    _entry("ppo-off", "clipped token ratios, away from theta_old", "biased", "Schulman et al. 2017", ppo,
           off_policy=True),
    _entry("token-ratio", "token ratios summed over tokens, mean over responses, at theta_old",
           "unbiased", "PPO without clip", token_ratio),
    _entry("token-ratio-off", "token ratios, away from theta_old", "biased", "PPO without clip", token_ratio,
           off_policy=True, remark="right to first order in the distance"),
    _entry("prefix-ratio-off", "ratios of prefixes, away from theta_old", "biased", "trl#5814", prefix_ratio,
           off_policy=True, remark="the tokens that follow have the wrong law"),
    _entry("sequence-ratio-off", "ratios of responses, away from theta_old", "unbiased", "importance sampling",
           sequence_ratio, off_policy=True),
    _entry("capped-sequence-ratio-off", "ratios of responses, capped, away from theta_old", "biased",
           "truncated importance sampling; verl, TRL", capped_sequence_ratio, off_policy=True),
    _entry("self-normalised-off", "ratios of responses divided by their sum", "biased",
           "weighted importance sampling", self_normalised, off_policy=True, remark="the bias falls like 1/G"),
    _entry("no-ratio-off", "no ratio, samples of another policy", "biased", "train/rollout mismatch", no_ratio,
           off_policy=True),
    _entry("detached-ratio", "the ratio detached, and nothing else differentiated", "no gradient", BIG,
           detached_ratio),
    _entry("gspo", "exp of the mean log-ratio, at theta_old", "biased", "Zheng et al. 2025", gspo,
           remark="its derivative is the mean over tokens: length bias"),
    _entry("gspo-summed", "the same once for each token, at theta_old", "unbiased", "Zheng et al. 2025", gspo_summed),
    _entry("gspo-summed-off", "the same away from theta_old", "biased", "Zheng et al. 2025", gspo_summed,
           off_policy=True),
    _entry("cispo", "detached clipped ratio times log pi, at theta_old", "unbiased", "MiniMax 2025", cispo),
    _entry("cispo-not-detached", "the same without detach", "biased", "open-instruct#1269", cispo_not_detached),
    _entry("k1-loss", "k1 in the loss, against KL(pi, ref)", "zero mean", SCHULMAN, k_in_loss(1, sequence=True),
           target="kl:pi,ref", remark="pure noise: theorem 'scores have mean zero'"),
    _entry("k2-sequence", "k2 of responses in the loss, against KL(pi, ref)", "unbiased", SCHULMAN,
           k_in_loss(2, sequence=True), target="kl:pi,ref"),
    _entry("k3-sequence", "k3 of responses in the loss, against KL(ref, pi)", "unbiased", SCHULMAN,
           k_in_loss(3, sequence=True), target="kl:ref,pi"),
    _entry("k3-sequence-wrong", "k3 of responses in the loss, against KL(pi, ref)", "biased", SCHULMAN,
           k_in_loss(3, sequence=True), target="kl:pi,ref"),
    _entry("k2-token", "k2 per token in the loss, against the KL of sequences", "biased", "arXiv 2506.09477",
           k_in_loss(2, sequence=False), target="kl:pi,ref"),
    _entry("k2-token-position", "k2 per token in the loss, against the KL per token, law of the prefix held",
           "unbiased", "arXiv 2506.09477", k_in_loss(2, sequence=False), target="kl:token"),
    _entry("k3-token-position", "k3 per token in the loss, against the KL per token", "biased", "TRL, verl",
           k_in_loss(3, sequence=False), target="kl:token", remark="it is the KL per token the other way round"),
    _entry("k3-token-reversed", "k3 per token in the loss, against KL(ref, pi) per token, law of the prefix held",
           "unbiased", "TRL, verl", k_in_loss(3, sequence=False), target="kl:token:ref,pi"),
    _entry("k1-reward", "k1 in the reward, against KL(pi, ref)", "unbiased", "trl#4967", k_in_reward(1),
           target="kl:pi,ref"),
    _entry("k1-reward-not-detached", "the same without detach", "biased", "trl#4967", k_in_reward(1, detach=False),
           target="kl:pi,ref"),
    _entry("k2-reward", "k2 in the reward, against KL(pi, ref)", "biased", "trl#4967", k_in_reward(2),
           target="kl:pi,ref"),
    _entry("k3-reward", "k3 in the reward, against KL(pi, ref)", "biased", "trl#4967", k_in_reward(3),
           target="kl:pi,ref"),
    _entry("k1-token-ratio-off", "k1 times the token ratio, against the KL per token", "unbiased", "trl#6503",
           k_with_ratio(1, sequence=False), target="kl:token", off_policy=True),
    _entry("k3-token-ratio-off", "k3 times the token ratio, against the KL per token", "unbiased", "trl#6503",
           k_with_ratio(3, sequence=False), target="kl:token", off_policy=True),
    _entry("k1-sequence-ratio-off", "k1 times the ratio of the response, against KL(pi, ref)", "unbiased",
           "arXiv 2512.21852", k_with_ratio(1, sequence=True), target="kl:pi,ref", off_policy=True),
    _entry("k2-sequence-ratio-off", "k2 times the ratio of the response, against KL(pi, ref)", "biased", "slime#1004",
           k_with_ratio(2, sequence=True), target="kl:pi,ref", off_policy=True),
    _entry("rloo-k3-loss", "RLOO plus k3/10 per token in the loss, against J - KL/10", "biased", "TRL beta",
           rloo_with_k3, target="J-kl"),
    _entry("reinforce-k1-reward", "REINFORCE of r - k1/10, against J - KL/10", "unbiased", "Ziegler et al. 2019",
           rloo_with_k1_in_reward, target="J-kl"),
    _entry("actor-critic", "one-step error with the true V", "unbiased", "Sutton et al. 2000", gae(0.0)),
    _entry("gae", "GAE, lambda = 1/2, with the true V", "unbiased", "Schulman et al. 2016", gae(0.5)),
    _entry("reward-to-go-baseline", "lambda = 1 with a wrong V", "unbiased", "Schulman et al. 2016",
           gae(1.0, error=0.5), remark="a baseline of the prefix, whatever it is"),
    _entry("gae-wrong-value", "GAE, lambda = 1/2, with a wrong V", "biased", "Schulman et al. 2016",
           gae(0.5, error=0.5)),
    _entry("eos-out", "RLOO, the last token out of the mask", "biased", "AReaL#1346, trl#6369", end_of_sequence_out),
    _entry("truncated-out", "RLOO, responses of full length out of the mask", "biased", "trl mask_truncated",
           truncated_out),
    _entry("padding-in", "RLOO, mean over padding too", "biased", "miles#1383", mean_over_padding),
)
