# SPDX-License-Identifier: Apache-2.0
"""Wakes the protection services without ever making a request wait.

The rows are committed before anyone is woken and the services look for work
by themselves, so a hint may be lost: when the broker is away it is dropped.

A hint says no more than that there is work, and wakes for all of it. So one
that waits stands for all that come until it is sent. The first one is sent at
once, those behind it at a pace that costs neither end much.
"""

import contextlib
import queue
import threading
import time
from collections.abc import Callable

import oslo_messaging
from oslo_log import log as logging

from karbor_copy import context as request_context

LOG = logging.getLogger(__name__)

_Hint = tuple[request_context.RequestContext, str, str]
#: Seconds from the end of a cast to the next one.
_PAUSE = 0.05
#: Seconds that each of the last hints gets: the one that is being sent and the
#: one that waits. The services find the work anyhow.
_PATIENCE = 2.0


class ProtectionClient:
    """Casts from a thread of its own, before which one hint waits."""

    def __init__(
        self,
        client: oslo_messaging.RPCClient,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._sleep = sleep
        self._client = client.prepare(retry=0)
        self._queue: queue.Queue[_Hint | None] = queue.Queue(maxsize=1)
        self._thread = threading.Thread(
            target=self._run, name="wake", daemon=True
        )
        self._thread.start()

    def wake(
        self,
        ctxt: request_context.RequestContext,
        operation_type: str,
        row_id: str,
    ) -> None:
        """Hint that there is work of this type; returns at once."""
        try:
            self._queue.put_nowait((ctxt, operation_type, row_id))
        except queue.Full:
            LOG.debug(
                "Hint for %s %s dropped: another one waits",
                operation_type,
                row_id,
            )

    def close(self) -> None:
        """End the thread when it has sent what is queued, or soon."""
        with contextlib.suppress(queue.Full):
            self._queue.put(None, timeout=_PATIENCE)
            self._thread.join(_PATIENCE)

    def _run(self) -> None:
        while (hint := self._queue.get()) is not None:
            ctxt, operation_type, row_id = hint
            try:
                self._client.cast(
                    {"request_id": ctxt.request_id},
                    "wake",
                    operation_type=operation_type,
                    row_id=row_id,
                )
            except Exception as error:  # noqa: BLE001  kombu's or oslo's own
                LOG.warning(
                    "Protection services not woken: %s", type(error).__name__
                )
            self._sleep(_PAUSE)
