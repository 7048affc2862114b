# SPDX-License-Identifier: Apache-2.0
"""The tables of quotas, Karbor's but for what Karbor counted in them."""

import sqlalchemy as sa
from sqlalchemy import orm

from karbor_copy.db import models


class Quota(models.Base):
    """A project's own limit of one resource."""

    __tablename__ = "quotas"
    __table_args__ = (sa.UniqueConstraint("project_id", "resource"),)

    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    project_id: orm.Mapped[str] = orm.mapped_column(models.string(255))
    resource: orm.Mapped[str] = orm.mapped_column(models.string(255))
    hard_limit: orm.Mapped[int]


class QuotaClass(models.Base):
    """A limit of one resource where a project has none of its own."""

    __tablename__ = "quota_classes"
    __table_args__ = (sa.UniqueConstraint("class_name", "resource"),)

    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    class_name: orm.Mapped[str] = orm.mapped_column(models.string(255))
    resource: orm.Mapped[str] = orm.mapped_column(models.string(255))
    hard_limit: orm.Mapped[int]


class QuotaProject(models.Base):
    """Stands for a project whose use is limited, to be locked."""

    __tablename__ = "quota_projects"

    project_id: orm.Mapped[str] = orm.mapped_column(
        models.string(255), primary_key=True
    )
