# SPDX-License-Identifier: Apache-2.0
"""One whole Keystone in one process, with people in it from the start.

Run by the Python of Keystone's own environment, with the directory that holds
its configuration and the port to serve on::

    python -P keystone_main.py prepare|serve DIRECTORY PORT
"""

import pathlib
import sys
import uuid

HOST = "127.0.0.1"
ADMIN, SERVICE = "admin", "karbor"
#: Of everybody.
PASSWORD = "open sesame"  # noqa: S105
PROJECTS = ("alpha", "beta")
ROLES = ("reader", "member", "manager")
REGIONS = ("region-one", "region-two")
#: Type and name of what is in the catalogue; endpoints are for tests to add.
SERVICES = (("data-protect", "karbor"), ("object-store", "swift"))


def _make_keys(directory: pathlib.Path) -> None:
    """Make the keys of tokens and of credentials."""
    from cryptography import fernet

    directory.mkdir(mode=0o700)
    for name in ("0", "1"):
        (directory / name).write_bytes(fernet.Fernet.generate_key())


def _make_tables() -> None:
    from keystone.common.sql import upgrades

    upgrades.offline_sync_database_to_version()


def _bootstrap(port: int) -> None:
    """Make the administrator, the roles and Keystone's own endpoints."""
    from keystone.cmd import bootstrap

    found = bootstrap.Bootstrapper()
    found.admin_username = found.admin_role_name = ADMIN
    found.admin_password = PASSWORD
    found.project_name = ADMIN
    found.region_id = REGIONS[0]
    found.service_name = "keystone"
    found.public_url = found.internal_url = f"http://{HOST}:{port}/v3"
    found.bootstrap()


def _populate() -> None:
    """Make the projects, the users with their roles, and the services."""
    from keystone.common import provider_api

    known = provider_api.ProviderAPIs
    roles = {role["name"]: role["id"] for role in known.role_api.list_roles()}

    def make_project(name: str) -> str:
        project_id = uuid.uuid4().hex
        project = {"name": name, "domain_id": "default", "enabled": True}
        known.resource_api.create_project(
            project_id, {"id": project_id, **project}
        )
        return project_id

    def make_user(name: str, role: str, project_id: str) -> None:
        user = {"name": name, "domain_id": "default", "enabled": True}
        made = known.identity_api.create_user({"password": PASSWORD, **user})
        known.assignment_api.add_role_to_user_and_project(
            made["id"], project_id, roles[role]
        )

    make_user(SERVICE, "service", make_project("service"))
    for name in PROJECTS:
        project_id = make_project(name)
        for role in ROLES:
            make_user(f"{role}-{name}", role, project_id)
    known.catalog_api.create_region({"id": REGIONS[1]})
    for kind, name in SERVICES:
        service = {"id": uuid.uuid4().hex, "type": kind, "name": name}
        known.catalog_api.create_service(
            service["id"], {"enabled": True, **service}
        )


def prepare(directory: pathlib.Path, port: int) -> None:
    """Make what it needs before its first start."""
    from keystone import server

    _make_keys(directory / "keys")
    server.configure(config_files=_config_files(directory))
    _make_tables()
    _bootstrap(port)
    _populate()


def serve(directory: pathlib.Path, port: int) -> None:
    """Serve for ever."""
    from cheroot import wsgi
    from keystone.server.flask import core

    application = core.initialize_application(
        "public", config_files=_config_files(directory)
    )
    # One thread: its first requests must not come at the same time.
    wsgi.Server((HOST, port), application, numthreads=1).start()


def _config_files(directory: pathlib.Path) -> list[str]:
    return [str(directory / "keystone.conf")]


def main() -> None:
    """Do what the arguments say, which Keystone must not take for its own."""
    _, verb, directory, port = sys.argv
    sys.argv = ["keystone"]
    {"prepare": prepare, "serve": serve}[verb](
        pathlib.Path(directory), int(port)
    )


if __name__ == "__main__":
    main()
