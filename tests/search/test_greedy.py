"""A greedy average: what helps is drawn, what does not is left out."""

import numpy as np
import pytest

from crosstie.search.greedy import average, greedy, honest

RNG = np.random.default_rng(0)
TRUTH = RNG.normal(size=400)


def score(raw, rows):
    return -float(np.sqrt(np.mean((TRUTH[rows] - raw[rows]) ** 2)))


def with_error(size, seed):
    return TRUTH + size * np.random.default_rng(seed).normal(size=400)


def test_models_that_err_apart_are_averaged_and_one_that_says_nothing_is_left_out():
    raw = [with_error(1, 1), with_error(1, 2), with_error(9, 3)]
    found = greedy(raw, score)
    assert found.weights[2] == 0
    assert found.weights[0] == pytest.approx(found.weights[1], abs=0.2)
    assert sum(found.weights) == pytest.approx(1)
    assert found.score == pytest.approx(score(average(raw, found.weights), np.arange(400)))
    assert found.score > max(score(each, np.arange(400)) for each in raw)


def test_the_best_model_alone_is_an_average_too():
    raw = [with_error(0.01, 1), with_error(5, 2)]
    assert greedy(raw, score).weights == (1.0, 0.0)


def test_more_models_are_never_worse_on_the_rows_they_are_chosen_by():
    raw = [with_error(1 + seed / 10, seed) for seed in range(8)]
    scores = [greedy(raw[:count], score).score for count in range(1, 9)]
    assert scores[-1] > scores[0]
    assert scores[0] == score(raw[0], np.arange(400))


def test_the_honest_score_is_that_of_rows_the_weights_were_not_chosen_by():
    guesses = [np.random.default_rng(seed).normal(size=400) for seed in range(9, 49)]
    flattered = greedy(guesses, score).score
    assert honest(guesses, score, seed=0) < flattered
    assert honest(guesses, score, seed=0) == honest(guesses, score, seed=0)
