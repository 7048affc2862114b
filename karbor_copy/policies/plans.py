# SPDX-License-Identifier: Apache-2.0
"""Who may do what with plans."""

from karbor_copy.policies import base

CREATE = "plan:create"
UPDATE = "plan:update"
DELETE = "plan:delete"
GET = "plan:get"
GET_ALL = "plan:get_all"

RULES = (
    base.rule(CREATE, base.MEMBER, "Create a plan.", "POST", "/plans"),
    base.rule(
        UPDATE, base.MEMBER, "Update a plan.", "PUT", "/plans/{plan_id}"
    ),
    base.rule(
        DELETE, base.MEMBER, "Delete a plan.", "DELETE", "/plans/{plan_id}"
    ),
    base.rule(GET, base.READER, "Show a plan.", "GET", "/plans/{plan_id}"),
    base.rule(GET_ALL, base.READER, "List plans.", "GET", "/plans"),
)
