"""A proxy before an API server that does to answers what networks and servers do to them; a program of its own.

    fault_proxy.py CONFIG     JSON: port, server ("https://..."), ca, certificate, key, log

It ends TLS on 127.0.0.1:port with the certificate given, asks the server, and hands the answer on. Orders come as JSON
lines on standard input, and each is answered with a line when it holds:

    {"rules": [RULE, ...]}    instead of those before, for requests that come from now on
    {"cut": true}             every connection ends at once (RST)
    {"freeze": true}          nothing is handed on any more, and nobody is answered; false: it goes on

A RULE has `do`, and on which requests: `path` (a regular expression that is found in it), `watch` and `streams_list` (true or
false) and `times` (so many requests, then no more).

    answer     `status`, `headers` and `body`, instead of asking the server
    truncate   the connection ends after `after` bytes of the body
    garble     from byte `after` of the body on, something else comes
    drip       the body comes a byte each `pause` seconds
    mute       the header comes, and nothing after it
    never      not even the header
    twice      every line of the body comes twice
    swap       of two lines that come within `within` seconds, the second comes first
    expire     after `after` seconds the watch says 410 and ends
    close      after `after` seconds the connection ends

Every request is a line of the log: JSON with time, path, query, watch, streams_list, and what was done to it (`do`).
"""

import asyncio
import contextlib
import json
import re
import socket
import ssl
import struct
import sys
import time
import urllib.parse

EXPIRED = {"type": "ERROR", "object": {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 410,
                                       "reason": "Expired", "message": "too old resource version"}}
GARBAGE = b'{"type":"ADDED","object":{"metadata":{"name":"x",,}}}\n\xff\xfe'
END = b""  # of a body


class Broken(Exception):
    """The connection to the client is to end here."""


class Proxy:
    def __init__(self, config):
        self._config = config
        self._server = urllib.parse.urlsplit(config["server"])
        self._towards_server = ssl.create_default_context(cafile=config["ca"])
        self._rules = []
        self._clients = {}  # tasks by writer
        self._running = asyncio.Event()
        self._running.set()
        self._log = open(config["log"], "a", buffering=1, encoding="utf-8")

    async def run(self):
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(self._config["certificate"], self._config["key"])
        listener = await asyncio.start_server(self._client, "127.0.0.1", self._config["port"], ssl=tls)
        print("ready", flush=True)
        async with listener:
            await self._take_orders()

    async def _take_orders(self):
        orders = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
        while line := await orders.readline():
            order = json.loads(line)
            if "rules" in order:
                self._rules = order["rules"]
            if "freeze" in order:
                (self._running.clear if order["freeze"] else self._running.set)()
            if order.get("cut"):
                for writer in list(self._clients):
                    reset(writer)
            print("done", flush=True)

    # One client.

    async def _client(self, reader, writer):
        self._clients[writer] = asyncio.current_task()  # asyncio itself lets go of a task that only waits
        try:
            while head := await read_head(reader):
                await self._running.wait()
                await self._answer(head, reader, writer)
        except (Broken, OSError, EOFError):
            pass
        finally:
            del self._clients[writer]
            reset(writer)

    async def _answer(self, head, reader, writer):
        path, _, query = head[0].split(" ")[1].partition("?")
        request = {"time": time.time(), "path": path, "query": urllib.parse.unquote(query), "watch": "watch=1" in query,
                   "streams_list": "sendInitialEvents=true" in query}
        rule = self._rule_for(request)
        does = rule.get("do", "pass")
        self._log.write(json.dumps({**request, "do": does}) + "\n")
        if does == "never":
            await until_gone(reader)
        if does == "answer":
            await send_head(writer, rule["status"], rule.get("headers", {}))
            await send(writer, rule.get("body", "").encode())
            await send(writer, END)
            return
        async with contextlib.AsyncExitStack() as stack:
            status, headers, pieces = await self._ask(head, stack)
            await send_head(writer, status, headers)
            if status != 200:
                rule, does = {}, "pass"

            async def hand_on(piece):
                await self._running.wait()
                await send(writer, piece)

            if does == "mute":
                await until_gone(reader)
            await FAULTS[does](pieces, hand_on, rule)
            await send(writer, END)

    def _rule_for(self, request):
        for rule in self._rules:
            if not re.search(rule.get("path", ""), request["path"]):
                continue
            if any(key in rule and rule[key] != request[key] for key in ("watch", "streams_list")):
                continue
            if rule.get("times", 1) < 1:
                continue
            if "times" in rule:
                rule["times"] -= 1
            return rule
        return {}

    async def _ask(self, head, stack):
        """The server's status, header fields worth handing on, and a queue of the pieces of its body."""
        reader, writer = await asyncio.open_connection(self._server.hostname, self._server.port, ssl=self._towards_server)
        stack.callback(writer.close)
        lines = [head[0], *(line for line in head[1:] if not line.lower().startswith("connection:")), "Connection: close", "", ""]
        writer.write("\r\n".join(lines).encode())
        status_line, *fields = await read_head(reader)
        headers = {name: value.strip() for name, _, value in (field.partition(":") for field in fields)}
        chunked = headers.get("Transfer-Encoding") == "chunked"
        kept = {name: value for name, value in headers.items() if name in ("Content-Type", "Retry-After")}
        pieces = asyncio.Queue()
        task = asyncio.create_task(read_body(reader, chunked, pieces))
        stack.callback(task.cancel)
        return int(status_line.split(" ")[1]), kept, pieces


# What is done to a body: `pieces` is a queue, which END or an error ends, and `hand_on` sends.

async def unchanged(pieces, hand_on, _):
    while (piece := await taken(pieces)) != END:
        await hand_on(piece)


async def truncate(pieces, hand_on, rule):
    await hand_on_only(rule["after"], pieces, hand_on)
    raise Broken


async def garble(pieces, hand_on, rule):
    await hand_on_only(rule["after"], pieces, hand_on)
    await hand_on(GARBAGE)


async def hand_on_only(most, pieces, hand_on):
    while most > 0 and (piece := await taken(pieces)) != END:
        await hand_on(piece[:most])
        most -= len(piece)


async def drip(pieces, hand_on, rule):
    while (piece := await taken(pieces)) != END:
        for byte in piece:
            await hand_on(bytes([byte]))
            await asyncio.sleep(rule["pause"])


async def twice(pieces, hand_on, _):
    whole = Lines(pieces)
    while line := await whole.take():
        await hand_on(line + line)


async def swap(pieces, hand_on, rule):
    whole = Lines(pieces)
    while first := await whole.take():
        await asyncio.sleep(rule["within"])
        second = await whole.take() if whole.is_ready() else b""
        await hand_on(second + first)


async def expire(pieces, hand_on, rule):
    await hand_on_until(rule["after"], pieces, hand_on)
    await hand_on(json.dumps(EXPIRED).encode() + b"\n")


async def close(pieces, hand_on, rule):
    await hand_on_until(rule["after"], pieces, hand_on)
    raise Broken


async def hand_on_until(seconds, pieces, hand_on):
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await unchanged(pieces, hand_on, None)


FAULTS = {"pass": unchanged, "truncate": truncate, "garble": garble, "drip": drip, "twice": twice, "swap": swap,
          "expire": expire, "close": close}


class Lines:
    def __init__(self, pieces):
        self._pieces = pieces
        self._rest = b""

    def is_ready(self):
        """A whole line is there."""
        while b"\n" not in self._rest and not self._pieces.empty():
            piece = self._pieces.get_nowait()
            if piece == END or isinstance(piece, Exception):
                self._pieces.put_nowait(piece)
                return False
            self._rest += piece
        return b"\n" in self._rest

    async def take(self):
        """The next line; what is left over at the end; nothing after that."""
        while b"\n" not in self._rest:
            piece = await taken(self._pieces)
            if piece == END:
                self._pieces.put_nowait(END)
                last, self._rest = self._rest, b""
                return last
            self._rest += piece
        line, _, self._rest = self._rest.partition(b"\n")
        return line + b"\n"


async def taken(queue):
    piece = await queue.get()
    if isinstance(piece, Exception):
        raise piece
    return piece


async def until_gone(reader):
    await reader.read()
    raise Broken


# HTTP/1.1.

async def read_head(reader):
    """The lines before the empty one; [] where the peer has closed."""
    try:
        return (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[:-2]
    except asyncio.IncompleteReadError:
        return []


async def read_body(reader, chunked, pieces):
    try:
        if chunked:
            while size := int(await reader.readuntil(b"\r\n"), 16):
                pieces.put_nowait(await reader.readexactly(size))
                await reader.readexactly(2)
        else:
            while piece := await reader.read(1 << 16):
                pieces.put_nowait(piece)
        pieces.put_nowait(END)
    except (OSError, EOFError, ValueError) as error:  # whoever takes from the queue raises it
        pieces.put_nowait(Broken(str(error)))


async def send_head(writer, status, headers):
    fields = {"Content-Type": "application/json", **headers, "Transfer-Encoding": "chunked"}
    writer.write(f"HTTP/1.1 {status} -\r\n".encode() + "".join(f"{k}: {v}\r\n" for k, v in fields.items()).encode() + b"\r\n")
    await writer.drain()


async def send(writer, piece):
    writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
    await writer.drain()


def reset(writer):
    connection = writer.get_extra_info("socket")
    if connection is None:
        return  # it has ended already
    with contextlib.suppress(OSError):
        # Closing with a linger of nothing sends RST (socket(7)).
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(Proxy(json.loads(sys.argv[1])).run())
