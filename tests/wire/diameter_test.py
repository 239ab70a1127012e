"""Charges over Diameter as a gateway does: by hand, and through freeDiameter, which connects as a peer and relays.

    diameter_test.py FARTHING

What went over the wire is decoded by tshark: nothing in it may be malformed. freeDiameter and tshark are packages of
Debian.
"""
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import diameter
from charging_test import World, expect
from diameter import Client
from relay import Relay

NUMBER, IMSI = "37255500001", "248010000000001"
INITIAL, UPDATE, TERMINATION, EVENT = 1, 2, 3, 4
MB = 1_000_000


class DiameterWorld(World):
    def __init__(self, binary, folder):
        super().__init__(binary, folder)
        self.errors = f"{folder}/errors"
        self.run("subscription", "add", "anna", "sim-2", "simple", "--from", "2026-01-01",
                 "--identity", f"msisdn={NUMBER}", "--identity", f"imsi={IMSI}")

    def start(self, *more):
        self.server = subprocess.Popen(
            [self.binary, "--home", self.home, "serve", "--listen", "127.0.0.1:0", "--diameter", "127.0.0.1:0",
             "--host", "ocs.example.org", *more], stdout=subprocess.PIPE,
            stderr=open(self.errors, "w", encoding="utf-8"), text=True)
        self.diameter_port = int(self.server.stdout.readline().rsplit(":", 1)[1])
        self.port = int(self.server.stdout.readline().rsplit(":", 1)[1])

    def told(self, reason, host):
        """Waits until the server has said it of that host."""
        for _ in range(300):
            with open(self.errors, encoding="utf-8") as log:
                if any(reason in line and host in line for line in log):
                    return True
            time.sleep(0.1)
        return False

    def memory(self):
        with open(f"/proc/{self.server.pid}/status", encoding="utf-8") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS"))

    def sockets(self):
        folder, count = f"/proc/{self.server.pid}/fd", 0
        for name in os.listdir(folder):
            with contextlib.suppress(OSError):
                count += os.readlink(f"{folder}/{name}").startswith("socket:")
        return count

    def money(self):
        told = self.balance()
        return told["balance"], told["held"]


def mscc(group=None, asks=None, used=None, *more):
    """asks, used: lists of counts; an empty list asks for what is usual."""
    return ("MSCC", [*([("Rating-Group", group)] if group is not None else []),
                     *([("Requested-Service-Unit", asks)] if asks is not None else []),
                     *([("Used-Service-Unit", used)] if used is not None else []), *more])


def octets(count):
    return [("CC-Total-Octets", count)]


def granted(answer, at=0):
    return dict(answer.services()[at].get("Granted-Service-Unit", [])).get("CC-Total-Octets")


def session(world, client):
    """EC40: what is reported is charged, what is not used returns."""
    told = client.charge("s1", INITIAL, 0, mscc(1, octets(5 * MB)), e164=NUMBER)
    expect("begins", (told.code, granted(told), told["CC-Request-Number"]), (2001, 5 * MB, 0))
    expect("held", world.money(), ("10.00", "5.00"))
    report = [("CC-Input-Octets", MB), ("CC-Output-Octets", 1_200_000)]
    told = client.charge("s1", UPDATE, 1, mscc(1, octets(2 * MB), report))
    expect("goes on", (granted(told), world.money()), (2 * MB, ("7.80", "2.00")))
    told = client.charge("s1", TERMINATION, 2, mscc(1, None, octets(MB)))
    expect("ends", (told.code, told.services()[0]["Result-Code"], world.money()), (2001, 2001, ("6.80", "0.00")))


def repeats(world, client):
    """EC39: the ids of the answer are the copy's; T flag and routes are not content; one effect."""
    more = [("CC-Request-Number", 0)]
    first = client.credit("r1", INITIAL, 0, mscc(1, octets(MB)), e164=NUMBER, hop=1, end=2)
    copy = client.credit("r1", INITIAL, 0, mscc(1, octets(MB)), ("Route-Record", "dra.example.org"), e164=NUMBER,
                         flags=0xD0, hop=3, end=2)
    answers = client.ask(first), client.ask(copy)
    expect("the same answer", answers[0].avps, answers[1].avps)
    expect("ids of the copy", (answers[1].hop, answers[1].end), (3, 2))
    other = client.charge("r1", INITIAL, 0, mscc(1, octets(2 * MB)), e164=NUMBER)
    expect("other content", (other.code, other["Failed-AVP"]), (5004, diameter.avp(*more[0])))
    report = client.credit("r1", TERMINATION, 1, mscc(1, None, octets(MB)))
    for _ in range(2):
        client.ask(report)
    expect("charged once", world.money(), ("5.80", "0.00"))
    expect("ended", client.charge("r1", TERMINATION, 2).code, 5002)
    expect("never begun", client.charge("r2", UPDATE, 1, mscc(1, octets(MB), octets(MB))).code, 5002)
    # EC39: the key is session, sub-session and number.
    for sub in (1, 2):
        told = client.charge("r3", INITIAL, 0, ("CC-Sub-Session-Id", sub), mscc(1, octets(MB)), e164=NUMBER)
        expect("sub-session", granted(told), MB)
        client.charge("r3", TERMINATION, 1, ("CC-Sub-Session-Id", sub))
    expect("nothing of it stays", world.money(), ("5.80", "0.00"))


def shapes(world, client):
    """EC46, EC47: groups that are missing, empty, many, and at the level of the command."""
    told = client.charge("m1", INITIAL, 0, ("Multiple-Services-Indicator", 0), ("Requested-Action", 0),
                         ("AoC-Request-Type", 1), mscc(None, octets(MB)),
                         diameter.avp("Service-Information", [("PS-Information", [("SGSN-MCC-MNC", "24801")])]),
                         e164=NUMBER)
    expect("without rating group", (granted(told), "Rating-Group" in told.services()[0]), (MB, False))
    told = client.charge("m1", UPDATE, 1, mscc())
    expect("an empty MSCC", (told.code, told.services()), (2001, [{"Result-Code": 2001}]))
    expect("ends with one", client.charge("m1", TERMINATION, 2, mscc()).code, 2001)
    told = client.charge("m2", INITIAL, 0, mscc(1, octets(2 * MB)), mscc(2, octets(MB)), mscc(3, [("CC-Time", 60)]),
                         e164=NUMBER)
    expect("each alone", [one["Result-Code"] for one in told.services()], [2001, 2001, 5031])
    expect("what is not rated is shown", told["Failed-AVP"], diameter.avp(*mscc(3, [("CC-Time", 60)])))
    client.charge("m2", UPDATE, 1, mscc(1, None, octets(MB)))
    expect("one returns, the other stays", world.money(), ("4.80", "1.00"))
    client.charge("m2", TERMINATION, 2)
    told = client.charge("m3", INITIAL, 0, ("Requested-Service-Unit", octets(MB)), e164=NUMBER)
    expect("at command level", (told.code, told["Granted-Service-Unit"], told.services()), (2001, octets(MB), []))
    client.charge("m3", TERMINATION, 1, ("Used-Service-Unit", octets(MB)))
    expect("and charged", world.money(), ("3.80", "0.00"))
    told = client.charge("m4", INITIAL, 0, mscc(1, []), e164=NUMBER)
    expect("EC43 final unit", (granted(told), dict(told.services()[0]["Final-Unit-Indication"])),
           (3_800_000, {"Final-Unit-Action": 0}))
    told = client.charge("m5", INITIAL, 0, mscc(1, octets(MB)), e164=NUMBER)
    expect("no money", (told.code, told.services()[0]["Result-Code"], granted(told)), (2001, 4012, None))
    client.charge("m4", TERMINATION, 1)
    who = ("Subscription-Id", [("Subscription-Id-Type", 1), ("Subscription-Id-Data", IMSI)])
    expect("by IMSI", granted(client.charge("m6", INITIAL, 0, who, mscc(1, octets(MB)))), MB)
    expect("nobody's number, of a session that is known",
           granted(client.charge("m6", UPDATE, 1, mscc(1, octets(MB)), e164="37299900001")), MB)
    client.charge("m6", TERMINATION, 2)
    expect("nobody's number", client.charge("m7", INITIAL, 0, mscc(1, []), e164="37299900002").code, 5030)
    expect("nobody at all", client.charge("m7", INITIAL, 0, mscc(1, [])).code, 5005)


def events(world, client):
    action = lambda number: ("Requested-Action", number)
    pieces = ("Requested-Service-Unit", [("CC-Service-Specific-Units", 1)])
    sms = {"e164": NUMBER, "context": "32274@3gpp.org"}
    told = client.charge("e1", EVENT, 0, action(0), pieces, **sms)
    expect("debit", (told.code, world.money()), (2001, ("2.80", "0.00")))
    token = told["Refund-Information"]
    told = client.charge("e2", EVENT, 0, action(0), **sms)
    expect("one piece, and told", (told["Granted-Service-Unit"], world.money()),
           ([("CC-Service-Specific-Units", 1)], ("1.80", "0.00")))
    refund = client.credit("e3", EVENT, 0, action(1), ("Refund-Information", token), **sms)
    for _ in range(2):
        expect("refund", client.ask(refund).code, 2001)
    expect("once", world.money(), ("2.80", "0.00"))
    told = client.charge("e4", EVENT, 0, action(1), ("Refund-Information", token), **sms)
    expect("no more than was debited", told.code, 5031)
    client.charge("e5", EVENT, 0, action(0), ("Requested-Service-Unit", [("CC-Service-Specific-Units", 2)]), **sms)
    told = client.charge("e7", EVENT, 0, action(3), pieces, **sms)
    cost = dict(told["Cost-Information"])
    expect("EC39 a price", (told.code, dict(cost["Unit-Value"]), cost["Currency-Code"]),
           (2001, {"Value-Digits": 100, "Exponent": -2}, 978))
    told = client.charge("e7", EVENT, 0, action(3), mscc(1, octets(MB)), mscc(2, octets(1234567)), **sms)
    expect("a price of several, to the last digit", dict(dict(told["Cost-Information"])["Unit-Value"]),
           {"Value-Digits": 2234567, "Exponent": -6})
    told = client.charge("e8", EVENT, 0, action(2), pieces, **sms)
    expect("too little credit", (told.code, told["Check-Balance-Result"]), (2001, 1))
    told = client.charge("e8", EVENT, 0, action(2), ("Requested-Service-Unit", octets(800_000)), e164=NUMBER)
    expect("enough credit", (told.code, told["Check-Balance-Result"]), (2001, 0))
    told = client.charge("e9", EVENT, 0, action(2), ("Requested-Service-Unit", [("CC-Time", 60)]), e164=NUMBER)
    expect("nothing is counted so", told.code, 5031)
    expect("asking changes nothing", world.money(), ("0.80", "0.00"))
    told = client.charge("e6", EVENT, 0, action(0), pieces, **sms)
    expect("no money for it", (told.code, world.money()), (4012, ("0.80", "0.00")))


def refunds(world, client):
    """What the answer to a debit gives takes back that debit, and nothing else."""
    def debit(session, number, *more):
        told = client.charge(session, EVENT, number, ("Requested-Action", 0), *more, e164=NUMBER)
        return told, told["Refund-Information"]
    def refund(session, token, *more):
        return client.charge(session, EVENT, 0, ("Requested-Action", 1), ("Refund-Information", token), *more,
                             e164=NUMBER).code
    asks = ("Requested-Service-Unit", octets(300_000))
    token = debit("f1", 0, ("CC-Sub-Session-Id", 5), asks)[1]
    expect("of a sub-session", (world.money(), refund("f2", token), world.money()[0]),
           (("0.50", "0.00"), 2001, "0.80"))
    token = debit("f3", 0, mscc(10, octets(300_000)))[1]
    expect("in an MSCC", (world.money()[0], refund("f4", token), world.money()[0]), ("0.50", 2001, "0.80"))
    first = debit("f5", 0, mscc(10, octets(100_000)))[1]
    second = debit("f5", 1, mscc(10, octets(200_000)))[1]
    expect("the first of two", (world.money()[0], refund("f6", first), world.money()[0]), ("0.50", 2001, "0.60"))
    expect("and once", (refund("f7", first), world.money()[0]), (5031, "0.60"))
    expect("a part of the second", (refund("f8", second, mscc(None, octets(50_000))), world.money()[0]),
           (2001, "0.65"))
    expect("and the rest", (refund("f9", second), world.money()[0]), (2001, "0.80"))
    told, token = debit("f10", 0, mscc(10, octets(5 * MB)))
    expect("what was denied", (told.services()[0]["Result-Code"], token), (4012, None))
    for nothing in ((), (mscc(10),), (mscc(None, None, None, ("Service-Identifier", 7)),), (mscc(10, []),)):
        told, token = debit("f11", 0, *nothing)
        expect("no unit", (told.code, told["Failed-AVP"], token), (5005, diameter.raw_avp(437, b""), None))
    expect("nothing changed", world.money(), ("0.80", "0.00"))


def bad_input(world):
    """Everything gets an answer by code, or the end of the connection after one; nothing changes."""
    before = world.money()
    odd = Client(world.diameter_port)
    expect("before capabilities", odd.base(diameter.DWR).code, 3010)
    expect("and left", odd.receive(), None)
    odd = Client(world.diameter_port)
    expect("another application", odd.capabilities(16777238).code, 5010)
    unknown = diameter.raw_avp(99999, b"news")
    told = Client(world.diameter_port, "odd.example.org").capabilities(4, unknown)
    expect("capabilities that nobody knows", (told.code, told["Failed-AVP"]), (5001, unknown))
    told = Client(world.diameter_port, "odd.example.org").capabilities(4, diameter.raw_avp(278, b"\0\0\1"))
    expect("a state of three bytes", told.code, 5014)
    odd = Client(world.diameter_port, "odd.example.org")
    odd.capabilities()
    overruns = diameter.raw_avp(278, b"\0\0\0\1", length=4000)
    expect("a watchdog that overruns", odd.base(diameter.DWR, overruns).code, 5014)
    expect("another realm", odd.charge("b1", INITIAL, 0, ("Destination-Host", "x.example.org"), e164=NUMBER).code, 3002)
    odd.to_realm = "example.com"
    told = odd.charge("b1", INITIAL, 0, e164=NUMBER)
    expect("another realm", (told.code, told.flags & 0x20), (3003, 0x20))
    odd.to_realm = "example.org"
    told = odd.charge("b1", INITIAL, 0, diameter.raw_avp(99999, b"news"), e164=NUMBER)
    expect("unknown and mandatory", (told.code, told["Failed-AVP"]), (5001, diameter.raw_avp(99999, b"news")))
    told = odd.charge("b1", INITIAL, 0, diameter.raw_avp(432, b"\0\0\0\1", length=4000), e164=NUMBER)
    expect("an AVP that overruns", told.code, 5014)
    expect("length 0", odd.charge("b1", INITIAL, 0, diameter.raw_avp(432, b"\0\0\0\1", length=0)).code, 5014)
    told = odd.charge("b1", INITIAL, 0, ("Auth-Application-Id", 4), e164=NUMBER)
    expect("an application twice", (told.code, told["Failed-AVP"]), (5009, diameter.avp("Auth-Application-Id", 4)))
    told = odd.ask(odd.credit("b1", INITIAL, 0, e164=NUMBER).replace(diameter.avp("Auth-Application-Id", 4),
                                                                      diameter.avp("Event-Timestamp", 0)))
    expect("no application", (told.code, told["Failed-AVP"]), (5005, diameter.avp("Auth-Application-Id", 0)))
    expect("a type that is none", odd.charge("b1", 9, 0, e164=NUMBER).code, 5004)
    expect("a command that is none", odd.ask(diameter.message(999, [("Session-Id", "b1")])).code, 3001)
    deep = b""
    while len(deep) < 60_000:
        deep = diameter.raw_avp(456, deep)
    expect("groups in groups", odd.ask(diameter.message(diameter.CCR, [deep])).code, 5005)
    expect("a length of 2^24", odd.ask(b"\1\xff\xff\xfc" + b"\xc0\0\1\x10" + b"\0" * 12).code, 5015)
    expect("and left", odd.receive(), None)
    for junk in (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"\0" * 4096, b"\x16\x03\x01\x02\x00" * 10):
        odd = Client(world.diameter_port)
        odd.socket.sendall(junk)
        while odd.socket.recv(4096):
            pass
    expect("nothing changed", world.money(), before)


def in_parts(world, client):
    """A message in single bytes, and many in one piece."""
    data = client.credit("p1", INITIAL, 0, mscc(1, octets(100_000)), e164=NUMBER)
    for at in range(len(data) - 1):
        client.socket.sendall(data[at:at + 1])
    client.wire.append((True, data))
    client.socket.sendall(data[-1:])
    expect("in bytes", granted(client.receive()), 100_000)
    numbers = range(1, 201)
    many = [client.credit("p1", UPDATE, n, mscc(1, octets(100_000), octets(1000)), hop=n, end=n) for n in numbers]
    client.wire.extend((True, one) for one in many)
    client.socket.sendall(b"".join(many))
    answers = [client.receive() for _ in numbers]
    expect("all in order", [one.hop for one in answers], list(numbers))
    client.charge("p1", TERMINATION, 201)
    expect("charged", world.money(), ("0.60", "0.00"))


def asked_to_come_back(world, client, session):
    """RAR and ASR reach the host with which the Session-Id begins."""
    client.charge(session, INITIAL, 0, mscc(1, octets(100_000)), e164=NUMBER)
    for what, command in (("reauthorise", diameter.RAR), ("abort", diameter.ASR)):
        expect(what, world.ask("POST", f"/v1/sessions/{session}/{what}")[0], 202)
        asked = client.receive()
        expect("the request", (asked.command, asked["Session-Id"], asked["Destination-Host"]),
               (command, session, client.host))
        client.send(diameter.message(command, [("Session-Id", session), ("Result-Code", 2001), *client.origin()],
                                     flags=0x40, hop=asked.hop, end=asked.end))
    expect("held until it ends", world.money()[1], "0.10")
    sub = ("CC-Sub-Session-Id", 3)
    client.charge(session, INITIAL, 0, sub, mscc(1, octets(1000)), e164=NUMBER)
    expect("of a sub-session", world.ask("POST", f"/v1/sessions/{session};sub=3/reauthorise")[0], 202)
    expect("by the client's Session-Id", client.receive()["Session-Id"], session)
    client.charge(session, TERMINATION, 1, sub)
    expect("ends", client.charge(session, TERMINATION, 1).code, 2001)
    waits = session + "w"
    told = client.charge(waits, INITIAL, 0, mscc(1, octets(1000 * MB)), e164=NUMBER)
    expect("all that there is", "Final-Unit-Indication" in dict(told.services()[0]), True)
    world.ask("POST", "/v1/accounts/anna/topups", {"amount": "0.01", "reference": f"p-{session[-1]}"})
    asked = client.receive()
    expect("money came", (asked.command, asked["Session-Id"]), (diameter.RAR, waits))
    client.send(diameter.message(diameter.RAR, [("Session-Id", waits), ("Result-Code", 2001), *client.origin()],
                                 flags=0x40, hop=asked.hop, end=asked.end))
    client.charge(waits, TERMINATION, 1, mscc(1, None, octets(10_000)))
    elsewhere = f"x.example.org;{session[-1]}"
    world.charge(elsewhere, 0, subscription="sim-1", services=[{"group": 1, "meter": "data", "quantity": 1000}])
    expect("a client nobody knows", world.ask("POST", f"/v1/sessions/{elsewhere}/abort")[1]["code"],
           "client_unreachable")
    world.charge(elsewhere, 1, action="end")
    expect("a key that may only charge",
           world.ask("POST", f"/v1/sessions/{session}/abort", key=world.charge_key)[0], 403)


def one_connection(world, client):
    """RFC 6733, 5.6: the connection of a host that is open stays, until the host says that it began again."""
    again = Client(world.diameter_port, "PGW.example.org")
    told = again.capabilities()
    expect("connected already", (told.code, "connected already" in told["Error-Message"], again.receive()),
           (4003, True, None))
    expect("asked whether it is there", client.base(diameter.DWR).code, 2001)
    restarts = [Client(world.diameter_port, "mme.example.org") for _ in range(3)]
    states = [one.capabilities(4, ("Origin-State-Id", state)).code for one, state in zip(restarts, (7, 7, 8))]
    expect("one that began again", states, [2001, 4003, 2001])
    expect("its older connection", restarts[0].receive(), None)
    expect("told", world.told("peer_replaced", "mme.example.org"), True)
    expect("the newer serves", restarts[2].charge("c1", UPDATE, 1, e164=NUMBER).code, 5002)
    expect("and leaves", restarts[2].base(diameter.DPR, ("Disconnect-Cause", 0)).code, 2001)
    expect("for another", Client(world.diameter_port, "mme.example.org").capabilities().code, 2001)


def last_words(world):
    """What was asked is answered before a connection ends, however it ends."""
    disconnect = diameter.message(diameter.DPR, [("Origin-Host", "last.example.org"), ("Origin-Realm", "example.org"),
                                                 ("Disconnect-Cause", 2)], application=0, flags=0x80, hop=9, end=9)
    endings = {"leave": (disconnect, (diameter.DPR, 2001)), "half-close": (b"", None),
               "malformed": (b"\1\xff\xff\xfc" + b"\xc0\0\1\x10" + b"\0" * 12, (diameter.CCR, 5015))}
    for name, (more, last) in endings.items():
        leaver = Client(world.diameter_port, "last.example.org")
        expect("capabilities", leaver.capabilities().code, 2001)
        leaver.socket.sendall(leaver.credit(f"l;{name}", INITIAL, 0, mscc(1, octets(1000)), e164=NUMBER) + more)
        if not more:
            leaver.socket.shutdown(socket.SHUT_WR)
        answer = leaver.receive()
        expect(f"{name}: answered", answer and (answer.command, answer.code), (diameter.CCR, 2001))
        expect("granted", granted(answer), 1000)
        if last:
            told = leaver.receive()
            expect(f"{name}: its last word", (told.command, told.code), last)
        expect(f"{name}: the end", leaver.receive(), None)
        leaver = Client(world.diameter_port, "last.example.org")
        expect("its host comes again", leaver.capabilities().code, 2001)
        expect("ends", leaver.charge(f"l;{name}", TERMINATION, 1).code, 2001)
        leaver.socket.close()


def unread(world, client):
    """A peer that asks and does not read is left; what waits for it is bounded, and the others go on."""
    deaf = Client(world.diameter_port, "deaf.example.org", reads=65536)
    deaf.capabilities()
    deaf.to_realm = "example.com"  # refused at once
    before = world.memory()
    asked = b"".join(deaf.credit("d1", UPDATE, n, ("Proxy-Info", [("Proxy-Host", "p.example.org"),
                                                                  ("Proxy-State", b"s" * 60_000)])) for n in range(16))
    sent = 0
    try:
        while sent < 256 * MB:
            sent += deaf.socket.send(asked)
            if sent % 64 == 0:
                expect("others go on", client.base(diameter.DWR).code, 2001)
    except OSError:
        pass
    expect("left", (sent < 256 * MB, world.told("peer_unread", "deaf.example.org")), (True, True))
    expect("others are served", client.charge("d2", UPDATE, 1, e164=NUMBER).code, 5002)
    expect("within bounds", world.memory() - before < 128 * MB, True)
    sockets = world.sockets()
    rude = Client(world.diameter_port, "rude.example.org", reads=65536)
    rude.capabilities()
    rude.socket.sendall(asked * 14 + b"\1\xff\xff\xfc" + b"\xc0\0\1\x10" + b"\0" * 12)
    time.sleep(1)
    again = Client(world.diameter_port, "rude.example.org")
    expect("its host may come again", again.capabilities().code, 2001)
    expect("one that ends and does not read is there yet", world.sockets(), sockets + 2)
    for _ in range(150):
        if world.sockets() == sockets + 1:
            break
        time.sleep(0.1)
    expect("and then not", world.sockets(), sockets + 1)


def silent(world):
    """A peer that does not answer the watchdog is left."""
    world.start("--watchdog", "6")
    mute = Client(world.diameter_port, "mute.example.org")
    mute.capabilities()
    expect("told", world.told("peer_silent", "mute.example.org"), True)
    asked = diameter.Answer(mute.socket.recv(4096))
    expect("asked, and left", (asked.command, mute.socket.recv(4096)), (diameter.DWR, b""))


def redirected(world):
    """A session without money is led to where it can be paid in; an event is refused."""
    world.start("--redirect", "http://pay.example.org", "--meter", "20=data", "--meter", "30=sms")
    client = Client(world.diameter_port)
    client.capabilities()
    told = client.charge("w1", INITIAL, 0, mscc(10, octets(500_000)), e164=NUMBER)
    expect("all", (granted(told), world.money()), (500_000, ("0.50", "0.50")))
    one, two = mscc(10, octets(200_000)), ("Requested-Service-Unit", octets(200_000))
    told = client.charge("w2", INITIAL, 0, one, e164=NUMBER)
    final = dict(told.services()[0]["Final-Unit-Indication"])
    expect("led", (told.services()[0]["Result-Code"], granted(told), final["Final-Unit-Action"]), (2001, None, 1))
    told = client.charge("w3", EVENT, 0, ("Requested-Action", 0), one, e164=NUMBER)
    expect("refused", told.services(), [{"Rating-Group": 10, "Result-Code": 4012}])
    told = client.charge("w4", EVENT, 0, ("Requested-Action", 0), two, e164=NUMBER)
    expect("refused", (told.code, told["Final-Unit-Indication"]), (4012, None))
    for group, code in ((20, 5005), (30, 4012)):  # of a meter that is named, one piece is meant where it counts them
        told = client.charge(f"w5;{group}", EVENT, 0, ("Requested-Action", 0), mscc(group), e164=NUMBER)
        expect("no unit", told.code if told.code != 2001 else told.services()[0]["Result-Code"], code)
    expect("nothing was debited", world.money(), ("0.50", "0.50"))
    world.server.send_signal(signal.SIGTERM)
    expect("ended", world.server.wait(30), 0)


def relayed(world, folder):
    relay = Relay(folder, world.diameter_port)
    try:
        client = Client(relay.port)
        expect("the relay", client.capabilities().code, 2001)
        told = client.charge("dra;1", INITIAL, 0, mscc(10, octets(300_000)), e164=NUMBER)
        expect("through a relay", (told.code, told["Origin-Host"], granted(told)), (2001, "ocs.example.org", 300_000))
        time.sleep(8)  # a watchdog goes by meanwhile
        told = client.charge("dra;1", TERMINATION, 1, mscc(10, None, octets(100_000)))
        expect("ends", (told.code, world.money()), (2001, ("0.50", "0.00")))
        asked_to_come_back(world, client, "pgw.example.org;8;2")
        expect("unknown", client.charge("dra;2", UPDATE, 1, mscc(10, octets(1))).code, 5002)
    finally:
        relay.stop()
    return client.wire


def decode(folder, name, wire):
    """tshark finds nothing malformed, and reads each message as what it is."""
    path = f"{folder}/{name}.pcap"
    diameter.write_pcap(path, wire)
    def fields(*more):
        return subprocess.run(["tshark", "-r", path, *more], capture_output=True, text=True, check=True).stdout
    expect(f"{name}: malformed", fields("-Y", "_ws.malformed || diameter.avp.invalid-data || diameter.avp.unknown"), "")
    codes = fields("-Y", "diameter", "-T", "fields", "-e", "diameter.cmd.code").replace(",", "\n").split()
    expect(f"{name}: messages", len(codes), len(wire))


def main():
    for program in ("freeDiameterd", "tshark"):
        if shutil.which(program) is None:
            sys.exit(f"FAILED: {program} is not installed; scripts/setup installs it")
    with tempfile.TemporaryDirectory() as folder:
        world = DiameterWorld(sys.argv[1], folder)
        world.start()
        try:
            world.ask("POST", "/v1/accounts/anna/topups", {"amount": "10.00", "reference": "p1"})
            client = Client(world.diameter_port)
            expect("capabilities", client.capabilities().code, 2001)
            for story in (session, repeats, shapes, events, refunds, in_parts):
                story(world, client)
            asked_to_come_back(world, client, "pgw.example.org;8;1")
            bad_input(world)
            one_connection(world, client)
            last_words(world)
            unread(world, client)
            expect("watchdog", client.base(diameter.DWR).code, 2001)
            decode(folder, "client", client.wire)
            decode(folder, "relay", relayed(world, folder))
            world.server.send_signal(signal.SIGTERM)
            leave = client.receive()
            expect("told that we leave", (leave.command, leave["Disconnect-Cause"]), (diameter.DPR, 0))
            expect("ended", world.server.wait(30), 0)
            redirected(world)
            silent(world)
        finally:
            world.server.kill()
    print("charged over Diameter: sessions, repeats, bad input, deaf peers, a relay; tshark found nothing malformed")


if __name__ == "__main__":
    main()
