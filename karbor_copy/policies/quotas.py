# SPDX-License-Identifier: Apache-2.0
"""Who may see and set what a project may have."""

from karbor_copy.policies import base

GET = "quota:get"
GET_DEFAULT = "quota:get_default"
UPDATE = "quota:update"
DELETE = "quota:delete"
GET_CLASS = "quota_class:get"
UPDATE_CLASS = "quota_class:update"

_PROJECT = "/quotas/{target_project_id}"
_CLASS = "/quota_classes/{class_name}"

RULES = (
    base.rule(
        GET,
        base.READER,
        "Show a project's quotas and what it uses of them; those of another"
        " project to administrators only.",
        "GET",
        _PROJECT,
        f"{_PROJECT}/detail",
    ),
    base.rule(
        GET_DEFAULT,
        base.READER,
        "Show the quotas of a project that has none of its own.",
        "GET",
        f"{_PROJECT}/defaults",
    ),
    base.rule(UPDATE, base.ADMIN, "Set a project's quotas.", "PUT", _PROJECT),
    base.rule(
        DELETE,
        base.ADMIN,
        "Let the defaults hold for a project again.",
        "DELETE",
        _PROJECT,
    ),
    base.rule(
        GET_CLASS, base.READER, "Show the default quotas.", "GET", _CLASS
    ),
    base.rule(
        UPDATE_CLASS, base.ADMIN, "Set the default quotas.", "PUT", _CLASS
    ),
)
