# SPDX-License-Identifier: Apache-2.0
"""Reads the query of a list: page, order, filters, whose things."""

import itertools
import operator
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from typing import TypeVar

from oslo_utils import strutils

from karbor_copy import exceptions
from karbor_copy.api import call
from karbor_copy.data_models import ids
from karbor_copy.data_models import page as page_model

T = TypeVar("T")

Sort = tuple[tuple[str, str], ...]

DIRECTIONS = ("asc", "desc")
MAX_OFFSET = 2**31 - 1
_MOST_DIGITS = 18

_PAGING = ("limit", "marker", "offset", "sort", "sort_key", "sort_dir")
_SCOPE = ("all_tenants", "project_id")
#: Of these several may be given.
_REPEATED = ("sort_key", "sort_dir")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What a list may be asked.

    ``filters`` match exactly; ``others`` are for the handler to read, and
    ``ignored`` for nobody. The marker and whatever is named an id are
    UUIDs, but for those in ``free``. ``scoped`` is a list that
    administrators may see all projects' of.
    """

    filters: tuple[str, ...]
    others: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    free: tuple[str, ...] = ()
    scoped: bool = True
    sort_keys: tuple[str, ...] = ("id", "status", "created_at")
    default_sort: Sort = (("created_at", "desc"),)

    @property
    def names(self) -> tuple[str, ...]:
        """Return every parameter that the list takes."""
        scope = _SCOPE if self.scoped else ()
        return (
            *_PAGING,
            *scope,
            *self.filters,
            *self.others,
            *self.ignored,
        )

    def is_uuid(self, name: str) -> bool:
        """Tell whether the values of a parameter must be UUIDs."""
        if name in self.free or name in _SCOPE:
            return False
        return name in ("marker", "id") or name.endswith("_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What a list request asks for.

    ``page`` is one item longer than it is shown: the item more tells
    whether there is a next page. ``project_id`` is whose things are listed,
    None for everyone's; ``others`` are the handler's own parameters.
    """

    limit: int
    page: page_model.Page
    project_id: str | None
    others: dict[str, str]


def check(pairs: Sequence[tuple[str, str]], known: Collection[str]) -> None:
    """Check that all parameters are known, and given once.

    :raises Invalid: naming the one that is not.
    """
    seen: set[str] = set()
    for name, _ in pairs:
        if name not in known:
            raise exceptions.Invalid(f"Unknown query parameter {name!r}.")
        if name in seen and name not in _REPEATED:
            raise exceptions.Invalid(
                f"Query parameter {name!r} is given more than once."
            )
        seen.add(name)


def read(this: call.Call, listing: Listing, max_limit: int) -> Query:
    """Return the query of a list, whose parameters are known ones.

    :raises Invalid: a parameter is malformed.
    """
    given = {
        name: _uuid(name, value) if listing.is_uuid(name) else value
        for name, value in this.query
    }
    limit = _number(given, "limit", minimum=1, default=max_limit)
    limit = min(limit, max_limit)
    return Query(
        limit=limit,
        page=page_model.Page(
            limit=limit + 1,
            marker=given.get("marker"),
            offset=_number(given, "offset", minimum=0, default=0),
            sort=_sort(this.query, listing),
            filters=_chosen(given, listing.filters),
        ),
        project_id=_project(this, given),
        others=_chosen(given, listing.others),
    )


def _chosen(given: dict[str, str], names: Iterable[str]) -> dict[str, str]:
    return {name: given[name] for name in names if name in given}


def _uuid(name: str, value: str) -> str:
    if not ids.is_uuid(value):
        raise exceptions.Invalid(f"{name} {value!r} is no UUID.")
    return ids.canonical(value)


def _number(
    values: dict[str, str], name: str, *, minimum: int, default: int
) -> int:
    if name not in values:
        return default
    text = values[name]
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()):
        raise exceptions.Invalid(f"{name} param must be an integer")
    # A longer text costs quadratic time to read, and tells no more.
    digits_that_count = digits.lstrip("0") or "0"
    large = len(digits_that_count) > _MOST_DIGITS
    number = 10**_MOST_DIGITS if large else int(digits_that_count)
    if text != digits:
        number = -number
    if number < minimum:
        raise exceptions.Invalid(
            f"{name} param must be positive"
            if minimum
            else f"{name} param must not be negative"
        )
    if number > MAX_OFFSET and name == "offset":
        raise exceptions.Invalid("offset param is too large")
    return number


def _sort(pairs: Sequence[tuple[str, str]], listing: Listing) -> Sort:
    """Read ``sort=key:dir,...`` or ``sort_key=`` and ``sort_dir=``."""
    keys = [value for name, value in pairs if name == "sort_key"]
    directions = [value for name, value in pairs if name == "sort_dir"]
    for name, value in pairs:
        if name != "sort":
            continue
        if keys or directions:
            raise exceptions.Invalid(
                "sort can't be given with sort_key or sort_dir."
            )
        parts = [part.partition(":") for part in value.split(",")]
        keys = [key.strip() for key, _, _ in parts]
        directions = [direction.strip() for _, _, direction in parts]
    if not keys and not directions:
        return listing.default_sort
    keys = keys or [listing.default_sort[0][0]]
    if len(directions) > len(keys):
        raise exceptions.Invalid("There are more sort_dir than sort_key.")
    _check_sort(keys, directions, listing.sort_keys)
    return tuple(
        (key, direction or "desc")
        for key, direction in itertools.zip_longest(keys, directions)
    )


def _check_sort(
    keys: Sequence[str], directions: Sequence[str], known: Sequence[str]
) -> None:
    for key in keys:
        if key not in known:
            raise exceptions.Invalid(
                f"Unknown sort key {key!r}, use {', '.join(known)}."
            )
    if len(set(keys)) < len(keys):
        raise exceptions.Invalid("A sort key is given twice.")
    for direction in directions:
        if direction and direction not in DIRECTIONS:
            raise exceptions.Invalid(
                f"Unknown sort direction {direction!r}, use asc or desc."
            )


def _project(this: call.Call, values: dict[str, str]) -> str | None:
    """Return whose things are listed: administrators may ask for others'."""
    text = values.get("all_tenants", "false")
    try:
        everyone = strutils.bool_from_string(text, strict=True)
    except ValueError as error:
        raise exceptions.Invalid(
            f"all_tenants must be true or false, not {text!r}."
        ) from error
    if not (everyone and this.context.is_admin):
        return this.project_id
    return values.get("project_id")


def select(items: Iterable[T], page: page_model.Page) -> Sequence[T]:
    """Return a page of what is in no table, by the items' attributes.

    :raises UnknownMarker: it is none of the items' ids.
    """
    found: list[Any] = [
        item
        for item in items
        if all(
            getattr(item, name) == value
            for name, value in page.filters.items()
        )
    ]
    for key, direction in reversed((*page.sort, ("id", page.sort[-1][1]))):
        found.sort(key=operator.attrgetter(key), reverse=direction == "desc")
    start = page.offset
    if page.marker is not None:
        known = [item.id for item in found]
        if page.marker not in known:
            raise exceptions.UnknownMarker(marker=page.marker)
        start += known.index(page.marker) + 1
    return found[start : start + page.limit]
