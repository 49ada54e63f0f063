import numpy as np
import pytest
from fairlearn import metrics as fairlearn
from fairlearn.postprocessing import ThresholdOptimizer
from sklearn.base import BaseEstimator, ClassifierMixin

from crosstie.evaluation.group_thresholds import EVENED, GroupThresholds, even_out
from crosstie.evaluation.groups import Grouping
from crosstie.evaluation.mitigation import by_thresholds, reweighing

BOTH = np.ones(2, bool)
THEIRS = {"equal_opportunity": "true_positive_rate_parity"}  # fairlearn's name of a constraint


def people(seed, rows):
    """Truth, probability and group: the second is rarer, positive less often, and is given less for being so."""
    rng = np.random.default_rng(seed)
    group = (rng.random(rows) < 0.35).astype(np.int64)
    true = (rng.random(rows) < np.where(group == 1, 0.2, 0.4)).astype(np.int64)
    said = 1 / (1 + np.exp(-(rng.normal(size=rows) + 2 * true - 1.2 - 0.7 * group)))
    return true, said, group


def apart(criterion, true, said, group):
    name = f"{criterion}_difference"
    return getattr(fairlearn, name)(true, said.astype(int), sensitive_features=group)


@pytest.mark.parametrize("criterion", EVENED)
def test_thresholds_keep_the_bound_and_nothing_cheaper_keeps_it_by_a_hundredth_more(criterion):
    true, said, group = people(0, 90)
    found = even_out(true, said, group, BOTH, criterion=criterion, bound=0.1)
    decided = said >= found[group]
    assert apart(criterion, true, decided, group) <= 0.1 + 1e-9
    rates, right = [], []
    for g in (0, 1):  # of all thresholds there are
        mine = true[group == g]
        tried = said[group == g] >= np.append(np.unique(said[group == g]), 1)[:, None]
        of = {"selection_rate": mine >= 0, "tpr": mine == 1, "fpr": mine == 0}
        rates.append(np.stack([tried[:, of[name]].mean(1) for name in EVENED[criterion]]))
        right.append((tried == (mine == 1)).sum(1))
    spread = np.abs(rates[0][:, :, None] - rates[1][:, None, :]).max(0)
    best = (right[0][:, None] + right[1][None, :])[spread <= 0.09].max()
    assert (decided == true).sum() >= best


@pytest.mark.slow
@pytest.mark.parametrize("criterion", EVENED)
def test_accuracy_is_that_of_fairlearn_which_draws_lots(criterion):
    class Known(ClassifierMixin, BaseEstimator):
        def fit(self, rows, true):
            self.classes_ = np.array([0, 1])
            return self

        def predict_proba(self, rows):
            return np.stack([1 - rows[:, 0], rows[:, 0]], 1)

    true, said, group = people(1, 4000)
    theirs = ThresholdOptimizer(
        estimator=Known(),
        constraints=THEIRS.get(criterion, criterion),
        predict_method="predict_proba",
    ).fit(said[:, None], true, sensitive_features=group)
    lots = theirs.predict(said[:, None], sensitive_features=group, random_state=0)
    decided = said >= even_out(true, said, group, BOTH, criterion=criterion)[group]
    assert (decided == true).mean() == pytest.approx((lots == true).mean(), abs=0.01)
    assert apart(criterion, true, decided, group) <= 0.02 + 1e-9 < apart(criterion, true, said > 0.5, group)  # fmt: skip


def test_costs_are_those_that_the_threshold_of_all_rows_tells():
    true, said, group = people(2, 2000)
    told = {"criterion": "equal_opportunity", "otherwise": 0.2}
    low = even_out(true, said, group, BOTH, **told)
    written = even_out(true, said, group, BOTH, costs=((0, 1), (4, 0)), **told)
    assert low.tolist() == written.tolist()
    assert (low < even_out(true, said, group, BOTH, criterion="equal_opportunity")).all()


def test_weights_count_as_rows_do():
    true, said, group = people(3, 400)
    times = np.random.default_rng(0).integers(0, 4, 400)
    weighted = even_out(true, said, group, BOTH, criterion="equalized_odds", weights=times)
    rows = np.repeat(np.arange(400), times)
    repeated = even_out(true[rows], said[rows], group[rows], BOTH, criterion="equalized_odds")
    decided = [said[rows] >= each[group[rows]] for each in (weighted, repeated)]
    assert decided[0].tolist() == decided[1].tolist()


def test_a_group_that_is_small_or_has_no_positives_takes_the_threshold_of_all():
    true, said, group = people(4, 900)
    group[:30] = 2
    some = np.array([True, True, False])
    found = even_out(true, said, group, some, criterion="demographic_parity", otherwise=0.4)
    assert found[2] == 0.4
    assert found[0] != 0.4
    true[group == 1] = 0
    alone = even_out(true, said, group, some, criterion="equal_opportunity", otherwise=0.4)
    assert alone.tolist() == [0.4, 0.4, 0.4]  # one group is like itself


def test_thresholds_survive_json_and_odd_ones_are_refused():
    found = GroupThresholds(("sex",), "equalized_odds", {("f",): 0.25, (None,): 0.5}, 0.5)
    assert GroupThresholds.from_state(found.state()) == found
    for odd in ({"groups": [{"values": ["f", "m"], "threshold": 0.5}]}, {"otherwise": 1.5}):
        with pytest.raises(ValueError, match="thresholds of groups by"):
            GroupThresholds.from_state(found.state() | odd)


def test_what_evening_out_costs_is_measured_on_rows_that_it_was_not_chosen_by():
    rng = np.random.default_rng(5)
    true, group = rng.integers(0, 2, 400), rng.integers(0, 2, 400)
    noise = rng.random(400)  # tells nothing: whatever is chosen, half of the rows are right
    by = Grouping(("g",), (("a",), ("b",)), group)
    itself = noise >= even_out(true, noise, group, BOTH, criterion="equalized_odds")[group]
    (_, _, odds) = by_thresholds(true, (noise >= 0.5).astype(int), noise, by)
    assert (itself == true).mean() > 0.53  # by heart
    assert abs(odds.accuracy - 0.5) < 0.03
    assert odds.cost == pytest.approx(((noise >= 0.5) == true).mean() - odds.accuracy)
    assert odds.low < odds.cost < odds.high


@pytest.mark.slow
def test_what_evening_out_costs_is_the_same_whatever_the_order_of_groups():
    true, said, group = people(6, 1500)
    now = (said >= 0.5).astype(int)
    one = by_thresholds(true, now, said, Grouping(("g",), (("a",), ("b",)), group))
    other = by_thresholds(true, now, said, Grouping(("g",), (("b",), ("a",)), 1 - group))
    assert [each.criterion for each in one] == [*EVENED]
    for first, second in zip(one, other, strict=True):
        assert first.before.value == second.before.value == apart(first.criterion, true, now, group)
        assert first.thresholds == second.thresholds
        assert first.after.value < first.before.value / 2


def test_reweighing_makes_class_and_group_independent_and_leaves_their_shares():
    true, _, group = people(7, 500)
    base = np.random.default_rng(1).random(500)
    weights = base * reweighing(true, group, base)
    shares = [np.average(true[group == g], weights=weights[group == g]) for g in (0, 1)]
    assert shares == pytest.approx([np.average(true, weights=base)] * 2)
    assert weights[group == 1].sum() == pytest.approx(base[group == 1].sum())
