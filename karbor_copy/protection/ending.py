# SPDX-License-Identifier: Apache-2.0
"""How an operation that did not succeed ends."""

from collections.abc import Iterable

from oslo_log import log as logging

from karbor_copy import exceptions
from karbor_copy import metrics
from karbor_copy.data_models import operation_log
from karbor_copy.data_models import status
from karbor_copy.db import operation_logs
from karbor_copy.db import settle
from karbor_copy.protection import running
from karbor_copy.protection import settling
from karbor_copy.protection import threads

LOG = logging.getLogger(__name__)

#: Seconds before what must be done is tried again: doubled each time.
_FIRST_DELAY = 5.0
_LAST_DELAY = 3600.0

#: What tells nothing of the work, and may be over in a moment.
_LAPSES = (exceptions.DatabaseUnavailable, threads.NoThreadLeft)

#: The longest pause after one of them.
_LAST_LAPSE = 60.0


def growing_delay(attempts: int) -> float:
    """Return the seconds to wait after so many tries."""
    return min(_FIRST_DELAY * 2.0 ** min(attempts, 20), _LAST_DELAY)


def lapse_delay(times: int) -> float:
    """Return the seconds to wait after a lapse.

    None after the first of so many: a moment may be all it was.
    """
    return min(2.0 ** min(times - 2, 20), _LAST_LAPSE) if times > 1 else 0.0


def choose(
    operation: running.RunningOperation, errors: Iterable[BaseException]
) -> BaseException:
    """Return the error that tells why the operation did not succeed.

    A lost lease, a drain and a cancel count more than what they caused;
    a real error more than the stop of the others that it caused.
    """
    reason = operation.stop_reason
    if isinstance(reason, running.Abandoned):
        # The engine may tell of those that it stopped and not of it.
        if reason.cause is not None:
            return reason.cause
    elif reason is not None:
        return reason
    known = list(errors)
    for error in known:
        if not isinstance(error, exceptions.OperationStopped):
            return error
    return known[0]


def put_off(operation: running.RunningOperation, error: BaseException) -> None:
    """Let what must be done in the end be tried again, later each time.

    :raises LeaseLost: it is another worker's by now.
    """
    log = operation.log
    reason = exceptions.reason_of(error)
    delay = growing_delay(log.attempts)
    operation_logs.put_off(log.id, log.epoch, delay, reason)
    LOG.warning(
        "Operation %s (%s of checkpoint %s) is tried again in %d s: %s",
        log.id,
        log.operation_type,
        log.checkpoint_id,
        delay,
        reason,
    )


def end(operation: running.RunningOperation, error: BaseException) -> None:
    """Settle the operation as its error demands, fenced by its epoch.

    Where the database is away the operation is left: the heartbeat hands it
    back when there is one again, or the next claim goes on with it when its
    lease has run out.
    """
    log = operation.log
    try:
        if isinstance(error, exceptions.LeaseLost):
            raise error
        if isinstance(error, exceptions.OperationDrained):
            _hand_back(log)
        elif isinstance(error, _LAPSES):
            lapse(log, error)
        elif operation.committing:
            put_off(operation, error)
        else:
            give_up(operation, error)
    except exceptions.LeaseLost:
        metrics.lease_lost()
        LOG.warning("Operation %s was taken over by another worker", log.id)
    except exceptions.DatabaseUnavailable as away:
        operation.left = away
        LOG.warning("Operation %s is left to its lease", log.id)


def _hand_back(log: operation_log.OperationLog) -> None:
    """Give back what another worker is to go on with at once."""
    operation_logs.hand_back(log.id, log.epoch)
    LOG.info("Operation %s handed back", log.id)


def lapse(log: operation_log.OperationLog, error: BaseException) -> None:
    """Give back what failed by a lapse, and show why.

    The database is here by now. Where this comes again and again it may be
    one statement alone that is refused, so whoever looks after it has to see
    it.

    :raises LeaseLost: it is another worker's by now, or has ended.
    :raises DatabaseUnavailable: it is not.
    """
    # Each claim and each hand-back counts the epoch up; only an attempt that
    # was none is not counted.
    times = (log.epoch - log.attempts) // 2 + 1
    delay = lapse_delay(times)
    reason = exceptions.reason_of(error)
    operation_logs.hand_back(log.id, log.epoch, delay, reason)
    LOG.warning(
        "Operation %s (%s of checkpoint %s) handed back for %g s: %s",
        log.id,
        log.operation_type,
        log.checkpoint_id,
        delay,
        reason,
    )


def give_up(operation: running.RunningOperation, error: BaseException) -> None:
    """Settle the operation as a failure, whatever it is at.

    :raises LeaseLost: it is another worker's by now.
    """
    try:
        _fail(operation, error)
    except exceptions.OperationCancelled as cancelled:
        # Asked for so late that no heartbeat has heard of it.
        _fail(operation, cancelled)


def _fail(operation: running.RunningOperation, error: BaseException) -> None:
    log = operation.log
    cancelled = isinstance(error, exceptions.OperationCancelled)
    operation.end_resources(
        status.CopyStatus.CANCELLED if cancelled else status.CopyStatus.ERROR
    )
    outcome = settle.Outcome(
        result=settle.CANCELLED if cancelled else settle.FAILURE,
        error_info=None if cancelled else exceptions.reason_of(error),
        progress=operation.progress(),
    )
    settling.settle(operation, outcome)
    LOG.info(
        "Operation %s (%s of checkpoint %s) ended: %s",
        log.id,
        log.operation_type,
        log.checkpoint_id,
        outcome.error_info or outcome.result,
    )
