# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""Options: which go together, and what is wrong with those that do not."""
import pytest

from driving import BAD_CONFIG, OK, Plugin

TOKEN = "0123456789abcdefghijklmnopqrstuvwxyzABCD"
KEY = "0123456789abcdef0123456789abcdef01234"


def check(**options):
    with Plugin("cloudflare", **options) as p:
        return p.call("check")


@pytest.mark.parametrize("options", [
    {"api_token": TOKEN},
    {"api_token": "cfut_" + TOKEN + "00000000", "zone_api_token": "cfat_" + TOKEN, "account_id": "ab" * 16},
    {"api_token": TOKEN, "email": "ops@example.com"},
    {"api_token": TOKEN, "zone_id": "0123456789abcdef0123456789abcdef", "zone_api_token": "", "api_key": ""},
    {"api_key": KEY, "email": "ops@example.com"},
    {"api_token": TOKEN, "api_url": "https://gateway.example.com/cloudflare"},
    {"api_token": TOKEN, "api_url": "http://127.0.0.1:8080"},
])
def test_good_settings(options):
    result = check(**options)
    assert result.status == OK, result.text


@pytest.mark.parametrize("options, words", [
    ({}, ["api-token", "dash.cloudflare.com"]),
    ({"api_token": TOKEN, "api_key": KEY, "email": "a@b"}, ["api-token", "api-key", "both"]),
    ({"api_key": KEY}, ["email"]),
    ({"email": "a@b"}, ["no credential"]),
    ({"api_key": KEY, "email": "nobody"}, ["e-mail address"]),
    ({"api_key": KEY, "email": "a@b", "zone_api_token": TOKEN}, ["zone-api-token", "api-token"]),
    ({"api_token": "cfk_" + TOKEN}, ["Global API Key", "api-key"]),
    ({"api_key": "cfut_" + TOKEN, "email": "a@b"}, ["api-token"]),
    ({"api_key": "v1.0-" + TOKEN, "email": "a@b"}, ["Origin CA"]),
    ({"api_token": "Bearer " + TOKEN}, ["Bearer"]),
    ({"api_token": '"%s"' % TOKEN}, ["without quotes"]),
    ({"api_token": TOKEN[:20] + "\x01" + TOKEN[20:]}, ["api-token"]),
    ({"zone_api_token": TOKEN}, ["no credential"]),
    ({"api_token": TOKEN, "zone_id": "example.com"}, ["zone-id", "32"]),
    ({"api_token": TOKEN, "zone_id": "../accounts"}, ["zone-id"]),
    ({"api_token": TOKEN, "account_id": "my account"}, ["account-id"]),
    ({"api_token": TOKEN, "api_url": "http://api.cloudflare.com/client/v4"}, ["api-url"]),
    ({"api_token": TOKEN, "api_url": "api.cloudflare.com"}, ["api-url"]),
])
def test_bad_settings_are_named(options, words):
    result = check(**options)
    assert result.status == BAD_CONFIG and not [w for w in words if w not in result.text], result.text
    assert TOKEN not in result.text and KEY not in result.text
