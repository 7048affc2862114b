# SPDX-License-Identifier: Apache-2.0
"""What the protection service answers to on the message bus."""

from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

from oslo_log import log as logging

from karbor_copy import exceptions

LOG = logging.getLogger(__name__)


class WakeEndpoint:
    """1.0: ``wake``. The hint is only a hint: the rows tell what to do."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake

    def wake(
        self, ctxt: Mapping[str, Any], operation_type: str, row_id: str
    ) -> None:
        """Look for work now."""
        # Whoever reaches the broker can say anything.
        LOG.debug(
            "Woken for %s %s by %s",
            exceptions.shown(operation_type),
            exceptions.shown(row_id),
            exceptions.shown(ctxt.get("request_id")),
        )
        self._wake()
