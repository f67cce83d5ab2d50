"""The provider block: what it means with the environment, and what is said about a wrong one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from provider_shim.diagnostics import DiagnosticSeverity
from provider_shim.provider_configuration import (
    KEEP_FULL_GROUPS,
    SKIP_EXISTING,
    ProviderConfiguration,
    provider_schema,
    read_configuration,
)
from vtaplib.model.policy import SETTINGS, Policy
from vtaplib.model.unknown import UNKNOWN

ONE, TWO = "11111111-2222-4333-8444-555555555555", "AAAAAAAA-2222-4333-8444-BBBBBBBBBBBB"


def read(
    config: dict[str, Any], environment: dict[str, str] | None = None
) -> tuple[ProviderConfiguration | None, list[tuple[Any, ...]]]:
    """The configuration and the paths of what is wrong."""
    found, diagnostics = read_configuration(config, environment or {})
    assert all(one.severity is DiagnosticSeverity.ERROR and one.summary and one.detail for one in diagnostics)
    return found, [one.path for one in diagnostics]


def test_the_client_is_read_like_the_tenant() -> None:
    for config, environment, expected in (
        ({"client_id": ONE}, {"ARM_CLIENT_ID": TWO}, ONE),
        ({}, {"ARM_CLIENT_ID": TWO}, TWO),
        ({"client_id": UNKNOWN}, {}, ""),
        ({}, {}, ""),
    ):
        found, _ = read({"subscription_id": ONE, **config}, environment)
        assert found is not None
        assert found.client_id == expected


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
    assert (found.endpoint.path, found.subscription_id, found.tenant_id) == expected


@pytest.mark.parametrize(
    ("config", "path"),
    [
        ({}, "subscription_id"),
        ({"subscription_id": "mine"}, "subscription_id"),
        ({"subscription_id": ONE + "0"}, "subscription_id"),
        ({"subscription_id": ONE, "tenant_id": "x"}, "tenant_id"),
        ({"subscription_id": ONE, "endpoint": "https://x"}, "endpoint"),
        ({"subscription_id": ONE, "endpoint": "cloud.db"}, "endpoint"),
        ({"subscription_id": ONE, "endpoint": "memory:"}, "endpoint"),
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


def policy(block: dict[str, Any], environment: dict[str, str] | None = None) -> Policy:
    found, wrong = read({"subscription_id": ONE, "policy": [block]}, environment)
    assert found is not None, wrong
    return found.policy


def test_every_setting_is_an_argument_of_the_policy_block_with_its_reason() -> None:
    block = next(one for one in provider_schema().block.blocks if one.name == "policy")
    assert block.max_items == 1
    assert {one.name for one in block.block.attributes} == SETTINGS.keys()
    assert all(one.optional and one.description for one in block.block.attributes)


def test_the_policy_block_goes_before_the_environment_and_that_before_the_defaults() -> None:
    environment = {"VTAP_POLICY_FASTPATH_CHECK": "off", "VTAP_POLICY_TAPS_PER_REGION": "3"}
    assert policy({}) == Policy()
    assert policy({}, environment) == Policy(fastpath_check="off", taps_per_region=3)
    assert policy({"fastpath_check": "warn", "vni": None}, environment) == Policy(
        fastpath_check="warn", taps_per_region=3
    )


@pytest.mark.parametrize(
    ("argument", "value", "setting"),
    [
        ("vni", "fixed:7", "fixed:7"),
        ("mirror_denied", True, True),
        ("taps_per_region", 7, 7),
        ("taps_per_region", Decimal(7), 7),
        ("unsupported_size_suffixes", ["_v6", "_v7"], ("_v6", "_v7")),
        ("unsupported_size_suffixes", [], ()),
        ("snaplen", "128", "128"),
    ],
)
def test_an_argument_of_the_policy_block_is_its_setting(argument: str, value: Any, setting: Any) -> None:
    assert getattr(policy({argument: value}), argument) == setting


@pytest.mark.parametrize(
    "block",
    [
        {"vni": "sometimes"},
        {"taps_per_region": -1},
        {"taps_per_region": Decimal("1.5")},
        {"source_change_downtime_s": 61},
        {"fastpath_check": UNKNOWN},
        {"unsupported_size_suffixes": ["_v6", UNKNOWN]},
    ],
)
def test_a_wrong_argument_of_the_policy_block_is_named(block: dict[str, Any]) -> None:
    (name,) = block
    assert read({"subscription_id": ONE, "policy": [block]}) == (None, [("policy", 0, name)])


@pytest.mark.parametrize("variable", ["VTAP_POLICY_VNI", "VTAP_POLICY_SPEED"])
def test_a_wrong_policy_in_the_environment_is_said(variable: str) -> None:
    found, diagnostics = read_configuration({"subscription_id": ONE}, {variable: "high"})
    assert found is None
    (one,) = diagnostics
    assert variable.removeprefix("VTAP_POLICY_").lower() in one.detail
