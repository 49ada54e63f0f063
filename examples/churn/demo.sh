#!/bin/sh
# The first minute with Crosstie: train, evaluate, predict, on a table of real customers.
set -eu
here=$(dirname "$0")
work=.demo
rm -rf "$work"
mkdir -p "$work"

say() { printf '\n$ %s\n' "$*"; "$@"; }

say crosstie train "$here/model.yaml" --runs "$work/runs"
say crosstie evaluate churn/latest "$here/later_customers.csv" --runs "$work/runs"
say crosstie predict churn/latest "$here/later_customers.csv" --keep customerID \
	-o "$work/predictions.csv" --runs "$work/runs"
head -n 4 "$work/predictions.csv"

cat <<'END'

That was a model from a table. Next:
  source .venv/bin/activate
  crosstie init YOUR_DATA.csv --target COLUMN     # a short file that says what it inferred
  crosstie train model.yaml                       # a run, in runs/
  crosstie train model.yaml --set model_type=ecd  # the same with a neural network
  crosstie --help
END
