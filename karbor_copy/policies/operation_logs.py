# SPDX-License-Identifier: Apache-2.0
"""Who may see operation logs; Karbor's word for the list is ``list``."""

from karbor_copy.policies import base

GET = "operation_log:get"
GET_ALL = "operation_log:list"

RULES = (
    base.rule(
        GET,
        base.READER,
        "Show an operation log.",
        "GET",
        "/operation_logs/{operation_log_id}",
    ),
    base.rule(
        GET_ALL, base.READER, "List operation logs.", "GET", "/operation_logs"
    ),
)
