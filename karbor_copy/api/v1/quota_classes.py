# SPDX-License-Identifier: Apache-2.0
"""What projects may have that have no quota of their own."""

from typing import Any

from karbor_copy import exceptions
from karbor_copy.api import call
from karbor_copy.api import collaborators
from karbor_copy.api import expose
from karbor_copy.api.schemas import quotas as schema
from karbor_copy.api.v1 import quotas
from karbor_copy.api.v1 import views
from karbor_copy.data_models import quota
from karbor_copy.db import quotas as db
from karbor_copy.policies import quotas as policies


class QuotaClassController:
    """/quota_classes/{class_name}; there is one, named ``default``."""

    def __init__(self, collaborators: collaborators.Collaborators) -> None:
        self._collaborators = collaborators

    @expose.expose(policies.GET_CLASS, answer=schema.CLASS, errors=(404,))
    def show(self, this: call.Call, class_name: str) -> dict[str, Any]:  # noqa: ARG002
        """Show the default quotas."""
        _check_class(class_name)
        found = db.get_defaults(self._collaborators.quotas)
        return {"quota_class": views.quota(found, class_name)}

    @expose.expose(
        policies.UPDATE_CLASS,
        schema=schema.UPDATE_CLASS,
        answer=schema.CLASS_SET,
        errors=(404,),
    )
    def update(self, this: call.Call, class_name: str) -> dict[str, Any]:
        """Set the default quotas; those that are left out stay."""
        _check_class(class_name)
        db.set_class(class_name, quotas.limits_of(this.body["quota_class"]))
        found = db.get_defaults(self._collaborators.quotas)
        return {"quota_class": views.quota(found)}


def _check_class(class_name: str) -> None:
    """:raises QuotaClassNotFound: there is no such class."""
    if class_name != quota.DEFAULT_CLASS:
        raise exceptions.QuotaClassNotFound(class_name=class_name)
