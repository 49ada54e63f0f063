"""Crosstie: Rails for machine learning. A table in; a trained, tested, predicting model out.

Names are imported when they are first used, so that `import crosstie` costs nothing.

Example:
    >>> import crosstie
    >>> run = crosstie.train("customers.csv", target="Churn", model_type="gbm")
    >>> crosstie.load(run.path).predict("later_customers.csv")["Churn_prediction"][:3]
    ['No', 'No', 'No']
"""

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "CrosstieError": "crosstie.errors",
    "Model": "crosstie.serving.model",
    "Run": "crosstie.pipeline.run",
    "accept": "crosstie.project.verbs",
    "audit": "crosstie.api",
    "audit_predictions": "crosstie.api",
    "build": "crosstie.project.verbs",
    "builds": "crosstie.project.verbs",
    "check": "crosstie.api",
    "cluster": "crosstie.api",
    "datasets": "crosstie.datasets:",
    "destroy": "crosstie.project.scaffold.generate",
    "debug": "crosstie.project.verbs",
    "doctor": "crosstie.api",
    "embed": "crosstie.api",
    "evaluate": "crosstie.api",
    "evaluate_predictions": "crosstie.api",
    "explain": "crosstie.api",
    "explain_predictions": "crosstie.api",
    "export": "crosstie.api",
    "first_batch": "crosstie.api",
    "generate": "crosstie.project.scaffold.generate",
    "graph": "crosstie.project.verbs",
    "import_model": "crosstie.api",
    "importance": "crosstie.api",
    "init": "crosstie.api",
    "install": "crosstie.project.verbs",
    "load": "crosstie.api",
    "new": "crosstie.project.scaffold.new",
    "options": "crosstie.api",
    "package": "crosstie.api",
    "predict": "crosstie.api",
    "promote": "crosstie.project.verbs",
    "promoted": "crosstie.project.verbs",
    "prune": "crosstie.api",
    "pull": "crosstie.project.verbs",
    "push": "crosstie.api",
    "push_build": "crosstie.project.verbs",
    "report": "crosstie.api",
    "retrain": "crosstie.project.verbs",
    "runs": "crosstie.api",
    "schema": "crosstie.api",
    "serve": "crosstie.api",
    "show": "crosstie.api",
    "status": "crosstie.project.verbs",
    "test": "crosstie.project.verbs",
    "train": "crosstie.api",
    "tune": "crosstie.api",
    "wrap": "crosstie.api",
    "callback": "crosstie.training.callbacks.callback:callbacks",
    "combiner": "crosstie.models.combiners.combiner:combiners",
    "decoder": "crosstie.models.decoders.decoder:decoders",
    "encoder": "crosstie.models.encoders.encoder:encoders",
    "loss": "crosstie.models.losses.loss:losses",
}
__all__ = list(_HOMES)

if TYPE_CHECKING:
    from crosstie import datasets as datasets
    from crosstie.api import audit as audit
    from crosstie.api import audit_predictions as audit_predictions
    from crosstie.api import check as check
    from crosstie.api import cluster as cluster
    from crosstie.api import doctor as doctor
    from crosstie.api import embed as embed
    from crosstie.api import evaluate as evaluate
    from crosstie.api import evaluate_predictions as evaluate_predictions
    from crosstie.api import explain as explain
    from crosstie.api import explain_predictions as explain_predictions
    from crosstie.api import export as export
    from crosstie.api import first_batch as first_batch
    from crosstie.api import import_model as import_model
    from crosstie.api import importance as importance
    from crosstie.api import init as init
    from crosstie.api import load as load
    from crosstie.api import options as options
    from crosstie.api import package as package
    from crosstie.api import predict as predict
    from crosstie.api import prune as prune
    from crosstie.api import push as push
    from crosstie.api import report as report
    from crosstie.api import runs as runs
    from crosstie.api import schema as schema
    from crosstie.api import serve as serve
    from crosstie.api import show as show
    from crosstie.api import train as train
    from crosstie.api import tune as tune
    from crosstie.api import wrap as wrap
    from crosstie.errors import CrosstieError as CrosstieError
    from crosstie.pipeline.run import Run as Run
    from crosstie.project.scaffold.generate import destroy as destroy
    from crosstie.project.scaffold.generate import generate as generate
    from crosstie.project.scaffold.new import new as new
    from crosstie.project.verbs import accept as accept
    from crosstie.project.verbs import build as build
    from crosstie.project.verbs import builds as builds
    from crosstie.project.verbs import debug as debug
    from crosstie.project.verbs import graph as graph
    from crosstie.project.verbs import install as install
    from crosstie.project.verbs import promote as promote
    from crosstie.project.verbs import promoted as promoted
    from crosstie.project.verbs import pull as pull
    from crosstie.project.verbs import push_build as push_build
    from crosstie.project.verbs import retrain as retrain
    from crosstie.project.verbs import status as status
    from crosstie.project.verbs import test as test
    from crosstie.serving.model import Model as Model


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'crosstie' has no attribute {name!r}")
    module, whole, attribute = _HOMES[name].partition(":")
    found = importlib.import_module(module)
    return found if whole and not attribute else getattr(found, attribute or name)


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext crosstie`: the project that a notebook lies in, at hand as in `crosstie console`."""
    from crosstie.project.console.shell import load

    load(shell)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
