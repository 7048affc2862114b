# SPDX-License-Identifier: Apache-2.0
"""Finds what nobody will settle any more.

Operations whose worker died need no sweep: their lease expires and the next
claim takes them. What is left are copy requests whose last member ended in
a transaction that never came to settle them.
"""

from oslo_log import log as logging

from karbor_copy.db import parents
from karbor_copy.rpc import notifications

LOG = logging.getLogger(__name__)


def sweep() -> None:
    """Settle open copy requests that have no open member."""
    copy_ids = parents.find_unsettled()
    if copy_ids:
        for copy_id, result in parents.settle_now(copy_ids).items():
            notifications.copy_ended(copy_id, result, None)
        LOG.info("Copy requests settled by the sweep: %d", len(copy_ids))
