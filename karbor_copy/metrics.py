# SPDX-License-Identifier: Apache-2.0
"""What the service counts, and how Prometheus gets to see it.

Each process counts what it does itself. What is true of the service as a
whole is read from the database when it is asked for, so that all processes
tell the same. Labels are bounded: none is a path, a project or the id of
anything but a provider.
"""

import functools
import itertools
import os
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterator

import prometheus_client
from oslo_log import log as logging
from prometheus_client import core
from prometheus_client import multiprocess

from karbor_copy.data_models import status
from karbor_copy.db import bounded
from karbor_copy.db import figures

LOG = logging.getLogger(__name__)

CONTENT_TYPE = prometheus_client.CONTENT_TYPE_PLAIN_0_0_4

#: Seconds that the database gets; Prometheus waits 10 s for it all.
_PATIENCE = 5.0

prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]

_REQUESTS = prometheus_client.Counter(
    "karbor_copy_api_requests",
    "Requests answered.",
    ("method", "route", "status"),
)
_LATENCY = prometheus_client.Histogram(
    "karbor_copy_api_request_duration_seconds",
    "Time until a request was answered.",
    ("method", "route"),
)
_OPERATIONS = prometheus_client.Counter(
    "karbor_copy_operations",
    "Operations that ended in this process.",
    ("operation_type", "result"),
)
_OBJECTS = prometheus_client.Counter(
    "karbor_copy_operation_objects",
    "Objects that were copied, skipped since they were there already, or"
    " reused: copied by the target's back-end from an earlier checkpoint.",
    ("operation_type", "result"),
)
_BYTES = prometheus_client.Counter(
    "karbor_copy_operation_bytes",
    "Bytes that were copied, skipped since they were there already, or"
    " reused: copied by the target's back-end from an earlier checkpoint.",
    ("operation_type", "result"),
)
_LEASE_LOSSES = prometheus_client.Counter(
    "karbor_copy_lease_losses",
    "Operations that another worker has taken over from this process.",
)

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE"})


def request_answered(
    method: str, route: str, status_code: str, seconds: float
) -> None:
    """Count a request; ``route`` is the template of its path."""
    known = method if method in _METHODS else "other"
    _REQUESTS.labels(known, route, f"{status_code[:1]}xx").inc()
    _LATENCY.labels(known, route).observe(seconds)


def operation_ended(
    operation_type: status.OperationType, result: status.CopyStatus
) -> None:
    """Count an operation that has been settled."""
    _OPERATIONS.labels(operation_type, result).inc()


def moved(
    operation_type: status.OperationType,
    result: str,
    objects: int,
    size: int,
) -> None:
    """Count objects ``copied``, ``skipped``, ``reused``; size in bytes."""
    _OBJECTS.labels(operation_type, result).inc(objects)
    _BYTES.labels(operation_type, result).inc(size)


def lease_lost() -> None:
    """Count an operation that is another worker's by now."""
    _LEASE_LOSSES.inc()


class Exposition:
    """The metrics of this process, and of the service, as text."""

    def __init__(self, routes: Collection[figures.Route]) -> None:
        """Take the pairs of source and target provider."""
        self._registry = prometheus_client.CollectorRegistry()
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            multiprocess.MultiProcessCollector(self._registry)  # type: ignore[no-untyped-call]
        else:
            self._registry.register(prometheus_client.REGISTRY)
        self._registry.register(_Service(routes))

    def text(self) -> bytes:
        """Return them; without the service's where the database is away."""
        return prometheus_client.generate_latest(self._registry)

    def serve(self, host: str, port: int) -> Callable[[], None]:
        """Serve them on a port of their own; return what ends that.

        :raises OSError: the address is taken, or not this machine's.
        """
        server, thread = prometheus_client.start_http_server(
            port, host, self._registry
        )

        def stop() -> None:
            server.shutdown()
            server.server_close()
            thread.join()

        return stop


class _Service:
    """Collects what is true of the service as a whole."""

    def __init__(self, routes: Collection[figures.Route]) -> None:
        self._read = bounded.Bounded(
            functools.partial(figures.read, routes), _PATIENCE
        )

    def collect(self) -> Iterator[prometheus_client.Metric]:
        """Yield the families; only the first where the database is away."""
        up = core.GaugeMetricFamily(
            "karbor_copy_database_up", "Whether the database has answered."
        )
        try:
            found = self._read()
        except Exception as error:  # noqa: BLE001  the database's, any
            LOG.warning("No figures to show: %s", type(error).__name__)
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
        yield from _families(found)


def _families(found: figures.Figures) -> Iterator[prometheus_client.Metric]:
    queue = core.GaugeMetricFamily(
        "karbor_copy_queue_operations",
        "Operations that have not ended.",
        labels=("state", "operation_type"),
    )
    for key in itertools.product(
        sorted(status.OPEN_STATES), status.OperationType
    ):
        queue.add_metric(key, found.queue.get(key, 0))
    yield queue
    yield core.GaugeMetricFamily(
        "karbor_copy_queue_oldest_waiting_seconds",
        "Age of the oldest operation that is due and that no worker has.",
        found.oldest_waiting,
    )
    finished = core.GaugeMetricFamily(
        "karbor_copy_last_finished_copy_timestamp_seconds",
        "Unix time at which a copy last finished; 0 if none ever has.",
        labels=("provider_id", "target_provider_id"),
    )
    for route, moment in found.last_finished.items():
        finished.add_metric(route, moment)
    yield finished
