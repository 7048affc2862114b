# SPDX-License-Identifier: Apache-2.0
"""Shows the metrics of a worker process, which has no API to do so."""

from collections.abc import Callable

from oslo_config import cfg
from oslo_log import log as logging

from karbor_copy import metrics
from karbor_copy.providers import registry as provider_registry

LOG = logging.getLogger(__name__)


class MetricsServer:
    """Serves on a port of this process alone, unless ``metrics_port`` is 0."""

    def __init__(
        self,
        conf: cfg.ConfigOpts,
        registry: provider_registry.Registry,
        number: int,
    ) -> None:
        """Take the number of the worker process on this host, from 0."""
        options = conf.protection
        self._host = options.metrics_host
        self._port = options.metrics_port and options.metrics_port + number
        self._exposition = metrics.Exposition(registry.routes())
        self._end: Callable[[], None] | None = None

    def start(self) -> None:
        """Begin; the work goes on without where the port is taken."""
        if not self._port:
            return
        try:
            self._end = self._exposition.serve(self._host, self._port)
        except (OSError, OverflowError) as error:
            LOG.error("No metrics on port %d: %s", self._port, error)

    def stop(self) -> bool:
        """End at once."""
        if self._end is not None:
            self._end()
        return True
