#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""A web server that answers as it is told, for the tests of the kit.

    kit_server.py FOLDER

serves HTTP/1.1 on a port of loopback, and on another over TLS with the CA FOLDER/ca.pem; prints READY PORT
TLS_PORT. Then each line on standard input is an order, answered by one line: a JSON list sets the answers
to the next requests, LOG shows the requests since the last list. Without orders left it echoes the request.

An answer: status, headers, body; cut (bytes of it sent before the connection ends), drop (none is sent),
stall (seconds before it), chunked, raw (all bytes as they are).
"""
import json
import socket
import ssl
import sys
import threading
import time
from os.path import abspath, dirname, join

sys.path.insert(0, join(dirname(dirname(dirname(abspath(__file__)))), "unit", "base"))
from http_server import listen, make_certificate  # noqa: E402


class Script:
    def __init__(self):
        self.lock = threading.Lock()
        self.answers, self.log, self.connections = [], [], 0

    def set(self, answers):
        with self.lock:
            self.answers, self.log = answers, []

    def next(self, request):
        with self.lock:
            self.log.append(request)
            if self.answers:
                return self.answers.pop(0)
        return {"status": 200, "body": json.dumps(request)}


def render(answer):
    if "raw" in answer:
        return answer["raw"].encode("latin-1")
    body = answer.get("body", "{}" if answer.get("status") != 204 else "").encode()
    if "repeat" in answer:
        body *= answer["repeat"]
    headers = {"Content-Type": "application/json", **answer.get("headers", {})}
    if answer.get("chunked"):
        headers["Transfer-Encoding"] = "chunked"
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    else:
        headers["Content-Length"] = str(len(body))
    lines = [f"HTTP/1.1 {answer.get('status', 200)} Words"]
    lines += [f"{name}: {value}" for name, value in headers.items() if value is not None]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def read_request(stream, connection):
    first = stream.readline().decode().split()
    if len(first) != 3:
        return None
    headers = {}
    for line in iter(stream.readline, b"\r\n"):
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    body = stream.read(int(headers.get("content-length", 0))).decode()
    return {"method": first[0], "path": first[1], "headers": headers, "body": body,
            "connection": connection}


def reset(conn):
    """Ends it as a crashed server would."""
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    conn.close()


def serve(conn, script, context):
    with script.lock:
        script.connections += 1
        number = script.connections
    try:
        conn = context.wrap_socket(conn, server_side=True) if context else conn
        stream = conn.makefile("rb")
        while True:
            request = read_request(stream, number)
            if request is None:
                break
            answer = script.next(request)
            time.sleep(answer.get("stall", 0))
            if answer.get("drop"):
                reset(conn)
                break
            reply = render(answer)
            conn.sendall(reply[:answer["cut"]] if "cut" in answer else reply)
            if "cut" in answer:
                break
        stream.close()
        conn.close()
    except (OSError, ValueError):
        conn.close()


def accept_for_ever(listener, script, context):
    while True:
        conn, _ = listener.accept()
        conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=serve, args=(conn, script, context), daemon=True).start()


def main(folder):
    script = Script()
    root = make_certificate(folder, "ca", "Test CA", None)
    make_certificate(folder, "leaf", "localhost", root)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{folder}/leaf.pem", f"{folder}/leaf.key")
    ports = []
    for tls in (None, context):
        listener, port = listen()
        ports.append(port)
        threading.Thread(target=accept_for_ever, args=(listener, script, tls), daemon=True).start()
    print("READY", *ports, flush=True)
    for line in sys.stdin:
        if line.strip() == "LOG":
            print(json.dumps(script.log), flush=True)
        else:
            script.set(json.loads(line))
            print("SET", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
