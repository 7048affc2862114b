# SPDX-License-Identifier: Apache-2.0
"""API and workers as processes of their own, and what signals do to them."""

import os
import pathlib
import signal
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from karbor_copy.client.v1 import client as v1_client
from karbor_copy.cmd import manage
from tests.fixtures import database
from tests.fixtures import forked
from tests.fixtures import processes
from tests.fixtures import servers
from tests.fixtures import standalone
from tools.servers import rabbitmq
from tools.servers import server

ONE, TWO = standalone.REGION_ONE, standalone.REGION_TWO

#: What the files may say that no process can use, and the reason told.
BAD = [
    ("[database]\nconnection = ravens://u:c4n4ry@h/d", "[database] conn"),
    ("[DEFAULT]\ntransport_url = pigeon://u:c4n4ry@h/", "transport_url"),
    (
        "[oslo_messaging_notifications]\ntransport_url = pigeon://u:c4n4ry@h/",
        "transport_url of notifications",
    ),
    ("[DEFAULT]\nlog_config_append = /nowhere/log.conf", "/nowhere/log.conf"),
    ("[DEFAULT]\nlog_dir = /nowhere", "/nowhere"),
    ("[DEFAULT]\nprovider_config_dir = /nowhere", "no such directory"),
    ("[protection", "Invalid section"),
    ("[database]\n  ravens://u:c4n4ry@h/d", "Unexpected continuation"),
]

#: A chunk a second, so that there is time to interfere.
SLOW = {"pause": 0.5}


@pytest.fixture
def site(tmp_path: pathlib.Path) -> Iterator[processes.Processes]:
    options = {"copy_engine": {"transfer_threads": 1}}
    with processes.site(tmp_path, options=options) as running:
        yield running


def under_way(client: Any, copy: dict[str, Any]) -> None:
    """Wait until a part of the data has been copied."""
    standalone.wait(lambda: processes.member_of(client, copy)["bytes_copied"])


def worker_pids(manager: processes.Running) -> set[int]:
    return processes.children(manager.process.pid)


def test_api_and_worker_need_nothing_but_the_database(site):
    api = site.api()
    site.protection()
    client = site.client(api)
    member = site.copied(client, site.protected(client))
    assert member["status"] == "finished"
    assert member["bytes_copied"] >= 1 << 20


def until_heard(site: processes.Processes, client: v1_client.Client) -> None:
    """Ask for checkpoints until the worker hears of one.

    It begins to listen beside its other work, and to what comes before
    nobody listens.
    """
    volume = {"type": standalone.VOLUME, "id": site.volume(b"data")}
    plan = client.plans.create(
        "early", standalone.REGION_ONE, [{**volume, "name": "disk"}]
    )
    for _ in range(120):
        client.checkpoints.create(standalone.REGION_ONE, plan["id"])
        time.sleep(0.5)
        made = client.checkpoints.list(standalone.REGION_ONE)
        if any(item["status"] == "available" for item in made):
            return
    raise AssertionError("no hint was heard")


@pytest.mark.parametrize("server", ["postgresql", "mariadb"])
def test_a_hint_over_rabbitmq_wakes_the_worker(tmp_path, broker, server):
    with (
        database.own_database(server) as url,
        processes.site(
            tmp_path, database=url, transport_url=broker.url
        ) as site,
    ):
        api = site.api()
        # It looks for work by itself at its start and then no more.
        worker = site.protection(poll_interval=3600, workers=2)
        client = site.client(api)
        standalone.wait(lambda: "started" in worker.log)
        until_heard(site, client)
        member = site.copied(client, site.protected(client))
        assert member["status"] == "finished"


def test_quorum_queues_on_a_broker_that_had_others(tmp_path):
    """What is declared in another way is in the way until a restart."""
    quorum = {"rabbit_quorum_queue": True, "amqp_durable_queues": True}
    with servers.own(rabbitmq.RabbitMQ) as broker:
        for name, options in (("plain", {}), ("quorum", quorum)):
            (tmp_path / name).mkdir()
            with processes.site(
                tmp_path / name,
                transport_url=broker.url,
                options={"oslo_messaging_rabbit": options},
            ) as site:
                api = site.api()
                worker = site.protection(poll_interval=3600)
                client = site.client(api)
                standalone.wait(lambda log=worker: "started" in log.log)
                until_heard(site, client)
                member = site.copied(client, site.protected(client))
                assert member["status"] == "finished"
            broker.kill()
            broker.start()


def test_a_worker_works_and_ends_without_its_broker(tmp_path):
    away = f"rabbit://guest:guest@127.0.0.1:{server.free_port()}/"
    with processes.site(tmp_path, transport_url=away) as site:
        api = site.api()
        worker = site.protection()
        client = site.client(api)
        member = site.copied(client, site.protected(client))
        assert member["status"] == "finished"
        assert worker.stop() == 0


def test_a_policy_file_that_is_broken_changes_nothing(tmp_path):
    with processes.site(tmp_path) as site:
        path = site.path / "policy.yaml"
        with site.config.open("a") as config:
            config.write(f"[oslo_policy]\npolicy_file = {path}\n")
        path.write_text("{}")
        api = site.api()
        path.write_text("[")
        api.process.send_signal(signal.SIGHUP)
        standalone.wait(lambda: "All stays as it was" in api.log)
        path.write_text("{}")
        assert len(list(site.client(api).providers.list())) == 2
        assert api.stop() == 0


def test_a_stop_lets_running_work_end(site):
    api = site.api()
    first = site.protection("first")
    client = site.client(api)
    plan = site.protected(client, 32)
    assert first.stop() == 0
    worker = site.protection("second", **SLOW)
    copy = client.copies.create(ONE, plan["id"])
    under_way(client, copy)
    assert worker.stop() == 0
    member = processes.member_of(client, copy)
    assert member["status"] == "finished"
    assert "handed back" not in worker.log


def test_a_stop_hands_back_what_takes_too_long(site):
    api = site.api()
    first = site.protection("first", **SLOW, graceful_shutdown_timeout=0)
    client = site.client(api)
    plan = site.protected(client, 32)
    copy = client.copies.create(ONE, plan["id"])
    under_way(client, copy)
    # A second one takes no new work that the first one was told to end.
    assert first.stop() == 0
    assert "handed back" in first.log
    member = processes.member_of(client, copy)
    assert member["status"] == "copying"
    site.protection("second", lease=60)
    member = site.ended(client, copy)
    assert member["status"] == "finished"
    assert member["bytes_skipped"] > 0
    assert member["attempts"] == 1


def test_a_killed_worker_is_replaced_and_its_work_resumed(site):
    api = site.api()
    manager = site.protection("only", **SLOW)
    client = site.client(api)
    plan = site.protected(client, 32)
    copy = client.copies.create(ONE, plan["id"])
    under_way(client, copy)
    [pid] = worker_pids(manager)
    os.kill(pid, signal.SIGKILL)
    member = site.ended(client, copy)
    assert member["status"] == "finished"
    assert member["bytes_skipped"] > 0
    assert member["attempts"] == 2
    assert worker_pids(manager) != {pid}


def test_a_disabled_host_takes_no_work_until_it_is_enabled(site):
    api = site.api()
    first, second = site.protection("first"), site.protection("second")
    client, admin = site.client(api), site.client(api, "admin").services
    standalone.wait(lambda: len(list(admin.list())) == 2)
    (service,) = admin.list({"host": "first"})
    admin.disable(str(service["id"]), "a new disk")
    plan = site.protected(client)
    assert site.copied(client, plan)["status"] == "finished"
    assert "claimed" in second.log
    assert "claimed" not in first.log
    (shown,) = admin.list({"host": "first"})
    assert (shown["status"], shown["state"]) == ("disabled", "up")
    assert shown["disabled_reason"] == "a new disk"
    admin.enable(str(service["id"]))
    second.stop()
    site.protected(client)
    assert "claimed" in first.log


def test_workers_end_with_their_killed_manager(site):
    manager = site.protection()
    [pid] = standalone.wait(lambda: worker_pids(manager))
    manager.stop(signal.SIGKILL)
    standalone.wait(lambda: not pathlib.Path(f"/proc/{pid}").exists())


def test_sighup_reads_the_files_again(site):
    api = site.api()
    manager = site.protection()
    client = site.client(api)
    assert len(list(client.providers.list())) == 2
    [pid] = standalone.wait(lambda: worker_pids(manager))
    third = add_region_three(site)
    api.process.send_signal(signal.SIGHUP)
    manager.process.send_signal(signal.SIGHUP)
    standalone.wait(lambda: len(list(client.providers.list())) == 3)
    standalone.wait(lambda: worker_pids(manager) not in ({pid}, set()))
    plan = site.protected(client)
    copy = client.copies.create(ONE, plan["id"], target_provider_id=third)
    assert site.ended(client, copy)["status"] == "finished"


def test_sighup_lets_workers_log_as_the_files_say(site):
    manager = site.protection()
    [pid] = standalone.wait(lambda: worker_pids(manager))
    standalone.wait(lambda: "started" in manager.log)
    assert "DEBUG" not in manager.log
    path = site.path / "karbor_copy.conf"
    path.write_text(
        path.read_text().replace("[DEFAULT]", "[DEFAULT]\ndebug = true")
    )
    manager.process.send_signal(signal.SIGHUP)
    standalone.wait(lambda: worker_pids(manager) not in ({pid}, set()))
    standalone.wait(lambda: "DEBUG" in manager.log)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("[protection]\nlease = 1\nheartbeat_interval = 1", "a third of"),
        ("[protection]\nlease = soon", "lease"),
        *BAD,
    ],
)
def test_sighup_with_files_that_are_bad_changes_nothing(site, line, reason):
    """Of a host with bad files no worker was left."""
    manager = site.protection()
    [pid] = standalone.wait(lambda: worker_pids(manager))
    standalone.wait(lambda: "started" in manager.log)
    append(site.config, line)
    refuses(manager, reason)
    assert worker_pids(manager) == {pid}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        *BAD,
        ("[DEFAULT]\nauth_strategy = keystone", "auth_type is needed"),
        ("[api]\npublic_endpoint = http://h/?a=b", "public_endpoint"),
        ("[api]\nmax_limit = many", "max_limit"),
    ],
)
def test_an_api_with_files_that_are_bad_serves_as_before(site, line, reason):
    """Of some it heard no signal any more."""
    api = site.api()
    append(site.config, line)
    refuses(api, reason)
    assert len(list(site.client(api).providers.list())) == 2
    assert api.stop() == 0


def test_a_worker_that_is_started_anew_keeps_what_it_can_use(site):
    """It told the line that it could not parse."""
    manager = site.protection()
    [pid] = standalone.wait(lambda: worker_pids(manager))
    standalone.wait(lambda: "started" in manager.log)
    append(site.config, "[database]\n  ravens://u:c4n4ry@h/d")
    os.kill(pid, signal.SIGKILL)
    standalone.wait(lambda: manager.log.count("service started") == 2)
    assert "Unexpected continuation" in manager.log
    assert "c4n4ry" not in manager.log
    assert manager.stop() == 0


def test_an_api_whose_new_files_are_bad_decides_by_the_old_ones(site):
    """It looked for policies where the files that it refused had said."""
    api = site.api()
    (site.path / "policies").mkdir()
    rules = site.path / "policies" / "nobody.yaml"
    rules.write_text('"provider:get_all": "!"')
    append(site.config, f"[oslo_policy]\npolicy_dirs = {rules.parent}")
    append(site.config, "[DEFAULT]\nauth_strategy = keystone")
    refuses(api, "auth_type is needed")
    assert len(list(site.client(api).providers.list())) == 2


def test_what_is_refused_is_told_before_a_reload(site):
    site.manage("config", "check")
    for line, reason in BAD:
        kept = site.config.read_text()
        append(site.config, line)
        done = forked.run(
            manage.main,
            *("--config-file", str(site.config), "config", "check"),
            timeout=standalone.TIMEOUT,
        )
        site.config.write_text(kept)
        assert done.returncode == 1
        assert reason in done.stderr
        assert "Traceback" not in done.stderr
        assert "c4n4ry" not in done.stderr


def test_a_target_that_is_missing_is_told_before_a_reload(site):
    """It refuses nothing: the provider serves all the same."""
    (site.path / "providers.d" / "region-two.conf").unlink()
    done = forked.run(
        manage.main,
        *("--config-file", str(site.config), "config", "check"),
        timeout=standalone.TIMEOUT,
    )
    assert done.returncode == 0
    assert "[copy] targets: no enabled provider has the id" in done.stderr


def test_sighup_with_a_bad_provider_file_changes_nothing(site):
    """What was queued for that provider ended as an error."""
    api, manager = site.api(), site.protection()
    client = site.client(api)
    plan = site.protected(client)
    two = site.path / "providers.d" / "region-two.conf"
    append(two, "[swift_client]\nswift_key c4n4ry")
    for process in (api, manager):
        refuses(process, "region-two.conf")
    assert site.copied(client, plan)["status"] == "finished"


def test_a_host_with_a_bad_provider_file_leaves_work_to_others(site):
    api, bad = site.api(), site.protection("bad")
    client = site.client(api)
    plan = site.protected(client)
    bad.stop()
    two = site.path / "providers.d" / "region-two.conf"
    text = two.read_text()
    append(two, "[copy]\ntargetz = none")
    bad = site.protection("bad")
    standalone.wait(lambda: "started" in bad.log)
    two.write_text(text)
    copy = client.copies.create(ONE, plan["id"])
    # It does what it can: a checkpoint of region one.
    site.protected(client)
    assert processes.member_of(client, copy)["status"] == "wait_copying"
    site.protection("good")
    assert site.ended(client, copy)["status"] == "finished"


def append(path: pathlib.Path, text: str) -> None:
    with path.open("a") as file:
        file.write(f"\n{text}\n")


def refuses(running: processes.Running, reason: str) -> None:
    """Let a process read its files again, which it must refuse to use."""
    running.process.send_signal(signal.SIGHUP)
    standalone.wait(lambda: "All stays as it was" in running.log)
    (told,) = [one for one in running.log.splitlines() if "All stays" in one]
    assert reason in told
    assert "c4n4ry" not in running.log


def add_region_three(site: processes.Processes) -> str:
    """Add a provider that region one may copy to; return its id."""
    third = "0b9e3f4c-5a7d-4c1e-8f60-2d9b7a6c5e41"
    directory = site.path / "providers.d"
    two = directory / "region-two.conf"
    text = two.read_text().replace(TWO, third)
    (directory / "region-three.conf").write_text(
        text.replace("region-two", "region-three")
    )
    one = directory / "region-one.conf"
    one.write_text(one.read_text().replace(TWO, f"{TWO}, {third}"))
    site.manage("provider", "setup", third)
    return third


def test_sigusr2_prints_what_every_thread_does_and_no_secret(tmp_path):
    url = "fake://someone:c4n4ry@127.0.0.1/"
    with processes.site(tmp_path, transport_url=url) as site:
        report_of(site)


def report_of(site: processes.Processes) -> None:
    manager = site.protection()
    [pid] = standalone.wait(lambda: worker_pids(manager))
    standalone.wait(lambda: "started" in manager.log)
    os.kill(pid, signal.SIGUSR2)
    standalone.wait(lambda: "Guru Meditation" in manager.log)
    standalone.wait(lambda: "transport_url" in manager.log)
    assert "in _wait_forever" in manager.log
    # systemctl kill sends it to the manager too.
    os.kill(manager.process.pid, signal.SIGUSR2)
    standalone.wait(lambda: manager.log.count("Guru Meditation") == 2)
    standalone.wait(lambda: manager.log.count("transport_url") == 2)
    assert "c4n4ry" not in manager.log
    assert manager.stop() == 0


@pytest.mark.parametrize(
    "command", ["karbor-copy-api", "karbor-copy-protection"]
)
def test_tables_of_another_version_are_refused(site, command):
    (site.path / "karbor_copy.sqlite").unlink()
    # As operators start it: by the script that is installed.
    refused = site.start(
        [
            str(pathlib.Path(sys.executable).with_name(command)),
            *("--config-file", str(site.config)),
        ]
    )
    assert refused.process.wait(standalone.TIMEOUT) == 1
    assert "karbor-copy-manage db sync" in refused.log
