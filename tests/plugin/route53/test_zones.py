# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""From a zone's name to the hosted zone that the DNS has."""
import pytest

from conftest import ZONE
from driving import BAD_CONFIG, DENIED, NO_ZONE, OK

OWNER, VALUE = "_acme-challenge." + ZONE, "a-value"


def test_paging_and_exact_names(make_api):
    """Zones that sort behind, private ones of the same name over several pages, another's with our name inside."""
    api = make_api(page=1, hosted=[
        {"id": "ZAPRIVATE", "name": ZONE, "private": True}, {"id": "ZBPRIVATE", "name": ZONE, "private": True},
        {"id": "ZCPUBLIC", "name": ZONE}, {"id": "ZDOTHER", "name": "www." + ZONE}, {"id": "ZEOTHER", "name": "zz.test."}])
    with api.plugin().open() as p:
        assert p.call("add", OWNER, ZONE, VALUE, 60).status == OK
        assert p.call("remove", OWNER, ZONE, VALUE, 60).status == OK
    lookups = api.requests("GET", "hostedzonesbyname")
    assert len(lookups) == 3, "the zone is looked up once, page by page"
    assert [r["path"] for r in api.requests("POST")] == ["/2013-04-01/hostedzone/ZCPUBLIC/rrset"] * 2


def test_only_a_private_zone(make_api):
    api = make_api(hosted=[{"id": "ZAPRIVATE", "name": ZONE, "private": True}])
    with api.plugin().open() as p:
        result = p.call("add", OWNER, ZONE, VALUE, 60)
    assert result.status == NO_ZONE and "only a private hosted zone" in result.text


def test_a_given_id_skips_every_lookup(make_api):
    api = make_api(deny=["ListHostedZonesByName", "ListHostedZones", "GetHostedZone"])
    before = api.txt()
    with api.plugin().open() as p:
        result = p.call("add", OWNER, ZONE, VALUE, 60)
        assert result.status == DENIED and "hosted-zone-id = ID of %s" % ZONE in result.text
        assert "route53:ListHostedZonesByName" in result.text
    for given in ("Z1LAB", "/hostedzone/Z1LAB", "Example.Test=Z1LAB", ["other.test=Z9", "example.test.=Z1LAB"]):
        with api.plugin(hosted_zone_id=given).open() as p:
            assert p.call("add", OWNER, ZONE, VALUE, 60).status == OK
            assert p.call("remove", OWNER, ZONE, VALUE, 60).status == OK
    assert api.txt() == before
    assert len(api.requests("GET", "hostedzonesbyname")) == 1


@pytest.mark.parametrize("given", ["", "not an id", "example.test=", ["Z1", "Z2"]])
def test_ids_that_are_none(api, given):
    with api.plugin(hosted_zone_id=given) as p:
        result = p.call("check")
    assert result.status == BAD_CONFIG and "hosted-zone-id" in result.text


def test_an_id_of_no_zone(api):
    with api.plugin(hosted_zone_id="ZNONE").open() as p:
        result = p.call("add", OWNER, ZONE, VALUE, 60)
    assert result.status == NO_ZONE and "No hosted zone found with ID: ZNONE" in result.text


def test_zones_are_reported(make_api):
    hosted = [{"id": "Z%d" % n, "name": "z%d.test." % n, "private": n == 3} for n in range(5)]
    api = make_api(page=2, hosted=hosted)
    with api.plugin().open() as p:
        result = p.call("zones")
    assert result.status == OK and result.zones == ["z0.test.", "z1.test.", "z2.test.", "z4.test."]
    with api.plugin(hosted_zone_id="Z2").open() as p:
        assert p.call("zones").zones == ["z2.test."]
