# SPDX-License-Identifier: Apache-2.0
"""Operation logs: what each run of an operation came to."""

from karbor_copy.client.v1 import collection
from karbor_copy.client.v1 import transport


class OperationLogs(collection.Resources):
    """``/operation_logs``."""

    KEY = "operation_log"
    PLURAL = "operation_logs"

    def reasons(self, query: transport.Query) -> list[str]:
        """Return the error_info of the logs that a query selects.

        :raises ApiError: the server refused
        """
        found = (log.get("error_info") for log in self.list(query))
        return [str(reason) for reason in found if reason]
