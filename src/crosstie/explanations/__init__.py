"""Why a run predicts what it does: exactly where its learner can tell. What asks any model's graph is in `serving`."""
