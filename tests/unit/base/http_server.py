#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""A web server that misbehaves on request, for http_test.

    http_server.py FOLDER

writes FOLDER/ca.pem, serves HTTP/1.1 over TLS on two ports (the second with a certificate for another
name) and prints one line: READY PORT WRONG_NAME_PORT HTTP2_PORT NGHTTPD_PID. The HTTP/2 port leads through
a relay to nghttpd, 0 if that is not there (ACME_TEST_NGHTTPD or PATH). SIGUSR1 makes the relay swallow
all that is on connections opened so far, and FOLDER/swallowed says that it does. Ends when its standard
input ends.
"""
import datetime
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time

try:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID
except ImportError:
    print("SKIP python3-cryptography is missing", flush=True)
    sys.exit(77)


def name_of(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def make_certificate(folder, stem, host, signer):
    """Writes STEM.pem and STEM.key; signer is (certificate, key) or None for a root."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.utcnow()
    builder = (x509.CertificateBuilder().subject_name(name_of(host))
               .issuer_name(signer[0].subject if signer else name_of(host))
               .public_key(key.public_key()).serial_number(x509.random_serial_number())
               .not_valid_before(now - datetime.timedelta(days=1))
               .not_valid_after(now + datetime.timedelta(days=30))
               .add_extension(x509.BasicConstraints(ca=signer is None, path_length=None), True))
    if signer:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), False)
    certificate = builder.sign(signer[1] if signer else key, hashes.SHA256())
    with open(f"{folder}/{stem}.pem", "wb") as f:
        f.write(certificate.public_bytes(serialization.Encoding.PEM))
    with open(f"{folder}/{stem}.key", "wb") as f:
        f.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                  serialization.NoEncryption()))
    return certificate, key


def answer(status, headers=(), body=b"", length=None):
    lines = [f"HTTP/1.1 {status} Words", f"Content-Length: {len(body) if length is None else length}"]
    return ("\r\n".join([*lines, *headers]) + "\r\n\r\n").encode() + body


SIMPLE = {
    "/ok": answer(200, ["Content-Type: Application/JSON; charset=utf-8"], b'{"a":1}'),
    "/teapot": answer(418, ["Replay-Nonce: abc"], b"short and stout"),
    "/redirect": answer(307, ["Location: https://elsewhere.example/x"]),
    "/big": answer(200, body=b"x" * 100000),
    "/chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                + b"".join(b"1000\r\n" + b"y" * 4096 + b"\r\n" for _ in range(40)) + b"0\r\n\r\n",
    "/manyheaders": answer(200, [f"X-{i}: {'z' * 1000}" for i in range(90)]),
    "/links": answer(200, ["Link: </dir>;rel=\"index\", <https://a.example/1,2;3>;title=\"a,b;c\";rel=alternate",
                           "lInK: <x/2>; rel=\"up alternate\"; rel=\"index\""]),
    "/retry": answer(429, ["Date: Sat, 21 Nov 2020 10:00:00 GMT",
                           "Retry-After: Sat, 21 Nov 2020 10:01:30 GMT"]),
    "/early": b"HTTP/1.1 103 Early Hints\r\nRetry-After: 5\r\n\r\n" + answer(200, ["X-Last: 1"], b"late"),
}


def serve_one(conn, path, method, headers, body):
    """False ends the connection."""
    if path in SIMPLE:
        reply = SIMPLE[path]
        conn.sendall(reply if method != "HEAD" else reply.split(b"\r\n\r\n")[0] + b"\r\n\r\n")
    elif path == "/echo":
        wanted = ("content-type", "accept", "user-agent", "accept-encoding", "expect")
        seen = "".join(f"{k}={headers.get(k, '-')};" for k in wanted)
        conn.sendall(answer(200, [f"X-Seen: {method} {seen}"], body))
    elif path == "/stall":
        time.sleep(3)
        return False
    elif path == "/slow":
        time.sleep(0.4)
        conn.sendall(answer(200, body=b"patience"))
    elif path == "/cut":
        conn.sendall(answer(200, body=b"half", length=1000))
        return False
    elif path == "/drop":
        return False
    else:
        conn.sendall(answer(404))
    return True


def serve_connection(raw, context):
    try:
        conn = context.wrap_socket(raw, server_side=True)
        stream = conn.makefile("rb")
        while True:
            first = stream.readline().decode().split()
            if len(first) != 3:
                break
            headers = {}
            for line in iter(stream.readline, b"\r\n"):
                key, _, value = line.decode().partition(":")
                headers[key.strip().lower()] = value.strip()
            body = stream.read(int(headers.get("content-length", 0)))
            if not serve_one(conn, first[1], first[0], headers, body):
                break
        raw.close()
        conn.shutdown(socket.SHUT_RDWR)
        conn.close()
    except (OSError, ValueError):
        pass


def listen():
    s = socket.create_server(("127.0.0.1", 0), backlog=200)
    return s, s.getsockname()[1]


def accept_for_ever(listener, work):
    while True:
        conn, _ = listener.accept()
        conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=work, args=(conn,), daemon=True).start()


def start_tls(folder, stem):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{folder}/{stem}.pem", f"{folder}/{stem}.key")
    context.set_alpn_protocols(["http/1.1"])
    listener, port = listen()
    threading.Thread(target=accept_for_ever, daemon=True,
                     args=(listener, lambda c: serve_connection(c, context))).start()
    return port


class Relay:
    """Passes bytes on, until told to swallow them."""

    def __init__(self, to_port):
        self.to_port = to_port
        self.epoch = 0
        listener, self.port = listen()
        threading.Thread(target=accept_for_ever, daemon=True, args=(listener, self.pass_on)).start()

    def pass_on(self, near):
        epoch = self.epoch
        far = socket.create_connection(("127.0.0.1", self.to_port))
        far.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=self.pump, args=(far, near, epoch), daemon=True).start()
        self.pump(near, far, epoch)

    def pump(self, source, sink, epoch):
        try:
            for piece in iter(lambda: source.recv(65536), b""):
                if epoch == self.epoch:
                    sink.sendall(piece)
            if epoch == self.epoch:
                sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def start_nghttpd(folder):
    program = os.environ.get("ACME_TEST_NGHTTPD") or shutil.which("nghttpd")
    if not program:
        return None, 0
    probe, port = listen()
    probe.close()
    with open(f"{folder}/file", "w") as f:
        f.write("over http2")
    child = subprocess.Popen([program, "-a", "127.0.0.1", "-d", folder, "-m", "100", str(port),
                              f"{folder}/server.key", f"{folder}/server.pem"],
                             stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return child, port
        except OSError:
            time.sleep(0.05)
    child.kill()
    return None, 0


def main():
    folder = sys.argv[1]
    root = make_certificate(folder, "ca", "Test Root", None)
    make_certificate(folder, "server", "localhost", root)
    make_certificate(folder, "wrong", "other.example", root)
    good, wrong = start_tls(folder, "server"), start_tls(folder, "wrong")
    child, port = start_nghttpd(folder)
    relay = Relay(port) if child else None

    def swallow(*_):
        relay.epoch += 1
        with open(f"{folder}/swallowed", "w"):
            pass
    signal.signal(signal.SIGUSR1, swallow)
    print("READY", good, wrong, relay.port if relay else 0, child.pid if child else 0, flush=True)
    sys.stdin.read()
    if child:
        child.kill()
        child.wait()


if __name__ == "__main__":
    main()
