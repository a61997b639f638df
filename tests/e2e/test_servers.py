# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""The snippets of acme-dns-deploy(7), as they stand in the page, with the real servers: each gets a certificate,
then a second one, and shows it to whoever connects. Only paths and ports are the test's, and the programs that
hooks name are wrappers that find the unpacked server."""

import os
import pathlib
import pwd
import re
import signal
import ssl
import subprocess
import time

import pytest
from cryptography import x509
from lab import Ca, World, Zone
from lab.control import cache_dir

_PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "acme-dns-deploy.7")
_TLS = os.path.join(cache_dir(), "tls", "usr")
_PORT = 8443
_NOBODY = pwd.getpwnam("nobody").pw_uid


def snippet(server, file):
    with open(_PAGE, encoding="utf-8") as page:
        found = re.search(r'^\.\\" snippet: %s %s\n\.Bd [^\n]*\n(.*?)^\.Ed$' % (server, re.escape(file)), page.read(),
                          re.M | re.S)
    return found[1].replace("\\e", "\\")


def libraries():
    folders = [os.path.join(_TLS, "lib", name) for name in os.listdir(os.path.join(_TLS, "lib")) if "-linux-" in name]
    return ":".join(folders + [os.path.join(_TLS, "lib", "postfix")])


class Scene:
    """One acme-dns with the page's configuration, and the folder that a server's files are in."""

    def __init__(self, lab, client, server):
        self.lab, self.client, self.server = lab, client, server
        self.folder = pathlib.Path(lab.folder, "server")  # which, unlike pytest's, all may enter
        self.folder.mkdir(mode=0o755)
        self.tls = self.folder / "tls"
        self.tls.mkdir(mode=0o755)
        self.processes = []

    def ours(self, text):
        """A text of the page, with the test's paths and ports."""
        text = text.replace("/var/lib/acme-dns", self.client.state)
        text = re.sub(r"/etc/(haproxy/certs|postfix/tls|postgresql/tls)", str(self.tls), text)
        return re.sub(r"(listen |bind |\*)(:?)443\b", lambda m: "%s%s%d" % (
            m[1] + ("127.0.0.1:" if m[1] == "listen " else "127.0.0.1" if m[1] == "bind " else ""), m[2], _PORT), text)

    def wrapper(self, name, text):
        path = self.folder / name
        path.write_text("#!/bin/sh\nexport LD_LIBRARY_PATH='%s'\n%s\n" % (libraries(), text))
        path.chmod(0o755)
        return str(path)

    def configure(self, programs, **replace):
        """programs: what the hook's first word stands for, by name."""
        text = self.ours(snippet(self.server, "acme-dns.conf"))
        for name, program in programs.items():
            text, n = re.subn(r"(deploy-hook = )%s\b" % name, r"\1" + program, text)
            assert n == 1, text
        for old, new in replace.items():
            text = text.replace(old, new)
        general = text.startswith("[acme-dns]\n")
        self.client.configure(settings="ca = lab\n" + (text[len("[acme-dns]\n"):] if general else ""),
                              sections="[ca lab]\ndirectory = %s\n" % self.client.server + ("" if general else text))

    def issue(self, name, *options):
        domains = ["-d", name] if self.server == "haproxy" else []
        result = self.client.run("issue", *domains, "--name", name, *options)
        assert result.code == 0, result.err

    def start(self, *command, **run):
        with open(self.folder / "server.log", "a", encoding="utf-8") as log:
            self.processes.append(self.lab.popen(command, env={"LD_LIBRARY_PATH": libraries()}, stdout=log, stderr=log,
                                                 stdin=subprocess.DEVNULL, **run))
        return self.processes[-1]

    def stop(self):
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            process.wait(20)

    def presented(self, name, *options):
        """The certificate that the server shows, or None while it shows none."""
        done = self.lab.run(["openssl", "s_client", "-connect", "127.0.0.1:%d" % _PORT, "-servername", name, *options],
                            stdin="")
        found = re.search("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", done.out, re.S)
        return found and x509.load_der_x509_certificate(ssl.PEM_cert_to_DER_cert(found[0])).serial_number

    def await_presented(self, name, *options):
        """Until it is the installed one; reloading takes servers a moment."""
        wanted = self.client.certificate(name)[0].serial_number
        deadline = time.monotonic() + 30
        while (seen := self.presented(name, *options)) != wanted:
            log = (self.folder / "server.log").read_text()
            assert time.monotonic() < deadline and self.processes[-1].poll() is None, (seen, wanted, log)
            time.sleep(0.1)
        return wanted


@pytest.fixture
def make_scene(make_lab, make_client):
    scenes = []

    def make(server):
        lab = make_lab(World(zones=[Zone("example.com")], cas=[Ca(calm=True)], in_step=True, cache_s=0))
        scenes.append(Scene(lab, make_client(lab), server))
        return scenes[-1]

    yield make
    for scene in scenes:
        scene.stop()


def test_nginx_is_reloaded_and_serves_the_new_certificate(make_scene):
    scene = make_scene("nginx")
    program = os.path.join(_TLS, "sbin", "nginx")
    temporary = "".join("%s_temp_path %s/%s;\n" % (kind, scene.folder, kind)
                        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    config = scene.folder / "nginx.conf"
    config.write_text("user root;\npid %s/pid;\nerror_log stderr;\nevents {}\nhttp {\naccess_log off;\n%s%s}\n" % (
        scene.folder, temporary, scene.ours(snippet("nginx", "nginx.conf"))))
    scene.configure({"nginx": scene.wrapper("nginx", "exec '%s' -c '%s' \"$@\"" % (program, config))})
    scene.client.run("issue", "--name", "www.example.com", "--deploy-hook", "true")
    server = scene.start(program, "-c", config, "-g", "daemon off;")
    first = scene.await_presented("www.example.com")
    scene.issue("www.example.com", "--force")
    assert scene.await_presented("www.example.com") != first
    assert server.poll() is None


@pytest.mark.skipif(os.geteuid() != 0, reason="its children have nobody to become")
def test_apache_is_reloaded_and_serves_the_new_certificate(make_scene):
    scene = make_scene("apache")
    program = os.path.join(_TLS, "sbin", "apache2")
    modules = os.path.join(_TLS, "lib", "apache2", "modules")
    config = scene.folder / "httpd.conf"
    config.write_text("ServerRoot %s\nPidFile pid\nErrorLog error.log\nServerName localhost\nUser nobody\n"
                      "Group nogroup\nListen 127.0.0.1:%d\n%s%s" % (
                          scene.folder, _PORT,
                          "".join("LoadModule %s_module %s/mod_%s.so\n" % (name, modules, name)
                                  for name in ("mpm_event", "authz_core", "ssl")),
                          scene.ours(snippet("apache", "httpd.conf"))))
    scene.configure({"apachectl": scene.wrapper("apachectl", "exec '%s' -f '%s' -k \"$1\"" % (program, config))})
    scene.client.run("issue", "--name", "www.example.com", "--deploy-hook", "true")
    scene.start(program, "-f", config, "-DFOREGROUND")
    first = scene.await_presented("www.example.com")
    scene.issue("www.example.com", "--force")
    assert scene.await_presented("www.example.com") != first


def test_haproxy_is_reloaded_and_serves_the_new_certificate(make_scene):
    scene = make_scene("haproxy")
    program = os.path.join(_TLS, "sbin", "haproxy")
    config, pid = scene.folder / "haproxy.cfg", scene.folder / "pid"
    config.write_text(scene.ours(snippet("haproxy", "haproxy.cfg")))
    systemctl = scene.wrapper("systemctl", '[ "$*" = "reload haproxy" ] || exit 1\n'
                                           "[ ! -e '%s' ] || kill -USR2 \"$(cat '%s')\"" % (pid, pid))
    scene.configure({"systemctl": systemctl})
    scene.issue("www.example.com")
    assert os.listdir(scene.tls) == ["www.example.com.pem"]
    server = scene.start(program, "-W", "-f", config)
    first = scene.await_presented("www.example.com")
    pid.write_text("%d\n" % server.pid)
    scene.issue("www.example.com", "--force")
    assert scene.await_presented("www.example.com") != first
    # A second name is a second file, and the server tells them apart.
    scene.issue("mail.example.com")
    assert scene.await_presented("mail.example.com") != scene.await_presented("www.example.com")


def test_postfix_takes_the_configuration_and_finds_the_key_first(make_scene):
    """Its daemons need users of their own; so its checker, and the rule of the order that it documents."""
    scene = make_scene("postfix")
    (scene.folder / "main.cf").write_text("compatibility_level = 3.6\n" + scene.ours(snippet("postfix", "main.cf")))
    (scene.folder / "master.cf").write_text("")
    program = os.path.join(_TLS, "sbin", "postconf")
    scene.configure({"postfix": scene.wrapper("postfix", "exec '%s' -c '%s' -n" % (program, scene.folder))})
    scene.issue("mail.example.com")
    done = scene.lab.run([program, "-c", scene.folder, "-n"], env={"LD_LIBRARY_PATH": libraries()})
    assert done.code == 0 and not done.err, done.err
    (path,) = re.findall(r"^smtpd_tls_chain_files = (.*)$", done.out, re.M)
    with open(path, encoding="ascii") as file:
        blocks = re.findall("-----BEGIN ([A-Z ]+)-----", file.read())
    assert blocks[:2] == ["PRIVATE KEY", "CERTIFICATE"] and set(blocks[2:]) == {"CERTIFICATE"}
    assert os.stat(path).st_mode & 0o777 == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="it does not run as root")
def test_postgresql_is_reloaded_and_serves_the_new_certificate(make_scene):
    scene = make_scene("postgresql")
    place, database = scene.folder / "unpacked", scene.folder / "database"
    pid = database / "postmaster.pid"
    place.mkdir()
    database.mkdir(mode=0o700)
    os.chown(database, _NOBODY, -1)
    # The cache is in root's home, where its user may not go; the mount is seen by this server alone.
    inside = ["unshare", "-m", "sh", "-c", "mount --bind '%s' '%s' && exec setpriv --reuid %d --clear-groups env "
              "LD_LIBRARY_PATH='%s' \"$@\"" % (os.path.dirname(_TLS), place, _NOBODY,
                                               libraries().replace(os.path.dirname(_TLS), str(place))), "sh"]
    programs = "%s/usr/lib/postgresql/15/bin/" % place
    done = scene.lab.run([*inside, programs + "initdb", "-N", "-A", "trust", "-U", "test", "--no-locale",
                          "-D", database])
    assert done.code == 0, done.err
    config = scene.folder / "postgresql.conf"
    config.write_text("data_directory = '{0}'\nhba_file = '{0}/pg_hba.conf'\nident_file = '{0}/pg_ident.conf'\n"
                      "listen_addresses = '127.0.0.1'\nport = {1}\nunix_socket_directories = ''\nfsync = off\n"
                      .format(database, _PORT) + scene.ours(snippet("postgresql", "postgresql.conf")))
    systemctl = scene.wrapper("systemctl", '[ "$*" = "reload postgresql" ] || exit 1\n'
                                           "[ ! -e '%s' ] || kill -HUP \"$(head -n 1 '%s')\"" % (pid, pid))
    scene.configure({"systemctl": systemctl}, **{"owner=postgres": "owner=nobody"})
    scene.issue("db.example.com")
    scene.start(*inside, programs + "postgres", "-c", "config_file=%s" % config)
    first = scene.await_presented("db.example.com", "-starttls", "postgres")
    scene.issue("db.example.com", "--force")
    assert scene.await_presented("db.example.com", "-starttls", "postgres") != first


def test_every_snippet_of_the_page_is_tested():
    with open(_PAGE, encoding="utf-8") as page:
        text = page.read()
    servers = text[text.index("\n.Sh SERVERS\n"):text.index("\n.Sh SEE ALSO\n")]
    tested = set(re.findall(r'snippet: (\S+) ', servers))
    assert tested == {"nginx", "apache", "haproxy", "postfix", "postgresql"}
    assert servers.count("\n.Bd ") == servers.count("snippet: ") + 1  # Java's is a line of test_copies.py
