# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""Stands before a real server and does to messages what a bad network or a bad peer does."""
import socket
import struct
import threading

from servers import free_port


class Relay:
    """udp, tcp: functions (query, answer) -> the messages to send back; None: that transport is refused.
    A tcp function may return None: the connection is cut."""

    def __init__(self, upstream_port, udp=None, tcp=None):
        self.upstream, self.on_udp, self.on_tcp = upstream_port, udp, tcp
        self.port, self.queries, self.sockets = free_port(), [], []
        if udp:
            self.run(self.serve_udp, self.bind(socket.SOCK_DGRAM))
        if tcp:
            listener = self.bind(socket.SOCK_STREAM)
            listener.listen(16)
            self.run(self.serve_tcp, listener)

    def bind(self, kind):
        sock = socket.socket(type=kind)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("127.0.0.1", self.port))
        self.sockets.append(sock)
        return sock

    def run(self, function, *args):
        threading.Thread(target=function, args=args, daemon=True).start()

    def ask(self, query):
        with socket.socket(type=socket.SOCK_DGRAM) as sock:
            sock.settimeout(5)
            sock.sendto(query, ("127.0.0.1", self.upstream))
            return sock.recv(65535)

    def serve_udp(self, sock):
        while True:
            try:
                query, peer = sock.recvfrom(65535)
            except OSError:
                return
            if not query:
                return  # shut down
            self.queries.append(("udp", query))
            try:
                for message in self.on_udp(self, query):
                    sock.sendto(message, peer)
            except OSError:
                continue  # the server behind had nothing to say, or the test is over

    def serve_tcp(self, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self.run(self.serve_connection, connection)

    def serve_connection(self, connection):
        stream = connection.makefile("rwb")
        while True:
            head = stream.read(2)
            if len(head) < 2:
                break
            query = stream.read(struct.unpack("!H", head)[0])
            self.queries.append(("tcp", query))
            answers = self.on_tcp(self, query)
            if answers is None:
                break
            for message in answers:
                stream.write(struct.pack("!H", len(message)) + message)
            stream.flush()
        connection.close()

    def close(self):
        for sock in self.sockets:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def honest(relay, query):
    return [relay.ask(query)]


def silent(_relay, _query):
    return []


def is_update(message):
    return message[2] >> 3 & 0xf == 5
