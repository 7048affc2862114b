# SPDX-License-Identifier: Apache-2.0
"""Tests of karbor_copy.providers.provider_file."""

import pathlib
import re

import pytest

from karbor_copy import exceptions
from karbor_copy.plugins import noop
from karbor_copy.plugins.volume_file import plugin
from karbor_copy.providers import provider
from karbor_copy.providers import provider_file
from karbor_copy.providers import source_lines
from tests.fakes import providers


def load(path: pathlib.Path) -> provider.Provider | None:
    return provider_file.load(path, source_lines.SourceLines(path))


def load_enabled(path: pathlib.Path) -> provider.Provider:
    found = load(path)
    assert found is not None
    return found


def fail(path: pathlib.Path) -> str:
    """Return the error without the directory."""
    with pytest.raises(exceptions.ProviderConfigError) as caught:
        load(path)
    return str(caught.value).removeprefix(f"{path.parent}/")


def test_a_file_makes_a_provider(tmp_path: pathlib.Path) -> None:
    path = providers.write(
        tmp_path,
        "one.conf",
        targets=f"{providers.TWO}, {providers.ONE}",
        more="verify = checksum\n",
    )
    found = load_enabled(path)
    assert found.id == providers.ONE
    assert found.name == "Region one"
    assert found.description == "Main bank"
    assert found.region == "region-one"
    assert found.targets == (providers.TWO, providers.ONE)
    assert found.verify == "checksum"
    assert found.bank_name == "karbor-memory-bank-plugin"
    assert found.bank_options == {"memory_bank_container": "karbor"}
    assert set(found.plugin_names.values()) == {providers.NOOP}


def test_what_is_left_out_has_a_default(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "one.conf"
    path.write_text(
        f"[provider]\nname = one\nid = {providers.ONE}\nenabled = true\n"
        "bank = karbor-memory-bank-plugin\n"
    )
    found = load_enabled(path)
    assert found.description == ""
    assert found.region == ""
    assert found.targets == ()
    assert found.verify == "read_back"
    assert found.plugins == {}


def test_an_id_may_be_written_in_any_way(tmp_path: pathlib.Path) -> None:
    path = providers.write(
        tmp_path, "one.conf", id=providers.ONE.upper().replace("-", "")
    )
    assert load_enabled(path).id == providers.ONE


def test_plugins_have_their_options(tmp_path: pathlib.Path) -> None:
    path = providers.write(
        tmp_path,
        "one.conf",
        plugin=providers.VOLUME_FILE,
        more="[volume_file_plugin]\nvolumes_path = /volumes\n"
        "chunk_size = 131072\n",
    )
    found = load_enabled(path)
    made = found.new_plugin(plugin.VOLUME)
    options = made.config[plugin.VolumeFilePlugin.GROUP]
    assert options.volumes_path == "/volumes"
    assert options.chunk_size == 131072


@pytest.mark.parametrize("last", [providers.NOOP, providers.VOLUME_FILE])
def test_the_last_plugin_of_a_type_serves(
    tmp_path: pathlib.Path, last: str
) -> None:
    both = {providers.NOOP, providers.VOLUME_FILE}
    (first,) = both - {last}
    path = providers.write(
        tmp_path,
        "one.conf",
        plugin=f"{first}\nplugin = {last}",
        more="[volume_file_plugin]\nvolumes_path = /volumes\n",
    )
    found = load_enabled(path)
    assert found.plugin_names[plugin.VOLUME] == last
    assert found.plugins["OS::Nova::Server"] is noop.NoopProtectionPlugin


@pytest.mark.parametrize("value", ["False", "no", "0"])
def test_what_is_not_enabled_is_not_looked_at(
    tmp_path: pathlib.Path, value: str
) -> None:
    path = tmp_path / "one.conf"
    path.write_text(
        f"[provider]\nenabled = {value}\nid = x\nbank = none\nplugin = none\n"
    )
    assert load(path) is None


def test_karbors_default_is_not_enabled(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "one.conf"
    path.write_text("[provider]\nname = one\n")
    assert load(path) is None


def test_the_environment_says_nothing(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OS_PROVIDER__NAME", "of the environment")
    path = providers.write(tmp_path, "one.conf")
    assert load_enabled(path).name == "Region one"


def test_a_plugin_keeps_its_options_as_those_of_karbor(
    tmp_path: pathlib.Path,
) -> None:
    path = providers.write(
        tmp_path,
        "one.conf",
        plugin=providers.KARBOR,
        more="[vendor]\npace = 5\n",
    )
    made = load_enabled(path).new_plugin("Vendor::Thing")
    assert isinstance(made, providers.KarborPlugin)
    assert made.pace == 5


def change(path: pathlib.Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        (providers.ONE, "x", 4, "[provider] id: 'x' is no UUID"),
        (f"id = {providers.ONE}\n", "", 1, "[provider] id: must be set"),
        ("name = Region one", "name =", 2, "[provider] name: must be set"),
        ("bank = karbor-memory-bank-plugin\n", "", 1, "bank: must be set"),
        ("karbor-memory-bank-plugin", "none", 7, "bank: "),
        (providers.NOOP, "none", 6, "plugin: No protection plugin 'none'"),
        (
            providers.NOOP,
            f"{providers.NOOP}\nplugin = json.JSONDecoder",
            7,
            "plugin: 'json.JSONDecoder' is no protection plugin",
        ),
        (
            providers.NOOP,
            f"{providers.NOOP}\nplugin = {providers.BROKEN}",
            7,
            "plugin: KeyError: 'vendor'",
        ),
        ("enabled = True", "enabled = maybe", 8, "[provider] enabled: "),
        ("region = ", "regional = ", 5, "[provider] regional: unknown option"),
        ("targets = ", "target = ", 10, "[copy] target: unknown option"),
        ("targets = ", "targets = x", 10, "[copy] targets: 'x' is no UUID"),
        ("targets = ", "verify = no", 10, "[copy] verify: "),
        (
            "targets = ",
            "bandwidth = 8-18 UTC 1M, else 2M",
            10,
            "[copy] bandwidth: '8-18' is not 'HH:MM-HH:MM'",
        ),
        ("Main bank", "$nothing", 3, "[provider] description: "),
    ],
)
def test_a_wrong_value_is_named_by_line(
    tmp_path: pathlib.Path, old: str, new: str, line: int, words: str
) -> None:
    path = providers.write(tmp_path, "one.conf")
    change(path, old, new)
    error = fail(path)
    assert error.startswith(f"one.conf:{line}: ")
    assert words in error


@pytest.mark.parametrize(
    ("group", "line", "words"),
    [
        ("", 1, "[volume_file_plugin] volumes_path: must be set"),
        ("[volume_file_plugin]\n", 11, "volumes_path: must be set"),
        (
            "[volume_file_plugin]\nvolumes_path=/v\nchunk_size = 65537\n",
            13,
            "[volume_file_plugin] chunk_size: ",
        ),
        (
            "[volume_file_plugin]\nvolumes_path=/v\nchunksize = 65536\n",
            13,
            "[volume_file_plugin] chunksize: unknown option",
        ),
    ],
)
def test_a_plugins_wrong_option_is_named_by_line(
    tmp_path: pathlib.Path, group: str, line: int, words: str
) -> None:
    path = providers.write(
        tmp_path, "one.conf", plugin=providers.VOLUME_FILE, more=group
    )
    error = fail(path)
    assert error.startswith(f"one.conf:{line}: ")
    assert words in error


def test_a_banks_missing_option_is_named(tmp_path: pathlib.Path) -> None:
    path = providers.write(tmp_path, "one.conf")
    change(path, "karbor-memory-bank-plugin", "karbor-fs-bank-plugin")
    error = fail(path)
    assert "file_system_bank_path: must be set" in error
    assert error.startswith("one.conf:1: ")


def test_groups_of_nobody_are_left_alone(tmp_path: pathlib.Path) -> None:
    path = providers.write(
        tmp_path, "one.conf", more="[swift_client]\nswift_user = x\n"
    )
    assert load_enabled(path).id == providers.ONE


class BrokenPlugin(noop.NoopProtectionPlugin):
    @classmethod
    def get_supported_resources_types(cls) -> tuple[str, ...]:
        raise ZeroDivisionError("broken")


def test_a_broken_plugin_is_an_error_of_its_line(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        provider_file.plugin_loader, "get_class", lambda name: BrokenPlugin
    )
    path = providers.write(tmp_path, "one.conf", plugin="broken")
    assert fail(path) == "one.conf:6: [provider] plugin: broken"


SWIFT = """\
[provider]
name = one
id = cf56bd3e-97a7-4078-b6d5-f36246333fd9
bank = karbor-swift-bank-plugin
enabled = true
[swift_bank_plugin]
bank_swift_object_container = backups
lease_expire_window = 600
[swift_client]
swift_auth_url = http://127.0.0.1/identity
swift_user = demo
swift_key = s3cret
swift_tenant_name = demo
"""


def test_a_bank_and_its_client_have_groups_of_their_own(
    tmp_path: pathlib.Path,
) -> None:
    path = tmp_path / "one.conf"
    path.write_text(SWIFT)
    found = load_enabled(path)
    assert found.bank_options["bank_swift_object_container"] == "backups"
    assert found.bank_options["swift_user"] == "demo"
    assert "s3cret" not in repr(found)
    location = "swift://127.0.0.1/backups"
    assert found.make_bank().location == location


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("swift_key = s3cret\n", "", "9: [swift_client] swift_key: must be"),
        ("swift_tenant_name = demo\n", "", "swift_tenant_name: must be set"),
        ("swift_user = demo\n", "swift_usr = x\n", "11: [swift_client] sw"),
        ("http://127", "ftp://127", "10: [swift_client] swift_auth_url: "),
        ("http://127", "http://me:s3cret@127", "10: [swift_client] swift_au"),
        ("http://127.0.0.1", "http://", "swift_auth_url: must be a URL"),
        ("[swift_client]", "[swift_client]\nswift_auth_version = 2", "10: ["),
        (
            "swift_user = demo\n",
            "swift_application_credential_id = x\n",
            "swift_application_credential_secret: must be set",
        ),
        ("= backups", "= a/b", "7: [swift_bank_plugin] bank_swift_object_c"),
        (
            "swift_user",
            "swift_ca_cert_file = /no/such\nswift_user",
            "11: [swift_client] swift_ca_cert_file: /no/such: No such file",
        ),
    ],
)
def test_what_is_wrong_with_a_bank_is_told_with_its_place(
    tmp_path: pathlib.Path, old: str, new: str, error: str
) -> None:
    path = tmp_path / "one.conf"
    assert old in SWIFT
    path.write_text(SWIFT.replace(old, new))
    told = fail(path)
    assert error in told
    assert "s3cret" not in told


@pytest.mark.parametrize("name", ["swift", "s3"])
def test_the_sample_files_need_only_their_credentials(
    tmp_path: pathlib.Path, name: str
) -> None:
    root = pathlib.Path(__file__).parents[3]
    sample = root / "etc" / "karbor_copy" / "providers.d" / f"{name}.conf"
    text = sample.read_text().replace("enabled = False", "enabled = True")
    path = tmp_path / "one.conf"
    path.write_text(text)
    assert "must be set" in fail(path)
    path.write_text(re.sub("=$", "= x", text, flags=re.MULTILINE))
    assert load_enabled(path).make_bank().location.startswith(name)


S3 = """\
[provider]
name = one
id = cf56bd3e-97a7-4078-b6d5-f36246333fd9
bank = karbor-s3-bank-plugin
enabled = true
[s3_bank_plugin]
bank_s3_object_bucket = backups
bank_s3_lease_bucket = lease
[s3_client]
s3_endpoint = https://127.0.0.1:7480
s3_access_key = demo
s3_secret_key = s3cret
"""


def test_an_s3_bank_has_karbors_options(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "one.conf"
    path.write_text(S3)
    made = load_enabled(path).make_bank()
    assert made.location == "s3://127.0.0.1:7480/us-east-1/backups"


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("s3_secret_key = s3cret\n", "", "9: [s3_client] s3_secret_key: "),
        ("s3_access_key = demo", "s3_access_key =", "11: [s3_client] s3_acc"),
        ("https://", "s3://", "10: [s3_client] s3_endpoint: must be a URL"),
        ("https://", "https://me:s3cret@", "s3_endpoint: no user or pass"),
        ("7480", "7480/?a=b", "s3_endpoint: the URL must end with its path"),
        ("7480", "port", "s3_endpoint: must be a URL"),
        ("= backups", "= back/ups", "7: [s3_bank_plugin] bank_s3_object_b"),
        ("[s3_client]", "[s3_client]\ns3_region_name = a/b", "10: [s3_cl"),
        ("[s3_client]", "[s3_client]\ns3_addressing_style = x", "10: [s3"),
    ],
)
def test_what_is_wrong_with_an_s3_bank_is_told_with_its_place(
    tmp_path: pathlib.Path, old: str, new: str, error: str
) -> None:
    path = tmp_path / "one.conf"
    assert old in S3
    path.write_text(S3.replace(old, new))
    told = fail(path)
    assert error in told
    assert "s3cret" not in told
