# SPDX-License-Identifier: Apache-2.0
"""Who may do what with checkpoints; Karbor files them under provider."""

from karbor_copy.policies import base

CREATE = "provider:checkpoint_create"
UPDATE = "provider:checkpoint_update"
DELETE = "provider:checkpoint_delete"
GET = "provider:checkpoint_get"
GET_ALL = "provider:checkpoint_get_all"

_ALL = "/providers/{provider_id}/checkpoints"
_ONE = _ALL + "/{checkpoint_id}"

RULES = (
    base.rule(CREATE, base.MEMBER, "Create a checkpoint.", "POST", _ALL),
    base.rule(UPDATE, base.MEMBER, "Reset a checkpoint's state.", "PUT", _ONE),
    base.rule(DELETE, base.MEMBER, "Delete a checkpoint.", "DELETE", _ONE),
    base.rule(GET, base.READER, "Show a checkpoint.", "GET", _ONE),
    base.rule(GET_ALL, base.READER, "List checkpoints.", "GET", _ALL),
)
