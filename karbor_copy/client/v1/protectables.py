# SPDX-License-Identifier: Apache-2.0
"""Protectables: the types of resources, and their instances."""

from collections.abc import Iterator

from karbor_copy.client.v1 import collection
from karbor_copy.client.v1 import transport

_PATH = "protectables"
_TYPE = "protectable_type"


class Protectables(collection.Collection):
    """``/protectables``."""

    KEY = "instance"
    PLURAL = "instances"

    def list_types(self) -> list[str]:
        """Return the names of all resource types.

        :raises ApiError: the server refused
        """
        where = transport.path(_PATH)
        names: list[str] = transport.unwrap(
            self._http.get(where), _TYPE, where
        )
        return names

    def list_instances(
        self, resource_type: str, *, limit: int | None = None
    ) -> Iterator[transport.Item]:
        """Yield the resources of a type that can be protected."""
        where = transport.path(_PATH, resource_type, self.PLURAL)
        return self._list(where, limit=limit)

    def get_instance(
        self, resource_type: str, resource_id: str
    ) -> transport.Item:
        """Return one resource.

        :raises NotFound: there is none
        """
        return self._show(
            transport.path(_PATH, resource_type, self.PLURAL, resource_id)
        )
