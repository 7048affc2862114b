# SPDX-License-Identifier: Apache-2.0
"""Deletes what others have begun in a bank, and may not delete themselves."""

from collections.abc import Iterable

from oslo_log import log as logging

from karbor_copy.banks import abandoned
from karbor_copy.banks import base

LOG = logging.getLogger(__name__)


class Sweeper:
    """Remembers what it has seen: it sweeps only what it sees twice.

    A back-end may not show for a while that something is a checkpoint.
    """

    def __init__(self) -> None:
        self._seen: frozenset[str] = frozenset()

    def sweep(self, bank: base.Bank, unfinished: Iterable[str]) -> int:
        """Delete what was given up at the last look and is so still.

        ``unfinished`` are the ids in the bank that are no checkpoints, and
        that nobody here works on. Return how many of them were swept.

        :raises BankError: the next look goes on.
        """
        found = frozenset(
            id_ for id_ in unfinished if abandoned.is_abandoned(bank, id_)
        )
        again = sorted(found & self._seen)
        self._seen = found
        for checkpoint_id in again:
            deleted = abandoned.delete(bank, checkpoint_id, lambda: None)
            LOG.info("%d objects of %s were swept", deleted, checkpoint_id)
        return len(again)
