# SPDX-License-Identifier: Apache-2.0
"""Brings the database's schema to a version, by alembic."""

import pathlib

from alembic import command
from alembic import config
from alembic import util
from alembic.runtime import migration

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


def version() -> str | None:
    """Return the version of the schema, None for an empty database."""
    with engine.get_engine().connect() as connection:
        context = migration.MigrationContext.configure(connection)
        return context.get_current_revision()


def _config() -> config.Config:
    made = config.Config()
    made.set_main_option(
        "script_location",
        # A per cent sign would be taken for an interpolation.
        str(pathlib.Path(__file__).parent / "alembic").replace("%", "%%"),
    )
    return made
