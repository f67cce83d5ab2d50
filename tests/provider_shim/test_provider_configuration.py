"""The provider block: what it means with the environment, and what is said about a wrong one."""

from __future__ import annotations

from typing import Any

import pytest

from provider_shim.diagnostics import Severity
from provider_shim.provider_configuration import (
    KEEP_FULL_GROUPS,
    SKIP_EXISTING,
    ProviderConfiguration,
    provider_schema,
    read_configuration,
)
from vtaplib.model.unknown import UNKNOWN

ONE, TWO = "11111111-2222-4333-8444-555555555555", "AAAAAAAA-2222-4333-8444-BBBBBBBBBBBB"


def read(
    config: dict[str, Any], environment: dict[str, str] | None = None
) -> tuple[ProviderConfiguration | None, list[tuple[Any, ...]]]:
    """The configuration and the paths of what is wrong."""
    found, diagnostics = read_configuration(config, environment or {})
    assert all(one.severity is Severity.ERROR and one.summary and one.detail for one in diagnostics)
    return found, [one.path for one in diagnostics]


@pytest.mark.parametrize(
    ("config", "environment", "expected"),
    [
        ({"subscription_id": ONE}, {}, (".vtap/cloud.db", ONE, None)),
        ({}, {"ARM_SUBSCRIPTION_ID": ONE, "ARM_TENANT_ID": TWO}, (".vtap/cloud.db", ONE, TWO)),
        ({"subscription_id": ONE}, {"ARM_SUBSCRIPTION_ID": TWO}, (".vtap/cloud.db", ONE, None)),
        ({"subscription_id": ""}, {"ARM_SUBSCRIPTION_ID": TWO}, (".vtap/cloud.db", TWO, None)),
        ({"subscription_id": UNKNOWN, "tenant_id": UNKNOWN}, {}, (".vtap/cloud.db", "", None)),
        ({"subscription_id": ONE, "endpoint": "file:/x/y z.db"}, {}, ("/x/y z.db", ONE, None)),
        ({"subscription_id": ONE}, {"VTAP_ENDPOINT": "file:here.db"}, ("here.db", ONE, None)),
        ({"subscription_id": ONE, "endpoint": "file:a"}, {"VTAP_ENDPOINT": "file:b"}, ("a", ONE, None)),
    ],
)
def test_the_block_goes_before_the_environment_and_that_before_the_defaults(
    config: dict[str, Any], environment: dict[str, str], expected: tuple[str, str, str | None]
) -> None:
    found, wrong = read(config, environment)
    assert wrong == []
    assert found is not None
    assert (found.path, found.subscription_id, found.tenant_id) == expected


@pytest.mark.parametrize(
    ("config", "path"),
    [
        ({}, "subscription_id"),
        ({"subscription_id": "mine"}, "subscription_id"),
        ({"subscription_id": ONE + "0"}, "subscription_id"),
        ({"subscription_id": ONE, "tenant_id": "x"}, "tenant_id"),
        ({"subscription_id": ONE, "endpoint": "https://x"}, "endpoint"),
        ({"subscription_id": ONE, "endpoint": "cloud.db"}, "endpoint"),
        ({"subscription_id": ONE, "endpoint": "file:"}, "endpoint"),
        ({"subscription_id": ONE, "endpoint": UNKNOWN}, "endpoint"),
    ],
)
def test_a_wrong_argument_is_named(config: dict[str, Any], path: str) -> None:
    assert read(config) == (None, [(path,)])


def test_everything_that_is_wrong_is_said_at_once() -> None:
    _, wrong = read({"subscription_id": "x", "tenant_id": "y", "endpoint": "z"})
    assert sorted(wrong) == [("endpoint",), ("subscription_id",), ("tenant_id",)]


def test_a_wrong_variable_of_the_environment_is_an_error_of_its_argument() -> None:
    assert read({}, {"ARM_SUBSCRIPTION_ID": "x"}) == (None, [("subscription_id",)])


@pytest.mark.parametrize(
    ("features", "expected"),
    [
        ([], (False, True)),
        ([{SKIP_EXISTING: None, "resource_group": []}], (False, True)),
        ([{SKIP_EXISTING: True, "resource_group": [{KEEP_FULL_GROUPS: False}]}], (True, False)),
        ([{SKIP_EXISTING: False, "resource_group": [{KEEP_FULL_GROUPS: True}]}], (False, True)),
        ([{SKIP_EXISTING: UNKNOWN, "resource_group": [{KEEP_FULL_GROUPS: UNKNOWN}]}], (False, True)),
        ([{SKIP_EXISTING: UNKNOWN, "resource_group": UNKNOWN}], (False, True)),
        (UNKNOWN, (False, True)),
    ],
)
def test_two_features_have_an_effect(features: Any, expected: tuple[bool, bool]) -> None:
    found, _ = read({"subscription_id": ONE, "features": features})
    assert found is not None
    assert (found.allow_overwriting, found.keep_full_groups) == expected


def test_the_block_has_azurerms_features_and_wants_one() -> None:
    features = next(one for one in provider_schema().block.blocks if one.name == "features")
    assert (features.min_items, features.max_items) == (1, 1)
    assert {"key_vault", "resource_group", "virtual_machine"} <= {one.name for one in features.block.blocks}


def test_secrets_are_sensitive() -> None:
    sensitive = {one.name for one in provider_schema().block.attributes if one.sensitive}
    assert {"client_secret", "client_certificate_password", "oidc_token"} <= sensitive
    assert not {"subscription_id", "tenant_id", "endpoint"} & sensitive
