# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""Simulated time: certificates of six and of ninety days over weeks (a year with ACME_DNS_LONG=1), the CA down one day
in five and holding to the limits that Let's Encrypt has published."""

import os
import time

import pytest
from year_scene import Year, world

IS_LONG = os.environ.get("ACME_DNS_LONG") == "1"
COUNTS = {"shortlived": 96, "classic": 64} if IS_LONG else {"shortlived": 36, "classic": 16}
ORDERS_MOST = 1.05
PEAK_MOST = 3


@pytest.mark.parametrize("has_ari, days", [(True, 15), (False, 30)], ids=["ari", "rule"])
def test_nothing_expires_and_the_ca_is_spared(make_lab, make_client, has_ari, days):
    """Without ARI all certificates are made in one run; with it, whose windows are narrow, over days."""
    year = Year(make_lab(world(8)), make_client, COUNTS, has_ari=has_ari)
    begun_s = time.time()
    growth = 18 if has_ari else 1
    year.grow(growth)
    year.simulate(365 if IS_LONG else days)
    facts = year.judge(begun_s, growth)
    print(facts)
    assert facts.least_left_s > 0, str(facts)
    assert facts.kinds["rateLimited"] == 0 and facts.kinds["invalid"] == 0, str(facts)
    assert facts.orders <= ORDERS_MOST * (facts.renewed + len(year.names)), str(facts)
    assert facts.most <= PEAK_MOST * facts.mean, str(facts)
    assert len(facts.issued) == len(year.names)
    # All that was published is gone again.
    assert not [name for _, _, files in os.walk(year.txt) for name in files]
