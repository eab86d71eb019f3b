import pytest
import torch

from trainers.metrics import Sums, best_member_lead, diversity, early_rank, wrong


def random(trials=2, members=3, examples=10, classes=4):
    stream = torch.Generator().manual_seed(0)
    logits = torch.randn(trials, members, examples, classes, generator=stream)
    return logits, torch.randint(0, classes, (trials, examples), generator=stream)


def rounding(logits):
    """What a loss may be off by: each of its some 2 · classes steps rounds numbers as large as its logits.

    Which way depends on how many of them a processor takes at once; the sums over examples are of 64 bits.
    """
    steps = 2 * logits.shape[-1]
    return {"atol": steps * torch.finfo(logits.dtype).eps * logits.abs().max().item(), "rtol": 1e-12}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_means_are_over_examples_and_not_over_batches(dtype):
    logits, labels = random()
    logits = logits.to(dtype)
    whole = Sums.of(logits, labels).means()
    first, *rest = (Sums.of(logits[:, :, i : i + 4], labels[:, i : i + 4]) for i in (0, 4, 8))  # 4 + 4 + 2 examples
    pieces = sum(rest, start=first).means()
    for name, values in vars(whole).items():
        torch.testing.assert_close(getattr(pieces, name), values, **rounding(logits))


def test_measures_equal_a_loop_over_examples():
    logits, labels = random()
    measures, loss = Sums.of(logits, labels).means(), rounding(logits)["atol"]
    for trial in range(2):
        ensemble = [logits[trial, :, b].mean(0) for b in range(10)]
        assert (
            measures.error[trial]
            == sum(int(z.argmax() != y) for z, y in zip(ensemble, labels[trial], strict=True)) / 10
        )
        losses = [-torch.log_softmax(z.double(), -1)[y].item() for z, y in zip(ensemble, labels[trial], strict=True)]
        assert measures.nll[trial].item() == pytest.approx(sum(losses) / 10, abs=loss)
        for member in range(3):
            one = logits[trial, member]
            assert measures.member_errors[trial, member] == (one.argmax(-1) != labels[trial]).double().mean()
            expected = torch.nn.functional.cross_entropy(one, labels[trial]).item()
            assert measures.member_nlls[trial, member].item() == pytest.approx(expected, abs=loss)


def test_diversity_is_the_mean_divergence_of_the_ensemble_from_its_members():
    logits, labels = random()
    q, members = torch.log_softmax(logits.double().mean(1, keepdim=True), -1), torch.log_softmax(logits.double(), -1)
    expected = (q.exp() * (q - members)).sum(-1).mean((1, 2))
    found = diversity(Sums.of(logits, labels).means())  # the difference of two losses
    torch.testing.assert_close(found, expected, atol=2 * rounding(logits)["atol"], rtol=0)


def test_of_equal_logits_the_first_class_is_predicted():
    assert wrong(torch.zeros(1, 3, 4), torch.tensor([[0, 1, 3]])).tolist() == [[False, True, True]]


def test_wrong_is_what_the_first_largest_class_says_with_equal_logits_and_without():
    stream = torch.Generator().manual_seed(1)
    labels = torch.randint(0, 5, (2, 1, 400), generator=stream)
    for logits in (torch.randn(2, 3, 400, 5, generator=stream), torch.randint(3, (2, 3, 400, 5), generator=stream) / 2):
        expected = [[int(row.tolist().index(row.max())) for row in member] for member in logits.flatten(0, 1)]
        assert torch.equal(wrong(logits, labels), torch.tensor(expected).view(2, 3, 400) != labels)


def test_a_logit_that_is_no_number_is_wrong():
    logits = torch.tensor([[[1.0, torch.nan], [torch.nan, 1.0], [0.0, 1.0]]])
    assert wrong(logits, torch.tensor([[0, 0, 1]])).tolist() == [[True, True, False]]


@pytest.mark.parametrize(
    ("errors", "classes", "expected"),
    [
        ([0.1, 0.9, 0.9, 0.9], 10, 1.0),  # the others guess
        ([0.2, 0.2, 0.2], 10, 0.0),  # equals
        ([0.1, 0.5, 0.5], 10, 0.5),  # half the way from the best to chance
        ([0.5, 0.1, 0.5], 10, 0.5),
        ([0.1, 1.0], 10, 1.0),  # worse than chance
        ([0.3], 10, None),
        ([0.95, 0.92], 10, None),  # nobody is better than chance
    ],
)
def test_the_lead_of_the_best_member(errors, classes, expected):
    assert best_member_lead(errors, classes) == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize(
    ("early", "final", "expected"),
    [
        ([0.5, 0.3, 0.4], [0.2, 0.1, 0.3], 1),
        ([0.3, 0.5, 0.4], [0.2, 0.1, 0.3], 3),
        ([0.4, 0.4, 0.4], [0.2, 0.1, 0.3], 2),  # of equal early errors the lower number is the better
        ([0.4, 0.4, 0.4], [0.1, 0.1, 0.3], 1),  # of equal final errors, too
        ([0.4], [0.1], None),
    ],
)
def test_early_rank(early, final, expected):
    assert early_rank(early, final) == expected
