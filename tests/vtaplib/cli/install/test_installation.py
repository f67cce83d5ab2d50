from __future__ import annotations

import json
import platform
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from tests.vtaplib.cli.command import EXAMPLES, Vtap
from vtaplib.cli.install.installation import terraform_platform
from vtaplib.cli.terraform.run import find_terraform

IMPLIED = Path("home", ".terraform.d", "plugins")


def executable_in(mirror: Path) -> Path:
    """The one file in a mirror."""
    (found,) = [path for path in mirror.rglob("*") if path.is_file()]
    return found


def test_the_mirror_is_laid_out_as_terraform_wants_it(vtap: Vtap, tmp_path: Path) -> None:
    document = vtap("install", "--to", "mirror", "--json").document
    executable = executable_in(tmp_path / "mirror")
    assert re.fullmatch(
        r"terraform\.local/vtap/vtap/(?P<version>\d+\.\d+\.\d+)/[a-z]+_[a-z0-9]+/"
        r"terraform-provider-vtap_v(?P=version)",
        str(executable.relative_to(tmp_path / "mirror")),
    )
    assert stat.S_IMODE(executable.stat().st_mode) == 0o755
    assert document["executable"] == str(executable)
    assert document["outcome"] == "installed"
    assert document["not_compiled"] == []
    assert document["source"] == "terraform.local/vtap/vtap"


@pytest.mark.terraform
def test_the_platform_is_named_as_terraform_names_it() -> None:
    command = [*find_terraform(), "version", "-json"]
    printed = subprocess.run(command, check=True, capture_output=True).stdout
    assert json.loads(printed)["platform"] == terraform_platform()
    assert platform.system().lower() in terraform_platform()


def test_installing_again_changes_nothing(vtap: Vtap, tmp_path: Path) -> None:
    vtap("install", "--to", "mirror")
    executable = executable_in(tmp_path / "mirror")
    before = executable.stat()
    assert vtap("install", "--to", "mirror", "--json").document["outcome"] == "unchanged"
    after = executable_in(tmp_path / "mirror").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_an_executable_of_another_installation_is_replaced_with_a_word_on_lock_files(
    vtap: Vtap, tmp_path: Path
) -> None:
    vtap("install", "--to", "mirror")
    executable = executable_in(tmp_path / "mirror")
    text = executable.read_text()
    executable.write_text("#!/nowhere/python -IS\n")
    document = vtap("install", "--to", "mirror", "--json").document
    assert document["outcome"] == "replaced"
    assert any("terraform init -upgrade" in note for note in document["notes"])
    assert executable_in(tmp_path / "mirror").read_text() == text


def test_running_the_provider_leaves_nothing_beside_it(vtap: Vtap, tmp_path: Path) -> None:
    vtap("install", "--to", "mirror")
    executable = executable_in(tmp_path / "mirror")
    subprocess.run([executable], capture_output=True, check=False)
    assert executable_in(tmp_path / "mirror") == executable


def test_other_files_beside_the_provider_are_refused_and_left(vtap: Vtap, tmp_path: Path) -> None:
    vtap("install", "--to", "mirror")
    stranger = executable_in(tmp_path / "mirror").with_name("notes.txt")
    stranger.write_text("mine")
    message = vtap.refuses("install", "--to", "mirror")
    assert str(stranger.parent) in message
    assert "notes.txt" in message
    assert stranger.read_text() == "mine"


def test_a_directory_that_cannot_be_written_is_an_error_with_its_name(vtap: Vtap, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "file/mirror" in vtap.refuses("install", "--to", "file/mirror")
    assert "/proc/mirror" in vtap.refuses("install", "--to", "/proc/mirror")


def test_the_default_is_where_every_terraform_looks(vtap: Vtap, tmp_path: Path) -> None:
    text = vtap("install").stdout
    executable = executable_in(tmp_path / IMPLIED)
    assert str(executable) in text
    assert 'azurerm = { source = "terraform.local/vtap/vtap" }' in text
    assert "does not look" not in text
    assert "does not look into" in vtap("install", "--to", "mirror").stdout


def test_a_configuration_that_keeps_terraform_from_looking_there_is_named(vtap: Vtap, tmp_path: Path) -> None:
    (tmp_path / "home" / ".terraformrc").write_text("provider_installation {\n  direct {}\n}\n")
    (note,) = vtap("install", "--json").document["notes"]
    assert str(tmp_path / "home" / ".terraformrc") in note
    assert str(tmp_path / IMPLIED) in note


@pytest.mark.terraform
def test_terraform_itself_finds_it_there_and_applies_with_it(vtap: Vtap, tmp_path: Path) -> None:
    vtap("install")
    root = tmp_path / "root"
    shutil.copytree(
        EXAMPLES / "quickstart", root, ignore=shutil.ignore_patterns(".terraform*", ".vtap", "*.tfstate*")
    )
    for command in (["init"], ["apply", "-auto-approve"], ["plan", "-detailed-exitcode"]):
        result = subprocess.run(
            [*find_terraform(), *command, "-no-color", "-input=false"],
            cwd=root,
            env=dict(vtap.environment),
            capture_output=True,
            text=True,
            check=False,
        )
        # A lock file has been written by then: what is beside the executable is checked each time.
        assert result.returncode == 0, result.stdout + result.stderr
