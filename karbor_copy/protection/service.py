# SPDX-License-Identifier: Apache-2.0
"""The protection service: everything it runs, started and stopped."""

import os
import threading
from collections.abc import Callable
from concurrent import futures

import futurist
from oslo_config import cfg
from oslo_log import log as logging

from karbor_copy.db import services
from karbor_copy.protection import bank_pool
from karbor_copy.protection import catalog
from karbor_copy.protection import dispatcher
from karbor_copy.protection import endpoint
from karbor_copy.protection import heartbeat
from karbor_copy.protection import jobs
from karbor_copy.protection import recovery
from karbor_copy.protection import runner
from karbor_copy.providers import registry as provider_registry
from karbor_copy.rpc import transport as rpc_transport

LOG = logging.getLogger(__name__)

#: Karbor's name of the binary, which its clients show and filter by.
BINARY = "karbor-protection"


class ProtectionService:
    """One worker process's share of the work."""

    def __init__(
        self,
        conf: cfg.ConfigOpts,
        registry: provider_registry.Registry,
        transport: rpc_transport.Transport,
    ) -> None:
        options = conf.protection
        engine = conf.copy_engine
        self._host = conf.host
        self._timeout = options.shutdown_timeout
        self._banks = bank_pool.BankPool(registry, engine.bank_retry_timeout)
        self._transfers = futures.ThreadPoolExecutor(
            engine.transfer_threads, "transfer"
        )
        self._resources = futurist.ThreadPoolExecutor(options.resource_threads)
        self._beat = heartbeat.Heartbeat(
            lease=options.lease, interval=options.heartbeat_interval
        )
        self._dispatcher = dispatcher.Dispatcher(
            owner=f"{conf.host}:{os.getpid()}",
            runner=runner.Runner(
                registry=registry,
                banks=self._banks,
                job_maker=jobs.JobMaker(
                    registry=registry,
                    banks=self._banks,
                    transfer_executor=self._transfers,
                    lease=options.lease,
                ),
                resource_executor=self._resources,
                max_attempts=options.max_attempts,
            ),
            beat=self._beat,
            slots=options.max_concurrent_operations,
            lease=options.lease,
            poll_interval=options.poll_interval,
        )
        self._server = rpc_transport.get_server(
            transport,
            conf.host,
            [endpoint.WakeEndpoint(self._dispatcher.wake)],
        )
        reconciler = catalog.Reconciler(registry, self._banks)
        self._periodic = (
            _Periodic("report", options.report_interval, self._report),
            _Periodic("sweep", options.lease, recovery.sweep),
            _Periodic(
                "catalog",
                options.catalog_sync_interval,
                reconciler.reconcile_all,
            ),
        )

    def start(self) -> None:
        """Begin to work; returns at once."""
        self._beat.start()
        for periodic in self._periodic:
            periodic.start()
        self._server.start()
        self._dispatcher.start()

    def stop(self) -> None:
        """Hand running work back and end all threads."""
        self._server.stop()
        self._dispatcher.stop(self._timeout)
        for periodic in self._periodic:
            periodic.stop()
        self._beat.stop()
        self._resources.shutdown(wait=False)
        self._transfers.shutdown(wait=False, cancel_futures=True)

    def _report(self) -> None:
        services.report(self._host, BINARY, rpc_transport.TOPIC)


class _Periodic:
    """Calls a function at once and then in intervals, in its own thread."""

    def __init__(
        self, name: str, interval: float, function: Callable[[], object]
    ) -> None:
        self._interval = interval
        self._function = function
        self._stopping = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name=name, daemon=True
        )

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the thread after the call that is under way."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._function()
            except Exception:
                LOG.exception("%s failed", self._thread.name)
            self._stopping.wait(self._interval)
