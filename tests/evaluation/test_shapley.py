from itertools import permutations

import numpy as np
import pytest

from crosstie.evaluation.shapley import contributions, orders, steps


def predicted(rows):
    """Of three columns: a sum, and a product that two of them share."""
    return (2 * rows[..., 0] + rows[..., 1] * rows[..., 2])[..., None]


def explained(row, background, pairs, seed=0):
    pool = np.vstack([row[None], background])
    begun = 1 + np.arange(pairs) % len(background)
    walked = orders(3, pairs, seed=seed)
    picks = steps(walked, 0, begun)
    mixed = pool[picks, np.arange(3)]
    return contributions(walked, predicted(pool[begun]), predicted(mixed), predicted(row))


def exact(row, background):
    """Over all orders and all background rows."""
    total = np.zeros(3)
    for start in background:
        for order in permutations(range(3)):
            now = start.copy()
            for column in order:
                before = predicted(now)[0]
                now[column] = row[column]
                total[column] += predicted(now)[0] - before
    return total / len(background) / 6


def test_every_order_is_followed_by_itself_backwards():
    walked = orders(5, 3)

    assert walked.shape == (6, 5)
    assert (walked[0::2] == walked[1::2, ::-1]).all()
    assert (np.sort(walked, axis=1) == np.arange(5)).all()


def test_steps_take_one_column_more_of_the_row_each_time():
    [first, back] = steps(np.array([[2, 0, 1], [1, 0, 2]]), 7, np.array([9]))

    assert first.tolist() == [[9, 9, 7], [7, 9, 7]]
    assert back.tolist() == [[9, 7, 9], [7, 7, 9]]


@pytest.mark.parametrize("pairs", [1, 4])
def test_contributions_add_up_to_the_prediction_however_few_walks_there_are(pairs):
    rng = np.random.default_rng(0)
    row, background = rng.normal(size=3), rng.normal(size=(4, 3))

    added, errors = explained(row, background, pairs)

    base = predicted(background[:pairs]).mean()
    assert base + added.sum() == pytest.approx(predicted(row)[0])
    assert np.isnan(errors).all() == (pairs == 1)


def test_contributions_are_the_shapley_values():
    rng = np.random.default_rng(0)
    row, background = rng.normal(size=3), rng.normal(size=(2, 3))

    added, _ = explained(row, background, 400)

    assert added[:, 0] == pytest.approx(exact(row, background), abs=0.02)
    # walked both ways, a sum and a product are exact from the first pair on
    two, _ = explained(row, background, 2)
    assert two[0, 0] == pytest.approx(exact(row, background)[0])


def test_the_error_is_what_other_orders_and_rows_would_differ_by():
    rng = np.random.default_rng(0)
    row, background = rng.normal(size=3), rng.normal(size=(2000, 3))
    found = [explained(row, background[i * 20 : i * 20 + 20], 20, seed=i) for i in range(100)]

    spread = np.std([added for added, _ in found], axis=0)
    told = np.mean([errors for _, errors in found], axis=0)
    assert told[:, 0] == pytest.approx(spread[:, 0], rel=0.2)
