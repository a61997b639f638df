# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""Cloudflare's API v4, as far as zones and DNS records go: its envelope, error codes, permissions, filters, paging,
batches and rate limit. test_cloudflare_standin.py holds it against Cloudflare's own client.

settings (all optional; names without a dot at the end):
    tokens      {TOKEN: {"permissions": ["zone:read", "dns:edit"], "zones": [NAME] or null for all,
                 "location": true to refuse this host's address}}; without it TOKEN may do anything
    keys        {E-MAIL: GLOBAL KEY}
    details     {ZONE: {"id", "status", "account", "type"}}
    elsewhere   [{"name", "status", "account"}]: more zones, which no name server has
    others      [{"zone", "type", "name", "content"}]: records of other types
    batch       how many changes a batch may hold (200); 0: there is no such endpoint
    rate        [REQUESTS, SECONDS]
    dns_ttl_s   the longest time to live in the DNS, for tests that ask a resolver twice
    per_page_max, record_quota, old_scope (403 for a name outside the token's zones, as until 2021)
"""

import json
import re
import time
import uuid

from .base import Refusal, Reply, Server, on, quote

TOKEN = "TokenThatMayDoAnything_0123456789abcdefg"
_BASE = "/client/v4"
_ID = re.compile("[0-9a-f]{32}")
_TOKEN = re.compile("[A-Za-z0-9_-]{40}|cf[ua]t_[A-Za-z0-9]{40,}")
_KEY = re.compile("[0-9a-f]{37}|cfk_[A-Za-z0-9]{40,}")
_ADDRESSES = ("A", "AAAA", "CNAME")
_ALL = {"permissions": ["zone:read", "dns:edit", "account.zone:list"], "zones": None}


def error(status, code, message, chain=(), headers=None):
    """One of Cloudflare's refusals, to raise."""
    first = {"code": code, "message": message}
    if chain:
        first["error_chain"] = [{"code": c, "message": m} for c, m in chain]
    return Refusal(envelope(None, status, errors=[first], headers=headers))


def envelope(result, status=200, errors=(), headers=None, **more):
    tree = {"result": result, "success": not errors, "errors": list(errors), "messages": [], **more}
    # Without blanks, as Cloudflare writes: there are clients that read it with grep.
    return Reply(status, json.dumps(tree, separators=(",", ":")), "application/json", headers)


def plain(name):
    return name.rstrip(".").lower()


class Cloudflare(Server):
    def prepare(self):
        self.records = {}
        self.window = []
        self.places = []
        for name in self.zones:
            self.add_zone({"name": plain(name), **self.settings.get("details", {}).get(plain(name), {})})
            self.read_zone(name)
        for zone in self.settings.get("elsewhere", ()):
            self.add_zone(zone)
        for record in self.settings.get("others", ()):
            self.add_other(record["zone"], record)

    # What the zones hold

    def add_zone(self, zone):
        account = zone.get("account", "Main account")
        self.places.append({
            "id": zone.get("id", uuid.uuid4().hex), "name": zone["name"], "status": zone.get("status", "active"),
            "type": zone.get("type", "full"), "paused": False, "account": {
                "id": uuid.uuid5(uuid.NAMESPACE_DNS, account).hex, "name": account}})

    def place_named(self, name):
        return next(place for place in self.places if place["name"] == name)

    def zone_ids(self, name):
        return [place["id"] for place in self.places if place["name"] == name]

    def account_ids(self, name):
        return [place["account"]["id"] for place in self.places if place["name"] == name]

    def read_zone(self, zone):
        """Forgets the TXT records of a zone and takes those of the base class."""
        place = self.place_named(plain(zone))
        self.records = {key: r for key, r in self.records.items() if r["zone"] != place["id"] or r["type"] != "TXT"}
        for owner, (ttl_s, rdatas) in self.zones[zone].items():
            for rdata in rdatas:
                self.keep(place, {"type": "TXT", "name": plain(owner), "content": rdata, "ttl": ttl_s})

    def keep(self, place, record):
        now = time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime())
        record = {"id": uuid.uuid4().hex, "proxied": False, "proxiable": False, "settings": {}, "meta": {},
                  "comment": None, "tags": [], "created_on": now, "modified_on": now, **record, "zone": place["id"]}
        self.records[record["id"]] = record
        return record

    def put_unquoted(self, name, value):
        """Another program's record, made without quotes; what is stored is what was sent."""
        place = next(p for p in self.places if name == p["name"] or name.endswith("." + p["name"]))
        record = self.keep(place, {"type": "TXT", "name": name, "content": value, "ttl": 120})
        self.publish(place, name)
        return record["id"]

    def write(self, zone, owner, ttl_s, rdatas):
        super().write(zone, owner, ttl_s, rdatas)
        self.read_zone(zone)

    def publish(self, place, name):
        """Into the name servers, for a zone that has any."""
        zone, here = place["name"] + ".", [
            r for r in self.records.values() if (r["zone"], r["name"], r["type"]) == (place["id"], name, "TXT")]
        if zone not in self.zones or place["status"] != "active":
            return
        rdatas = list({canonical(r["content"]): None for r in here})
        ttls = [300 if r["ttl"] == 1 else r["ttl"] for r in here] + [self.settings.get("dns_ttl_s", 86400)]
        super().write(zone, name + ".", min(ttls), rdatas)

    def add_other(self, zone, record):
        """A record of another type, which no name server hears of."""
        self.keep(self.place_named(zone), {"ttl": 300, **record})

    def everything(self):
        """All records, as something to compare."""
        return sorted([r["zone"], r["type"], r["name"], r["content"], r["ttl"]] for r in self.records.values())

    # Who asks

    def admit(self, request):
        self.limit()
        bearer = request.headers.get("authorization")
        email, key = (request.headers.get(name) for name in ("x-auth-email", "x-auth-key"))
        if bearer is not None and (email is not None or key is not None):
            raise error(400, 6003, "Invalid request headers", [(6100, "Two authentication schemes at once")])
        if bearer is not None:
            return self.admit_token(bearer, request.path.startswith(_BASE + "/zones/"))
        if email is None or key is None:
            raise error(400, 9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers")
        if not _KEY.fullmatch(key):
            raise error(400, 6003, "Invalid request headers", [(6103, "Invalid format for X-Auth-Key header")])
        if self.settings.get("keys", {}).get(email) != key:
            raise error(403, 9103, "Unknown X-Auth-Key or X-Auth-Email")
        return _ALL

    def admit_token(self, bearer, is_inside_zone):
        token = bearer[len("Bearer "):]
        if not bearer.startswith("Bearer ") or not _TOKEN.fullmatch(token):
            raise error(400, 6003, "Invalid request headers", [(6111, "Invalid format for Authorization header")])
        actor = self.settings.get("tokens", {TOKEN: _ALL}).get(token)
        if actor is None and is_inside_zone:
            raise error(403, 10000, "Authentication error")
        if actor is None:
            raise error(403, 9109, "Invalid access token")
        if actor.get("location"):
            raise error(403, 9109, "Cannot use the access token from location: 192.0.2.77")
        return actor

    def limit(self):
        requests, span_s = self.settings.get("rate", (1200, 300))
        now = time.monotonic()
        self.window = [at for at in self.window if at > now - span_s]
        left_s = int(self.window[0] + span_s - now) + 1 if self.window else span_s
        if len(self.window) >= requests:
            raise error(429, 971, "Please wait and consider throttling your request speed", headers={
                "retry-after": str(left_s), "ratelimit": '"default";r=0;t=%d' % left_s})
        self.window.append(now)
        self.quota = '"default";r=%d;t=%d' % (requests - len(self.window), left_s)

    def answer(self, request):
        reply = super().answer(request)
        if hasattr(self, "quota"):
            reply.headers.setdefault("ratelimit", self.quota)
        return reply

    def unknown(self, request):
        return error(404, 7000, "No route for that URI").reply

    def enter(self, request, zone_id, permission):
        """The zone of a request that its sender may make there."""
        actor = self.admit(request)
        if not _ID.fullmatch(zone_id):
            raise error(404, 7003, "Could not route to %s, perhaps your object identifier is invalid?" % request.path,
                        [(7000, "No route for that URI")])
        place = next((p for p in self.places if p["id"] == zone_id), None)
        if place is None or not may(actor, place, permission):
            if permission == "dns:edit" and place is not None and may(actor, place, "dns:read"):
                raise error(403, 10000, "%s method not allowed for the api_token authentication scheme"
                            % request.method)
            if permission == "zone:read":
                raise error(403, 9109, "Unauthorized to access requested resource")
            raise error(403, 10000, "Authentication error")
        return place

    # Requests

    @on("GET", _BASE + "/user/tokens/verify")
    def verify(self, request):
        self.admit(request)
        said = {"code": 10000, "message": "This API Token is valid and active", "type": None}
        return envelope({"id": uuid.uuid4().hex, "status": "active"}, messages=[said])

    @on("GET", _BASE + "/zones/?")
    def list_zones(self, request):
        actor = self.admit(request)
        name, account, status = (request.argument(n) for n in ("name", "account.id", "status"))
        if name is None and actor["zones"] is not None and "account.zone:list" not in actor["permissions"]:
            raise error(403, 0, "Actor 'com.cloudflare.api.token.0c0ffee' requires permission "
                        "'com.cloudflare.api.account.zone.list' to list zones")
        seen = [p for p in self.places if any(may(actor, p, right) for right in ("zone:read", "dns:read"))]
        if name is not None and self.settings.get("old_scope") and name not in [p["name"] for p in seen]:
            raise error(403, 0, "Actor 'com.cloudflare.api.token.0c0ffee' requires permission "
                        "'com.cloudflare.api.account.zone.list' to list zones")
        fitting = [p for p in seen if name in (None, p["name"]) and account in (None, p["account"]["id"])
                   and status in (None, p["status"])]
        rights = ["#%s:%s" % (kind, right) for kind, right in
                  (("zone", "read"), ("dns_records", "read"), ("dns_records", "edit"))]
        told = [{**p, "permissions": [r for r, mine in zip(rights, (
            "zone:read", "dns:read", "dns:edit")) if may(actor, p, mine)]} for p in fitting]
        return paged(request, told, 20, 50)

    @on("GET", _BASE + "/zones/([^/]+)")
    def show_zone(self, request, zone_id):
        return envelope(self.enter(request, zone_id, "zone:read"))

    @on("GET", _BASE + "/zones/([^/]+)/dns_records/?")
    def list_records(self, request, zone_id):
        place = self.enter(request, zone_id, "dns:read")
        mine = [r for r in self.records.values() if r["zone"] == place["id"] and fits(r, request)]
        return paged(request, [shown(r) for r in mine], 100, self.settings.get("per_page_max", 5000000))

    @on("POST", _BASE + "/zones/([^/]+)/dns_records/?")
    def add_record(self, request, zone_id):
        place = self.enter(request, zone_id, "dns:edit")
        record = self.create(place, body_of(request))
        self.publish(place, record["name"])
        return envelope(shown(record))

    @on("GET", _BASE + "/zones/([^/]+)/dns_records/([^/]+)")
    def show_record(self, request, zone_id, record_id):
        return envelope(shown(self.record(self.enter(request, zone_id, "dns:read"), record_id)))

    @on("DELETE", _BASE + "/zones/([^/]+)/dns_records/([^/]+)")
    def delete_record(self, request, zone_id, record_id):
        place = self.enter(request, zone_id, "dns:edit")
        record = self.record(place, record_id)
        del self.records[record_id]
        self.publish(place, record["name"])
        return envelope({"id": record_id})

    @on("PUT|PATCH", _BASE + "/zones/([^/]+)/dns_records/([^/]+)")
    def change_record(self, request, zone_id, record_id):
        place = self.enter(request, zone_id, "dns:edit")
        record = self.change(place, {**body_of(request), "id": record_id}, request.method == "PUT")
        self.publish(place, record["name"])
        return envelope(shown(record))

    @on("POST", _BASE + "/zones/([^/]+)/dns_records/batch")
    def batch(self, request, zone_id):
        place = self.enter(request, zone_id, "dns:edit")
        most = self.settings.get("batch", 200)
        if most == 0:
            raise error(405, 7001, "Method POST not available for that URI")
        body = body_of(request)
        lists = {kind: body.get(kind) or [] for kind in ("deletes", "patches", "puts", "posts")}
        if sum(map(len, lists.values())) > most:
            raise error(400, 9400, "Too many changes in one batch: at most %d" % most)
        before = dict(self.records)
        try:
            result, names = self.run_batch(place, lists)
        except Refusal:
            self.records = before  # the whole is one transaction
            raise
        for name in names:
            self.publish(place, name)
        return envelope(result)

    def run_batch(self, place, lists):
        """In the documented order, whatever the order in the body."""
        result = {"deletes": [self.record(place, change.get("id", "")) for change in lists["deletes"]] or None}
        for record in result["deletes"] or ():
            if self.records.pop(record["id"], None) is None:  # named twice
                raise error(404, 81044, "Record does not exist.")
        for kind in ("patches", "puts"):
            result[kind] = [self.change(place, change, kind == "puts") for change in lists[kind]] or None
        result["posts"] = [self.create(place, change) for change in lists["posts"]] or None
        names = {record["name"] for records in result.values() for record in records or ()}
        return {kind: records and [shown(r) for r in records] for kind, records in result.items()}, names

    # Records

    def record(self, place, record_id):
        record = self.records.get(record_id)
        if record is None or record["zone"] != place["id"]:
            raise error(404, 81044, "Record does not exist.")
        return record

    def create(self, place, wanted):
        if len([r for r in self.records.values() if r["zone"] == place["id"]]) >= self.settings.get(
                "record_quota", 3500):
            raise error(400, 81045, "Record quota exceeded.")
        return self.keep(place, self.checked(place, wanted, None))

    def change(self, place, wanted, is_whole):
        old = self.record(place, wanted.get("id", ""))
        merged = {**({} if is_whole else {k: old[k] for k in ("type", "name", "content", "ttl")}), **wanted}
        old.update(self.checked(place, merged, old["id"]))
        return old

    def checked(self, place, wanted, own_id):
        """A record as it would be stored, or the refusal."""
        kind, content, ttl_s = wanted.get("type"), wanted.get("content"), wanted.get("ttl", 1)
        name = plain(str(wanted.get("name", "")))
        if not isinstance(content, str) or content == "" or not name:
            raise error(400, 9005, "Content for %s record is invalid." % kind)
        if kind == "TXT" and not is_sound(content):
            raise error(400, 1004, "DNS Validation Error", [(9207, "TXT content: a quote is missing")])
        if ttl_s != 1 and not 60 <= ttl_s <= 86400:
            raise error(400, 1004, "DNS Validation Error", [
                (9021, "Invalid TTL. Must be between 60 and 86400 seconds, or 1 for Automatic.")])
        if name in ("@", place["name"]):
            name = place["name"]
        elif not name.endswith("." + place["name"]):
            name += "." + place["name"]  # a name outside the zone is taken for one relative to it
        if len(name) > 253 or not all(0 < len(label) < 64 for label in name.split(".")):
            raise error(400, 1004, "DNS Validation Error", [(9000, "DNS name is invalid.")])
        for other in self.records.values():
            if (other["zone"], other["name"]) != (place["id"], name) or other["id"] == own_id:
                continue
            if "CNAME" in (kind, other["type"]) and (kind == "CNAME" or other["type"] == "CNAME"):
                raise error(400, 81053, "An A, AAAA, or CNAME record with that host already exists.")
            if (other["type"], other["content"]) == (kind, content):
                raise error(400, 81058, "An identical record already exists.")
        return {"type": kind, "name": name, "content": content, "ttl": ttl_s, "comment": wanted.get("comment")}


def paged(request, items, usual, most):
    """A page of a list. Zones refuse a larger page than they give, records make it smaller."""
    try:
        page, size = int(request.argument("page", 1)), int(request.argument("per_page", usual))
    except ValueError:
        page, size = 0, 0
    if page < 1 or size < 1 or (most == 50 and size > most):
        raise error(400, 1004, "Invalid list options", [(1002, "page or per_page is out of range")])
    size = min(size, most)
    here = items[(page - 1) * size:page * size]
    return envelope(here, result_info={"page": page, "per_page": size, "count": len(here),
                                       "total_count": len(items), "total_pages": -(-len(items) // size)})


def may(actor, place, permission):
    held = actor["permissions"]
    is_held = permission in held or (permission == "dns:read" and "dns:edit" in held)
    return is_held and (actor["zones"] is None or place["name"] in actor["zones"])


def fits(record, request):
    """The filters of a list; all of them must fit, in any case of letters."""
    tests = {"exact": str.__eq__, "contains": str.__contains__, "startswith": str.startswith,
             "endswith": str.endswith}
    for field in ("type", "name", "content"):
        have = record[field].lower()
        if request.argument(field) is not None and have != request.argument(field).lower():
            return False
        for how, test in tests.items():
            wish = request.argument("%s.%s" % (field, how))
            if wish is not None and not test(have, wish.lower()):
                return False
    return True


def shown(record):
    return {key: value for key, value in record.items() if key != "zone"}


def body_of(request):
    try:
        body = request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise error(400, 9207, "Request body is invalid.")
    return body


def is_sound(content):
    """Quotes only around whole strings; content without any is taken as it is."""
    return not content.startswith('"') or re.fullmatch(r'("(\\.|[^"\\])*"\s*)+', content) is not None


def canonical(content):
    """The RDATA that name servers make of it."""
    return content if content.startswith('"') else quote(content)


SERVER = Cloudflare
