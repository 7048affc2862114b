# SPDX-License-Identifier: Apache-2.0
"""Who may do what with copies."""

from karbor_copy.policies import base

CREATE = "copy:create"
GET = "copy:get"
GET_ALL = "copy:get_all"
CANCEL = "copy:cancel"
RETRY = "copy:retry"

_ACTION = "/copies/{copy_id}/action"

RULES = (
    base.rule(
        CREATE,
        base.MEMBER,
        "Copy the uncopied checkpoints of a plan.",
        "POST",
        "/providers/{provider_id}/checkpoints/action",
    ),
    base.rule(
        GET,
        base.READER,
        "Show a copy and its checkpoint copies.",
        "GET",
        "/copies/{copy_id}",
        "/copies/{copy_id}/checkpoint_copies",
    ),
    base.rule(GET_ALL, base.READER, "List copies.", "GET", "/copies"),
    base.rule(CANCEL, base.MEMBER, "Cancel a copy.", "POST", _ACTION),
    base.rule(RETRY, base.MEMBER, "Retry a copy.", "POST", _ACTION),
)
