from itertools import islice

import pytest

from crosstie.config.options import fill
from crosstie.learners.learner import learners
from crosstie.search.portfolio import draws, portfolio

NAMES = ["linear", "gbm", "catboost", "ecd"]


@pytest.mark.parametrize("number", [True, False])
def test_what_is_tried_are_options_of_its_learner(number):
    for trial in [*portfolio(NAMES, number=number), *islice(draws(NAMES, seed=1), 20)]:
        options = fill(learners.get(trial.model_type).trainer_options(), trial.trainer, "trainer")
        assert options.items() >= trial.trainer.items()


def test_some_boosters_see_pairs_of_words_and_others_do_not():
    planned = [each for each in portfolio(NAMES, number=True) if each.model_type == "gbm"]
    drawn = [each for each in islice(draws(NAMES, seed=1), 20) if each.model_type == "gbm"]
    for trials in (planned, drawn):
        assert {each.trainer.get("ngram_size", 1) for each in trials} == {1, 2}
