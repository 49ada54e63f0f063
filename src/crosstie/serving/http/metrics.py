"""What a server counts, as Prometheus reads it. No values of cells: names of columns and numbers only."""

from collections.abc import Callable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from crosstie.serving.http.described import described
from crosstie.serving.model import Model

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """Counters of one server."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._known: dict[tuple[str, int], tuple[Histogram, Counter]] = {}
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
            "crosstie_in_flight",
            "Requests being predicted.",
            registry=self._registry,
        )
        self._swaps = Counter(
            "crosstie_swaps",
            "New models that came while the server ran.",
            ["outcome"],
            registry=self._registry,
        )

    def request(self, route: str, status: int, seconds: float) -> None:
        """Count a request that was answered."""
        known = self._known.get((route, status))
        if known is None:
            known = self._seconds.labels(route), self._requests.labels(route, str(status))
            self._known[route, status] = known
        known[0].observe(seconds)
        known[1].inc()

    def rows(self, rows: int, odd: Mapping[str, tuple[int, int]]) -> None:
        """Count rows that were predicted, and by column how many of their cells were missing and how many unknown."""
        self._rows.inc(rows)
        for name, (missing, unknown) in odd.items():
            if missing:
                self._missing.labels(name).inc(missing)
            if unknown:
                self._unknown.labels(name).inc(unknown)

    def swap(self, outcome: str) -> None:
        """Count a new model: `swapped` or `refused`."""
        self._swaps.labels(outcome).inc()

    def watch_flight(self, count: Callable[[], int]) -> None:
        """Be told what says how many requests are being predicted."""
        self._in_flight.set_function(count)

    def text(self, model: Model) -> bytes:
        """All of it in Prometheus' own format."""
        about = described(model)
        which = CollectorRegistry()
        info = GaugeMetricFamily("crosstie_model", "1.", labels=["name", "version", "crosstie"])
        info.add_metric([about.name, about.version, about.made_by], 1)
        which.register(_Always(info))
        return generate_latest(self._registry) + generate_latest(which)


class _Always(Collector):
    """One metric that is what it is."""

    def __init__(self, metric: Metric) -> None:
        self._metric = metric

    def collect(self) -> list[Metric]:
        """It."""
        return [self._metric]
