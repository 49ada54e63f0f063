import json
import re
import shutil

import pytest
from reading import Element, read

from crosstie.reports import blocks
from crosstie.reports.collect import collect
from crosstie.reports.page import page, pieces
from crosstie.reports.style import STYLE

KINDS = ("binary", "category", "number")


@pytest.fixture(scope="module")
def pages(runs) -> dict[str, Element]:
    return {kind: read(page(collect(path))) for kind, path in runs.items()}


def measured(runs, kind: str) -> dict:
    return json.loads((runs[kind] / "evaluation.json").read_text())


def section(tree: Element, title: str) -> Element:
    found = [each for each in tree.all("section") if each.all("h2")[0].text == title]
    assert len(found) == 1
    return found[0]


def block(tree: Element, title: str) -> Element:
    found = [
        each
        for each in tree.all("div")
        if each.children
        and isinstance(each.children[0], Element)
        and each.children[0].tag == "h3"
        and each.children[0].text == title
    ]
    assert len(found) == 1, f"{len(found)} blocks are called {title!r}"
    return found[0]


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_has_what_a_reader_looks_for_in_that_order(pages, kind):
    assert [each.text for each in pages[kind].all("h2")] == [
        "How well",
        "Models",
        "What matters",
        "Where it is most wrong",
        *(["Training"] if kind != "number" else []),
        "Data",
        "Do it again",
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_the_verdict_stands_first(pages, runs, kind):
    said = [each.text for each in pages[kind].all("header")[0].all("p")]

    assert said == collect(runs[kind])["verdict"]
    assert len(said) == 3


def test_figures_are_those_that_were_measured(pages, runs):
    evaluation = measured(runs, "binary")
    own = evaluation["models"][0]["metrics"]["test"]["Churn"]
    low, high = evaluation["outputs"]["Churn"]["intervals"]["roc_auc"]

    head, *rows = block(pages["binary"], "Figures").table()

    assert head == ["metric", "this model", "95 % interval", "baseline"]
    assert rows[0] == ["roc_auc", f"{own['roc_auc']:.4f}", f"{low:.4f} to {high:.4f}", "0.5000"]
    assert [row[0] for row in rows] == list(own)


def test_the_confusion_matrix_counts_rows_and_their_share(pages, runs):
    (tn, fp), (fn, tp) = measured(runs, "binary")["outputs"]["Churn"]["details"]["confusion"][
        "rows"
    ]

    head, no, yes = block(pages["binary"], "Right and wrong").table()

    assert head == ["true ↓ predicted →", "No", "Yes"]
    assert [re.sub(r" \(.*", "", cell) for cell in no] == ["No", f"{tn:.0f}", f"{fp:.0f}"]
    assert yes[1] == f"{fn:.0f} ({100 * fn / (fn + tp):.1f} %)"


@pytest.mark.parametrize(
    ("kind", "titles"),
    [
        ("binary", ["ROC curve", "Precision and recall", "Can the probabilities be taken at their word?"]),
        ("category", ["ROC curve", "Precision and recall", "Can the probabilities be taken at their word?"]),
        ("number", ["True and predicted", "How far off"]),
    ],
)  # fmt: skip
def test_each_type_has_its_pictures(pages, kind, titles):
    drawn = section(pages[kind], "How well").all("title")

    assert [each.text for each in drawn] == titles


def test_every_class_has_a_curve_with_its_name(pages):
    legend = block(pages["category"], "ROC curve").all("li")

    names = [each.text.strip() for each in legend]
    assert names == ["Adelie", "Chinstrap", "Gentoo", "no better than chance"]


def test_a_scatter_has_a_dot_for_each_row(pages, runs):
    rows = measured(runs, "number")["outputs"]["median_house_value"]["rows"]

    assert len(block(pages["number"], "True and predicted").all("circle")) == rows


def test_columns_are_shown_by_what_hangs_on_them(pages, runs):
    measured = json.loads((runs["number"] / "importance.json").read_text())
    columns = measured["outputs"]["median_house_value"]["columns"]

    drawn = block(pages["number"], "How much hangs on each column")

    names = [each["column"] for each in columns]
    assert [each.text for each in drawn.all("text")][::2] == names
    assert len(drawn.all("rect")) == len(drawn.all("line")) == len(names)
    assert f"the first {names[0]} with" in drawn.all("desc")[0].text


def test_intervals_are_told_with_what_they_hold(pages, runs):
    held = measured(runs, "number")["outputs"]["median_house_value"]["conformal"]
    said = block(pages["number"], "Can its intervals be taken at their word?").all("p")[0].text

    inside = f"{100 * held['measured']:.1f}".removesuffix(".0")
    assert said.startswith(
        f"{inside} % of the true numbers lie in the interval that is to hold 90 % of them"
    )
    assert said.endswith(f"on average it is {held['mean_width']:,.0f} wide.")


def test_sets_of_classes_are_told_with_what_they_hold(pages, runs):
    held = measured(runs, "category")["outputs"]["species"]["conformal"]
    said = (
        block(pages["category"], "Can its sets of classes be taken at their word?").all("p")[0].text
    )

    inside = f"{100 * held['measured']:.1f}".removesuffix(".0")
    assert f"{inside} % of the true classes are among them, which is to be 90 %" in said
    assert f"on average they are {held['mean_size']:#.4g}, and in" in said


def test_the_worst_rows_are_shown_with_their_cells(pages, runs):
    worst = json.loads((runs["number"] / "top_losses.json").read_text())[0]

    head, first, *_ = block(pages["number"], "Most wrong").table()

    assert head[:5] == ["row", "true", "predicted", "moved by", "off by"]
    assert head[5:] == list(worst["cells"])
    assert [*first[:3], *first[4:]] == [
        str(worst["row"]),
        worst["truth"],
        worst["prediction"],
        f"{worst['loss']:,.0f}",
        *worst["cells"].values(),
    ]


def test_each_of_the_worst_rows_says_what_moved_it(pages, runs):
    [why, *_] = json.loads((runs["number"] / "explanations.json").read_text())["rows"]
    [worst, *_] = json.loads((runs["number"] / "top_losses.json").read_text())
    ranked = sorted(why["contributions"].items(), key=lambda each: -abs(each[1]))

    head, first, *_ = block(pages["number"], "Most wrong").table()

    lines = first[head.index("moved by")].split("\n")
    assert len(lines) == 4
    for line, (name, added) in zip(lines, ranked, strict=False):
        assert line == f"{added:+,.0f} {name} ({worst['cells'][name]})"
    said = block(pages["number"], "Most wrong").all("p")[0].text
    assert said.endswith(
        "Moved by: what the strongest columns add, from the average on, in the unit of what is predicted."
    )


def test_predictions_are_drawn_as_columns_go_through_their_values(pages, runs):
    measured = json.loads((runs["number"] / "partial.json").read_text())
    by_name = {each["column"]: each for each in measured["columns"]}

    income = block(pages["number"], "median_house_value by median_income")

    strokes = income.all("path")[0].attributes["d"].count("M")
    assert strokes == len(by_name["median_income"]["ticks"])
    [line] = income.all("polyline")
    assert len(line.attributes["points"].split()) == len(by_name["median_income"]["numbers"])
    ends = [by_name["median_income"]["of"][""][place] for place in (0, -1)]
    assert income.all("desc")[0].text == (
        f"median_house_value by median_income. median_house_value: from {ends[0]:,.0f} to {ends[1]:,.0f}."
    )


def test_levels_are_bars_with_their_share_of_the_rows(pages, runs):
    measured = json.loads((runs["binary"] / "partial.json").read_text())
    [contract] = [each for each in measured["columns"] if each["column"] == "Contract"]

    drawn = block(pages["binary"], "Churn: probability of Yes by Contract")

    shown = [each.text for each in drawn.all("text")]
    means = contract["of"]["Yes"]
    for place, level in enumerate(contract["levels"]):
        share = f"{contract['rows'][place] / measured['rows']:.0%}"
        assert shown[2 * place : 2 * place + 2] == [
            level,
            f"{means[place]:.4f} ({share})",
        ]


def test_probabilities_of_classes_by_level_are_a_table(pages, runs):
    measured = json.loads((runs["category"] / "partial.json").read_text())
    [island] = [each for each in measured["columns"] if each["column"] == "island"]

    head, first, *_ = block(pages["category"], "species: probability by island").table()

    assert head == ["island", "rows", "Adelie", "Gentoo", "Chinstrap"]
    assert first[:2] == [island["levels"][0], str(island["rows"][0])]
    assert first[2] == f"{island['of']['Adelie'][0]:.4f}"


def test_cells_of_private_columns_do_not_show(pages, customers):
    text = pages["binary"].text
    ids = [line.split(",")[0] for line in customers.read_text().splitlines()[1:]]
    columns = block(pages["binary"], "Columns").table()

    assert [each for each in ids if each in text] == []
    assert [row[-1] for row in columns if row[0] == "gender"] == ["(private)"]
    head, *rows = block(pages["binary"], "Most wrong").table()
    assert {row[head.index("gender")] for row in rows} == {"(private)"}


def test_columns_are_told_with_their_role(pages):
    _, *rows = block(pages["category"], "Columns").table()

    assert rows[0] == [
        "species", "predicted", "category", "", "3", "Adelie (152), Gentoo (124), Chinstrap (68)",
    ]  # fmt: skip
    assert rows[2][:5] == ["bill_length_mm", "input", "number", "0.6 %", "164"]


def test_what_is_odd_is_told_of_a_table_by_its_own_name(runs, tmp_path):
    path = tmp_path / "run"
    shutil.copytree(runs["number"], path)
    manifest = json.loads((path / "manifest.json").read_text())
    source = manifest["data"]["train"]["source"]
    manifest["warnings"] = [f"{source}: 10% of its rows stand there twice."]
    (path / "manifest.json").write_text(json.dumps(manifest))

    told = block(read(page(collect(path))), "What to look at").text

    assert source.startswith("/")
    assert "housing.csv: 10% of its rows stand there twice." in told
    assert source not in told


def test_no_path_of_this_machine_is_on_the_page(runs, tmp_path_factory):
    html = page(collect(runs["number"]))

    assert str(tmp_path_factory.getbasetemp()) not in html
    assert "housing.csv, 516 rows" in html


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_needs_nothing_from_elsewhere(runs, kind):
    html = page(collect(runs[kind]))

    assert re.findall(r"""(?:src|href)=["'](?!#)[^"']*|url\(|@import|https?://""", html) == []
    assert len(html) < 200_000


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_is_reachable_without_eyes_or_mouse(pages, kind):
    tree = pages[kind]
    ids = [each.attributes["id"] for each in tree.everything() if "id" in each.attributes]

    assert len(ids) == len(set(ids))
    assert tree.all("html")[0].attributes["lang"] == "en"
    assert [len(tree.all(each)) for each in ("header", "nav", "main", "footer", "h1")] == [1] * 5
    assert {each.attributes["href"] for each in tree.all("a")} <= {f"#{each}" for each in ids}
    for each in tree.all("th"):
        assert each.attributes["scope"] in {"col", "row"}
    for each in tree.all("svg"):
        if each.attributes.get("aria-hidden") != "true":
            assert each.attributes["role"] == "img"
            assert [bool(child.text) for child in each.all("title", "desc")] == [True, True]
            assert set(each.attributes["aria-labelledby"].split()) <= set(ids)
    for each in tree.all("table"):
        around = next(other for other in tree.all("div") if each in other.children)
        assert around.attributes["tabindex"] == "0"
        assert around.attributes["aria-label"]


def test_text_stands_out_from_what_is_behind_it():
    """WCAG 2.1 AA: 4.5 for text, 3 for lines of figures; in light and in dark, on the darkest cell of a matrix, too."""
    light, dark = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
    for colours in (light, dark):
        named = dict(re.findall(r"--([\w]+): (#[0-9a-f]+)", colours))
        back = rgb(named["back"])
        heat = [int(each) for each in re.search(r"--heat: (\d+), (\d+), (\d+)", colours).groups()]
        cell = [0.45 * over + 0.55 * under for over, under in zip(heat, back, strict=True)]
        for name in ("text", "dim", "link"):
            assert contrast(rgb(named[name]), back) >= 4.5, name
        assert contrast(rgb(named["text"]), cell) >= 4.5
        assert contrast(rgb(named["text"]), rgb(named["soft"])) >= 4.5
        for name in ("s0", "s1", "s2", "s3", "s4", "s5"):
            assert contrast(rgb(named[name]), back) >= 3, name


def rgb(colour: str) -> list[float]:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * each for each in colour[1:])
    return [int(digits[place : place + 2], 16) for place in (0, 2, 4)]


def contrast(one, other) -> float:
    def luminance(colour) -> float:
        parts = [each / 255 for each in colour]
        linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_what_a_table_holds_is_no_html():
    report = {
        "title": "<b>",
        "run": "a&b",
        "verdict": ["<i>1 %</i> of `x<y`"],
        "facts": [["<u>", "<u>"]],
        "sections": [
            {
                "id": "s",
                "title": "<s>",
                "blocks": [
                    {
                        "id": "t", "title": "<t>", "kind": "table", "note": "<n>",
                        "columns": ["<c>"], "numeric": [], "rows": [["<script>"]], "strong": [],
                    },
                    {
                        "id": "b", "title": "<t>", "kind": "bars", "note": "", "unit": "<u>",
                        "bars": [{"label": "<l>", "value": 1, "low": None, "high": None}],
                    },
                ],
            }
        ],
    }  # fmt: skip

    tree = read(page(report))

    assert tree.all("b", "i", "u", "s", "n", "c", "l", "t") == []
    assert len(tree.all("script")) == 1
    assert tree.all("code")[0].text == "x<y"
    assert tree.all("table")[0].table() == [["<c>"], ["<script>"]]


def test_a_notebook_shows_the_same_pieces(runs):
    tree = read(pieces(collect(runs["binary"]), "outcome", "models"))

    assert [each.text for each in tree.all("h2")] == ["How well", "Models"]
    assert tree.all("style")[0].text.startswith("@scope (.crosstie-report) {")
    assert tree.all("script", "nav", "h1") == []


def test_a_table_that_half_of_the_page_would_cut_off_has_the_whole_width():
    def drawn(columns):
        table = blocks.table("t", "T", columns, [["x"] * len(columns)])
        sections = [{"id": "s", "title": "S", "blocks": [table]}]
        report = {"title": "R", "run": "r", "verdict": [], "facts": [], "sections": sections}
        return page(report)

    fits, does_not = ["c" * 31] * 2, ["c" * 7] * 7
    assert '<div class="block" id="t">' in drawn(fits)
    assert '<div class="block wide" id="t">' in drawn(does_not)
