# SPDX-License-Identifier: Apache-2.0
"""Which checkpoint copies a copy request waits for."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from karbor_copy.db import checkpoint_copies
from karbor_copy.db import models

_Child = models.CheckpointCopy
_Member = models.CopyMember


def add(
    session: orm.Session, copy_id: str, checkpoint_copy_ids: sa.Select[Any]
) -> None:
    """Let a request wait for the checkpoint copies that are selected."""
    session.execute(
        sa.insert(_Member).from_select(
            ["checkpoint_copy_id", "copy_id"],
            checkpoint_copy_ids.add_columns(sa.literal(copy_id)),
        )
    )


def unfinished_sources(copy_id: str) -> sa.Select[str]:
    """Return the query of the sources that a request has failed to copy."""
    return (
        sa.select(_Child.checkpoint_id)
        .join(_Member, _Member.checkpoint_copy_id == _Child.id)
        .where(
            _Member.copy_id == copy_id,
            _Child.status.in_(checkpoint_copies.UNFINISHED),
        )
    )


def replace_unfinished(session: orm.Session, copy: models.Copy) -> None:
    """Let a request wait for the holder of the place of what has failed.

    What failed and has no such holder stays.
    """
    holder = orm.aliased(_Child)
    in_place = holder.copy_slot == checkpoint_copies.slot_of(
        _Child.checkpoint_id, copy.target_provider_id
    )
    unfinished = _Child.status.in_(checkpoint_copies.UNFINISHED)
    add(
        session,
        copy.id,
        sa.select(holder.id)
        .select_from(_Child)
        .join(_Member, _Member.checkpoint_copy_id == _Child.id)
        .join(holder, in_place)
        .where(_Member.copy_id == copy.id, unfinished),
    )
    replaced = sa.select(_Child.id).join(holder, in_place).where(unfinished)
    session.execute(
        sa.delete(_Member)
        .where(
            _Member.copy_id == copy.id,
            _Member.checkpoint_copy_id.in_(replaced),
        )
        .execution_options(synchronize_session=False)
    )
