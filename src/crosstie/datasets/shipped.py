"""The sets that come with Crosstie: small, real, free to use. `files/NOTICE.md` says whose they are."""

from pathlib import Path

from crosstie.datasets.dataset import Dataset

FILES = Path(__file__).parent / "files"

SHIPPED = (
    Dataset(
        "penguins",
        {"train": str(FILES / "penguins.csv.gz")},
        target="species",
        task="classification, 3 classes",
        metric="accuracy",
        split={"type": "stratify", "column": "species"},
        about="344 penguins of three species, measured on islands of the Palmer Archipelago",
        licence="CC0 1.0",
        source="Kristen Gorman and the Palmer Station LTER; Horst, Hill and Gorman (2020)",
        reference="dataset:penguins",
    ),
    Dataset(
        "sms_spam",
        {"train": str(FILES / "sms_spam.csv.gz")},
        target="label",
        task="classification of texts, 2 classes",
        metric="roc_auc",
        split={"type": "hash", "column": "message"},  # 403 messages stand there more than once
        about="5,574 text messages in English, 13 % of them spam",
        licence="CC BY 4.0",
        source="Almeida and Gómez Hidalgo (2011), UCI Machine Learning Repository",
        reference="dataset:sms_spam",
    ),
    Dataset(
        "telco_churn",
        {"train": str(FILES / "telco_churn.csv.gz")},
        target="Churn",
        task="classification, 2 classes",
        metric="roc_auc",
        split={"type": "stratify", "column": "Churn"},
        about="7,043 customers of a telephone company, 27 % of whom left",
        licence="Apache-2.0",
        source="IBM",
        reference="dataset:telco_churn",
    ),
)


def names() -> list[str]:
    """Names of the sets that need no connection.

    Example:
        >>> import crosstie.datasets
        >>> crosstie.datasets.names()
        ['penguins', 'sms_spam', 'telco_churn']
    """
    return [each.name for each in SHIPPED]
