"""What a server counts, as Prometheus reads it. No values of cells: names of columns and numbers only."""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from crosstie.features.counts import Counts
from crosstie.serving.http.described import described
from crosstie.serving.model import Model

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """Counters of one server."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._seconds = Histogram(
            "crosstie_request_seconds",
            "Time of a request.",
            ["route"],
            buckets=SECONDS,
            registry=self._registry,
        )
        self._requests = Counter(
            "crosstie_requests", "Requests.", ["route", "status"], registry=self._registry
        )
        self._rows = Counter("crosstie_rows", "Rows predicted.", registry=self._registry)
        self._missing = Counter(
            "crosstie_missing_values", "Cells that were empty.", ["column"], registry=self._registry
        )
        self._unknown = Counter(
            "crosstie_unknown_values",
            "Cells that training never saw.",
            ["column"],
            registry=self._registry,
        )
        self._in_flight = Gauge(
            "crosstie_in_flight", "Requests being predicted.", registry=self._registry
        )
        self._swaps = Counter(
            "crosstie_swaps",
            "New models that came while the server ran.",
            ["outcome"],
            registry=self._registry,
        )
        self._model = Gauge(
            "crosstie_model", "1.", ["name", "version", "crosstie"], registry=self._registry
        )

    def request(self, route: str, status: int, seconds: float) -> None:
        """Count a request that was answered."""
        self._seconds.labels(route).observe(seconds)
        self._requests.labels(route, str(status)).inc()

    def rows(self, rows: int, counts: Mapping[str, Counts]) -> None:
        """Count rows that were predicted, and what was odd about their cells."""
        self._rows.inc(rows)
        for name, each in counts.items():
            if each.missing:
                self._missing.labels(name).inc(each.missing)
            if each.unseen:
                self._unknown.labels(name).inc(each.unseen)

    def swap(self, outcome: str) -> None:
        """Count a new model: `swapped` or `refused`."""
        self._swaps.labels(outcome).inc()

    def text(self, model: Model, in_flight: int) -> bytes:
        """All of it in Prometheus' own format."""
        about = described(model)
        self._in_flight.set(in_flight)
        self._model.clear()
        self._model.labels(about.name, about.version, about.made_by).set(1)
        return generate_latest(self._registry)
