# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""batch = yes: all changes as lines of JSON, a status line each back."""
import json

from driving import BAD_CONFIG, DENIED, OK, REJECTED, RETRY, UNSUPPORTED, Plugin

Z = "example.test."
CHANGES = [("add", "_acme-challenge.n%d.example.test." % i, Z, "v%d" % i, 60) for i in range(4)]


def batch(path, *changes):
    with Plugin("exec-hook", command=path, batch="yes", arg="-x").open() as p:
        return p.apply(*(changes or CHANGES))


def python(hook, body):
    return hook("import sys, json\nchanges = [json.loads(line) for line in sys.stdin]\n" + body,
                shell="/usr/bin/python3")


def test_what_the_program_is_given(hook, tmp_path):
    path = python(hook, "import os\njson.dump([sys.argv[1:], changes, os.environ['ACME_DNS_VERB']], "
                        "open('%s/seen', 'w'))\n"
                        "[print(json.dumps({'index': c['index'], 'status': 0})) for c in changes]" % tmp_path)
    value = 'quote " back \\ slash é'
    result = batch(path, ("add", "a.example.test.", Z, value, 60), ("remove", "b.example.test.", Z, "w", 60, "r1"))
    assert result.status == OK and result.done == [0, 1]
    argv, changes, verb = json.loads((tmp_path / "seen").read_text())
    assert argv == ["-x", "batch"] and verb == "batch"
    assert changes[0] == {"index": 0, "verb": "add", "fqdn": "a.example.test.", "value": value, "zone": Z,
                          "ttl": 60, "identifier": "example.com", "wildcard": True, "token": "a-token",
                          "key_authorization": "a-token.a-thumbprint", "receipt": None}
    assert changes[1]["verb"] == "remove" and changes[1]["receipt"] == "r1"


def test_each_change_fails_for_itself(hook):
    path = python(hook, """
print("hello")
for index, status, more in ((3, 77, {"message": "no\\x1b"}), (1, 75, {"retry_after": 30}),
                            (0, 0, {"receipt": "id-0"}), (2, 2, {})):
    print(json.dumps({"index": index, "status": status, **more}))
""")
    result = batch(path)
    assert result.status == OK and result.done == [0] and result.receipts == {0: "id-0"}
    assert {i: f[0] for i, f in result.fails.items()} == {3: DENIED, 1: RETRY, 2: UNSUPPORTED}
    assert result.fails[1][1] == 30 and "no\\x1b" in result.fails[3][2]
    assert result.log == "hook: hello"


def test_no_word_about_a_change_is_a_failure(hook):
    result = batch(hook("cat > /dev/null; echo '{\"index\":1,\"status\":0}'"))
    assert result.status == OK and result.done == [1]
    assert sorted(result.fails) == [0, 2, 3] and "no status line for change 3" in result.fails[3][2]
    assert all(f[0] == RETRY and f[1] > 0 for f in result.fails.values())  # nobody knows whether it was made


def test_a_status_without_a_meaning_promises_nothing(hook):
    result = batch(hook("cat > /dev/null; echo '{\"index\":0,\"status\":28,\"message\":\"timeout\"}'"), CHANGES[0])
    assert result.fails[0][0] == RETRY and result.fails[0][1] > 0 and "timeout" in result.fails[0][2]


def test_the_exit_code_holds_for_what_was_not_answered(hook):
    result = batch(hook("echo '{\"index\":1,\"status\":0}'; echo retry-after=7; echo why >&2; exit 78"))
    assert result.status == BAD_CONFIG and result.done == [1]
    assert result.fails[0][1] == 7 and "why" in result.fails[0][2]


def test_lines_that_do_not_fit_change_nothing(hook):
    path = hook("""cat > /dev/null
echo '{"index":0,"status":0}'
echo '{"index":0,"status":77}'
echo '{"index":4,"status":0}'
echo '{"index":-1,"status":0}'
echo '{"index":1,"status":256}'
echo '{"index":1}'
echo '{"index":1,"status":"ok"}'
echo '{"index":1,"status":0'
echo '{"x":{"index":1,"status":0}}'
echo '{"x":[[[[[[[[]]]]]]]],"index":1,"status":0}'
printf '{"index":1,"status":0,"message":"\\377"}\\n'
echo '{"index":1,"status":1,"message":"at last"}'
""")
    result = batch(path, *CHANGES[:2])
    assert result.status == OK and result.done == [0]
    assert list(result.fails) == [1] and "at last" in result.fails[1][2]
    assert len([1 for level, _ in result.logs if level == 1]) == 10


def test_a_program_that_does_not_read(hook):
    changes = [("add", "n%d.example.test." % i, Z, "x" * 250, 60) for i in range(2000)]
    result = batch(hook("exit 1"), *changes)
    assert result.status == RETRY and result.done == []


def test_two_thousand_changes(hook):
    changes = [("add", "n%d.example.test." % i, Z, "x" * 250, 60) for i in range(2000)]
    path = hook("import sys, json\nfor line in sys.stdin:\n"
                "    print(json.dumps({'index': json.loads(line)['index'], 'status': 0}))",
                shell="/usr/bin/python3")
    result = batch(path, *changes)
    assert result.status == OK and len(result.done) == 2000


def test_a_value_that_json_cannot_carry_fails_alone(hook):
    path = python(hook, "[print(json.dumps({'index': c['index'], 'status': 0})) for c in changes]")
    result = batch(path, ("add", "a.example.test.", Z, b"\xff\xfe", 60), CHANGES[0])
    assert result.status == OK and result.done == [1] and result.fails[0][0] == REJECTED


def test_a_single_change_goes_the_same_way(hook):
    path = python(hook, "print(json.dumps({'index': 0, 'status': 77 if changes[0]['value'] == 'no' else 0}))")
    with Plugin("exec-hook", command=path, batch="yes").open() as p:
        assert p.call("add", "a.example.test.", Z, "yes", 60).status == OK
        result = p.call("remove", "a.example.test.", Z, "no", 60)
        assert result.status == DENIED and "remove" in result.text
