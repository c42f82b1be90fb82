"""What Sextant and the node's kernel have counted, and whether both agree with what was sent."""

import json
import re
import time

from simnode import kernel

ESTABLISHED_BESIDE = 100  # packets of connections that are tried meanwhile: TCP's own business
SETTLE_SECONDS = 30


def device_counters(sim, device="eth0"):
    """Packets that the uplink's device took, and those that found its ring full."""
    told = json.loads(kernel.run([*kernel.within(sim.node), "ip", "-json", "-s", "link", "show", device]))
    received = told[0]["stats64"]["rx"]
    return {"taken": received["packets"], "lost": received["dropped"]}


def metric(text, name, *labels):
    """Values of a metric by the values of these labels, summed over the others."""
    values = {}
    for found, value in re.findall(rf"^{name}{{(.*)}} (\S+)$", text, re.M):
        told = dict(re.findall(r'(\w+)="([^"]*)"', found))
        key = tuple(told[label] for label in labels)
        values[key] = values.get(key, 0) + int(float(value))
    return values


def read_metrics(daemon):
    status, text = daemon.get("/metrics")
    assert status == 200, text
    return text


class Books:
    """What Sextant and the uplink's device have counted until now, at one moment between two packets."""

    def __init__(self, sim, daemon):
        while True:
            self.device = device_counters(sim)
            text = read_metrics(daemon)
            if device_counters(sim) == self.device:
                break
        self.fates = metric(text, "sextant_ingress_packets_total", "fate", "verdict", "protocol")
        self.events = metric(text, "sextant_events_total", "program")
        self.lost = metric(text, "sextant_events_lost_total", "program")
        self.rows_lost = metric(text, "sextant_rows_lost_total", "program")
        self.attempts = {}
        view = daemon.view("attempts")
        for attempt in view["attempts"]:
            key = attempt["endpoint"]["name"], attempt["protocol"], attempt["verdict"]
            self.attempts[key] = self.attempts.get(key, 0) + int(attempt["packets"])
        self.sources = view["sources"]

    def packets(self):
        return sum(self.fates.values())


def grown(after, before):
    return {key: value - before.get(key, 0) for key, value in after.items() if value != before.get(key, 0)}


def told_events(before, after):
    """By the programs that know rows; listening sockets are another matter."""
    told = grown(after.events, before.events)
    return sum(told.get((program,), 0) for program in ("delivery", "death"))


def settled_books(sim, daemon, before, sent):
    """The books when every packet sent is in them or known as lost; or what they are after a while."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        books = Books(sim, daemon)
        known = books.packets() - before.packets() + books.device["lost"] - before.device["lost"]
        if known >= sent or time.monotonic() > deadline:
            return books
        time.sleep(0.2)


def book_errors(kinds, sent, before, after):
    """What is wrong with the books, in sentences. Each book is exact, but for packets that found the device's ring full."""
    wrong = []
    lost = after.device["lost"] - before.device["lost"]
    taken = after.device["taken"] - before.device["taken"]
    booked = after.packets() - before.packets()
    if booked != taken:
        wrong.append(f"{taken} packets arrived, {booked} are in the books")
    wanted = {}
    for kind, number in zip(kinds, sent):
        wanted[(*kind.fate, "TCP")] = wanted.get((*kind.fate, "TCP"), 0) + number
    found = grown(after.fates, before.fates)
    missing = 0
    for book, number in wanted.items():
        missing += max(0, number - found.get(book, 0))
        beside = ESTABLISHED_BESIDE if book[0] == "established" else 0
        if found.get(book, 0) > number + beside or found.get(book, 0) < number - lost:
            wrong.append(f"{number} packets sent for the book {book}, {found.get(book, 0)} are in it; {lost} lost by the device")
    if missing > lost:
        wrong.append(f"{missing} packets are in no book, {lost} were lost by the device")
    return wrong


def attempt_errors(sim, kinds, sent, before, after, planted):
    """Attempts are told by endpoint and verdict; `planted` is added to what was sent."""
    names = {pod.address: pod.name for pod in sim.pods.values()}
    wanted = dict(planted)
    for kind, number in zip(kinds, sent):
        if kind.fate[0] == "judged":
            key = names[kind.to], "TCP", kind.fate[1]
            wanted[key] = wanted.get(key, 0) + number
    found = grown(after.attempts, before.attempts)
    lost = after.device["lost"] - before.device["lost"]
    return [f"{number} attempts {key}, {found.get(key, 0)} are booked; {lost} packets were lost by the device"
            for key, number in wanted.items() if not number - lost <= found.get(key, 0) <= number]


def check_sees(daemon):
    """What is blind costs nothing, and is no result."""
    blind = [witness for witness in daemon.view("status")["witnesses"] if witness["state"] == "blind"]
    if blind:
        raise kernel.Failed(f"blind: {blind}")
