# SPDX-License-Identifier: Apache-2.0
"""Restores: new resources made from a checkpoint."""

from collections.abc import Mapping
from typing import Any

from karbor_copy.client.v1 import collection
from karbor_copy.client.v1 import transport


class CheckpointUses(collection.Resources):
    """A noun whose things each use one checkpoint."""

    def create(
        self,
        provider_id: str,
        checkpoint_id: str,
        parameters: Mapping[str, Any] | None = None,
    ) -> transport.Item:
        """Begin to use a checkpoint.

        :raises ApiError: the server refused
        """
        body = {
            "provider_id": provider_id,
            "checkpoint_id": checkpoint_id,
            "parameters": dict(parameters or {}),
        }
        return self._send(
            "POST", transport.path(self.PLURAL), {self.KEY: body}
        )


class Restores(CheckpointUses):
    """``/restores``."""

    KEY = "restore"
    PLURAL = "restores"
