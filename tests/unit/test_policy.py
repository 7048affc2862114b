# SPDX-License-Identifier: Apache-2.0
"""Every rule, asked by every persona."""

import os
import pathlib
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from oslo_config import fixture as config_fixture

from karbor_copy import context as request_context
from karbor_copy import exceptions
from karbor_copy import policies
from karbor_copy import policy
from karbor_copy.conf import CONF

#: What oslopolicy-policy-generator does.
GENERATE = """\
from oslo_policy import generator
generator.generate_policy()
"""
READERS = {
    "copy:get",
    "copy:get_all",
    "operation_log:get",
    "operation_log:list",
    "plan:get",
    "plan:get_all",
    "protectable:get",
    "protectable:get_all",
    "protectable:instance_get",
    "protectable:instance_get_all",
    "provider:checkpoint_get",
    "provider:checkpoint_get_all",
    "provider:get",
    "provider:get_all",
    "quota:get",
    "quota:get_default",
    "quota_class:get",
    "restore:get",
    "restore:get_all",
    "verification:get",
    "verification:get_all",
}
MEMBERS = {
    "copy:cancel",
    "copy:create",
    "copy:retry",
    "plan:create",
    "plan:delete",
    "plan:update",
    "provider:checkpoint_create",
    "provider:checkpoint_delete",
    "provider:checkpoint_update",
    "restore:create",
    "verification:create",
}
ADMINS = {
    "quota:delete",
    "quota:update",
    "quota_class:update",
    "service:get_all",
    "service:update",
}
PERSONAS = {
    "admin": READERS | MEMBERS | ADMINS,
    "member,reader": READERS | MEMBERS,
    "reader": READERS,
    "auditor": set[str](),
}
RULES = sorted(READERS | MEMBERS | ADMINS)


@pytest.fixture
def conf() -> Iterator[config_fixture.Config]:
    fixture = config_fixture.Config(CONF)
    fixture.setUp()
    CONF([], project="karbor_copy", default_config_files=[])
    policy.init(CONF)
    yield fixture
    fixture.cleanUp()


def context(roles: str, project: str = "p1") -> request_context.RequestContext:
    return request_context.RequestContext(
        user_id="u", project_id=project, roles=roles.split(",")
    )


def test_the_table_is_complete() -> None:
    personas = {
        "context_is_admin",
        "project_reader_or_admin",
        "project_member_or_admin",
    }
    assert {rule.name for rule in policies.list_rules()} - personas == set(
        RULES
    )


@pytest.mark.parametrize("persona", PERSONAS)
def test_persona(conf: config_fixture.Config, persona: str) -> None:
    caller = context(persona)
    for rule in RULES:
        if rule in PERSONAS[persona]:
            caller.can(rule)
        else:
            with pytest.raises(exceptions.Forbidden, match=rule):
                caller.can(rule)


def test_only_in_the_own_project(conf: config_fixture.Config) -> None:
    for rule in READERS | MEMBERS:
        with pytest.raises(exceptions.Forbidden):
            context("member,reader").can(rule, {"project_id": "p2"})


def test_who_is_an_administrator(conf: config_fixture.Config) -> None:
    assert policy.is_admin(context("admin"))
    assert not policy.is_admin(context("member,reader"))


def test_another_scope_than_a_project_is_refused(
    conf: config_fixture.Config,
) -> None:
    system = request_context.RequestContext(
        user_id="u", system_scope="all", roles=["admin", "reader"]
    )
    with pytest.raises(exceptions.Forbidden):
        system.can("plan:get", {"project_id": "p1"})


def test_an_operators_file_counts(
    conf: config_fixture.Config, tmp_path: pathlib.Path
) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text('"copy:create": "role:copier"\n')
    conf.config(group="oslo_policy", policy_file=str(file))
    policy.init(CONF)
    context("copier").can("copy:create")
    with pytest.raises(exceptions.Forbidden):
        context("member").can("copy:create")


class Clock:
    """Goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def may_copy() -> bool:
    try:
        context("copier").can("copy:create")
    except exceptions.Forbidden:
        return False
    return True


def write(file: pathlib.Path, text: str, moment: int) -> None:
    """Write a file as of a moment, which a file system may round."""
    file.write_text(text)
    os.utime(file, (moment, moment))


@pytest.fixture(params=["policy.yaml", "policy.d/copies.yaml"])
def file(
    conf: config_fixture.Config,
    tmp_path: pathlib.Path,
    request: pytest.FixtureRequest,
) -> pathlib.Path:
    """Return a file that lets copiers copy."""
    directory = tmp_path / "policy.d"
    directory.mkdir()
    os.utime(directory, (1, 1))
    path = tmp_path / str(request.param)
    write(path, '"copy:create": "role:copier"\n', 2)
    conf.config(
        group="oslo_policy",
        policy_file=str(tmp_path / "policy.yaml"),
        policy_dirs=[str(directory)],
    )
    return path


def test_a_changed_file_is_heard_a_second_later(file: pathlib.Path) -> None:
    clock = Clock()
    policy.init(CONF, clock)
    assert may_copy()
    write(file, '"copy:create": "role:nobody"\n', 4_000_000_000)
    clock.now += 0.99
    assert may_copy()
    clock.now += 0.01
    assert not may_copy()


def test_the_same_question_is_asked_once(
    conf: config_fixture.Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def authorize(self: Any, rule: str, target: Any, creds: Any) -> bool:
        asked.append((rule, target["project_id"], creds["roles"]))
        return "reader" in creds["roles"]

    monkeypatch.setattr(policy.Enforcer, "authorize", authorize)
    policy.init(CONF, Clock())
    for _ in range(2):
        context("reader").can("plan:get")
        context("reader", "p2").can("plan:get")
        context("reader").can("plan:get", {"project_id": "p2"})
        context("reader").can("copy:get")
        with pytest.raises(exceptions.Forbidden):
            context("auditor").can("plan:get")
    assert asked == [
        ("plan:get", "p1", ["reader"]),
        ("plan:get", "p2", ["reader"]),
        ("plan:get", "p2", ["reader"]),
        ("copy:get", "p1", ["reader"]),
        ("plan:get", "p1", ["auditor"]),
    ]


def test_one_role_is_not_taken_for_two(conf: config_fixture.Config) -> None:
    two = request_context.RequestContext(
        user_id="u", project_id="p1", roles=["member", "admin"]
    )
    one = request_context.RequestContext(
        user_id="u", project_id="p1", roles=["member', 'admin"]
    )
    assert policy.is_admin(two)
    assert not policy.is_admin(one)


def test_a_broken_file_leaves_the_rules_as_they_were(
    file: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    policy.init(CONF, clock)
    write(file, "[", 4_000_000_000)
    clock.now += 1
    assert may_copy()
    assert "The policies stay as they were" in caplog.text
    write(file, '"copy:create": "role:nobody"\n', 4_000_000_001)
    clock.now += 1
    assert not may_copy()


def test_a_broken_file_is_refused_at_the_start(file: pathlib.Path) -> None:
    write(file, "[", 4_000_000_000)
    with pytest.raises(ValueError, match="[Pp]ars"):
        policy.init(CONF)


def test_nothing_is_decided_before_there_are_rules(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(policy, "_enforcer", None)
    with pytest.raises(RuntimeError, match="init"):
        context("admin").can("plan:get")


def test_oslo_policys_commands_know_the_rules_in_force(
    tmp_path: pathlib.Path,
) -> None:
    (tmp_path / "policy.yaml").write_text('"copy:create": "role:copier"\n')
    config = tmp_path / "karbor_copy.conf"
    config.write_text(f"[oslo_policy]\npolicy_file = {tmp_path}/policy.yaml\n")
    printed = subprocess.run(
        [
            *(sys.executable, "-c", GENERATE),
            *("--namespace", "karbor_copy", "--config-file", str(config)),
        ],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    rules = yaml.safe_load(printed)
    assert rules["copy:create"] == "role:copier"
    assert rules["copy:get"] == "rule:project_reader_or_admin"
    assert set(rules) == {rule.name for rule in policies.list_rules()}
