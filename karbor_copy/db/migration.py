# SPDX-License-Identifier: Apache-2.0
"""Brings the database's schema to a version, by alembic."""

import pathlib

from alembic import command
from alembic import config
from alembic import script
from alembic import util
from alembic.runtime import migration
from sqlalchemy import orm

from karbor_copy import exceptions
from karbor_copy.db import engine


def sync(version: str = "head") -> None:
    """Upgrade the schema; doing it again changes nothing.

    :raises Invalid: there is no such version.
    """
    try:
        command.upgrade(_config(), version)
    except util.CommandError as error:
        raise exceptions.Invalid(str(error)) from error


@engine.reader
def version(session: orm.Session) -> str | None:
    """Return the version of the schema, None for an empty database."""
    context = migration.MigrationContext.configure(session.connection())
    return context.get_current_revision()


def newest() -> str | None:
    """Return the version that this code needs."""
    return script.ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> config.Config:
    made = config.Config()
    made.set_main_option(
        "script_location",
        # A per cent sign would be taken for an interpolation.
        str(pathlib.Path(__file__).parent / "alembic").replace("%", "%%"),
    )
    return made
