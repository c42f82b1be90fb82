"""What runs inside the simulated node's namespaces: servers of pods, and clients.

    inside.py serve NAME tcp:ADDRESS:PORT udp:ADDRESS:PORT...   echoes; says "ready" when bound
    inside.py client                                            reads lists of probes as JSON lines, answers each with a list
    inside.py tun NAME                                          makes a device without Ethernet header, and
    inside.py wire NAME                                         ... on a device: reads packets as lines of hex and sends them
    inside.py gro NAME                                          switches on GRO: a veth then polls, as the driver of a real device does

Run as a program of its own, so that a server holds nothing of its parent's.
"""

import ctypes
import errno
import fcntl
import json
import os
import selectors
import signal
import socket
import struct
import sys
import time

SOCKET_TYPES = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}


def bound_socket(spec):
    """"tcp:2001:db8::1:443" or "udp:0.0.0.0:53"; "tcp:any:443" is every address of both families."""
    protocol, rest = spec.split(":", 1)
    address, port = rest.rsplit(":", 1)
    address = "::" if address == "any" else address
    sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, SOCKET_TYPES[protocol])
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((address, int(port)))
    sock.setblocking(False)
    if protocol == "tcp":
        sock.listen(128)
    return sock


def serve(name, specs):
    with open("/proc/self/comm", "w", encoding="ascii") as comm:
        comm.write(name[:15])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    selector = selectors.DefaultSelector()
    for spec in specs:
        sock = bound_socket(spec)
        selector.register(sock, selectors.EVENT_READ, accept if sock.type == socket.SOCK_STREAM else echo_datagram)
    print("ready", flush=True)
    while True:
        for key, _ in selector.select():
            try:
                key.data(key.fileobj, selector)
            except OSError:
                pass  # the peer went away


def accept(listener, selector):
    connection, _ = listener.accept()
    connection.setblocking(False)
    selector.register(connection, selectors.EVENT_READ, echo_stream)


def echo_stream(connection, selector):
    try:
        data = connection.recv(65536)
    except OSError:
        data = b""
    if data:
        connection.send(data)
    else:
        selector.unregister(connection)
        connection.close()


def echo_datagram(sock, _):
    data, peer = sock.recvfrom(65536)
    sock.sendto(data, peer)


class Probe:
    """One attempt: connected, answered, refused, timeout, or an errno's name."""

    def __init__(self, ask):
        self.tcp = ask.get("protocol", "TCP") == "TCP"
        self.deadline = time.monotonic() + ask.get("timeout", 1.0)
        self.payload = ask.get("payload", "" if self.tcp else "hello").encode()
        self.missing = len(self.payload)  # of the echo
        self.result = None
        family = socket.AF_INET6 if ":" in ask["to"] else socket.AF_INET
        self.sock = socket.socket(family, SOCKET_TYPES["tcp" if self.tcp else "udp"])
        self.sock.setblocking(False)
        try:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.sock.bind((ask.get("source", "::"), ask.get("source_port", 0)))
            self.sock.connect((ask["to"], ask["port"]))
            if not self.tcp:
                self.sock.send(self.payload)
        except BlockingIOError:
            pass
        except OSError as error:
            self.end(error.errno)
        self.connected = not self.tcp

    def events(self):
        return selectors.EVENT_READ if self.connected else selectors.EVENT_WRITE

    def on_ready(self):
        """True when the socket waits for something else from now on."""
        if not self.connected:
            error = self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if error or not self.payload:
                self.end(error)
                return False
            self.connected = True
            self.sock.send(self.payload)
            return True
        try:
            data = self.sock.recv(65536)
        except OSError as error:
            self.end(error.errno)
            return False
        self.missing -= len(data)
        if data and self.missing > 0:
            return True
        self.end(0 if data else errno.ECONNRESET)
        return False

    def end(self, error):
        names = {0: "connected" if self.tcp else "answered", errno.ECONNREFUSED: "refused", errno.ETIMEDOUT: "timeout"}
        self.result = names.get(error) or errno.errorcode.get(error, str(error))
        self.sock.close()


def run_probes(asks):
    probes = [Probe(ask) for ask in asks]
    selector = selectors.DefaultSelector()
    for probe in probes:
        if probe.result is None:
            selector.register(probe.sock, probe.events(), probe)
    while selector.get_map():
        now = time.monotonic()
        for key in list(selector.get_map().values()):
            if key.data.deadline <= now:
                selector.unregister(key.fileobj)
                key.data.end(errno.ETIMEDOUT)
        if not selector.get_map():
            break
        first = min(key.data.deadline for key in selector.get_map().values())
        for key, _ in selector.select(max(0.0, first - now)):
            selector.unregister(key.fileobj)
            if key.data.on_ready():
                selector.register(key.fileobj, key.data.events(), key.data)
    selector.close()
    return [probe.result for probe in probes]


def client():
    for line in sys.stdin:
        print(json.dumps(run_probes(json.loads(line))), flush=True)


def tun(name):
    """What is written to a tun device arrives on it (Documentation/networking/tuntap.rst)."""
    tunsetiff, iff_tun, iff_no_pi = 0x400454CA, 0x0001, 0x1000
    device = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(device, tunsetiff, struct.pack("16sH22x", name.encode(), iff_tun | iff_no_pi))
    inject(lambda packet: os.write(device, packet))


def wire(name):
    """What is sent on one end of a veth arrives at the other."""
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    sock.bind((name, 0))
    inject(sock.send)


def gro(name):
    """ethtool_value of <linux/ethtool.h>: ETHTOOL_SGRO, on; by SIOCETHTOOL."""
    siocethtool, ethtool_sgro = 0x8946, 0x2C
    value = ctypes.create_string_buffer(struct.pack("II", ethtool_sgro, 1))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, siocethtool, struct.pack("16sP16x", name.encode(), ctypes.addressof(value)))


def inject(send):
    print("ready", flush=True)
    for line in sys.stdin:
        send(bytes.fromhex(line))
        print("sent", flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2], sys.argv[3:])
    elif sys.argv[1] == "client":
        client()
    else:
        {"tun": tun, "wire": wire, "gro": gro}[sys.argv[1]](sys.argv[2])
