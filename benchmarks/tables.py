"""The real tables that the benchmarks use, as train.csv and test.csv: `python benchmarks/tables.py [NAME …]`.

80 % of the rows train and 20 % test, seed 0, stratified (a number target on its deciles), or the publisher's own
split where there is one. Missing cells are empty, whatever the publisher wrote. The originals lie in the folder
that $CROSSTIE_DATA names, or in ../shared/data beside this checkout.
"""

import sys
import zipfile
from pathlib import Path

import pandas as pd
from media_tables import MEDIA
from table import CACHE, Table

ADULT = (
    "age workclass fnlwgt education education_num marital_status occupation relationship race sex "
    "capital_gain capital_loss hours_per_week native_country income"
).split()
GERMAN = (
    "checking_account months credit_history purpose amount savings employed_since rate status_and_sex "
    "debtors resident_since property age other_plans housing credits job dependants telephone foreign risk"
).split()
HORSE = (
    "surgery age hospital_number rectal_temperature pulse respiratory_rate extremities peripheral_pulse "
    "mucous_membranes capillary_refill pain peristalsis abdominal_distension nasogastric_tube "
    "nasogastric_reflux reflux_ph rectal_examination abdomen packed_cell_volume total_protein "
    "abdominocentesis abdominocentesis_protein outcome surgical_lesion lesion_1 lesion_2 lesion_3 cp_data"
).split()
WINE = (
    "fixed_acidity volatile_acidity citric_acid residual_sugar chlorides free_sulfur_dioxide "
    "total_sulfur_dioxide density pH sulphates alcohol quality"
).split()
MIDWEST = {  # one question's columns, each holding its own name or nothing, become one column
    "midwesterner": range(2, 6),
    "gender": range(27, 29),
    "age": range(29, 34),
    "income": range(34, 39),
    "education": range(39, 44),
    "census_region": range(44, 53),
}


def adult(folder: Path) -> pd.DataFrame:
    parts = [
        pd.read_csv(
            folder / f"tab_adult/adult-{part}.csv.gz",
            header=None,
            names=ADULT,
            skipinitialspace=True,
            na_values="?",
            comment="|",
        )
        for part in ("train", "test")
    ]
    frame = pd.concat(parts).dropna(subset="income")
    frame["income"] = frame.income.str.rstrip(".")
    return frame


def titanic(folder: Path) -> pd.DataFrame:
    frame = pd.read_csv(folder / "tab_titanic/train.csv")
    return frame.rename(columns=str.lower).drop(columns="passengerid")


def churn(folder: Path) -> pd.DataFrame:
    path = folder / "tab_telco_churn/Telco-Customer-Churn.csv"
    return pd.read_csv(path, na_values=" ").drop(columns="customerID")


def covertype(folder: Path) -> pd.DataFrame:
    frame = pd.read_csv(folder / "tab_covertype_20k/covtype.20k.data.gz", header=None)
    frame.columns = [*(f"c{i}" for i in range(54)), "Cover_Type"]
    return frame


def german_credit(folder: Path) -> pd.DataFrame:
    frame = pd.read_csv(folder / "tab_german_credit/german.csv", header=None, names=GERMAN)
    return frame.assign(risk=frame.risk.map({1: "good", 2: "bad"}))


def bike_sharing(folder: Path) -> pd.DataFrame:
    """Hourly; casual + registered is the target, instant the row's number."""
    frame = _zipped(folder / "tab_bike_sharing/bike_sharing.zip")
    return frame.drop(columns=["casual", "registered", "instant"])


def horse_colic(folder: Path) -> pd.DataFrame:
    """Columns 24 to 27 tell of the lesion afterwards, 28 whether the case has a file, 3 is an id."""
    path = folder / "tab_horse_colic/horse-colic.csv"
    frame = pd.read_csv(path, header=None, names=HORSE, na_values="?")
    lesion = ["surgical_lesion", "lesion_1", "lesion_2", "lesion_3", "cp_data"]
    frame = frame.drop(columns=[*lesion, "hospital_number"]).dropna(subset="outcome")
    return frame.assign(outcome=frame.outcome.map({1: "lived", 2: "died", 3: "euthanized"}))


def hypothyroid(folder: Path) -> pd.DataFrame:
    path = folder / "tab_hypothyroid_arff/hypothyroid.arff"
    lines = path.read_text().splitlines()
    names = [line.split("'")[1] for line in lines if line.startswith("@attribute")]
    start = lines.index("@data") + 1
    cells = [line.split(",") for line in lines[start:] if line and not line.startswith("%")]
    frame = pd.DataFrame(cells, columns=names)
    return frame.map(str.strip).replace("?", None)


def wine_quality(folder: Path) -> pd.DataFrame:
    parts = [
        pd.read_csv(folder / f"tab_wine_quality/winequality-{color}.csv", header=None, names=WINE)
        for color in ("red", "white")
    ]
    return pd.concat(
        [part.assign(color=c) for part, c in zip(parts, ("red", "white"), strict=True)]
    )


def midwest_survey(folder: Path) -> pd.DataFrame:
    """Where someone lives, from what they count as the Midwest. The ZIP code is left out: it is the answer."""
    raw = pd.read_csv(folder / "tab_midwest_survey/MIDWEST.csv", header=None, dtype=str)
    options, raw = raw.iloc[1], raw.iloc[2:]
    frame = pd.DataFrame({"own_words": raw[1]})
    for name, columns in MIDWEST.items():
        frame[name] = raw[list(columns)].bfill(axis=1).iloc[:, 0]
    for column in range(6, 26):
        frame[options[column]] = raw[column].notna().map({True: "yes", False: "no"})
    return frame.dropna(subset="census_region")


def birdstrikes(folder: Path) -> pd.DataFrame:
    """The costs are known only after the damage."""
    path = folder / "tab_birdstrikes/birdstrikes.csv"
    frame = pd.read_csv(path, keep_default_na=False, na_values=[""])
    return frame.drop(columns=["Cost Other", "Cost Repair", "Cost Total $"])


def sms_spam(folder: Path) -> pd.DataFrame:
    path = folder / "text_sms_spam/sms.tsv"
    return pd.read_csv(path, sep="\t", header=None, names=["label", "text"], quoting=3)


def banking77(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    return tuple(pd.read_csv(folder / f"text_banking77/{part}.csv") for part in ("train", "test"))


def goemotions(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Its own test part; the development part trains too, for every peer keeps validation rows of its own."""
    labels = (folder / "text_goemotions/labels.txt").read_text().split()

    def part(name: str) -> pd.DataFrame:
        path = folder / f"text_goemotions/{name}"
        frame = pd.read_csv(
            path, sep="\t", header=None, names=["text", "emotions", "id"], quoting=3, dtype=str
        ).drop(columns="id")
        named = frame.emotions.map(lambda ids: ",".join(labels[int(i)] for i in ids.split(",")))
        return frame.assign(emotions=named)

    return pd.concat([part("train.tsv.gz"), part("dev.tsv")]), part("test.tsv")


def _zipped(path: Path) -> pd.DataFrame:
    with zipfile.ZipFile(path) as archive, archive.open(f"{path.stem}/{path.stem}.csv") as file:
        return pd.read_csv(file)


TEXTS = ("logistic.py", "texts")
TABLES = {
    "titanic": Table("survived", "binary", titanic),
    "adult": Table("income", "binary", adult),
    "diamonds": Table(
        "price", "regression", lambda folder: pd.read_csv(folder / "tab_diamonds/diamonds.csv.gz")
    ),
    "california": Table(
        "median_house_value",
        "regression",
        lambda folder: pd.read_csv(folder / "tab_california_housing/housing.csv"),
    ),
    "covertype": Table("Cover_Type", "multiclass", covertype),
    "churn": Table("Churn", "binary", churn),
    "german_credit": Table("risk", "binary", german_credit),
    "bike_sharing": Table("cnt", "regression", bike_sharing),
    "employee_salaries": Table(
        "current_annual_salary",
        "regression",
        lambda folder: _zipped(folder / "tab_employee_salaries/employee_salaries.zip"),
    ),
    "horse_colic": Table("outcome", "multiclass", horse_colic),
    "hypothyroid": Table("Class", "multiclass", hypothyroid),
    "wine_quality": Table("quality", "regression", wine_quality, types={"quality": "number"}),
    "midwest_survey": Table("census_region", "multiclass", midwest_survey),
    "birdstrikes": Table("Effect Amount of damage", "multiclass", birdstrikes),
    "sms_spam": Table("label", "binary", sms_spam, text="text", script=TEXTS),
    "banking77": Table("category", "multiclass", banking77, text="text", script=TEXTS),
    "goemotions": Table(
        "emotions",
        "multilabel",
        goemotions,
        types={"emotions": "set"},
        text="text",
        script=TEXTS,
    ),
    **MEDIA,
}


def prepared(name: str) -> tuple[Path, Path]:
    """The train.csv and test.csv of a table, made on first use."""
    paths = tuple(CACHE / name / f"{part}.csv" for part in ("train", "test"))
    if not all(path.is_file() for path in paths):
        (CACHE / name).mkdir(parents=True, exist_ok=True)
        for path, part in zip(paths, TABLES[name].parts(), strict=True):
            part.to_csv(path, index=False)
    return paths


if __name__ == "__main__":
    for each in sys.argv[1:] or TABLES:
        for path in prepared(each):
            print(path, *pd.read_csv(path).shape)
