# SPDX-License-Identifier: Apache-2.0
"""The local checks find what they should and nothing else."""

import ast
import textwrap

import pytest

from tools.hacking import checks


def codes(source: str, path: str = "karbor_copy/api/x.py") -> list[str]:
    source = textwrap.dedent(source)
    plugin = checks.LocalChecks(
        ast.parse(source), f"./{path}", source.splitlines()
    )
    return [text.split(":")[0] for _, _, text, _ in plugin.run()]


def test_revert_must_take_kwargs() -> None:
    assert codes("class T:\n    def revert(self, x): ...\n") == ["K101"]
    assert codes("class T:\n    def revert(self, **kwargs): ...\n") == []
    assert codes("def revert(x): ...\n") == []


OPTION = "OPTS = [cfg.StrOpt('x')]\n"


@pytest.mark.parametrize(
    ("path", "source", "found"),
    [
        ("karbor_copy/conf/api.py", OPTION, []),
        ("karbor_copy/api/app.py", OPTION, ["K102"]),
        ("karbor_copy/banks/file_system.py", OPTION, []),
        ("karbor_copy/plugins/volume_file/plugin.py", OPTION, []),
        (
            "karbor_copy/providers/provider.py",
            "PROVIDER_OPTS: list[cfg.Opt] = [cfg.StrOpt('x')]",
            [],
        ),
        ("karbor_copy/banks/memory.py", "x = cfg.StrOpt('x')", ["K102"]),
        ("karbor_copy/banks/memory.py", "CONF.register_opt(x)", ["K102"]),
        ("karbor_copy/api/app.py", "CONF.register_opts(X)", ["K102"]),
        ("karbor_copy/conf/api.py", "conf.register_opts(X)", []),
        ("karbor_copy/providers/registry.py", "conf.register_opts(X)", []),
        ("karbor_copy/cmd/manage.py", "cfg.SubCommandOpt('x')", []),
        ("karbor_copy/cmd/manage.py", "cfg.StrOpt('x')", ["K102"]),
        ("tests/unit/test_x.py", OPTION, []),
    ],
)
def test_options_have_their_place(
    path: str, source: str, found: list[str]
) -> None:
    assert codes(source, path) == found


@pytest.mark.parametrize("name", ["DocumentedRuleDefault", "RuleDefault"])
def test_policy_rules_have_their_place(name: str) -> None:
    source = f"policy.{name}('x', 'y')\n{name}('x', 'y')\n"
    assert codes(source) == ["K103", "K103"]
    assert codes(source, "karbor_copy/policies/copies.py") == []


@pytest.mark.parametrize(
    "source",
    [
        "import oslo_service\n",
        "import oslo_service.backend\n",
        "from oslo_service import backend\n",
        "from oslo_service.backend import x\n",
    ],
)
def test_only_concurrency_imports_oslo_service(source: str) -> None:
    assert codes(source) == ["K104"]
    assert codes(source, "karbor_copy/concurrency.py") == []


@pytest.mark.parametrize(
    "source",
    [
        "x.status == 'error'",
        "'error' != status",
        "row['status'] in ('error', 'cancelled')",
        "update(status='error')",
        "x.status = 'error'",
        "status = 'error'",
        "status: str = 'error'",
    ],
)
def test_status_strings_are_found(source: str) -> None:
    assert codes(source) == ["K105"]
    assert codes(source, "karbor_copy/data_models/status.py") == []
    assert codes(source, "karbor_copy/client/v1/copies.py") == []
    assert codes(source, "tests/unit/test_x.py") == []


@pytest.mark.parametrize(
    "source",
    [
        "x.status == status.CopyStatus.ERROR",
        "update(status=status.CopyStatus.ERROR)",
        "response.status = 202",
        "x.state == 'queued'",
        "status: str",
        "x.get('status') is None",
    ],
)
def test_other_statuses_are_left_alone(source: str) -> None:
    assert codes(source) == []


def test_function_length_leaves_out_the_docstring() -> None:
    body = "    x = 1\n" * (checks.MAX_FUNCTION_LINES - 1)
    doc = '    """One.\n\n    Two.\n    """\n'
    assert codes(f"def f():\n{doc}{body}") == []
    assert codes(f"def f():\n{doc}{body}    x = 1\n") == ["K106"]
    assert codes(f"async def f():\n{body}    x = 1\n") == ["K106"]


def test_file_length() -> None:
    assert codes("x = 1\n" * checks.MAX_FILE_LINES) == []
    assert codes("x = 1\n" * (checks.MAX_FILE_LINES + 1)) == ["K107"]


def test_tempests_plugin_has_a_room_of_its_own() -> None:
    path = "karbor_copy_tempest_plugin/config.py"
    assert codes(OPTION + "status = 'error'\n", path) == []
    long = "x = 1\n" * (checks.MAX_FILE_LINES + 1)
    assert codes(long, path) == ["K107"]
    body = "    x = 1\n" * checks.MAX_FUNCTION_LINES
    assert codes(f"def f():\n{body}", path) == ["K106"]


def test_findings_name_their_line() -> None:
    tree = ast.parse("x = 1\nstatus = 'error'\n")
    assert list(checks.find(tree, "karbor_copy/x.py", [])) == [
        (2, checks.K105)
    ]
