# SPDX-License-Identifier: Apache-2.0
"""Plans: what a user protects."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from karbor_copy.client.v1 import collection
from karbor_copy.client.v1 import transport


class Plans(collection.NamedResources):
    """``/plans``."""

    KEY = "plan"
    PLURAL = "plans"

    def create(
        self,
        name: str,
        provider_id: str,
        resources: Sequence[Mapping[str, Any]],
        *,
        parameters: Mapping[str, Any] | None = None,
        description: str | None = None,
    ) -> transport.Item:
        """Create a plan for resources, each with its id, type and name.

        :raises ApiError: the server refused
        """
        plan = {
            "name": name,
            "provider_id": provider_id,
            "resources": list(resources),
            "parameters": dict(parameters or {}),
            "description": description,
        }
        return self._send(
            "POST", transport.path(self.PLURAL), {self.KEY: plan}
        )

    def update(
        self, plan_id: str, changes: Mapping[str, Any]
    ) -> transport.Item:
        """Change a suspended plan.

        :raises ApiError: the server refused
        """
        where = transport.path(self.PLURAL, plan_id)
        return self._send("PUT", where, {self.KEY: dict(changes)})

    def delete(self, plan_id: str) -> None:
        """Delete a plan; its checkpoints stay.

        :raises ApiError: the server refused
        """
        self._http.request("DELETE", transport.path(self.PLURAL, plan_id))
