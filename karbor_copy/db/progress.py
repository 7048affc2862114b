# SPDX-License-Identifier: Apache-2.0
"""How far an operation is, as its rows show it."""

from collections.abc import Mapping
from typing import Any
from typing import Final

import sqlalchemy as sa
from sqlalchemy import orm

from karbor_copy.db import models

_Child = models.CheckpointCopy

_COUNTERS: Final = (
    "bytes_total",
    "bytes_copied",
    "bytes_skipped",
    "objects_total",
    "objects_copied",
)


def counters(progress: Mapping[str, Any]) -> dict[str, int]:
    """Return the figures without the resources, which may be many."""
    return {name: progress[name] for name in _COUNTERS if name in progress}


def store(
    session: orm.Session, log_id: str, progress: Mapping[str, Any]
) -> None:
    """Show the progress of a copy in its checkpoint copy too.

    Without ``resources``, which may be many, these stay as they are.
    """
    columns: dict[str, Any] = counters(progress)
    if progress.get("resources"):
        columns["resources"] = progress["resources"]
    if columns:
        session.execute(
            sa.update(_Child).where(_Child.id == log_id).values(columns)
        )
