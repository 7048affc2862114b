# SPDX-License-Identifier: Apache-2.0
"""What all controllers work with, handed to them at start."""

from dataclasses import dataclass
from typing import Protocol

from karbor_copy import context as request_context
from karbor_copy.data_models import quota
from karbor_copy.providers import registry as provider_registry


class Client(Protocol):
    """Tells the protection services that there is work."""

    def wake(
        self,
        ctxt: request_context.RequestContext,
        operation_type: str,
        row_id: str,
    ) -> None:
        """Hint and return at once; a lost hint costs only time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collaborators:
    """The collaborators and the few options that controllers need."""

    registry: provider_registry.Registry
    client: Client
    max_limit: int
    quotas: quota.Limits
    service_down_time: float
