# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""A small internet on the loopback interface, in network, mount and process namespaces of its own.

A root and its TLDs (Knot), a primary with RFC 2136 updates (Knot), a secondary (BIND), a recursive
resolver (unbound), CAs (Pebble), and on request a fault proxy before a CA, scripted name servers and
a wire with a delay. World (world.py) says what it looks like, Lab (control.py) runs it.
"""

from .control import Lab, Result
from .world import Ca, Host, World, Zone

__all__ = ["Ca", "Host", "Lab", "Result", "World", "Zone"]
