# SPDX-License-Identifier: Apache-2.0
"""One page of a list: limit, marker, order and filters."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What to list: at most ``limit`` rows after the row ``marker``.

    ``sort`` is (column, "asc" or "desc") pairs, the most significant first;
    the id is always added, so that the order is total. ``filters`` are
    column -> exact value (a tuple means any of these).
    """

    limit: int = 1000
    marker: str | None = None
    offset: int = 0
    sort: tuple[tuple[str, str], ...] = (("created_at", "desc"),)
    filters: Mapping[str, Any] = field(default_factory=dict)
