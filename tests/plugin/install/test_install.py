# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""What a person without our sources has: an installed tree. Plug-ins are built against that alone."""
import http.server
import json
import os
import pathlib
import re
import shutil
import subprocess
import threading

import pytest

SOURCE = pathlib.Path(__file__).resolve().parents[3]
BUILD = pathlib.Path(os.environ.get("ACME_DNS_BUILD", "build/dev")).resolve()
FROZEN = SOURCE / "tests/abi/1.0"
CACHE = (BUILD / "CMakeCache.txt").read_text()
# A kit that was built with the sanitizers wants them in the plug-in too.
SANITIZE = "-fsanitize=address,undefined" if re.search(r"^ACME_SANITIZE:BOOL=ON", CACHE, re.M) else ""


def run(*command, cwd=None, code=0, **environment):
    result = subprocess.run([str(word) for word in command], cwd=cwd, text=True, timeout=300,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                            env={**os.environ, **environment})
    assert result.returncode == code, "%s: %d\n%s" % (command, result.returncode, result.stdout)
    return result.stdout


@pytest.fixture(scope="session")
def prefix(tmp_path_factory):
    """An installed tree, moved after it was installed: nothing may depend on where it was made."""
    first = tmp_path_factory.mktemp("installed") / "first"
    run("cmake", "--install", BUILD, "--prefix", first)
    return first.rename(first.with_name("moved"))


@pytest.fixture(scope="session")
def pkgconfig(prefix):
    return str(next(prefix.glob("lib/**/pkgconfig")))


def acme_dns(*words, code=0, cwd=None):
    return run(BUILD / "acme-dns", *words, code=code, cwd=cwd)


def exported(path):
    symbols = run("nm", "-D", "--defined-only", path).splitlines()
    return sorted(line.split()[-1] for line in symbols if "__odr_asan" not in line)


def test_the_program_finds_what_was_installed_with_it(prefix):
    """Also below another prefix than the one it was built for, and moved since."""
    program = next(prefix.rglob("sbin/acme-dns"))
    folder = next(prefix.glob("lib/**/acme-dns/plugins"))
    assert str(folder / "rfc2136.so") in run(program, "plugin", "show", "rfc2136")


def make_plugin(folder, pkgconfig, *targets, **variables):
    flags = "-Wconversion -Werror " + SANITIZE
    return run("make", *targets, *("%s=%s" % pair for pair in variables.items()), cwd=folder,
               PKG_CONFIG_PATH=pkgconfig, CFLAGS=flags, CXXFLAGS=flags)


@pytest.fixture(scope="session")
def new_plugin(tmp_path_factory, pkgconfig):
    folder = tmp_path_factory.mktemp("new") / "deep" / "my-dns"
    text = acme_dns("plugin", "new", "my-dns", folder)
    assert str(folder) in text and "make check" in text
    make_plugin(folder, pkgconfig)
    return folder


class Driver:
    """The installed program that calls a plug-in."""

    def __init__(self, prefix, plugin, **options):
        drive = next(prefix.glob("lib/**/acme-dns/kit/plugin-drive"))
        self.process = subprocess.Popen([drive, plugin, *("%s=%s" % pair for pair in options.items())], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def call(self, *words):
        self.process.stdin.write("\t".join(words) + "\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            kind, *rest = line.rstrip("\n").split("\t")
            if kind == "returned":
                return int(rest[1])
        raise AssertionError("the plug-in's process ended with %s" % self.process.wait())

    def __enter__(self):
        assert self.call("open") == 0
        return self

    def __exit__(self, *_):
        self.call("close")
        self.process.stdin.close()
        assert self.process.wait(timeout=30) == 0


# ---- plugin new ----

def test_a_new_plugin_builds_and_exports_one_symbol(new_plugin):
    assert exported(new_plugin / "my-dns.so") == ["acme_plugin_v1"]
    shown = acme_dns("plugin", "show", new_plugin / "my-dns.so")
    assert "name=my-dns" in shown and "MY_DNS_TOKEN" in shown and "api-url" in shown


def test_a_new_plugin_passes_its_own_check(new_plugin, pkgconfig):
    text = make_plugin(new_plugin, pkgconfig, "check")
    assert "26 rules, 0 failed" in text
    assert sorted(p.name for p in new_plugin.iterdir()) == ["Makefile", "README.md", "fake_api.py", "my-dns.c",
                                                            "my-dns.conf", "my-dns.so"]


def test_a_new_plugin_installs_itself(new_plugin, pkgconfig, tmp_path, prefix):
    make_plugin(new_plugin, pkgconfig, "install", DESTDIR=tmp_path)
    installed = next(tmp_path.rglob("my-dns.so"))
    assert installed.parent.name == "plugins" and installed.stat().st_mode & 0o777 == 0o644


def test_nothing_of_the_template_is_left(new_plugin):
    for path in new_plugin.iterdir():
        if path.suffix != ".so":
            assert "@" not in path.read_text().replace("@route", "").replace("$@", "").replace("@$(", ""), path


FIND = "kit_find(call, http, &api, record, ACME_ADD, &place)"
PAGES = "    .paging = {.kind = KIT_PAGING_NUMBER,\n               .parameter = \"page\",\n" \
    "               .size_name = \"per_page\",\n               .size = 100},\n"
REMOVE = "return kit_remove(call, http, &api, record);"
# A look at the first record of the name only, whatever it holds.
HASTY = """KIT_PLACE(p);
    KIT_ANSWER(a);
    int32_t status = kit_find(call, http, &api, record, ACME_REMOVE, &p);
    struct kit_request rq = api.remove;

    if (status != ACME_OK || p.zone == NULL) {
        return status;
    }
    status = kit_send(call, http,
                      &(struct kit_request){.path = "/zones/{}/records", .parts = {p.zone_id},
                                            .query = {{"name", p.name}}}, &a);
    rq.parts[0] = p.zone_id;
    rq.parts[1] = kit_json_id(a.json, "records.0.id");
    rq.allow[0] = 404;
    return status != ACME_OK || rq.parts[1] == NULL ? status : kit_send(call, http, &rq, NULL);"""

# What an author may get wrong, and the rule that says so.
MISTAKES = {
    "first-of-the-name": (REMOVE, HASTY, "removing_one"),
    "blind": ("if (status != ACME_OK || place.n_records > 0) {", "if (status != ACME_OK) {", "adding_again"),
    "twice": (".json = &json,", ".json = &json, .repeat = KIT_REPEAT_SAFE,", "lost_reply"),
    "gone": (REMOVE, "KIT_PLACE(p);\n    int32_t status = kit_find(call, http, &api, record, ACME_REMOVE, &p);\n"
             "    return status == ACME_OK && p.n_records == 0 ? acme_fail(call, ACME_REJECTED, 0, \"no\") : "
             + REMOVE[len("return "):], "removing_absent"),
    "no-zone": (FIND + ";", FIND + ";\n    status = status == ACME_NO_ZONE ? ACME_RETRY : status;", "unknown_zone"),
    "zone-above": (FIND, FIND.replace("record,", "&(struct acme_record){.zone = \"example.test.\", "
                                      ".fqdn = record->fqdn, .value = record->value, "
                                      ".value_len = record->value_len},"), "several_zones"),
    "crash": ("kit_json_addf(&json,", "kit_json_addf((struct kit_text *)8,", "removing_one"),
    "one-page": (PAGES, "", "full_page_of_zones"),
    "page-of-records": (PAGES, PAGES.replace("100}", "1000}"), "full_page"),
    "silent": (FIND + ";", "ACME_NO_ZONE;", "unknown_zone"),
}


def replace_in(path, old, new):
    text = path.read_text()
    assert text.count(old) == 1, (path, old)
    path.write_text(text.replace(old, new))


def check_changed(new_plugin, pkgconfig, tmp_path, change, *words, code=2):
    """What make check says of a new plug-in after a change to it, a pair of texts."""
    folder = shutil.copytree(new_plugin, tmp_path / "my-dns")
    source = folder / "my-dns.c"
    replace_in(source, *change)
    source.write_text("#include <strings.h>\n#include <unistd.h>\n" + source.read_text())
    run("make", "CFLAGS=-w " + SANITIZE, cwd=folder, PKG_CONFIG_PATH=pkgconfig)
    return run("make", "check", *words, cwd=folder, code=code, PKG_CONFIG_PATH=pkgconfig)


@pytest.mark.parametrize("mistake", sorted(MISTAKES))
def test_the_check_finds_what_authors_get_wrong(new_plugin, pkgconfig, tmp_path, mistake):
    right, wrong, rule = MISTAKES[mistake]
    text = check_changed(new_plugin, pkgconfig, tmp_path, (right, wrong), "RULES=" + rule)
    assert "FAILED" in text and "(%s)" % rule in text and "1 rules, 1 failed" in text


BEFORE_ADDING = "    if (status != ACME_OK || place.n_records > 0) {"


def test_the_check_ends_what_does_not_end(new_plugin, pkgconfig, tmp_path):
    hanging = (BEFORE_ADDING, "    for (;;) {\n        (void)sleep(9);\n    }\n" + BEFORE_ADDING)
    text = check_changed(new_plugin, pkgconfig, tmp_path, hanging, "CALL_TIMEOUT=1", "RULES=two_values")
    assert "add() did not end within 1 s" in text and "1 rules, 1 failed" in text


def test_the_check_says_how_a_plugin_died_and_soon_stops(new_plugin, pkgconfig, tmp_path):
    killed = (BEFORE_ADDING, "    (void)raise(SIGSEGV);\n" + BEFORE_ADDING)
    signals = ("#include <acme-kit.h>", "#include <acme-kit.h>\n#include <signal.h>")
    replace_in(shutil.copytree(new_plugin, tmp_path / "of-signals") / "my-dns.c", *signals)
    text = check_changed(tmp_path / "of-signals", pkgconfig, tmp_path, killed)
    how = "ended with status" if SANITIZE else "was killed by signal 11 (Segmentation fault)"
    assert "add(): the plug-in's process " + how in text, text
    found = re.search(r"the plug-in's process died: (\d+) other rules were not tried", text)
    assert found and int(found[1]) >= 8 and text.count("the plug-in's process " + how) < 12, text


def test_the_check_asks_for_no_shorter_ttl_than_the_plugin_takes(new_plugin, pkgconfig, tmp_path):
    wants = shutil.copytree(new_plugin, tmp_path / "wants")
    replace_in(wants / "fake_api.py", '        key = self.new_id()\n',
               '        if record["ttl"] < 300:\n            return Reply(422, {"error": "the TTL is too short"})\n'
               '        key = self.new_id()\n')
    told = (".version = \"0.1.0\",", ".version = \"0.1.0\", .min_ttl_s = 300,")
    check_changed(wants, pkgconfig, tmp_path, told, "RULES=two_values removing_one", code=0)
    replace_in(tmp_path / "my-dns" / "my-dns.c", " .min_ttl_s = 300,", "")
    text = run("make", "check", "RULES=two_values", "CFLAGS=-w " + SANITIZE, cwd=tmp_path / "my-dns", code=2,
               PKG_CONFIG_PATH=pkgconfig)
    assert "the TTL is too short" in text


# What the guide says to change, for the host of other_api.py.
OTHER = [
    ('OPTION_TOKEN)->text}', 'OPTION_TOKEN)->text, .header = "X-API-Key"}'),
    (PAGES, '    .paging = {.kind = KIT_PAGING_CURSOR, .parameter = "after", .next = "meta.next"},\n'),
    ('.zones = {.request = {.path = "/zones"}, .items = "zones"}', '.zones = {.request = {.path = "/domains", .query = '
     '{{"name", KIT_NAME}}}, .items = "data", .id = "uuid", .name = "domain"},\n    .has_relative_names = true'),
    (',\n                            .query = {{"type", "TXT"}, {"name", KIT_NAME}}}', "}"),
    ('.items = "records"}', '.items = "data", .id = "rr", .name = "host", .type = "kind", .value = "rdata"}'),
    ("'type': 'TXT', 'name': %s, 'content'", "'kind': 'TXT', 'host': %s, 'rdata'"),
    ('"record.id"', '"rr"'),
]


def test_the_table_turns_into_that_of_another_api(new_plugin, pkgconfig, tmp_path):
    folder = shutil.copytree(new_plugin, tmp_path / "my-dns")
    source = folder / "my-dns.c"
    for change in OTHER:
        replace_in(source, *change)
    source.write_text(source.read_text().replace("/zones/{}/records", "/domains/{}/rr"))
    shutil.copy(pathlib.Path(__file__).with_name("other_api.py"), folder / "fake_api.py")
    make_plugin(folder, pkgconfig)
    assert "26 rules, 0 failed" in make_plugin(folder, pkgconfig, "check")


def test_names_that_no_plugin_can_have_are_refused(tmp_path):
    for name in ("My-DNS", "../x", "a" * 33, "1dns", "-x"):
        text = acme_dns("plugin", "new", "--", name, code=3, cwd=tmp_path)
        assert name in text or "unknown" in text, text
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_taken_is_refused(tmp_path):
    text = acme_dns("plugin", "new", "rfc2136", code=3, cwd=tmp_path)
    assert "plugins/rfc2136.so" in text and "another name" in text
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_use_is_left_alone(tmp_path):
    (tmp_path / "notes").write_text("mine")
    text = acme_dns("plugin", "new", "my-dns", tmp_path, code=3)
    assert "not empty" in text and str(tmp_path) in text and "another one" in text
    assert [p.name for p in tmp_path.iterdir()] == ["notes"]
    (tmp_path / "file").write_text("x")
    assert "no folder" in acme_dns("plugin", "new", "my-dns", tmp_path / "file", code=3)


# ---- the examples, both ways ----

@pytest.fixture(scope="session", params=["make", "cmake"])
def example(request, tmp_path_factory, prefix, pkgconfig):
    """Builds an example by its name; the path of its plug-in."""
    def build(name):
        folder = tmp_path_factory.mktemp(request.param) / name
        shutil.copytree(next(prefix.rglob("examples/" + name)), folder)
        if request.param == "make":
            make_plugin(folder, pkgconfig)
            return folder / (name + ".so")
        run("cmake", "-S", folder, "-B", folder / "build", "-DCMAKE_PREFIX_PATH=%s" % prefix,
            "-DCMAKE_C_FLAGS=" + SANITIZE, "-DCMAKE_CXX_FLAGS=" + SANITIZE)
        run("cmake", "--build", folder / "build")
        return folder / "build" / (name + ".so")
    return build


NO_PLACE = {"PKG_CONFIG_PATH": "", "PKG_CONFIG_LIBDIR": "/nonexistent"}


@pytest.mark.parametrize("name", ["webhook", "zonefile", "my-dns"])
def test_make_is_told_of_another_prefix(new_plugin, prefix, tmp_path, name):
    source = new_plugin if name == "my-dns" else next(prefix.rglob("examples/" + name))
    folder = shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("*.so"))
    text = run("make", cwd=folder, code=2, **NO_PLACE)
    assert "make PREFIX=" in text and len(re.findall("Package .* was not found", text)) == 1, text
    if name != "my-dns":  # as for that, see tests/e2e/test_plugin_new.py
        run("make", "PREFIX=%s" % prefix, "CFLAGS=" + SANITIZE, "CXXFLAGS=" + SANITIZE, cwd=folder, PKG_CONFIG_PATH="")
        assert (folder / (name + ".so")).exists()


class Hook(http.server.BaseHTTPRequestHandler):
    got = []

    def do_POST(self):
        Hook.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def test_the_webhook_posts_changes(example, prefix):
    plugin = example("webhook")
    assert exported(plugin) == ["acme_plugin_v1"]
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Hook.got.clear()
    with Driver(prefix, plugin, url="http://127.0.0.1:%d/dns" % server.server_address[1]) as driver:
        assert driver.call("add", "_acme-challenge.example.com.", "example.com.", "the \"value\"", "60") == 0
        assert driver.call("remove", "_acme-challenge.example.com.", "example.com.", "the \"value\"", "60") == 0
    server.shutdown()
    server.server_close()
    about = {"name": "_acme-challenge.example.com.", "zone": "example.com.", "value": "the \"value\"", "ttl": 60}
    assert Hook.got == [{"action": "add", **about}, {"action": "remove", **about}]


def test_a_plugin_in_cxx_keeps_its_lines(example, prefix, tmp_path):
    plugin = example("zonefile")
    assert exported(plugin) == ["acme_plugin_v1"]
    (tmp_path / "acme.zone").write_text("other 60 IN TXT \"mine\"\n")
    with Driver(prefix, plugin, folder=tmp_path) as driver:
        for value in ("one", "two", "one"):
            assert driver.call("add", "_acme-challenge.example.com.", "example.com.", value, "60") == 0
        assert driver.call("remove", "_acme-challenge.example.com.", "example.com.", "two", "60") == 0
        assert driver.call("remove", "_acme-challenge.example.com.", "example.com.", "two", "60") == 0
        assert driver.call("add", "_acme-challenge.example.com.", "example.com.", "a\"b", "60") == 105
    assert (tmp_path / "acme.zone").read_text() == ("other 60 IN TXT \"mine\"\n"
                                                    "_acme-challenge.example.com. 60 IN TXT \"one\"\n")
    assert "name=zonefile" in acme_dns("plugin", "show", plugin)


# ---- the header ----

@pytest.mark.parametrize("compiler,source", [("cc", "webhook/webhook.c"), ("c++", "zonefile/zonefile.cc")])
def test_a_plugin_of_the_first_header_works_today(prefix, pkgconfig, tmp_path, compiler, source):
    """Built with the header of 1.0 as it was frozen, loaded by the program of now."""
    name = pathlib.Path(source).stem
    flags = run("pkg-config", "--cflags", "--libs", "acme-kit", PKG_CONFIG_PATH=pkgconfig).split()
    run(compiler, "-shared", "-fPIC", "-fvisibility=hidden", *SANITIZE.split(), "-I", FROZEN, "-H", "-o",
        tmp_path / (name + ".so"), next(prefix.rglob("examples/" + source)), *flags)
    shown = acme_dns("plugin", "show", tmp_path / (name + ".so"))
    assert "name=%s\n" % name in shown


@pytest.mark.parametrize("compiler,standard", [("cc", "c99"), ("cc", "c11"), ("c++", "c++11"), ("c++", "c++20")])
@pytest.mark.parametrize("header", ["acme-kit.h", "acme-plugin.h"])
def test_the_headers_stand_alone(prefix, tmp_path, header, compiler, standard):
    source = tmp_path / ("use.c" if compiler == "cc" else "use.cc")
    source.write_text("#include <%s>\nint use_one(void);\nint use_one(void) { return 0; }\n" % header)
    run(compiler, "-std=" + standard, "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only",
        "-I", next(prefix.glob("**/" + header)).parent, source)


def test_pkg_config_says_where_things_are(prefix, pkgconfig):
    def variable(package, name):
        return pathlib.Path(run("pkg-config", "--variable=" + name, package,
                                PKG_CONFIG_PATH=pkgconfig).strip()).resolve()
    assert (variable("acme-dns-plugin", "plugindir") / "rfc2136.so").exists()
    assert (variable("acme-dns-plugin", "includedir") / "acme-plugin.h").exists()
    assert (variable("acme-kit", "kitdir") / "plugincheck.py").exists()
    assert str(prefix) in str(variable("acme-kit", "kitdir"))


def test_what_there_is_to_read_is_installed(prefix):
    for name in ("plugin-guide.md", "acme-kit.h", "acme-plugin.h", "libacme-kit.a", "acme-kit.3", "LICENSE",
                 "README.md"):
        assert len(list(prefix.rglob(name))) == 1, name
    assert next(prefix.rglob("README.md")).parent == next(prefix.rglob("LICENSE")).parent


def test_the_page_names_every_call_of_the_kit(prefix):
    page = next(prefix.rglob("man3/acme-kit.3")).read_text()
    header = next(prefix.rglob("acme-kit.h")).read_text()
    code = re.sub(r"/\*.*?\*/|^#define.*?[^\\]$", "", header, flags=re.S | re.M)
    calls = set(re.findall(r"\b(kit_\w+)\(", code)) | set(re.findall(r"^#define (KIT_\w+)\(", header, flags=re.M))
    assert len(calls) > 60
    assert calls == set(re.findall(r"\b(?:kit|KIT)_\w+", page)) - {"kit_api"}


def test_the_guide_speaks_of_what_there_is(prefix):
    guide = next(prefix.rglob("plugin-guide.md")).read_text()
    known = "".join(next(prefix.rglob(name)).read_text()
                    for name in ("acme-kit.h", "acme-plugin.h", "plugincheck.py", "fakeapi.py"))
    known += "".join(path.read_text() for path in (SOURCE / "plugins/kit/template").iterdir())
    names = set(re.findall(r"\b(?:kit|acme|KIT|ACME)_\w+|\bplugin_\w+\b|\bfind_\w+", guide)) - {"find_package"}
    names |= set(re.findall(r"RULES=(\w+)", guide))
    missing = {name for name in names if name not in known} - {"acme_dns_add_plugin"}
    assert len(names) > 40 and not missing
