# SPDX-License-Identifier: Apache-2.0
"""The segments of large objects in a container of Swift.

They lie beside the objects, under names that no object of a bank has: all
of those begin with a slash. A segment is ``segments``, the object's name,
``//``, which no key has in it, a name of the object's bytes, and a number.
"""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator

import requests

from karbor_copy import exceptions
from karbor_copy.banks import keys
from karbor_copy.banks import swift_answers
from karbor_copy.banks import swift_client

_SEGMENTS = "segments"
_END = "//"
_CODES = requests.codes
_EXTRA = {"multipart-manifest": "get"}


def prefix_of(name: str, content: str) -> str:
    """Return how the names of the segments of such an object begin.

    :raises InvalidKey: they would be too long.
    """
    prefix = f"{_SEGMENTS}{name}{_END}{content}/"
    if len(f"{prefix}{0:08}".encode()) > keys.MAX_LENGTH:
        raise exceptions.InvalidKey(
            key=name[:100], reason="too long for a large object"
        )
    return prefix


class Segments:
    """Those of one container."""

    def __init__(self, client: swift_client.SwiftClient) -> None:
        self._client = client

    def used_by(self, name: str) -> set[str]:
        """Return the names of the segments that an object consists of.

        Only of those that lie here for it; none where no object is.

        :raises BankError: Swift does not tell.
        """
        answer = self._client.request("HEAD", name)
        if swift_answers.STATIC_LARGE not in answer.headers:
            if swift_answers.is_good(answer):
                return set()
            return _none_or_error(answer, "HEAD of an object")
        answer = self._client.request("GET", name, query=_EXTRA)
        if not swift_answers.is_good(answer):
            return _none_or_error(answer, "GET of a manifest")
        here = f"/{self._client.container}/"
        try:
            paths = [str(entry.get("name", "")) for entry in answer.json()]
        except (ValueError, TypeError, AttributeError) as error:
            raise exceptions.BankUnavailable(
                reason="Swift: a manifest can't be read"
            ) from error
        ours = f"{here}{_SEGMENTS}{name}{_END}"
        return {p.removeprefix(here) for p in paths if p.startswith(ours)}

    def delete(self, names: Iterable[str]) -> None:
        """Delete segments, those that are there.

        :raises BankError: some may still be there.
        """
        for name in names:
            answer = self._client.request("DELETE", name)
            if answer.status_code != _CODES.not_found:
                _check(answer, "DELETE of a segment")

    def delete_of(self, name: str) -> None:
        """Delete all segments of an object that is no more.

        :raises BankError: some may still be there.
        """
        self.delete(self._listed(f"{_SEGMENTS}{name}{_END}"))

    def delete_unused(self, prefix: str, check: Callable[[], None]) -> int:
        """Delete those that no object consists of; return how many.

        Of the objects whose names begin with the prefix. ``check`` is
        called for each.

        :raises BankError: some may still be there.
        """
        count = 0
        used: tuple[str, set[str]] = ("", set())
        for segment in self._listed(_SEGMENTS + prefix):
            check()
            name = segment.removeprefix(_SEGMENTS).partition(_END)[0]
            if used[0] != name:
                used = (name, self.used_by(name))
            if segment not in used[1]:
                self.delete((segment,))
                count += 1
        return count

    def _listed(self, prefix: str) -> Iterator[str]:
        query = {"format": "json", "prefix": prefix, "marker": ""}
        while True:
            answer = self._client.request("GET", query=query)
            _check(answer, "GET of the container")
            try:
                page = [str(entry["name"]) for entry in answer.json()]
            except (ValueError, KeyError, TypeError) as error:
                raise exceptions.BankUnavailable(
                    reason="Swift: a listing can't be read"
                ) from error
            if not page:
                return
            yield from page
            query["marker"] = page[-1]


def _check(answer: requests.Response, what: str) -> None:
    if not swift_answers.is_good(answer):
        raise swift_answers.error_of(answer, what)


def _none_or_error(answer: requests.Response, what: str) -> set[str]:
    """Return nothing for an object that is not there."""
    if answer.status_code == _CODES.not_found:
        return set()
    raise swift_answers.error_of(answer, what)
