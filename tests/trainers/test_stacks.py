import pytest

from trainers.stacks import Stack


def test_trials_of_one_seed_share_a_group(make_spec):
    stack = Stack.of([make_spec(0.0, seed=1), make_spec(0.0, seed=0), make_spec(1.0, seed=1), make_spec(1.0, seed=0)])
    assert stack.seeds == (0, 0, 1, 1)
    assert stack.positions == (1, 3, 0, 2)
    assert stack.group_seeds == (0, 1)


def test_unequal_groups_fall_apart_into_single_trials(make_spec):
    stack = Stack.of([make_spec(0.0, seed=0), make_spec(1.0, seed=0), make_spec(0.0, seed=1)])
    assert stack.group_seeds == (0, 0, 1)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"members": 4}, "architecture.members"),
        ({"batch_size": 7}, "training.batch_size"),
        ({"momentum": 0.5}, "training.momentum"),
        ({"milestones": (1,)}, "training.milestones"),
        ({"repeats": 3}, "evaluation.robustness.repeats"),
    ],
)
def test_trials_of_different_shapes_are_refused(make_spec, change, named):
    with pytest.raises(ValueError, match=named):
        Stack.of([make_spec(), make_spec(**change)])


@pytest.mark.parametrize("method", ["bagging", "stacking"])
def test_trials_of_one_stack_share_the_method(make_spec, method):
    assert Stack.of([make_spec(0.0, seed, method=method) for seed in (1, 0)]).seeds == (0, 1)
    with pytest.raises(ValueError, match="differ in method"):
        Stack.of([make_spec(0.0), make_spec(0.0, method=method)])


def test_an_unknown_method_is_refused(make_spec):
    with pytest.raises(ValueError, match="unknown method 'boosting'; use one of joint, bagging, stacking"):
        Stack.of([make_spec().model_copy(update={"method": "boosting"})])


def test_an_empty_stack_is_refused():
    with pytest.raises(ValueError, match="at least one trial"):
        Stack.of([])


def test_learning_rates_fall_after_the_milestones(make_spec):
    stack = Stack.of([make_spec(epochs=5, milestones=(2, 4), milestone_factor=0.1)])
    assert [stack.learning_rate_factor(epoch) for epoch in range(1, 6)] == pytest.approx([1, 1, 0.1, 0.1, 0.01])


def test_fingerprints_tell_trials_apart(make_spec):
    stacks = [[make_spec()], [make_spec(lam=0.6)], [make_spec(learning_rate=0.2)], [make_spec(), make_spec(lam=0.6)]]
    assert len({Stack.of(stack).fingerprint("data") for stack in stacks}) == 4
    assert Stack.of([make_spec()]).fingerprint("data") == Stack.of([make_spec()]).fingerprint("data")
    assert Stack.of([make_spec()]).fingerprint("data") != Stack.of([make_spec()]).fingerprint("other")
