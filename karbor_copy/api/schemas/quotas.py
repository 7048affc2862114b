# SPDX-License-Identifier: Apache-2.0
"""Bodies of requests and answers: quotas and quota classes."""

from karbor_copy.api.schemas import common
from karbor_copy.data_models import quota

#: As a 32-bit column holds it; -1 is any number.
_LIMIT = {"type": "integer", "minimum": quota.UNLIMITED, "maximum": 2**31 - 1}
_LIMITS = {name.value: _LIMIT for name in quota.Resource}
_WANTED = {**common.obj(_LIMITS), "minProperties": 1}

UPDATE = common.obj({"quota": _WANTED}, required=("quota",))
UPDATE_CLASS = common.obj({"quota_class": _WANTED}, required=("quota_class",))

_USAGE = common.answer(
    {"limit": _LIMIT, "in_use": common.NUMBER, "reserved": {"const": 0}}
)
_ID = {"id": common.TEXT}
COMPONENTS = {
    "quota": common.answer({**_LIMITS, **_ID}),
    "quota_set": common.answer(_LIMITS),
    "quota_usage": common.answer({**dict.fromkeys(_LIMITS, _USAGE), **_ID}),
}
ONE = common.one("quota")
SET = common.one("quota", "quota_set")
DETAIL = common.one("quota", "quota_usage")
CLASS = common.one("quota_class", "quota")
CLASS_SET = common.one("quota_class", "quota_set")
