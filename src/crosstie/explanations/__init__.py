"""Why a run predicts what it does: exactly by its trees, by the gradients of its networks. What asks any graph is in `serving`."""
