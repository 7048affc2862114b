# SPDX-License-Identifier: Apache-2.0
"""Tests of every command, from its words to its output."""

import json
import os
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from karbor_copy import version
from karbor_copy.client import shell as shell_module
from karbor_copy.client.osc import provider
from tests.fakes import scripted_api

ONE = "cf56bd3e-97a7-4078-b6d5-f36246333fd9"
TWO = "5d6a1b4e-7e5b-4f0e-9d6c-0b8f4a1c2d3e"
PLAN = "3523a271-68aa-42f5-b9ba-56e5200a2ebb"
VOLUME = "3f8af6c6-ecea-42bd-b44c-724785bbe5ea"
KIND = "OS::Cinder::Volume"
CHECKPOINTS = f"/providers/{ONE}/checkpoints"


@pytest.fixture(autouse=True)
def nouns(api: scripted_api.ScriptedApi) -> None:
    """Two providers and a plan, which commands look up by name."""
    providers = [{"id": ONE, "name": "one"}, {"id": TWO, "name": "two"}]
    api.on("GET", "/providers", {"providers": providers})
    api.on("GET", "/plans", {"plans": [{"id": PLAN, "name": "daily"}]})


def sent(api: scripted_api.ScriptedApi, method: str) -> tuple[str, Any]:
    (request,) = api.sent(method)
    return request.path, request.body


def test_provider_list(show: Callable[..., Any]) -> None:
    assert [p["name"] for p in show("provider", "list")] == ["one", "two"]


def test_provider_show(show: Callable[..., Any]) -> None:
    assert show("provider", "show", "two") == {"id": TWO, "name": "two"}


def test_protectable_list(
    api: scripted_api.ScriptedApi, show: Callable[..., Any]
) -> None:
    api.on("GET", "/protectables", {"protectable_type": [KIND]})
    assert show("protectable", "list") == [{"protectable_type": KIND}]


def test_protectable_instance_list(
    api: scripted_api.ScriptedApi, show: Callable[..., Any]
) -> None:
    instance = {
        "id": VOLUME,
        "type": KIND,
        "name": "disk",
        "dependent_resources": [],
        "extra_info": None,
    }
    path = f"/protectables/{KIND}/instances"
    api.on("GET", path, {"instances": [instance]})
    found = show("protectable", "instance", "list", KIND, "--limit", "1")
    assert found == [{**instance, "extra_info": ""}]
    assert api.sent("GET")[-1].query == {"limit": "1"}


def test_plan_create_asks_for_names_that_are_not_given(
    api: scripted_api.ScriptedApi, show: Callable[..., Any]
) -> None:
    path = f"/protectables/{KIND}/instances/{VOLUME}"
    api.on("GET", path, {"instance": {"name": "disk"}})
    api.on("POST", "/plans", {"plan": {"id": PLAN, "name": "daily"}})
    plan = show(
        *("plan", "create", "daily", "one"),
        *(f"{KIND}={VOLUME}", f"{KIND}={ONE}=a=b"),
        *("--description", "all", "--parameters-json", f'{{"{KIND}": {{}}}}'),
    )
    assert plan["id"] == PLAN
    assert sent(api, "POST")[1]["plan"] == {
        "name": "daily",
        "provider_id": ONE,
        "resources": [
            {"type": KIND, "id": VOLUME, "name": "disk"},
            {"type": KIND, "id": ONE, "name": "a=b"},
        ],
        "parameters": {KIND: {}},
        "description": "all",
    }


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("create", "p", "one", "x"), "is not TYPE=ID[=NAME]"),
        (("create", "p", "one", "x=1="), "is not TYPE=ID[=NAME]"),
        (("create", "p", "one", "x=1", "--parameters-json", "{"), "no JSON"),
        (("create", "p", "one", "x=1", "--parameters-json", "[]"), "object"),
        (("list", "--limit", "0"), "no number above 0"),
    ],
)
def test_bad_arguments(
    shell: Callable[..., Any],
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    reason: str,
) -> None:
    with pytest.raises(SystemExit) as e:
        shell("plan", *words)
    assert e.value.code == 2
    assert reason in capsys.readouterr().err


def test_plan_list(
    api: scripted_api.ScriptedApi, show: Callable[..., Any]
) -> None:
    (plan,) = show("plan", "list", "--status", "suspended")
    assert plan["name"] == "daily"
    assert api.requests[0].query == {"status": "suspended"}


def test_plan_show(show: Callable[..., Any]) -> None:
    assert show("plan", "show", "daily")["id"] == PLAN


def test_plan_update(
    api: scripted_api.ScriptedApi, show: Callable[..., Any]
) -> None:
    api.on("PUT", f"/plans/{PLAN}", {"plan": {"id": PLAN}})
    show(
        *("plan", "update", "daily", "--name", "new", "--status", "started"),
        *("--resource", f"{KIND}={VOLUME}=disk"),
    )
    assert sent(api, "PUT")[1]["plan"] == {
        "name": "new",
        "status": "started",
        "resources": [{"type": KIND, "id": VOLUME, "name": "disk"}],
    }


def test_plan_update_without_changes(shell: Callable[..., Any]) -> None:
    code, _, err = shell("plan", "update", "daily")
    assert (code, "Nothing to change" in err) == (1, True)


def test_plan_delete(
    api: scripted_api.ScriptedApi, shell: Callable[..., Any]
) -> None:
    api.on("DELETE", f"/plans/{PLAN}", b"")
    assert shell("plan", "delete", "daily", "daily") == (0, "", "")
    assert len(api.sent("DELETE")) == 2


def test_plan_delete_deletes_none_if_one_is_unknown(
    api: scripted_api.ScriptedApi, shell: Callable[..., Any]
) -> None:
    code, _, err = shell("plan", "delete", "daily", "nightly")
    assert code == 1
    assert "No plan has the name or id 'nightly'" in err
    assert api.sent("DELETE") == []


def test_checkpoint_create(
    api: scripted_api.ScriptedApi, show: Callable[..., Any]
) -> None:
    api.on("POST", CHECKPOINTS, {"checkpoint": {"id": "c"}})
    made = show(
        *("checkpoint", "create", "one", "daily"),
        *("--extra-info", "why=demo", "--extra-info", "who=me=you"),
    )
    assert made == {"id": "c"}
    assert sent(api, "POST")[1]["checkpoint"] == {
        "plan_id": PLAN,
        "extra-info": {"why": "demo", "who": "me=you"},
    }


@pytest.mark.parametrize("text", ["x", "=x"])
def test_checkpoint_create_with_bad_extra_info(
    shell: Callable[..., Any], capsys: pytest.CaptureFixture[str], text: str
) -> None:
    with pytest.raises(SystemExit):
        shell("checkpoint", "create", "one", "daily", "--extra-info", text)
    assert "is not key=value" in capsys.readouterr().err


def test_checkpoint_create_and_wait(
    api: scripted_api.ScriptedApi, show: Callable[..., Any], clock: list[float]
) -> None:
    api.on("POST", CHECKPOINTS, {"checkpoint": {"id": "c"}})
    for status in ("protecting", "available"):
        body = {"checkpoint": {"id": "c", "status": status}}
        api.on("GET", f"{CHECKPOINTS}/c", body)
    made = show("checkpoint", "create", "one", "daily", "--wait")
    assert made["status"] == "available"


def test_checkpoint_list(
    api: scripted_api.ScriptedApi, show: Callable[..., Any]
) -> None:
    checkpoint = {
        "id": "c",
        "project_id": "demo",
        "status": "available",
        "protection_plan": {"id": PLAN, "name": "daily"},
        "created_at": "2026-11-22",
        "extra_info": "{}",
    }
    api.on("GET", CHECKPOINTS, {"checkpoints": [checkpoint]})
    days = ("--start-date", "2026-11-01", "--end-date", "2026-11-30")
    (found,) = show("checkpoint", "list", "one", "--plan", "daily", *days)
    assert (found["plan_id"], found["plan_name"]) == (PLAN, "daily")
    assert api.requests[-1].query == {
        "plan_id": PLAN,
        "start_date": "2026-11-01",
        "end_date": "2026-11-30",
    }


def test_checkpoint_show(
    api: scripted_api.ScriptedApi, show: Callable[..., Any]
) -> None:
    api.on("GET", f"/providers/{ONE}", {"provider": {"id": ONE}})
    api.on("GET", f"{CHECKPOINTS}/c", {"checkpoint": {"id": "c"}})
    assert show("checkpoint", "show", ONE, "c") == {"id": "c"}


@pytest.mark.parametrize("options", [(), ("--wait",)])
def test_checkpoint_delete(
    api: scripted_api.ScriptedApi,
    shell: Callable[..., Any],
    clock: list[float],
    options: Any,
) -> None:
    for checkpoint_id in "ab":
        path = f"{CHECKPOINTS}/{checkpoint_id}"
        api.on("DELETE", path, {})
        api.on("GET", path, {"checkpoint": {"status": "deleted"}})
    result = shell("checkpoint", "delete", "one", "a", "b", *options)
    assert result == (0, "", "")
    assert len(api.sent("DELETE")) == 2
    asked = [r for r in api.sent("GET") if r.path.startswith(CHECKPOINTS)]
    assert len(asked) == (2 if options else 0)


def test_copy_create(
    api: scripted_api.ScriptedApi, show: Callable[..., Any]
) -> None:
    copy = {"id": "k", "status": "wait_copying", "parameters": {}}
    api.on("POST", f"{CHECKPOINTS}/action", {"copy": copy}, status=202)
    assert show("copy", "create", "one", "daily", "--target", "two") == copy
    assert sent(api, "POST")[1]["copy"] == {
        "plan_id": PLAN,
        "parameters": {},
        "target_provider_id": TWO,
    }


def a_copy(
    api: scripted_api.ScriptedApi, status: str, error: str | None = None
) -> None:
    """Let the API have the copy k with one checkpoint copy."""
    member = {
        "id": "m",
        "checkpoint_id": "c",
        "checkpoint_copy_id": "d",
        "status": status,
        "attempts": 1,
        "bytes_total": 2048,
        "bytes_copied": 2048,
        "bytes_skipped": 0,
        "bytes_reused": 0,
        "error_info": error,
    }
    api.on("GET", "/copies/k", {"copy": {"id": "k", "status": status}})
    members = {"checkpoint_copies": [member]}
    api.on("GET", "/copies/k/checkpoint_copies", members)


def test_copy_create_and_wait(
    api: scripted_api.ScriptedApi,
    show: Callable[..., Any],
    clock: list[float],
    capsys: pytest.CaptureFixture[str],
) -> None:
    api.on("POST", f"{CHECKPOINTS}/action", {"copy": {"id": "k"}}, status=202)
    a_copy(api, "finished")
    copy = show("copy", "create", "one", "daily", "--wait")
    assert copy == {"id": "k", "status": "finished"}
    assert capsys.readouterr().err == (
        "checkpoint c: finished, 2.0 KiB of 2.0 KiB copied, 0 B skipped, "
        "0 B reused\n"
    )


def test_copy_that_fails(
    api: scripted_api.ScriptedApi,
    shell: Callable[..., Any],
    clock: list[float],
    capsys: pytest.CaptureFixture[str],
) -> None:
    api.on("POST", "/copies/k/action", {"copy": {"id": "k"}}, status=202)
    a_copy(api, "error", "disk full")
    code, out, err = shell("copy", "retry", "k", "--wait")
    assert (code, out) == (1, "")
    assert err == (
        "Copy k ended as error: checkpoint c: disk full\n"
        "What became of each: karbor-copy copy checkpoint list k\n"
        "Try the rest again: karbor-copy copy retry k --wait\n"
    )


def test_copy_list(
    api: scripted_api.ScriptedApi, show: Callable[..., Any]
) -> None:
    api.on("GET", "/copies", {"copies": [{"id": "k", "status": "finished"}]})
    (copy,) = show(
        *("copy", "list", "--plan", "daily", "--provider", "one"),
        *("--target", "two", "--status", "finished"),
    )
    assert copy["id"] == "k"
    assert api.requests[-1].query == {
        "plan_id": PLAN,
        "provider_id": ONE,
        "target_provider_id": TWO,
        "status": "finished",
    }


def test_copy_list_without_filters_looks_nothing_up(
    api: scripted_api.ScriptedApi, show: Callable[..., Any]
) -> None:
    api.on("GET", "/copies", {"copies": []})
    assert show("copy", "list") == []
    assert [r.path for r in api.requests] == ["/copies"]


def test_copy_show(
    api: scripted_api.ScriptedApi, show: Callable[..., Any]
) -> None:
    a_copy(api, "finished")
    assert show("copy", "show", "k") == {"id": "k", "status": "finished"}


@pytest.mark.parametrize("action", ["cancel", "retry"])
def test_copy_actions(
    api: scripted_api.ScriptedApi, show: Callable[..., Any], action: str
) -> None:
    api.on("POST", "/copies/k/action", {"copy": {"id": "k"}}, status=202)
    assert show("copy", action, "k") == {"id": "k"}
    assert sent(api, "POST")[1] == {action: None}


def test_copy_checkpoint_list(
    api: scripted_api.ScriptedApi,
    show: Callable[..., Any],
    shell: Callable[..., Any],
) -> None:
    a_copy(api, "finished")
    (member,) = show("copy", "checkpoint", "list", "k")
    assert (member["checkpoint_copy_id"], member["bytes_copied"]) == (
        "d",
        2048,
    )
    _, out, _ = shell("copy", "checkpoint", "list", "k")
    assert "2.0 KiB" in out


@pytest.mark.parametrize("noun", ["restore", "verification"])
def test_checkpoint_uses(
    api: scripted_api.ScriptedApi,
    show: Callable[..., Any],
    clock: list[float],
    noun: str,
) -> None:
    use = {"id": "u", "status": "success", "parameters": {}}
    api.on("POST", f"/{noun}s", {noun: {"id": "u", "status": "in_progress"}})
    api.on("GET", f"/{noun}s", {f"{noun}s": [use]})
    api.on("GET", f"/{noun}s/u", {noun: use})
    begun = show(noun, "create", "one", "c")
    assert begun["status"] == "in_progress"
    assert show(noun, "create", "one", "c", "--wait") == use
    assert show(noun, "show", "u") == use
    (found,) = show(noun, "list", "--status", "success")
    assert found["id"] == "u"
    assert api.sent("POST")[0].body[noun] == {
        "provider_id": ONE,
        "checkpoint_id": "c",
        "parameters": {},
    }


def test_operation_logs(
    api: scripted_api.ScriptedApi, show: Callable[..., Any]
) -> None:
    log = {"id": "l", "operation_type": "copy", "status": "success"}
    api.on("GET", "/operation_logs", {"operation_logs": [log]})
    api.on("GET", "/operation_logs/l", {"operation_log": log})
    options = ("--plan", "daily", "--checkpoint", "c")
    (found,) = show("operation", "log", "list", *options)
    assert found["operation_type"] == "copy"
    query = {"plan_id": PLAN, "checkpoint_id": "c"}
    assert api.requests[-1].query == query
    assert show("operation", "log", "show", "l") == log


def test_service_list(
    api: scripted_api.ScriptedApi, show: Callable[..., Any]
) -> None:
    service = {
        "id": 1,
        "binary": "karbor-protection",
        "state": "up",
        "disabled_reason": "a new disk",
    }
    api.on("GET", "/os-services", {"services": [service]})
    (found,) = show("service", "list", "--host", "h")
    assert (found["state"], found["disabled_reason"]) == ("up", "a new disk")
    assert api.requests[-1].query == {"host": "h"}


@pytest.mark.parametrize(
    ("words", "body"),
    [
        (["enable", "7"], {"status": "enabled"}),
        (["disable", "7"], {"status": "disabled", "disabled_reason": None}),
        (
            ["disable", "7", "--reason", "a new disk"],
            {"status": "disabled", "disabled_reason": "a new disk"},
        ),
    ],
)
def test_service_enable_disable(
    api: scripted_api.ScriptedApi,
    show: Callable[..., Any],
    words: list[str],
    body: dict[str, Any],
) -> None:
    service = {"id": 7, "binary": "karbor-protection", **body}
    api.on("PUT", "/os-services/7", {"service": service})
    assert show("service", *words) == {
        name: value or "" for name, value in service.items()
    }
    assert api.requests[-1].body == body


LIMITS = {"plans": 50, "checkpoints": -1, "copies": -1, "copy_gigabytes": -1}


@pytest.mark.parametrize(
    ("words", "path"),
    [
        ([], "/quotas/demo"),
        (["p2"], "/quotas/p2"),
        (["--default"], "/quotas/demo/defaults"),
    ],
)
def test_quota_show(
    api: scripted_api.ScriptedApi,
    show: Callable[..., Any],
    words: list[str],
    path: str,
) -> None:
    shown = {**LIMITS, "id": "demo"}
    api.on("GET", path, {"quota": shown})
    assert show("--project", "demo", "quota", "show", *words) == shown


def test_quota_usage_list(
    api: scripted_api.ScriptedApi, show: Callable[..., Any]
) -> None:
    used = {"limit": 50, "in_use": 3, "reserved": 0}
    answer = {"quota": {"plans": used, "id": "p2"}}
    api.on("GET", "/quotas/p2/detail", answer)
    (found,) = show("quota", "usage", "list", "p2")
    assert found == {"resource": "plans", "limit": 50, "in_use": 3}


def test_quota_set_and_delete(
    api: scripted_api.ScriptedApi,
    show: Callable[..., Any],
    shell: Callable[..., Any],
) -> None:
    words = ("--plans", "-1", "--copy-gigabytes", "20")
    body = {"plans": -1, "copy_gigabytes": 20}
    api.on("PUT", "/quotas/p2", {"quota": {**LIMITS, **body}})
    assert show("quota", "set", "p2", *words)["copy_gigabytes"] == 20
    assert api.requests[-1].body == {"quota": body}
    api.on("PUT", "/quota_classes/default", {"quota_class": LIMITS})
    assert show("quota", "default", "set", "--plans", "50") == LIMITS
    assert api.requests[-1].body == {"quota_class": {"plans": 50}}
    api.on("DELETE", "/quotas/p2", {})
    assert shell("quota", "delete", "p2")[:2] == (0, "")
    assert api.requests[-1].method == "DELETE"


def test_quota_set_to_nothing(shell: Callable[..., Any]) -> None:
    code, _, err = shell("quota", "set", "p2")
    assert code == 1
    assert "give a limit" in err


@pytest.mark.parametrize(
    ("form", "read"),
    [
        ("yaml", yaml.safe_load),
        ("json", json.loads),
        ("csv", lambda text: text.splitlines()[0].split(",")),
    ],
)
def test_output_formats(
    shell: Callable[..., Any], form: str, read: Callable[[str], Any]
) -> None:
    code, out, _ = shell("provider", "list", "-f", form, "-c", "name")
    assert code == 0
    found = read(out)
    assert found == ['"name"'] or [p["name"] for p in found] == ["one", "two"]


def test_errors_of_the_server_end_a_command(shell: Callable[..., Any]) -> None:
    code, out, err = shell("copy", "show", "nothing")
    assert (code, out) == (1, "")
    assert err.startswith("Not here. Look for the right id or name")


def test_global_options(
    api: scripted_api.ScriptedApi, shell: Callable[..., Any]
) -> None:
    shell("--user", "bob", "--project", "demo", "provider", "list")
    assert api.requests[0].token == "bob:demo"


def test_bad_url(shell: Callable[..., Any]) -> None:
    code, _, err = shell("--url", "nowhere", "provider", "list")
    assert code == 1
    assert "'nowhere' is no URL of a service" in err


def test_help_of_a_command(shell: Callable[..., Any]) -> None:
    code, out, _ = shell("copy", "create", "--help")
    assert code == 0
    assert "--parameters-json" in out


#: What Debian's bash-completion has for scripts, and what bash itself tells.
COMPLETE = """
_get_comp_words_by_ref() {
    words=("${COMP_WORDS[@]}") cur=${words[COMP_CWORD]}
    prev=${words[COMP_CWORD-1]}
}
eval "$script"
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
set -- $(complete -p karbor-copy)
"$3"
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("cop", {"copy"}),
        ("copy ", {"cancel", "checkpoint", "create", "list", "retry", "show"}),
        ("copy checkpoint ", {"list"}),
        ("copy create --t", {"--target"}),
        ("quota default set --copies", {"--copies"}),
    ],
)
def test_completion_in_bash(
    shell: Callable[..., Any], typed: str, offered: set[str]
) -> None:
    code, script, _ = shell("complete")
    assert code == 0
    done = subprocess.run(
        ["bash", "-c", COMPLETE, "-", "karbor-copy", *typed.split(" ")],
        env={**os.environ, "script": script},
        capture_output=True,
        text=True,
        check=True,
    )
    assert (set(done.stdout.split()), done.stderr) == (offered, "")


def test_words_that_are_no_command(shell: Callable[..., Any]) -> None:
    assert shell("copy", "everything")[0] == 2


def test_an_interrupt_has_its_own_exit_code(
    shell: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(provider.ListProviders, "items", interrupted)
    assert shell("provider", "list")[0] == 130


def test_main_without_words_shows_the_help(
    shell: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert shell_module.main([]) == 0
    assert "copy create" in capsys.readouterr().out


def test_main_tells_the_version(
    shell: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        shell_module.main(["--version"])
    assert version.version_string() in capsys.readouterr().out
