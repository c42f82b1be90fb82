"""What a test says to an API server and its etcd in another network namespace: over connections that are kept."""

import base64
import ctypes
import http.client
import json
import os
import socket
import ssl
import threading
import urllib.parse

from simnode import kernel

NEW_NETWORK = 0x40000000  # CLONE_NEWNET, setns(2)
PUTS_AT_ONCE = 100  # etcd takes 128 operations in one transaction


def connect_in(namespace, host, port, timeout=60):
    """A TCP connection made in the namespace: a socket stays in the one that it was made in, a thread need not."""
    made = []

    def work():
        handle = os.open(kernel.NETNS / namespace, os.O_RDONLY)
        try:
            if ctypes.CDLL(None, use_errno=True).setns(handle, NEW_NETWORK) != 0:
                raise OSError(ctypes.get_errno(), "setns")
            made.append(socket.create_connection((host, port), timeout))
        except OSError as error:
            made.append(error)
        finally:
            os.close(handle)

    thread = threading.Thread(target=work)  # it ends, and its namespace with it
    thread.start()
    thread.join()
    if isinstance(made[0], OSError):
        raise made[0]
    return made[0]


class Connection:
    """One that is kept, and made anew when the server has ended it."""

    def __init__(self, namespace, url, tls=None, headers=None):
        self._namespace, self._url, self._tls, self._headers = namespace, urllib.parse.urlsplit(url), tls, headers or {}
        self._http = None

    def ask(self, method, path, body=None, kind="application/json"):
        """The status, and the answer's JSON."""
        kept = self._http is not None
        try:
            return self._ask_once(method, path, body, kind)
        except (OSError, http.client.HTTPException):
            self.close()
            if not kept:
                raise
        return self._ask_once(method, path, body, kind)

    def close(self):
        if self._http:
            self._http.close()
        self._http = None

    def _ask_once(self, method, path, body, kind):
        if self._http is None:
            self._http = http.client.HTTPConnection(self._url.hostname, self._url.port)
            plain = connect_in(self._namespace, self._url.hostname, self._url.port)
            self._http.sock = self._tls.wrap_socket(plain, server_hostname=self._url.hostname) if self._tls else plain
        data = None if body is None else json.dumps(body)
        self._http.request(method, path, data, {**self._headers, "Content-Type": kind})
        answer = self._http.getresponse()
        return answer.status, json.loads(answer.read())


def kubernetes(namespace, url, ca, token):
    return Connection(namespace, url, ssl.create_default_context(cafile=str(ca)), {"Authorization": f"Bearer {token}"})


def put_into_etcd(etcd, objects):
    """Objects by their keys, as JSON, which the API server reads as well as what it writes itself: thousands in a second."""
    def coded(text):
        return base64.b64encode(text.encode()).decode()

    puts = [{"requestPut": {"key": coded(key), "value": coded(json.dumps(value))}} for key, value in objects.items()]
    for first in range(0, len(puts), PUTS_AT_ONCE):
        status, answer = etcd.ask("POST", "/v3/kv/txn", {"success": puts[first:first + PUTS_AT_ONCE]})
        if status != 200:
            raise kernel.Failed(f"etcd: {answer}")


def checksum(items):
    """As sextant.v1alpha1.SourceStatus has it (proto/sextant/v1alpha1/status.proto)."""
    total = 0
    for item in items:
        meta = item["metadata"]
        name = f"{meta['namespace']}/{meta['name']}" if "namespace" in meta else meta["name"]
        part = 14695981039346656037
        for byte in f"{name}@{meta['resourceVersion']}".encode():
            part = (part ^ byte) * 1099511628211 % (1 << 64)
        total += part
    return f"{total % (1 << 64):016x}"
