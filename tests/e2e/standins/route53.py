# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""Route 53, with STS and the services that lend credentials to machines and containers, as far as a DNS-01 client
can see them. Requests are verified by an implementation of SigV4 that is not ours (route53_verify.js); batches are
transactions, whose DELETE must name a set exactly as it is; test_route53_standin.py lets AWS's own client judge it.

settings:
    npm         the folder that holds node_modules (standins.npm_folder())
    keys        {access key id: {"secret": ..., "token": ...}} that last for ever
    hosted      [{"id", "name", "private", "servers", "live"}]; one for each zone of the lab when there is none. A
                live one stands for the zone in the lab's primary
    sets        {hosted zone id: [{"name", "type", "ttl", "values", "identifier", "alias", "policy"}]} beside its TXT sets
    sync_s      how long a change is PENDING
    shape       "own": errors of a batch in <InvalidChangeBatch>; "common": in <ErrorResponse>, as all others
    deny        [action]: what the keys may not do
    deny_names  [owner]: whose change the keys may not make
    page        how many items a page has at most
    clock_s     how far this server's clock is ahead
    life_s      how long the keys of STS, the container and the instance last
    roles       {role ARN: {"external_id", "by": [access key id], "token"}} that may be assumed; by keys that STS made: "ROLE"
    instance    the role of this "instance", or none
    container_token   what the container's agent wants to see
"""

import calendar
import email.utils
import functools
import json
import os
import re
import subprocess
import threading
import time
import urllib.parse
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from .base import Refusal, Reply, Server, on

_NS = "https://route53.amazonaws.com/doc/2013-04-01/"
_STS_NS = "https://sts.amazonaws.com/doc/2011-06-15/"
_SET_ORDER = ["Name", "Type", "SetIdentifier", "Weight", "Region", "GeoLocation", "Failover", "MultiValueAnswer", "TTL",
              "ResourceRecords", "AliasTarget", "HealthCheckId", "TrafficPolicyInstanceId"]
_RECORDS_MAX, _CHARACTERS_MAX = 1000, 32000


def _date(seconds, layout="%Y-%m-%dT%H:%M:%SZ"):
    return time.strftime(layout, time.gmtime(seconds))


def order_key(name):
    """Where Route 53's listings have a name: by reversed labels, dots included."""
    return ".".join(reversed(name.rstrip(".").split("."))) + "."


def spell(name):
    """A name as Route 53 shows it."""
    return re.sub(r"[^a-zA-Z0-9._\\-]", lambda m: "\\%03o" % ord(m[0]), name)


def unspell(text):
    return re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), text).lower()


# TXT values: Route 53's spelling has octal escapes, zone files have decimal ones.


def to_rdata(text):
    return re.sub(r"\\([0-7]{3})", lambda m: "\\%03d" % int(m[1], 8), text)


def from_rdata(rdata):
    return re.sub(r"\\([0-9]{3})", lambda m: "\\%03o" % int(m[1]), rdata)


def strings_of(text):
    """How long each quoted string of a value is; None: it is not made of quoted strings alone."""
    parts = re.findall(r'"((?:[^"\\]|\\[0-7]{3}|\\[^0-7])*)"', text)
    whole = re.fullmatch(r'("(?:[^"\\]|\\[0-7]{3}|\\[^0-7])*"[ \t]*)+', text)
    return [len(re.sub(r"\\[0-7]{3}|\\.", "x", part)) for part in parts] if whole else None


def error(status, code, message, namespace=_NS):
    return Reply.xml(status, '<?xml version="1.0"?>\n<ErrorResponse xmlns="%s"><Error><Type>Sender</Type><Code>%s</Code>'
                             "<Message>%s</Message></Error><RequestId>4c2e</RequestId></ErrorResponse>"
                     % (namespace, code, escape(message)))


def refusal_rule(code, message, status=400, **more):
    """A rule for the stand-in: this error instead of carrying the request out."""
    reply = error(status, code, message)
    return {"do": "refuse", "status": status, "body": reply.body.decode(),
            "headers": {"content-type": "text/xml"}, **more}


class Verifier:
    """node with route53_verify.js, started when first needed."""

    def __init__(self, npm):
        self._npm = npm
        self._process = None
        self._lock = threading.Lock()

    def authorization(self, asked):
        with self._lock:
            if self._process is None:
                script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "route53_verify.js")
                self._process = subprocess.Popen(
                    ["node", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                    env={**os.environ, "NODE_PATH": os.path.join(self._npm, "node_modules")})
            self._process.stdin.write(json.dumps(asked).encode() + b"\n")
            self._process.stdin.flush()
            answer = json.loads(self._process.stdout.readline())
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["authorization"]


@functools.lru_cache(maxsize=None)
def verifier_of(npm):
    """One for all stand-ins of this process: node takes longer to start than most tests to run."""
    return Verifier(npm)


class Hosted:
    """A hosted zone. sets: {(name, type, identifier): set}, as in the settings."""

    def __init__(self, spec):
        self.id = spec["id"]
        self.name = spec["name"]
        self.is_private = spec.get("private", False)
        self.servers = spec.get("servers", ["ns-1.awsdns-01.test"])
        self.is_live = spec.get("live", not self.is_private)
        self.sets = {}

    def put(self, record_set):
        self.sets[(record_set["name"], record_set["type"], record_set.get("identifier"))] = record_set

    def sorted(self):
        return [self.sets[key] for key in sorted(self.sets, key=lambda k: (order_key(spell(k[0])), k[1], k[2] or ""))]


class Route53(Server):
    def prepare(self):
        self.verifier = verifier_of(self.settings["npm"])
        self.keys = {key: {"expires": None, **spec} for key, spec in self.settings.get("keys", {}).items()}
        self.changes = {}
        self.meddlers = []
        self.imds_tokens = set()
        self.n_made = 0
        specs = self.settings.get("hosted") or [
            {"id": "Z%09dLAB" % i, "name": zone} for i, zone in enumerate(self.zones)]
        self.hosted = {spec["id"]: Hosted(spec) for spec in specs}
        for hosted in self.hosted.values():
            for owner, (ttl_s, rdatas) in self.zones.get(hosted.name, {}).items() if hosted.is_live else ():
                hosted.put({"name": owner, "type": "TXT", "ttl": ttl_s, "values": [from_rdata(r) for r in rdatas]})
            for record_set in self.settings.get("sets", {}).get(hosted.id, []):
                hosted.put(record_set)

    # What a test asks

    def txt(self, zone_id):
        """{owner: [TTL, [values]]} of a zone's simple TXT sets, as Route 53 spells them."""
        return {key[0]: [s["ttl"], s["values"]] for key, s in self.hosted[zone_id].sets.items()
                if key[1] == "TXT" and key[2] is None and "values" in s}

    def meddle(self, zone_id, owner, times):
        """So many times somebody else is faster: adds a value to a set just before a batch arrives."""
        self.meddlers.append([zone_id, owner, times])

    def put(self, zone_id, record_set):
        self.hosted[zone_id].put(record_set)

    def expire(self):
        """All temporary keys are over from now on."""
        for spec in self.keys.values():
            if spec["expires"] is not None:
                spec["expires"] = 0

    def drop_changes(self):
        self.changes.clear()

    # Who asks

    def now(self):
        return time.time() + self.settings.get("clock_s", 0)

    def answer(self, request):
        reply = super().answer(request)
        reply.headers.setdefault("date", email.utils.formatdate(self.now(), usegmt=True))
        return reply

    def check_signature(self, request, service):
        """The access key id of who signed it."""
        found = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, "
                             r"SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})",
                             request.headers.get("authorization", ""))
        if not found:
            raise Refusal(error(403, "MissingAuthenticationToken", "Missing Authentication Token"))
        key_id, _, region, its_service, names, _ = found.groups()
        spec = self.keys.get(key_id)
        if spec is None:
            raise Refusal(error(403, "InvalidClientTokenId", "The security token included in the request is invalid."))
        if (its_service, region) != (service, self.settings.get("region", "us-east-1")):
            raise Refusal(error(403, "SignatureDoesNotMatch", "Credential should be scoped to a valid region."))
        if spec.get("token") != request.headers.get("x-amz-security-token"):
            raise Refusal(error(403, "InvalidClientTokenId", "The security token included in the request is invalid."))
        date = calendar.timegm(time.strptime(request.headers["x-amz-date"], "%Y%m%dT%H%M%SZ"))
        self.check_names(request, names.split(";"))
        if self.verify(request, its_service, region, date, key_id, names) != request.headers["authorization"]:
            raise Refusal(error(403, "SignatureDoesNotMatch",
                                "The request signature we calculated does not match the signature you provided. Check "
                                "your AWS Secret Access Key and signing method."))
        if abs(date - self.now()) > 300:
            raise Refusal(error(403, "SignatureDoesNotMatch", "Signature expired: %s is now earlier than %s" % (
                request.headers["x-amz-date"], _date(self.now() - 300, "%Y%m%dT%H%M%SZ"))))
        if spec["expires"] is not None and spec["expires"] <= self.now():
            raise Refusal(error(403, "ExpiredToken", "The security token included in the request is expired"))
        return key_id

    @staticmethod
    def check_names(request, names):
        """host and all x-amz-* headers must be signed, and no header that was not sent."""
        needed = {name for name in request.headers if name == "host" or name.startswith("x-amz-")}
        if names != sorted(names) or not needed <= set(names) <= set(request.headers):
            raise Refusal(error(403, "SignatureDoesNotMatch", "signed headers are %s" % names))

    def verify(self, request, service, region, date, key_id, names):
        spec = self.keys[key_id]
        return self.verifier.authorization({
            "method": request.method, "path": request.path, "query": request.query,
            "headers": {name: request.headers[name] for name in names.split(";")},
            "body": request.body.decode(), "service": service, "region": region, "date": _date(date),
            "keys": {"id": key_id, "secret": spec["secret"], "token": spec.get("token")}})

    def check(self, request, action, names=()):
        key_id = self.check_signature(request, "route53")
        denied = [name for name in names if name in self.settings.get("deny_names", ())]
        if action in self.settings.get("deny", ()) or denied:
            raise Refusal(error(403, "AccessDenied",
                                "User: arn:aws:iam::123456789012:user/%s is not authorized to perform: route53:%s on "
                                "resource: arn:aws:route53:::hostedzone/%s because no identity-based policy allows "
                                "the route53:%s action" % (key_id, action, request.path.split("/")[3:4], action)))

    def zone_at(self, zone_id):
        if zone_id not in self.hosted:
            raise Refusal(error(404, "NoSuchHostedZone", "No hosted zone found with ID: %s" % zone_id))
        return self.hosted[zone_id]

    def page(self, request):
        wanted = int(request.argument("maxitems", "100"))
        return min(wanted, self.settings.get("page", 300))

    # Zones

    @staticmethod
    def zone_xml(hosted):
        return ("<HostedZone><Id>/hostedzone/%s</Id><Name>%s</Name><CallerReference>r</CallerReference><Config>"
                "<Comment>a zone</Comment><PrivateZone>%s</PrivateZone></Config><ResourceRecordSetCount>%d"
                "</ResourceRecordSetCount></HostedZone>"
                % (hosted.id, spell(hosted.name), str(hosted.is_private).lower(), len(hosted.sets)))

    @on("GET", "/2013-04-01/hostedzonesbyname")
    def list_by_name(self, request):
        self.check(request, "ListHostedZonesByName")
        name = unspell(request.argument("dnsname", "") or "")
        name = name if not name or name.endswith(".") else name + "."
        first_id = request.argument("hostedzoneid", "") or ""
        every = sorted(self.hosted.values(), key=lambda h: (order_key(h.name), h.id))
        rest = [h for h in every if not name or (order_key(h.name), h.id) >= (order_key(name), first_id)]
        page = rest[:self.page(request)]
        more = rest[len(page):]
        text = "".join(self.zone_xml(h) for h in page)
        follow = ("<NextDNSName>%s</NextDNSName><NextHostedZoneId>%s</NextHostedZoneId>"
                  % (spell(more[0].name), more[0].id)) if more else ""
        return Reply.xml(200, '<?xml version="1.0"?>\n<ListHostedZonesByNameResponse xmlns="%s"><HostedZones>%s'
                              "</HostedZones><IsTruncated>%s</IsTruncated>%s<MaxItems>%d</MaxItems>"
                              "</ListHostedZonesByNameResponse>"
                         % (_NS, text, "true" if more else "false", follow, self.page(request)))

    @on("GET", "/2013-04-01/hostedzone")
    def list_zones(self, request):
        self.check(request, "ListHostedZones")
        rest = sorted(self.hosted.values(), key=lambda h: h.id)
        rest = [h for h in rest if h.id >= (request.argument("marker", "") or "")]
        page = rest[:self.page(request)]
        more = rest[len(page):]
        follow = "<NextMarker>%s</NextMarker>" % more[0].id if more else ""
        return Reply.xml(200, '<?xml version="1.0"?>\n<ListHostedZonesResponse xmlns="%s"><HostedZones>%s</HostedZones>'
                              "<IsTruncated>%s</IsTruncated>%s<MaxItems>%d</MaxItems></ListHostedZonesResponse>"
                         % (_NS, "".join(self.zone_xml(h) for h in page), "true" if more else "false", follow,
                            self.page(request)))

    @on("GET", "/2013-04-01/hostedzone/([^/]+)")
    def get_zone(self, request, zone_id):
        self.check(request, "GetHostedZone")
        hosted = self.zone_at(zone_id)
        servers = "".join("<NameServer>%s</NameServer>" % server for server in hosted.servers)
        return Reply.xml(200, '<?xml version="1.0"?>\n<GetHostedZoneResponse xmlns="%s">%s<DelegationSet><NameServers>%s'
                              "</NameServers></DelegationSet></GetHostedZoneResponse>"
                         % (_NS, self.zone_xml(hosted), servers))

    # Record sets

    @staticmethod
    def set_xml(record_set):
        text = "<Name>%s</Name><Type>%s</Type>" % (spell(record_set["name"]), record_set["type"])
        if record_set.get("identifier"):
            text += "<SetIdentifier>%s</SetIdentifier><Weight>1</Weight>" % escape(record_set["identifier"])
        if "values" in record_set:
            text += "<TTL>%d</TTL><ResourceRecords>%s</ResourceRecords>" % (record_set["ttl"], "".join(
                "<ResourceRecord><Value>%s</Value></ResourceRecord>" % escape(v) for v in record_set["values"]))
        if record_set.get("alias"):
            text += ("<AliasTarget><HostedZoneId>Z9</HostedZoneId><DNSName>%s</DNSName><EvaluateTargetHealth>false"
                     "</EvaluateTargetHealth></AliasTarget>" % escape(record_set["alias"]))
        if record_set.get("policy"):
            text += "<TrafficPolicyInstanceId>%s</TrafficPolicyInstanceId>" % record_set["policy"]
        return "<ResourceRecordSet>%s</ResourceRecordSet>" % text

    @on("GET", "/2013-04-01/hostedzone/([^/]+)/rrset/?")
    def list_sets(self, request, zone_id):
        hosted = self.zone_at(zone_id)
        self.check(request, "ListResourceRecordSets")
        name, kind = unspell(request.argument("name", "") or ""), request.argument("type", "") or ""
        name = name if not name or name.endswith(".") else name + "."
        rest = [s for s in hosted.sorted()
                if not name or (order_key(spell(s["name"])), s["type"]) >= (order_key(spell(name)), kind)]
        page = rest[:self.page(request)]
        more = rest[len(page):]
        follow = ("<NextRecordName>%s</NextRecordName><NextRecordType>%s</NextRecordType>"
                  % (spell(more[0]["name"]), more[0]["type"])) if more else ""
        return Reply.xml(200, '<?xml version="1.0"?>\n<ListResourceRecordSetsResponse xmlns="%s"><ResourceRecordSets>%s'
                              "</ResourceRecordSets><IsTruncated>%s</IsTruncated>%s<MaxItems>%d</MaxItems>"
                              "</ListResourceRecordSetsResponse>"
                         % (_NS, "".join(map(self.set_xml, page)), "true" if more else "false", follow,
                            self.page(request)))

    @on("POST", "/2013-04-01/hostedzone/([^/]+)/rrset/?")
    def change_sets(self, request, zone_id):
        hosted = self.zone_at(zone_id)
        changes = self.read_changes(request.body)
        self.check(request, "ChangeResourceRecordSets", [change[1]["name"] for change in changes])
        self.let_meddle(hosted)
        wrong = self.limit_problems(changes)
        sets = dict(hosted.sets)
        for action, record_set in changes:
            wrong += self.apply_change(hosted, sets, action, record_set)
        if wrong:
            raise Refusal(self.batch_error(wrong))
        self.keep(hosted, sets)
        change_id = "C%08dCHANGE" % (len(self.changes) + 1)
        self.changes[change_id] = self.now() + self.settings.get("sync_s", 0.2)
        return Reply.xml(200, '<?xml version="1.0"?>\n<ChangeResourceRecordSetsResponse xmlns="%s">%s'
                              "</ChangeResourceRecordSetsResponse>" % (_NS, self.change_xml(change_id)))

    def batch_error(self, messages):
        if self.settings.get("shape", "own") == "common":
            return error(400, "InvalidChangeBatch", "[%s]" % ", ".join(messages))
        text = "".join("<Message>%s</Message>" % escape(message) for message in messages)
        return Reply.xml(400, '<?xml version="1.0"?>\n<InvalidChangeBatch xmlns="%s"><Messages>%s</Messages><RequestId>1a'
                              "</RequestId></InvalidChangeBatch>" % (_NS, text))

    @staticmethod
    def read_changes(body):
        """[(action, set)]. The schema is a sequence everywhere: order counts."""
        def invalid(what):
            return Refusal(error(400, "InvalidInput", "Invalid XML ; " + what))

        def plain(element):
            return element.tag.replace("{%s}" % _NS, "")

        try:
            root = ElementTree.fromstring(body)
        except ElementTree.ParseError as problem:
            raise invalid(str(problem)) from problem
        batch = list(root)
        if plain(root) != "ChangeResourceRecordSetsRequest" or [plain(e) for e in batch] != ["ChangeBatch"]:
            raise invalid("cvc-elt.1: Cannot find the declaration of element")
        inside = [plain(e) for e in batch[0]]
        if inside not in (["Changes"], ["Comment", "Changes"]):
            raise invalid("the batch holds %s" % inside)
        changes = []
        for change in batch[0][-1]:
            if [plain(e) for e in change] != ["Action", "ResourceRecordSet"]:
                raise invalid("a change holds %s" % [plain(e) for e in change])
            if change[0].text not in ("CREATE", "DELETE", "UPSERT"):
                raise invalid("action %s" % change[0].text)
            parts = {plain(e): e for e in change[1]}
            places = [_SET_ORDER.index(plain(e)) for e in change[1]]
            if places != sorted(set(places)):
                raise invalid("a record set holds %s" % list(parts))
            changes.append((change[0].text, {
                "name": unspell(parts["Name"].text.rstrip(".") + "."), "type": parts["Type"].text,
                "ttl": int(parts["TTL"].text) if "TTL" in parts else None,
                "identifier": parts["SetIdentifier"].text if "SetIdentifier" in parts else None,
                "values": [record[0].text or "" for record in parts.get("ResourceRecords", [])]}))
        return changes

    @staticmethod
    def limit_problems(changes):
        weight = [(2 if action == "UPSERT" else 1) for action, _ in changes]
        records = sum(w * len(s["values"]) for w, (_, s) in zip(weight, changes))
        characters = sum(w * sum(map(len, s["values"])) for w, (_, s) in zip(weight, changes))
        wrong = ["Number of records limit of %d exceeded." % _RECORDS_MAX] if records > _RECORDS_MAX else []
        return wrong + (["Number of characters limit exceeded."] if characters > _CHARACTERS_MAX else [])

    @staticmethod
    def value_problems(record_set):
        wrong = []
        if len(record_set["name"].rstrip(".")) > 253:
            wrong.append("FATAL problem: DomainNameTooLong (Domain name is too long) encountered with '%s'" % (
                record_set["name"]))
        if record_set["ttl"] is None or not 0 <= record_set["ttl"] < 2 ** 31:
            wrong.append("Invalid TTL")
        if not record_set["values"]:
            wrong.append("Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords]], but found none")
        for value in record_set["values"] if record_set["type"] == "TXT" else ():
            lengths = strings_of(value)
            if lengths is None:
                wrong.append("Invalid Resource Record: 'FATAL problem: InvalidCharacterString (Value should be enclosed in "
                             "quotation marks) encountered with '%s''" % value)
            elif max(lengths) > 255:
                wrong.append("Invalid Resource Record: 'FATAL problem: CharacterStringTooLong (Value is too long) "
                             "encountered with '%s''" % value)
        if len(set(record_set["values"])) != len(record_set["values"]):
            wrong.append("Duplicate Resource Record: '%s'" % record_set["values"])
        return wrong

    def apply_change(self, hosted, sets, action, record_set):
        """Carries one change out in sets. What is wrong with it."""
        name, kind = record_set["name"], record_set["type"]
        key = (name, kind, record_set["identifier"])
        there = sets.get(key)
        words = "[name='%s', type='%s']" % (spell(name), kind)
        if len(name) > 254 or any(len(label) > 63 for label in name.split(".")):
            return ["FATAL problem: DomainLabelTooLong (Domain label is too long) encountered with '%s'" % spell(name)]
        if name != hosted.name and not name.endswith("." + hosted.name):
            return ["RRSet with DNS name %s is not permitted in zone %s" % (spell(name), hosted.name)]
        if action == "DELETE":
            if there is None:
                return ["Tried to delete resource record set %s but it was not found" % words]
            if (there.get("ttl"), sorted(there.get("values", []))) != (record_set["ttl"], sorted(record_set["values"])):
                return ["Tried to delete resource record set %s but the values provided do not match the current values"
                        % words]
            del sets[key]
            return []
        if action == "CREATE" and there is not None:
            return ["Tried to create resource record set %s but it already exists" % words]
        if any(k[:2] == key[:2] and (k[2] is None) != (key[2] is None) for k in sets):
            return ["RRSet with DNS name %s, type %s, and SetIdentifier %s cannot be created because other RRSets exist "
                    "with the same name and type" % (spell(name), kind, key[2])]
        for other in sets:
            if other[0] == name and (other[1] == "CNAME") != (kind == "CNAME"):
                return ["RRSet of type %s with DNS name %s is not permitted because a conflicting RRSet of type %s with "
                        "the same DNS name already exists in zone %s" % (kind, spell(name), other[1], hosted.name)]
        wrong = self.value_problems(record_set)
        if not wrong:
            sets[key] = record_set
        return wrong

    def keep(self, hosted, sets):
        """Makes these a zone's sets, and those of a live one the primary's."""
        for key in {*hosted.sets, *sets} if hosted.is_live else ():
            before, after = hosted.sets.get(key), sets.get(key)
            if key[1] == "TXT" and key[2] is None and before != after and hosted.name in self.zones:
                self.write(hosted.name, key[0], after["ttl"] if after else 0,
                           [to_rdata(value) for value in after["values"]] if after else [])
        hosted.sets = sets

    def let_meddle(self, hosted):
        for meddler in self.meddlers:
            zone_id, owner, times = meddler
            if zone_id == hosted.id and times > 0:
                meddler[2] -= 1
                sets = dict(hosted.sets)
                there = sets.get((owner, "TXT", None), {"name": owner, "type": "TXT", "ttl": 123, "values": []})
                sets[(owner, "TXT", None)] = {**there, "values": there["values"] + ['"meddler %d"' % times]}
                self.keep(hosted, sets)

    def change_xml(self, change_id):
        status = "INSYNC" if self.changes[change_id] <= self.now() else "PENDING"
        return ("<ChangeInfo><Id>/change/%s</Id><Status>%s</Status><SubmittedAt>%s</SubmittedAt></ChangeInfo>"
                % (change_id, status, _date(self.now(), "%Y-%m-%dT%H:%M:%S.123Z")))

    @on("GET", "/2013-04-01/change/([^/]+)")
    def get_change(self, request, change_id):
        self.check(request, "GetChange")
        if change_id not in self.changes:
            raise Refusal(error(404, "NoSuchChange", "Could not find resource with ID: " + change_id))
        return Reply.xml(200, '<?xml version="1.0"?>\n<GetChangeResponse xmlns="%s">%s</GetChangeResponse>'
                         % (_NS, self.change_xml(change_id)))

    # Credentials

    def make_keys(self, by):
        """(access key id, its spec) of new temporary keys."""
        self.n_made += 1
        key_id = "ASIA%08dEXAMPLE" % self.n_made
        self.keys[key_id] = {"secret": "made-secret-%d/+=" % self.n_made, "token": "made//token+%d==" % self.n_made,
                             "expires": self.now() + self.settings.get("life_s", 3600), "by": by}
        return key_id, self.keys[key_id]

    @on("POST", "/")
    def sts(self, request):
        form = {name: values[0] for name, values in urllib.parse.parse_qs(request.body.decode()).items()}
        role = self.settings.get("roles", {}).get(form.get("RoleArn"))
        action = form.get("Action")
        if form.get("Version") != "2011-06-15" or action not in ("AssumeRole", "AssumeRoleWithWebIdentity"):
            raise Refusal(error(400, "InvalidAction", "Could not find operation %s" % action, _STS_NS))
        if not re.fullmatch(r"[\w+=,.@-]{2,64}", form.get("RoleSessionName", "")):
            raise Refusal(error(400, "ValidationError", "1 validation error detected: roleSessionName", _STS_NS))
        if action == "AssumeRole":
            key_id = self.check_signature(request, "sts")
            by = self.keys[key_id].get("by", key_id)
            if role is None or by not in role.get("by", ()) or role.get("external_id") != form.get("ExternalId"):
                raise Refusal(error(403, "AccessDenied", "User: %s is not authorized to perform: sts:AssumeRole on "
                                                         "resource: %s" % (by, form.get("RoleArn")), _STS_NS))
        elif "authorization" in request.headers:
            raise Refusal(error(400, "ValidationError", "this call is not signed", _STS_NS))
        elif role is None or role.get("token") != form.get("WebIdentityToken"):
            raise Refusal(error(400, "InvalidIdentityToken", "Couldn't retrieve verification key from your identity "
                                                             "provider", _STS_NS))
        key_id, spec = self.make_keys(form["RoleArn"])
        return Reply.xml(200, '<{0}Response xmlns="{1}"><{0}Result><AssumedRoleUser><Arn>arn</Arn><AssumedRoleId>x'
                              "</AssumedRoleId></AssumedRoleUser><Credentials><AccessKeyId>{2}</AccessKeyId>"
                              "<SecretAccessKey>{3}</SecretAccessKey><SessionToken>{4}</SessionToken><Expiration>{5}"
                              "</Expiration></Credentials></{0}Result><ResponseMetadata><RequestId>r</RequestId>"
                              "</ResponseMetadata></{0}Response>".format(action, _STS_NS, key_id, spec["secret"],
                                                                         spec["token"], _date(spec["expires"])))

    def lend(self, by):
        key_id, spec = self.make_keys(by)
        return Reply.json(200, {"Code": "Success", "Type": "AWS-HMAC", "LastUpdated": _date(self.now()),
                                "AccessKeyId": key_id, "SecretAccessKey": spec["secret"], "Token": spec["token"],
                                "Expiration": _date(spec["expires"])})

    @on("GET", "/v2/credentials/task")
    def container(self, request):
        wanted = self.settings.get("container_token")
        if wanted is not None and request.headers.get("authorization") != wanted:
            raise Refusal(Reply.json(401, {"code": "Unauthorized", "message": "no such token"}))
        return self.lend("container")

    @on("PUT", "/latest/api/token")
    def imds_token(self, request):
        if not request.headers.get("x-aws-ec2-metadata-token-ttl-seconds", "").isdigit():
            raise Refusal(Reply(400, "Bad Request"))
        self.imds_tokens.add("imds-token-%d==" % len(self.imds_tokens))
        return Reply(200, "imds-token-%d==" % (len(self.imds_tokens) - 1))

    @on("GET", "/latest/meta-data/iam/security-credentials/(.*)")
    def imds_role(self, request, role):
        if request.headers.get("x-aws-ec2-metadata-token") not in self.imds_tokens:
            raise Refusal(Reply(401, "<html>Unauthorized</html>", "text/html"))
        instance = self.settings.get("instance")
        if instance is None or role not in ("", instance):
            raise Refusal(Reply(404, "<html>Not Found</html>", "text/html"))
        return self.lend("instance") if role else Reply(200, instance)


SERVER = Route53
