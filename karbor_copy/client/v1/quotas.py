# SPDX-License-Identifier: Apache-2.0
"""Quotas: what projects may have, and what they use of it."""

from collections.abc import Mapping

from karbor_copy.client.v1 import collection
from karbor_copy.client.v1 import transport


class Quotas(collection.Collection):
    """``/quotas``; a limit of -1 is any number."""

    KEY = "quota"
    PLURAL = "quotas"

    def get(self, project_id: str) -> transport.Item:
        """Return a project's limits."""
        return self._show(transport.path("quotas", project_id))

    def get_usage(self, project_id: str) -> transport.Item:
        """Return a project's limits with what it uses of them."""
        return self._show(transport.path("quotas", project_id, "detail"))

    def get_defaults(self, project_id: str) -> transport.Item:
        """Return what would hold if the project had no limits of its own."""
        return self._show(transport.path("quotas", project_id, "defaults"))

    def update(
        self, project_id: str, limits: Mapping[str, int]
    ) -> transport.Item:
        """Set a project's limits; those that are left out stay."""
        where = transport.path("quotas", project_id)
        return self._send("PUT", where, {"quota": dict(limits)})

    def delete(self, project_id: str) -> None:
        """Let the defaults hold for a project again."""
        self._http.request("DELETE", transport.path("quotas", project_id))


class QuotaClasses(collection.Collection):
    """``/quota_classes``; there is one, ``default``."""

    KEY = "quota_class"
    PLURAL = "quota_classes"

    def get(self, name: str = "default") -> transport.Item:
        """Return the limits of a class.

        :raises NotFound: there is no such class
        """
        return self._show(transport.path("quota_classes", name))

    def update(
        self, limits: Mapping[str, int], name: str = "default"
    ) -> transport.Item:
        """Set the limits of a class; those that are left out stay.

        :raises NotFound: there is no such class
        """
        where = transport.path("quota_classes", name)
        return self._send("PUT", where, {"quota_class": dict(limits)})
