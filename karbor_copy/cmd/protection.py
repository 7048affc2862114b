# SPDX-License-Identifier: Apache-2.0
"""karbor-copy-protection: the protection service, in worker processes.

SIGTERM lets running operations end, or hand their work back after a while.
SIGHUP does the same, and new workers read all files anew. SIGUSR2 lets a
process print what all its threads do.
"""

import multiprocessing
import pathlib
import sys
from collections.abc import Sequence

import cotyledon
from cotyledon import types
from oslo_config import cfg
from oslo_log import log as logging

from karbor_copy import checks
from karbor_copy import conf as configuration
from karbor_copy import startup
from karbor_copy.db import engine
from karbor_copy.protection import housekeeping
from karbor_copy.protection import metrics_server
from karbor_copy.protection import service
from karbor_copy.providers import registry
from karbor_copy.rpc import transport

CONF = configuration.CONF
LOG = logging.getLogger(__name__)

_CHECKS = (checks.check_timers, checks.check_bandwidth)

#: Seconds beyond its own time-outs after which a worker is ended.
_PATIENCE = 30


class Worker(cotyledon.Service):
    """One worker process."""

    name = "karbor-copy-protection"

    def __init__(
        self, worker_id: types.WorkerId, conf: cfg.ConfigOpts
    ) -> None:
        super().__init__(worker_id)
        # One that was started by SIGHUP finds what has changed.
        startup.read_again(conf, *_CHECKS)
        startup.use(conf)
        startup.report_on_signal(conf)
        known = registry.load(pathlib.Path(conf.provider_config_dir))
        self._services: list[startup.Service] = [
            service.ProtectionService(
                conf, known, transport.get_transport(conf)
            ),
            metrics_server.MetricsServer(conf, known, worker_id),
        ]
        if worker_id == 0:
            self._services.append(housekeeping.Housekeeping(conf, known))

    def run(self) -> None:
        """Begin to work."""
        for each in self._services:
            each.start()

    def reload(self) -> None:
        """Make way for a worker that reads the files as they are now."""
        if startup.usable(CONF, *_CHECKS):
            super().reload()

    def terminate(self) -> None:
        """End the work, or hand it back."""
        startup.stop(self._services)


def main(argv: Sequence[str] | None = None) -> int:
    """Supervise the workers until SIGTERM or SIGINT."""
    try:
        startup.configure(CONF, sys.argv[1:] if argv is None else argv)
        for check in _CHECKS:
            check(CONF)
        startup.check_schema()
    except startup.FAILURES as error:
        print(f"karbor-copy-protection: {error}", file=sys.stderr)
        return 1
    # Unheard, it would end the process, and with it all workers.
    startup.report_on_signal(CONF)
    # The workers are forked: they open connections of their own.
    engine.dispose()
    options = CONF.protection
    manager = cotyledon.ServiceManager(
        graceful_shutdown_timeout=int(
            options.graceful_shutdown_timeout
            + options.shutdown_timeout
            + _PATIENCE
        ),
        # A worker needs the configuration as it was read here.
        mp_context=multiprocessing.get_context("fork"),
    )
    manager.add(Worker, workers=options.workers, args=(CONF,))
    manager.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
