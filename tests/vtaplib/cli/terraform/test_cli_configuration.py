from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.vtaplib.cli.command import Vtap
from vtaplib.cli.install.installation import terraform_platform
from vtaplib.cli.terraform.cli_configuration import add_mirror, blocks_in, has_installation_block, quote

SOURCE = "terraform.local/vtap/vtap"
MIRROR = Path("/mirror")

REQUIREMENT = f"""
terraform {{
  required_providers {{
    azurerm = {{ source = "{SOURCE}" }}
  }}
}}
"""

# Settings that people have, each with something that a careless reader trips over. CACHE is a directory.
CONFIGURATIONS = {
    "nothing": "",
    "no newline at the end": 'plugin_cache_dir = "CACHE"',
    "a block that only looks like one": r"""
# provider_installation {
// } {
/* provider_installation { */
plugin_cache_dir = "CACHE"
credentials "provider-installation.example.com" {
  token = "} \" { provider_installation {"
}
""",
    "direct alone": """
provider_installation {
  direct {}
}
""",
    "everything on one line": """
provider_installation { direct { exclude = ["example.com/*/*"] } }
""",
    "an empty list": """
provider_installation {
  direct {
    exclude = []
  }
}
""",
    "a list over lines": """
provider_installation {
  direct {
    exclude = [
      "example.com/*/*", # ours ]
      "example.org/*/*",
    ]
  }
}
""",
    "mirrors first": """
disable_checkpoint = true
provider_installation {
  filesystem_mirror {
    path    = "CACHE"
    include = ["example.com/*/*"]
  }
  network_mirror {
    url     = "https://mirror.invalid/"
    include = ["example.org/*/*"]
  }
  direct {
    exclude = ["example.com/*/*"]
  }
}
credentials "example.com" { token = "secret" }
""",
    "an override of another provider": """
provider_installation {
  dev_overrides {
    "example.com/a/b" = "CACHE"
  }
  direct {}
}
""",
}


@pytest.mark.terraform
@pytest.mark.parametrize("settings", CONFIGURATIONS.values(), ids=CONFIGURATIONS.keys())
def test_terraform_finds_the_provider_whatever_the_user_has_set(
    vtap: Vtap, tmp_path: Path, settings: str
) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    (tmp_path / "home" / ".terraformrc").write_text(settings.replace("CACHE", str(cache)))
    (tmp_path / "main.tf").write_text(REQUIREMENT)
    outcome = vtap("terraform", "init", "-no-color", "-input=false")
    assert f"Installed {SOURCE}" in outcome.stdout or f"Using {SOURCE}" in outcome.stdout
    assert "problems with the CLI configuration" not in outcome.stdout + outcome.stderr


@pytest.mark.terraform
def test_what_the_user_has_set_stays_in_force(vtap: Vtap, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    (tmp_path / "home" / ".terraformrc").write_text(f'plugin_cache_dir = "{cache}"\n')
    (tmp_path / "main.tf").write_text(REQUIREMENT)
    vtap("terraform", "init", "-no-color", "-input=false")
    assert (cache / SOURCE).is_dir()


@pytest.mark.terraform
def test_other_providers_in_the_implied_mirrors_are_still_found(vtap: Vtap, tmp_path: Path) -> None:
    mirrors = {
        "home": "home/.terraform.d/plugins",
        "share": "share/terraform/plugins",
        "here": "terraform.d/plugins",
    }
    for name, mirror in mirrors.items():
        package = tmp_path / mirror / "example.invalid" / "any" / name / "1.0.0" / terraform_platform()
        package.mkdir(parents=True)
        # Terraform only copies it.
        (package / f"terraform-provider-{name}_v1.0.0").write_text("#!/bin/sh\n")
        (package / f"terraform-provider-{name}_v1.0.0").chmod(0o755)
    entries = "".join(f'    {name} = {{ source = "example.invalid/any/{name}" }}\n' for name in mirrors)
    (tmp_path / "main.tf").write_text(REQUIREMENT.replace("    azurerm", f"{entries}    azurerm"))
    outcome = vtap("terraform", "init", "-no-color", "-input=false", XDG_DATA_HOME=str(tmp_path / "share"))
    for name in mirrors:
        assert f"Installed example.invalid/any/{name}" in outcome.stdout
    assert f"Installed {SOURCE}" in outcome.stdout


def test_settings_with_a_token_are_readable_to_the_user_alone(vtap: Vtap, tmp_path: Path) -> None:
    (tmp_path / "home" / ".terraformrc").write_text('credentials "example.com" {\n  token = "secret"\n}\n')
    vtap("terraform", "version")
    (written,) = (tmp_path / "home" / ".cache" / "vtap").rglob("*.rc")
    assert "secret" in written.read_text()
    assert written.stat().st_mode & 0o077 == 0
    assert written.parent.stat().st_mode & 0o077 == 0


def test_settings_in_json_are_refused_with_a_way_out(vtap: Vtap, tmp_path: Path) -> None:
    path = tmp_path / "home" / "settings"
    path.write_text('{"disable_checkpoint": true}')
    message = vtap.refuses("terraform", "version", TF_CLI_CONFIG_FILE=str(path))
    assert message.startswith(f"{path}: is in JSON")
    assert "vtap install" in message


@pytest.mark.parametrize(
    ("text", "types"),
    [
        ("", []),
        ("a {}", ["a"]),
        ('"a" {}', ["a"]),
        ('a "label" "other" {}', ["a"]),
        ("a = 1\nb {}\n", ["b"]),
        ("a {} b {}", ["a", "b"]),
        ("a { b {} }\nc {}", ["a", "c"]),
        ("a = [1, 2]\nb {}", ["b"]),
        ('a = "b {"\nc {}', ["c"]),
        ("# a {\nb {}", ["b"]),
        ("/* a { \n */ b {}", ["b"]),
        ("a = <<EOT\nb {\nEOT\nc {}", ["c"]),
        ("}\na {}", ["a"]),
        ("a {", []),
    ],
)
def test_the_blocks_of_a_text_are_those_that_a_reader_sees(text: str, types: list[str]) -> None:
    assert [block.type for block in blocks_in(text)] == types


def test_a_configuration_without_the_block_gets_it_at_its_end() -> None:
    others = {Path("/other"): ["example.com/a/b"]}
    text = add_mirror("disable_checkpoint = true", SOURCE, MIRROR, others)
    assert text.startswith("disable_checkpoint = true\n")
    (block,) = [block for block in blocks_in(text) if block.type == "provider_installation"]
    inside = text[block.begin : block.end]
    assert [method.type for method in blocks_in(inside)] == [
        "filesystem_mirror",
        "filesystem_mirror",
        "direct",
    ]
    assert re.findall(r'path += "(.+)"', inside) == ["/mirror", "/other"]
    assert re.findall(r"exclude = \[(.+)\]", inside)[-1] == f'"{SOURCE}", "example.com/a/b"'


def test_adding_twice_keeps_one_block() -> None:
    once = add_mirror("", SOURCE, MIRROR, {})
    twice = add_mirror(once, SOURCE, MIRROR, {})
    assert has_installation_block(once)
    assert [block.type for block in blocks_in(twice)] == ["provider_installation"]


def test_a_path_is_quoted() -> None:
    assert quote('a "b" \\ ü') == '"a \\"b\\" \\\\ ü"'
