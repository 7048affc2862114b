# SPDX-License-Identifier: Apache-2.0
"""The protection service: everything it runs, started and stopped."""

import os

from oslo_config import cfg

from karbor_copy.db import services
from karbor_copy.protection import bank_pool
from karbor_copy.protection import catalog
from karbor_copy.protection import dispatcher
from karbor_copy.protection import endpoint
from karbor_copy.protection import heartbeat
from karbor_copy.protection import jobs
from karbor_copy.protection import periodic
from karbor_copy.protection import recovery
from karbor_copy.protection import runner
from karbor_copy.protection import transfer_pool
from karbor_copy.providers import registry as provider_registry
from karbor_copy.rpc import transport as rpc_transport

#: Karbor's name of the binary, which its clients show and filter by.
BINARY = "karbor-protection"

#: Seconds that a look at a bank gets to end when the service stops.
_PATIENCE = 5.0


class ProtectionService:
    """One worker process's share of the work."""

    def __init__(
        self,
        conf: cfg.ConfigOpts,
        registry: provider_registry.Registry,
        transport: rpc_transport.Transport,
    ) -> None:
        options = conf.protection
        self._host = conf.host
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
        self._server = rpc_transport.get_server(
            transport,
            conf.host,
            [endpoint.WakeEndpoint(self._dispatcher.wake)],
        )
        reconciler = catalog.Reconciler(registry, self._banks)
        self._periodic = tuple(
            periodic.Periodic(name, interval, function)
            for name, interval, function in (
                ("report", options.report_interval, self._report),
                ("sweep", options.lease, recovery.sweep),
                (
                    "catalog",
                    options.catalog_sync_interval,
                    reconciler.reconcile_all,
                ),
            )
        )

    def _make_dispatcher(
        self, conf: cfg.ConfigOpts, registry: provider_registry.Registry
    ) -> dispatcher.Dispatcher:
        return dispatcher.Dispatcher(
            owner=f"{conf.host}:{os.getpid()}",
            runner=self._make_runner(conf, registry),
            beat=self._beat,
            slots=conf.protection.max_concurrent_operations,
            lease=conf.protection.lease,
            poll_interval=conf.protection.poll_interval,
        )

    def _make_runner(
        self, conf: cfg.ConfigOpts, registry: provider_registry.Registry
    ) -> runner.Runner:
        return runner.Runner(
            registry=registry,
            banks=self._banks,
            job_maker=jobs.JobMaker(
                registry=registry,
                banks=self._banks,
                transfers=self._transfers,
            ),
            resource_threads=conf.protection.resource_threads,
            max_attempts=conf.protection.max_attempts,
        )

    def start(self) -> None:
        """Begin to work; returns at once."""
        self._beat.start()
        for each in self._periodic:
            each.start()
        self._server.start()
        self._dispatcher.start()

    def stop(self) -> bool:
        """Hand running work back and end all threads; tell if they ended."""
        self._server.stop()
        ended = self._dispatcher.stop(self._timeout)
        for each in self._periodic:
            ended &= each.stop(_PATIENCE)
        self._beat.stop()
        self._transfers.shutdown()
        return ended

    def _report(self) -> None:
        services.report(self._host, BINARY, rpc_transport.TOPIC)
