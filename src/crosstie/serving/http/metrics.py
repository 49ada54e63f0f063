"""What a server counts, as Prometheus reads it. No values of cells: names of columns and numbers only."""

import os
from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from crosstie.features.counts import Counts
from crosstie.serving.http.described import described
from crosstie.serving.model import Model

SHARED = "PROMETHEUS_MULTIPROC_DIR"  # the library's own name: the folder that workers count in
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
            "crosstie_in_flight",
            "Requests being predicted.",
            registry=self._registry,
            multiprocess_mode="livesum",
        )
        self._swaps = Counter(
            "crosstie_swaps",
            "New models that came while the server ran.",
            ["outcome"],
            registry=self._registry,
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

    def flight(self, change: int) -> None:
        """Count a request that begins to be predicted (1), or that ends (-1)."""
        self._in_flight.inc(change)

    def text(self, model: Model) -> bytes:
        """All of it in Prometheus' own format, of all workers together where there are several."""
        about = described(model)
        which = CollectorRegistry()
        info = GaugeMetricFamily("crosstie_model", "1.", labels=["name", "version", "crosstie"])
        info.add_metric([about.name, about.version, about.made_by], 1)
        which.register(_Always(info))
        counted = self._registry
        if SHARED in os.environ:
            counted = CollectorRegistry()
            MultiProcessCollector(counted)  # type: ignore[no-untyped-call]
        return generate_latest(counted) + generate_latest(which)


class _Always(Collector):
    """One metric that is what it is."""

    def __init__(self, metric: Metric) -> None:
        self._metric = metric

    def collect(self) -> list[Metric]:
        """It."""
        return [self._metric]
