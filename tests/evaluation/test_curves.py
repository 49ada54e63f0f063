import numpy as np

from crosstie.evaluation.curves import BINS, DOTS, POINTS, curves


def test_a_binary_output_has_the_curve_of_its_positive_class():
    target, said = np.array([0, 1, 0, 1]), np.array([0.1, 0.9, 0.6, 0.4])

    found = curves("binary", target, said, ["no", "yes"])

    assert found == {
        "roc": {"yes": [[0.0, 0.0], [0.0, 0.5], [0.5, 0.5], [0.5, 1.0], [1.0, 1.0]]},
        "precision_recall": {"yes": [[0.5, 1.0], [0.5, 0.5], [1.0, 0.66667], [1.0, 0.5]]},
    }


def test_weights_count():
    target, said = np.array([0, 1, 1]), np.array([0.5, 0.9, 0.1])

    found = curves("binary", target, said, ["no", "yes"], weights=np.array([1.0, 3.0, 1.0]))

    assert found["roc"]["yes"] == [[0.0, 0.0], [0.0, 0.75], [1.0, 0.75], [1.0, 1.0]]


def test_a_class_that_is_absent_has_no_curve():
    said = np.array([[0.8, 0.1, 0.1], [0.2, 0.7, 0.1]])

    found = curves("category", np.array([0, 1]), said, ["a", "b", "c"])

    assert list(found["roc"]) == ["a", "b"]


def test_curves_of_many_rows_have_few_points_and_reach_the_corner():
    rng = np.random.default_rng(0)

    found = curves("binary", rng.integers(0, 2, 20_000), rng.random(20_000), ["a", "b"])

    assert len(found["roc"]["b"]) <= POINTS + 1
    assert found["roc"]["b"][-1] == [1.0, 1.0]


def test_amounts_have_some_rows_and_all_errors():
    rng = np.random.default_rng(0)
    target = rng.normal(size=3000)

    found = curves("number", target, target + 1.5)

    assert len(found["dots"]) == DOTS
    assert all(round(said - true, 2) == 1.5 for true, said in found["dots"])
    assert (len(found["errors"]["edges"]), sum(found["errors"]["rows"])) == (BINS + 1, 3000)


def test_other_outputs_and_no_rows_have_none():
    assert curves("text", np.array(["a"]), np.array(["b"])) == {}
    assert curves("number", np.zeros(0), np.zeros(0)) == {}
    assert curves("category", np.array([0]), np.ones((1, 9)), [str(i) for i in range(9)]) == {}
