"""Bagging's gradient against autograd; stacking's combiner against SciPy and scikit-learn."""

import numpy as np
import pytest
import torch

from trainers.losses import joint_gradient, joint_loss, weighted_loss
from trainers.methods import combiner

MEMBERS, EXAMPLES, CLASSES = 3, 60, 4


def drawn(trials=1, examples=EXAMPLES):
    stream = torch.Generator().manual_seed(0)
    logits = 2 * torch.randn(trials, MEMBERS, examples, CLASSES, generator=stream, dtype=torch.float64)
    labels = torch.randint(0, CLASSES, (trials, examples), generator=stream)
    counts = torch.randint(0, 4, (trials, MEMBERS, examples), generator=stream).double()
    return logits, labels, counts


def test_the_weighted_gradient_is_autograds_of_the_written_loss():
    logits, labels, counts = drawn(trials=2, examples=7)
    logits.requires_grad_()
    losses = []
    for trial in range(2):
        for member in range(MEMBERS):
            nll = torch.nn.functional.cross_entropy(logits[trial, member], labels[trial], reduction="none")
            losses.append((counts[trial, member] * nll).sum() / 7 / MEMBERS)
    written = torch.stack(losses).view(2, MEMBERS).sum(1)
    torch.testing.assert_close(weighted_loss(logits, labels, counts), written, atol=1e-14, rtol=1e-12)
    (expected,) = torch.autograd.grad(written.sum(), logits)
    zero = torch.zeros(2, dtype=torch.float64)
    torch.testing.assert_close(joint_gradient(logits.detach(), labels, zero, counts), expected, atol=1e-14, rtol=1e-12)


def test_weights_of_one_change_nothing():
    logits, labels, counts = drawn()
    zero, ones = torch.zeros(1, dtype=torch.float64), torch.ones_like(counts)
    assert torch.equal(joint_gradient(logits, labels, zero, ones), joint_gradient(logits, labels, zero))
    torch.testing.assert_close(weighted_loss(logits, labels, ones), joint_loss(logits, labels, zero))


def test_a_resamples_full_gradient_is_that_of_copies():
    """One batch of all images weighted by counts against the images drawn, copy by copy."""
    logits, labels, _ = drawn()
    picks = torch.randint(EXAMPLES, (MEMBERS, EXAMPLES), generator=torch.Generator().manual_seed(2))
    counts = torch.stack([torch.bincount(pick, minlength=EXAMPLES) for pick in picks]).double()
    gradient = joint_gradient(logits, labels, torch.zeros(1, dtype=torch.float64), counts.unsqueeze(0))
    for member, pick in enumerate(picks):
        one = logits[0, member].clone().requires_grad_()
        torch.nn.functional.cross_entropy(one[pick], labels[0][pick]).backward()
        torch.testing.assert_close(gradient[0, member], one.grad / MEMBERS)


def standardised(members):
    features = members.permute(1, 0, 2).flatten(1).numpy()
    return (features - features.mean(0)) / features.std(0)


def written(parameters, features, mean, labels, penalty):
    """The objective as its definition says, in NumPy."""
    weights, bias = parameters[:-CLASSES].reshape(-1, CLASSES), parameters[-CLASSES:]
    logits = mean + features @ weights + bias
    log_sum = np.log(np.exp(logits).sum(1))
    nll = (log_sum - logits[np.arange(len(labels)), labels]).mean()
    return nll + penalty / 2 * (parameters**2).sum()


@pytest.mark.parametrize("penalty", [1e-2, 1.0])
def test_the_fit_is_scipys(monkeypatch, penalty):
    optimize = pytest.importorskip("scipy.optimize")
    monkeypatch.setattr(combiner, "RIDGE", penalty)
    logits, labels, _ = drawn()
    members, labels = logits[0], labels[0]
    features, mean = standardised(members), members.mean(0).numpy()
    arguments = (features, mean, labels.numpy(), penalty)
    start = np.zeros((MEMBERS * CLASSES + 1) * CLASSES)
    found = optimize.minimize(written, start, arguments, method="BFGS", options={"gtol": 1e-6})
    fitted = combiner.fit(members, labels)
    ours = np.concatenate([fitted.weights.T.flatten(), fitted.bias.flatten()])
    assert written(ours, *arguments) <= found.fun + 1e-8
    np.testing.assert_allclose(ours, found.x, atol=2e-3)
    expected = mean + features @ found.x[:-CLASSES].reshape(-1, CLASSES) + found.x[-CLASSES:]
    np.testing.assert_allclose(fitted.logits(members), expected, atol=2e-3)


def test_the_fit_starts_from_the_average_and_never_ends_above_it(monkeypatch):
    logits, labels, _ = drawn()
    members, labels = logits[0], labels[0]
    average = torch.nn.functional.cross_entropy(members.mean(0), labels).item()
    values = []
    objective = combiner._objective

    def recorded(*arguments):
        values.append(objective(*arguments))
        return values[-1]

    monkeypatch.setattr(combiner, "_objective", recorded)
    fitted = combiner.fit(members, labels)
    assert values[0][0] == pytest.approx(average, abs=1e-14)
    own = torch.nn.functional.cross_entropy(fitted.logits(members), labels).item()
    assert own + combiner.RIDGE / 2 * (fitted.weights.square().sum() + fitted.bias.square().sum()) < average
    monkeypatch.setattr(combiner, "MAX_ITERATIONS", 0)
    untouched = combiner.fit(members, labels)
    torch.testing.assert_close(untouched.logits(members), members.mean(0))


def test_the_gradient_is_autograds():
    logits, labels, _ = drawn()
    stream = torch.Generator().manual_seed(3)
    weights = torch.randn(CLASSES, MEMBERS * CLASSES, generator=stream, dtype=torch.float64, requires_grad=True)
    bias = torch.randn(CLASSES, 1, generator=stream, dtype=torch.float64, requires_grad=True)
    features = torch.randn(MEMBERS * CLASSES, EXAMPLES, generator=stream, dtype=torch.float64)
    start = logits[0].mean(0).mT
    nll = torch.nn.functional.cross_entropy((start + weights @ features + bias).mT, labels[0])
    value = nll + combiner.RIDGE / 2 * (weights.square().sum() + bias.square().sum())
    ours = combiner._objective(weights.detach(), bias.detach(), start, features, labels[0])
    assert ours[0] == pytest.approx(value.item(), abs=1e-13)
    for one, other in zip(ours[1:], torch.autograd.grad(value, [weights, bias]), strict=True):
        torch.testing.assert_close(one, other, atol=1e-14, rtol=1e-10)


def test_without_a_start_it_is_logistic_regression(monkeypatch):
    """Members whose logits add up to zero average to nothing: then the combiner is scikit-learn's regression."""
    linear_model = pytest.importorskip("sklearn.linear_model")
    monkeypatch.setattr(combiner, "RIDGE", 0.05)
    logits, labels, _ = drawn()
    members, labels = logits[0] - logits[0].mean(0), labels[0]
    fitted = combiner.fit(members, labels)
    features = standardised(members)
    with_bias = np.concatenate([features, np.ones((EXAMPLES, 1))], 1)  # the penalty holds the bias too
    model = linear_model.LogisticRegression(C=1 / (0.05 * EXAMPLES), fit_intercept=False, tol=1e-10, max_iter=10_000)
    expected = model.fit(with_bias, labels.numpy()).predict_proba(with_bias)
    np.testing.assert_allclose(torch.softmax(fitted.logits(members), -1), expected, atol=1e-4)


def test_a_constant_feature_and_huge_logits_do_no_harm():
    logits, labels, _ = drawn()
    members = logits[0].float() * 1e6
    members[0, :, 0] = 5.0
    fitted = combiner.fit(members, labels[0])
    assert torch.isfinite(fitted.logits(members)).all()
    assert torch.equal(fitted.logits(members), combiner.fit(members, labels[0]).logits(members))
