from crosstie.data.notebook import SHOWN, notebook


def test_a_long_table_is_cut_and_says_so() -> None:
    shown = notebook("Model", ["column"], ([place] for place in range(SHOWN + 3)))
    assert f"<td>{SHOWN - 1}</td></tr></table><p>and 3 more</p>" in shown
