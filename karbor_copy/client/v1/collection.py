# SPDX-License-Identifier: Apache-2.0
"""What the bindings of every noun share: show, list, look up by name."""

import contextlib
import itertools
import uuid
from collections.abc import Iterator
from typing import ClassVar

from karbor_copy.client.v1 import errors
from karbor_copy.client.v1 import transport


class Collection:
    """The things of one noun; ``KEY`` wraps one, ``PLURAL`` a list."""

    KEY: ClassVar[str]
    PLURAL: ClassVar[str]

    def __init__(self, http: transport.Transport) -> None:
        self._http = http

    def _show(self, where: str) -> transport.Item:
        return self._unwrap(self._http.get(where), where)

    def _send(
        self, method: str, where: str, body: transport.Item
    ) -> transport.Item:
        """Send a body and return the one thing answered."""
        answer = self._http.request(method, where, body=body)
        return self._unwrap(answer, where)

    def _unwrap(self, answer: transport.Item, where: str) -> transport.Item:
        item: transport.Item = transport.unwrap(answer, self.KEY, where)
        return item

    def _list(
        self,
        where: str,
        query: transport.Query | None = None,
        *,
        limit: int | None = None,
        plural: str | None = None,
    ) -> Iterator[transport.Item]:
        """Yield the items of a list, page by page, at most ``limit``."""
        pages = self._pages(
            where, {**(query or {}), "limit": limit}, plural or self.PLURAL
        )
        return itertools.islice(pages, limit)

    def _pages(
        self, where: str, query: transport.Query, plural: str
    ) -> Iterator[transport.Item]:
        while True:
            answer = self._http.get(where, query)
            items: list[transport.Item] = transport.unwrap(
                answer, plural, where
            )
            yield from items
            # The marker is followed and not the link's address, which may
            # be of a host that a proxy hides.
            if not items or not answer.get(f"{plural}_links"):
                return
            query = {**query, "marker": items[-1]["id"]}


class Resources(Collection):
    """A noun that has its own path below the project."""

    def get(self, item_id: str) -> transport.Item:
        """Return one by its id.

        :raises NotFound: there is none
        """
        return self._show(transport.path(self.PLURAL, item_id))

    def list(
        self, query: transport.Query | None = None, *, limit: int | None = None
    ) -> Iterator[transport.Item]:
        """Yield those that the filters of ``query`` select."""
        return self._list(transport.path(self.PLURAL), query, limit=limit)


class NamedResources(Resources):
    """A noun whose things have names too."""

    def find(self, name_or_id: str) -> transport.Item:
        """Return the one with this id or, failing that, this name.

        :raises NameNotFound: neither such an id nor such a name
        :raises NameNotUnique: several have this name
        """
        if is_uuid(name_or_id):
            with contextlib.suppress(errors.NotFound):
                return self.get(name_or_id)
        # Not filtered by the server: its filter may take a pattern.
        found = [i for i in self.list() if i.get("name") == name_or_id]
        if not found:
            raise errors.NameNotFound(
                f"No {self.KEY} has the name or id {name_or_id!r}: "
                f"'{self.KEY} list' shows them."
            )
        if len(found) > 1:
            ids = ", ".join(item["id"] for item in found)
            raise errors.NameNotUnique(
                f"Several {self.PLURAL} are named {name_or_id!r}: "
                f"give one of the ids {ids}."
            )
        return found[0]


def is_uuid(text: str) -> bool:
    """Tell whether a text is a UUID, with or without dashes."""
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
