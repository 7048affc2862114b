# SPDX-License-Identifier: Apache-2.0
"""Ends an operation for all who want to know."""

from karbor_copy import metrics
from karbor_copy.db import settle as rows
from karbor_copy.protection import running
from karbor_copy.rpc import notifications


def settle(operation: running.RunningOperation, outcome: rows.Outcome) -> None:
    """End an operation in its rows, then count it and notify of it.

    :raises LeaseLost: it is another worker's by now, or has ended.
    :raises OperationCancelled: it is to end as a failure, but a cancel was
        asked for.
    """
    log = operation.log
    ended = rows.settle(log, outcome, operation.lease)
    metrics.operation_ended(log.operation_type, outcome.result)
    notifications.operation_ended(
        log, outcome.result, size=outcome.size, reason=outcome.reason
    )
    for copy_id, result in ended.items():
        notifications.copy_ended(copy_id, result, log.request_id)
