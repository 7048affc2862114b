# SPDX-License-Identifier: Apache-2.0
"""The API on a database of its own, with providers, and rows to look at.

Whatever it answers is checked against its OpenAPI document.
"""

import datetime
import pathlib
import uuid
from collections.abc import Mapping
from typing import Any

import webtest
from oslo_config import fixture as config_fixture

from karbor_copy import context as request_context
from karbor_copy.api import app
from karbor_copy.conf import CONF
from karbor_copy.data_models import plan as plan_model
from karbor_copy.data_models import resource as resource_model
from karbor_copy.data_models import status
from karbor_copy.db import engine
from karbor_copy.db import models
from karbor_copy.db import plans
from karbor_copy.providers import registry
from tests.fakes import api_plugins
from tests.fakes import response_schemas
from tests.fixtures import ini
from tests.fixtures import keystone

PROJECT = "e486a2f49695423ca9c47e589b948108"
STRANGER = "0f0e0d0c0b0a49088706050403020100"
ONE = "cf56bd3e-97a7-4078-b6d5-f36246333fd9"
TWO = "5d6a1b4e-7e5b-4f0e-9d6c-0b8f4a1c2d3e"
OTHER = "6b1f2a3c-4d5e-4f60-8a7b-9c0d1e2f3a4b"
GONE = "11111111-2222-4333-8444-555555555555"
UNLISTED = "b766f37c-d011-4026-8228-28730d734a3f"

PLAN = "3523a271-68aa-42f5-b9ba-56e5200a2ebb"
IMAGE_PLAN = "0a6e2f4c-1b3d-4e5f-8a9b-0c1d2e3f4a5b"
EMPTY_PLAN = "9d8c7b6a-5f4e-4d3c-8b2a-1f0e9d8c7b6a"
FOREIGN_PLAN = "4e3d2c1b-0a9f-4e8d-8c7b-6a5f4e3d2c1b"
CHECKPOINT = "dcb20606-ad71-40a3-80e4-ef0fafdad0c3"
FAILED_CHECKPOINT = "e9b2cfe4-3c81-4f6a-b2f4-1a2b3c4d5e6f"
IMAGE_CHECKPOINT = "a0b1c2d3-e4f5-4607-8899-aabbccddeeff"
FOREIGN_CHECKPOINT = "f00dfeed-0000-4000-8000-000000000001"

_PLUGINS = {
    ONE: ("CloudPlugin", "PointerPlugin"),
    TWO: ("CloudPlugin", "PointerPlugin"),
    OTHER: ("OtherCloudPlugin",),
    UNLISTED: ("CloudPlugin",),
}
_NAMES = {
    ONE: "Region one",
    TWO: "Region two",
    OTHER: "Another kind",
    UNLISTED: "Not allowed",
}


class FakeClient:
    """Remembers who was woken for what."""

    def __init__(self) -> None:
        self.wakes: list[tuple[str, str]] = []
        self.contexts: list[request_context.RequestContext] = []

    def wake(
        self,
        ctxt: request_context.RequestContext,
        operation_type: str,
        row_id: str,
    ) -> None:
        self.wakes.append((str(operation_type), row_id))
        self.contexts.append(ctxt)


class Site:
    """One running API."""

    def __init__(
        self, directory: pathlib.Path, options: Mapping[str, Any] | None = None
    ) -> None:
        """Take options as a file has them: group -> name -> value."""
        self._fixture = config_fixture.Config(CONF)
        self._fixture.setUp()
        file = directory / "karbor_copy.conf"
        file.write_text(ini.text(options or {}))
        CONF([], project="karbor_copy", default_config_files=[str(file)])
        self._fixture.config(
            group="database", connection=f"sqlite:///{directory}/db.sqlite"
        )
        engine.configure(CONF)
        models.Base.metadata.create_all(engine.get_engine())
        self.client = FakeClient()
        self.registry = registry.load(write_providers(directory))
        self._directory = directory
        self.start()

    def start(self, group: str = "api", **options: Any) -> None:
        """Make the application, anew where options change."""
        self._fixture.config(group=group, **options)
        self.bare = app.make_app(CONF, self.registry, self.client)
        self.app = response_schemas.Checker(self.bare)

    def stop(self) -> None:
        engine.get_engine().dispose()
        self._fixture.cleanUp()
        keystone.forget_options()

    def user(
        self, name: str = "alice", project: str = PROJECT
    ) -> webtest.TestApp:
        """Return a browser with this user's token of noauth."""
        return self.bearer(f"{name}:{project}")

    def bearer(self, token: str) -> webtest.TestApp:
        """Return a browser with this token."""
        return webtest.TestApp(
            self.app, extra_environ={"HTTP_X_AUTH_TOKEN": token}
        )


def write_providers(directory: pathlib.Path) -> pathlib.Path:
    """Write the provider files and return where they are."""
    files = directory / "providers.d"
    files.mkdir()
    for provider_id, plugins in _PLUGINS.items():
        lines = [
            "[provider]",
            f"id = {provider_id}",
            f"name = {_NAMES[provider_id]}",
            "description = For tests",
            f"region = {_NAMES[provider_id].lower()}",
            "bank = karbor-memory-bank-plugin",
            "enabled = True",
            *(f"plugin = tests.fakes.api_plugins.{name}" for name in plugins),
        ]
        if provider_id == ONE:
            lines += ["[copy]", f"targets = {TWO}, {OTHER}, {GONE}"]
        (files / f"{provider_id}.conf").write_text("\n".join(lines))
    return files


def seed() -> None:
    """Store plans and checkpoints, some of them a stranger's."""
    add_plan(PLAN, resources=api_plugins.SERVERS[:1])
    add_plan(EMPTY_PLAN, name="unprotected")
    image = resource_model.Resource(
        api_plugins.IMAGE, "5b1f0b9a-1d0b-4b8e-8d0f-1c2d3e4f5a6b", "cirros"
    )
    add_plan(IMAGE_PLAN, name="images", resources=(image,))
    add_plan(FOREIGN_PLAN, project_id=STRANGER, name="secret")
    add_checkpoint(CHECKPOINT)
    add_checkpoint(FAILED_CHECKPOINT, state=status.CheckpointStatus.ERROR)
    add_checkpoint(IMAGE_CHECKPOINT, plan_id=IMAGE_PLAN)
    add_checkpoint(
        FOREIGN_CHECKPOINT, plan_id=FOREIGN_PLAN, project_id=STRANGER
    )


def add_plan(
    plan_id: str,
    *,
    project_id: str = PROJECT,
    provider_id: str = ONE,
    name: str = "My plan",
    resources: tuple[resource_model.Resource, ...] = api_plugins.SERVERS,
) -> plan_model.Plan:
    """Store a plan."""
    return plans.create(
        plan_model.Plan(
            id=plan_id,
            project_id=project_id,
            provider_id=provider_id,
            name=name,
            description=None,
            status=status.PlanStatus.SUSPENDED,
            resources=resources,
            parameters={},
        )
    )


def add_checkpoint(
    checkpoint_id: str | None = None,
    *,
    plan_id: str = PLAN,
    project_id: str = PROJECT,
    provider_id: str = ONE,
    state: status.CheckpointStatus = status.CheckpointStatus.AVAILABLE,
    created_at: datetime.datetime | None = None,
) -> str:
    """Store a checkpoint as a protect or an import leaves it."""
    plan = plans.get(project_id, plan_id)
    graph = resource_model.build_graph(plan.resources, {})
    moment = created_at or datetime.datetime(2026, 1, 31, 12, 30)
    row_id = checkpoint_id or str(uuid.uuid4())
    _store(
        models.Checkpoint(
            id=row_id,
            project_id=project_id,
            provider_id=provider_id,
            plan_id=plan_id,
            status=state,
            created_at=moment,
            timestamp=int(moment.replace(tzinfo=datetime.UTC).timestamp()),
            protection_plan=plan.protection_plan(),
            resource_graph=graph.serialize(),
            extra_info={"created_by": "manual"},
            copied_from=None,
            resource_types=",".join(graph.resource_types),
            committed_at=moment,
            size=0,
        )
    )
    return row_id


@engine.writer
def _store(session: Any, row: models.Base) -> None:
    session.add(row)


@engine.writer
def finish_copies(session: Any) -> None:
    """Bring everything that is being copied to its end."""
    for table in (models.CheckpointCopy, models.Copy):
        for row in session.query(table):
            row.status = status.CopyStatus.FINISHED


def counted() -> dict[str, int]:
    """Return how many rows each table has."""
    with engine.get_engine().connect() as connection:
        return {
            table.name: len(connection.execute(table.select()).all())
            for table in models.Base.metadata.sorted_tables
        }
