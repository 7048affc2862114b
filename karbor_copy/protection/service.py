# SPDX-License-Identifier: Apache-2.0
"""The protection service: everything it runs, started and stopped."""

import os

from oslo_config import cfg
from oslo_log import log as logging

from karbor_copy.data_models import service
from karbor_copy.db import candidates
from karbor_copy.db import claims
from karbor_copy.db import services
from karbor_copy.db import work_limits
from karbor_copy.protection import bandwidth
from karbor_copy.protection import bank_pool
from karbor_copy.protection import dispatcher
from karbor_copy.protection import endpoint
from karbor_copy.protection import heartbeat
from karbor_copy.protection import periodic
from karbor_copy.protection import runner
from karbor_copy.protection import transfer_pool
from karbor_copy.protection import work_maker
from karbor_copy.providers import registry as provider_registry
from karbor_copy.rpc import listener
from karbor_copy.rpc import notifier
from karbor_copy.rpc import transport as rpc_transport

LOG = logging.getLogger(__name__)

#: Seconds that a report gets to end when the service stops.
_PATIENCE = 5.0


class ProtectionService:
    """One worker process's share of the work."""

    def __init__(
        self,
        conf: cfg.ConfigOpts,
        registry: provider_registry.Registry,
        transport: rpc_transport.Transport,
    ) -> None:
        notifier.configure(conf)
        options = conf.protection
        self._host = conf.host
        self._grace = options.graceful_shutdown_timeout
        self._timeout = options.shutdown_timeout
        self._banks = bank_pool.BankPool(
            registry, conf.copy_engine.bank_retry_timeout
        )
        self._transfers = transfer_pool.TransferPool(
            conf.copy_engine.transfer_threads
        )
        self._beat = heartbeat.Heartbeat(
            lease=options.lease, interval=options.heartbeat_interval
        )
        self._dispatcher = self._make_dispatcher(conf, registry)
        self._listener = listener.Listener(
            rpc_transport.get_server(
                transport,
                conf.host,
                [endpoint.WakeEndpoint(self._dispatcher.wake)],
            )
        )
        self._report = periodic.Periodic(
            "report", options.report_interval, self._tell
        )

    def _make_dispatcher(
        self, conf: cfg.ConfigOpts, registry: provider_registry.Registry
    ) -> dispatcher.Dispatcher:
        options = conf.protection
        claimer = claims.Claimer(
            candidates.Worker(
                host=conf.host,
                providers=_served(registry),
                limits=work_limits.Limits(
                    per_project=options.max_operations_per_project,
                    per_target=options.max_operations_per_target,
                ),
            ),
            owner=f"{conf.host}:{os.getpid()}",
            lease=options.lease,
        )
        return dispatcher.Dispatcher(
            claimer=claimer,
            runner=self._make_runner(conf, registry),
            beat=self._beat,
            slots=options.max_concurrent_operations,
            lease=options.lease,
            poll_interval=options.poll_interval,
        )

    def _make_runner(
        self, conf: cfg.ConfigOpts, registry: provider_registry.Registry
    ) -> runner.Runner:
        return runner.Runner(
            registry=registry,
            banks=self._banks,
            work_maker=work_maker.WorkMaker(
                registry=registry,
                banks=self._banks,
                transfers=self._transfers,
                bandwidth=bandwidth.Bandwidth(conf),
            ),
            resource_threads=conf.protection.resource_threads,
            max_attempts=conf.protection.max_attempts,
        )

    def start(self) -> None:
        """Begin to work; returns at once."""
        self._beat.start()
        self._report.start()
        self._dispatcher.start()
        self._listener.start()
        LOG.info("Protection service started on %s", self._host)

    def stop(self) -> bool:
        """Let work end or hand it back; tell if all threads have ended."""
        ended = self._dispatcher.stop(self._grace, self._timeout)
        self._listener.stop()
        ended &= self._report.stop(_PATIENCE)
        self._beat.stop()
        self._transfers.shutdown()
        notifier.flush()
        return ended

    def _tell(self) -> None:
        services.report(self._host, service.PROTECTION, rpc_transport.TOPIC)


def _served(registry: provider_registry.Registry) -> tuple[str, ...] | None:
    """Return the ids of the providers whose work is done here.

    Where a file can't be used its provider's work is left to other hosts.
    Only where all can be used is a provider that none gives one that is gone.
    """
    if not registry.left_out:
        return None
    return tuple(provider.id for provider in registry.list())
