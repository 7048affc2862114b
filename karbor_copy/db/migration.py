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


def sync(wanted: str = "head") -> None:
    """Upgrade the schema; doing it again changes nothing.

    :raises Invalid: there is no such version, or it is behind.
    """
    made = _config()
    try:
        current = version()
        if wanted in _behind(made, current):
            raise exceptions.Invalid(
                f"The tables are at {current}: there is no way back to"
                f" {wanted}."
            )
        command.upgrade(made, wanted)
    except util.CommandError as error:
        raise exceptions.Invalid(str(error)) from error


def _behind(made: config.Config, current: str | None) -> set[str]:
    if current is None:
        return set()
    scripts = script.ScriptDirectory.from_config(made)
    passed = scripts.iterate_revisions(current, "base")
    return {"base", *(item.revision for item in passed)} - {current}


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
