# SPDX-License-Identifier: Apache-2.0
"""What one process of a host does for all of them, in intervals."""

from oslo_config import cfg

from karbor_copy.protection import bank_pool
from karbor_copy.protection import catalog
from karbor_copy.protection import periodic
from karbor_copy.protection import recovery
from karbor_copy.providers import registry as provider_registry

#: Seconds that a look at a bank gets to end when the service stops.
_PATIENCE = 5.0


class Housekeeping:
    """Reconciles the catalogue with the banks, and sweeps."""

    def __init__(
        self, conf: cfg.ConfigOpts, registry: provider_registry.Registry
    ) -> None:
        options = conf.protection
        banks = bank_pool.BankPool(
            registry, conf.copy_engine.bank_retry_timeout
        )
        reconciler = catalog.Reconciler(registry, banks)
        self._periodic = (
            periodic.Periodic("sweep", options.lease, recovery.sweep),
            periodic.Periodic(
                "catalog",
                options.catalog_sync_interval,
                reconciler.reconcile_all,
            ),
        )

    def start(self) -> None:
        """Begin; returns at once."""
        for each in self._periodic:
            each.start()

    def stop(self) -> bool:
        """Let what is under way be the last; tell if it ended in time."""
        return all([each.stop(_PATIENCE) for each in self._periodic])
