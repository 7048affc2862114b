# SPDX-License-Identifier: Apache-2.0
"""Who may do what with restores."""

from karbor_copy.policies import base

CREATE = "restore:create"
GET = "restore:get"
GET_ALL = "restore:get_all"

RULES = (
    base.rule(
        CREATE, base.MEMBER, "Restore a checkpoint.", "POST", "/restores"
    ),
    base.rule(
        GET, base.READER, "Show a restore.", "GET", "/restores/{restore_id}"
    ),
    base.rule(GET_ALL, base.READER, "List restores.", "GET", "/restores"),
)
