# SPDX-License-Identifier: Apache-2.0
"""The opened bank of each provider, one for the whole process."""

import math
import threading
from collections.abc import Callable

from karbor_copy.banks import base
from karbor_copy.banks import retry
from karbor_copy.providers import provider as provider_model
from karbor_copy.providers import registry as provider_registry


class BankPool:
    """Opens a provider's bank at its first use and keeps it."""

    def __init__(
        self, registry: provider_registry.Registry, retry_timeout: float
    ) -> None:
        """Take the seconds without progress after which a bank is lost."""
        self._registry = registry
        self._retry_timeout = retry_timeout
        self._banks: dict[str, base.Bank] = {}
        self._lock = threading.Lock()

    def bank(self, provider_id: str) -> base.Bank:
        """Return the bank as it is: an error is raised at once.

        :raises ProviderNotFound: no such provider.
        """
        provider = self._registry.get(provider_id)
        with self._lock:
            if provider_id not in self._banks:
                self._banks[provider_id] = provider.make_bank()
            return self._banks[provider_id]

    def patient_bank(
        self,
        provider: provider_model.Provider,
        check: Callable[[], None],
        most: float = math.inf,
    ) -> base.Bank:
        """Return the bank with retries; ``check`` can end the waiting.

        ``most`` are the seconds that what it is for is worth waiting.
        """
        return retry.RetryingBank(
            self.bank(provider.id),
            timeout=min(self._retry_timeout, most),
            check=check,
        )
