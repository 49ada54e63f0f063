"""Data in one line: `crosstie.datasets.load("penguins")`."""

from crosstie.datasets.dataset import Dataset as Dataset
from crosstie.datasets.load import load as load
from crosstie.datasets.shipped import names as names
