"""More than can be charged in time, over Diameter and Nchf: what begins is refused first, what carries usage last, all
by name; and after it all is as if nothing had been.

    overload_test.py FARTHING
"""
import collections
import contextlib
import fcntl
import os
import sys
import tempfile
import time

import http2
from bucket_test import CATALOG, BucketWorld
from charging_test import expect
from diameter import Client
from diameter_test import INITIAL, UPDATE, mscc, octets

NUMBER = "37255500001"
DATA = "/nchf-convergedcharging/v3/chargingdata"
BEGINNINGS, ALL = 3_072, 4_096  # that may wait
STREAMS = 256                   # of a connection at once
OURS = 3                        # of them may be the server's own: fees, webhooks


@contextlib.contextmanager
def stopped(world):
    """Nothing is charged meanwhile: it is the turn of another process, however long that takes."""
    with open(f"{world.home}/turn.lock", "ab") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        yield


def within(what, count, low, high):
    expect(f"{what}: {count} is between {low} and {high}", low <= count <= high, True)


def over_diameter(world):
    """Gives how many bytes were charged."""
    client, other = Client(world.diameter_port), Client(world.diameter_port, "mme.example.org")
    client.capabilities()
    other.capabilities()
    client.charge("u", INITIAL, 0, mscc(1, octets(100)), e164=NUMBER)
    with stopped(world):
        other.send(other.credit("u", UPDATE, 1, mscc(1, octets(100), octets(1)), hop=1, end=1))
        time.sleep(1)  # the engine has it, and waits
        client.send(b"".join(client.credit(f"i{n}", INITIAL, 0, mscc(1, octets(1)), e164=NUMBER, hop=n, end=n)
                             for n in range(ALL)))
        refused = [client.receive() for _ in range(ALL - BEGINNINGS)]
        expect("what begins is refused first", {(one.code, one.flags & 0x20) for one in refused}, {(3004, 0x20)})
        more = ALL - BEGINNINGS + 100
        other.send(b"".join(other.credit("u", UPDATE, n + 2, mscc(1, octets(100), octets(1)), hop=n + 2, end=n + 2)
                            for n in range(more)))
        told = [other.receive() for _ in range(100)]
        expect("what carries usage is refused last", {(one.code, one.hop >= more - 100) for one in told},
               {(3004, True)})
        expect("who asks whether we are there is answered", other.base(280).code, 2001)
    codes = collections.Counter(one.code for one in [*refused, *(client.receive() for _ in range(BEGINNINGS))])
    within("began", codes[2001], BEGINNINGS - OURS, BEGINNINGS)
    expect("each was answered", codes[2001] + codes[3004], ALL)
    codes = collections.Counter(one.code for one in [*told, *(other.receive() for _ in range(more + 1 - len(told)))])
    within("went on", codes[2001], more - 100 + 1 - OURS, more - 100 + 1 + OURS)
    expect("each was answered", codes[2001] + codes[3004], more + 1)
    return codes[2001]


def over_nchf(world):
    """Gives how many bytes were charged."""
    def body(number, session, **unit):
        return {"nfConsumerIdentification": {"nodeFunctionality": "SMF"}, "invocationSequenceNumber": number,
                "invocationTimeStamp": "2026-06-01T10:00:00Z", "subscriberIdentifier": f"msisdn-{NUMBER}",
                "chargingId": session, "multipleUnitUsage": [{"ratingGroup": 1, **unit}]}
    asks = {"requestedUnit": {"totalVolume": 1}}
    report = {**asks, "usedUnitContainer": [{"localSequenceNumber": 1, "totalVolume": 1}]}
    lasting = http2.Client(world.nchf_port)
    ref = lasting.ask(DATA, body(0, 0, **asks))[2]["location"].rsplit("/", 1)[1]
    clients = [http2.Client(world.nchf_port) for _ in range(BEGINNINGS // STREAMS + 1)]
    for client in clients:
        client.read()  # how many it may ask at once
    with stopped(world):
        first = lasting.begin(f"{DATA}/{ref}/update", body(1, 0, **report))
        time.sleep(1)  # the engine has it, and waits
        begun = [[client.begin(DATA, body(0, 1 + at * STREAMS + n, **asks)) for n in range(STREAMS)]
                 for at, client in enumerate(clients[:-1])]
        late = clients[-1]
        begun.append([late.begin(DATA, body(0, 900_000 + n, **asks)) for n in range(OURS)])
        status, told, headers = late.ask(DATA, body(0, 999_999, **asks))
        expect("what begins is refused", (status, told["cause"], headers["retry-after"], headers["content-type"]),
               (503, "NF_CONGESTION", "1", "application/problem+json"))
        second = lasting.begin(f"{DATA}/{ref}/update", body(2, 0, **report))
        lasting.socket.settimeout(1)
        with contextlib.suppress(TimeoutError):
            lasting.read()
        lasting.socket.settimeout(30)
        expect("an update waits", lasting.answers[second]["done"], False)
    expect("and is served", (lasting.end(first)[0], lasting.end(second)[0]), (200, 200))
    codes = collections.Counter(client.end(stream)[0] for client, streams in zip(clients, begun) for stream in streams)
    within("began", codes[201], BEGINNINGS - OURS, BEGINNINGS)
    expect("each was answered", codes[201] + codes[503], BEGINNINGS + OURS)
    expect("the same again has its effect", late.ask(DATA, body(0, 999_999, **asks))[0], 201)
    return 2


def main():
    with tempfile.TemporaryDirectory() as folder:
        world = BucketWorld(os.path.abspath(sys.argv[1]), folder,
                            CATALOG.replace("1.00 per MB", "100.00 per byte"))
        world.run("subscription", "add", "anna", "sim-2", "simple", "--from", "2026-01-01", "--identity",
                  f"msisdn={NUMBER}")
        world.run("balance", "topup", "anna", "1000000.00", "--reference", "p1")
        world.start()
        try:
            charged = over_diameter(world) + over_nchf(world)
            told = world.balance()["balance"]
            expect("what was served is charged once, and nothing else", told, f"{1_000_000 - 100 * charged}.00")
        finally:
            world.stop()
        world.run("check", "all")
    print("overload: refused by name, what begins first; everything is answered, and charged once")


if __name__ == "__main__":
    main()
