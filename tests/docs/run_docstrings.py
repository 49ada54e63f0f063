"""Runs every example in a docstring of Crosstie, in the current folder; the package's own come first.

A process of its own: some examples register components, which other tests must not meet.
"""

import doctest
import importlib
import pkgutil
import sys

import crosstie

modules = [
    each.name for each in pkgutil.walk_packages(crosstie.__path__, "crosstie.") if not each.ispkg
]
runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
told: list[str] = []
for name in ["crosstie", *modules]:
    for test in doctest.DocTestFinder().find(importlib.import_module(name), name):
        runner.run(test, out=told.append)
if runner.failures:
    sys.exit("".join(told))
assert runner.tries > 30, "examples were not found"
