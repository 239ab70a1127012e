"""Diameter over SCTP, by hand and through freeDiameter; where the kernel has no SCTP, the refusal of it.

    sctp_test.py FARTHING
"""
import signal
import socket
import subprocess
import sys
import tempfile
import time

import diameter
from charging_test import expect
from diameter import Client
from diameter_test import INITIAL, MB, NUMBER, TERMINATION, UPDATE, DiameterWorld, Relay, granted, mscc, octets


def kernel_has_it():
    try:
        socket.socket(socket.AF_INET, socket.SOCK_STREAM, diameter.SCTP).close()
    except OSError:
        return False
    return True


class SctpWorld(DiameterWorld):
    def words(self, *more):
        return [self.binary, "--home", self.home, "serve", "--listen", "127.0.0.1:0", "--host", "ocs.example.org",
                *more]

    def start(self, *more):
        self.server = subprocess.Popen(self.words("--diameter", "127.0.0.1:0", "--diameter-sctp", "127.0.0.1:0", *more),
                                       stdout=subprocess.PIPE, stderr=open(self.errors, "w", encoding="utf-8"),
                                       text=True)
        lines = [self.server.stdout.readline().strip().rsplit(":", 1) for _ in range(3)]
        expect("says where", [line[0] for line in lines],
               ["diameter on 127.0.0.1", "diameter over SCTP on 127.0.0.1", "listening on 127.0.0.1"])
        self.diameter_port, self.sctp_port, self.port = (int(line[1]) for line in lines)


def told(*words):
    done = subprocess.run(words, capture_output=True, text=True, timeout=30)
    return done.returncode, done.stdout, done.stderr


def refused(world, has_sctp):
    """Whatever can't be is told by name, and nothing is listened on."""
    cases = [("sctp_unencrypted", world.words("--diameter-sctp", "127.0.0.1:0", "--tls-cert", "a", "--tls-key", "b")),
             ("bad_usage", world.words("--diameter-sctp", "0.0.0.0:3868"))]
    if not has_sctp:
        cases.append(("sctp_missing", world.words("--diameter-sctp", "127.0.0.1:0")))
        cases.append(("sctp_missing", [world.binary, "charge", "simulate", "3725550", "data", "1000", "--protocol",
                                       "diameter", "--sctp", "--to", "127.0.0.1:3868"]))
    for name, words in cases:
        code, out, err = told(*words)
        expect(f"{words}: {err}", (code, name in err, out), (2, True, ""))


def by_hand(world):
    client = Client(world.sctp_port, sctp=True)
    expect("capabilities", client.capabilities().code, 2001)
    answer = client.charge("s1", INITIAL, 0, mscc(1, octets(MB)), e164=NUMBER)
    expect("begins", (answer.code, granted(answer)), (2001, MB))
    other = Client(world.diameter_port)
    expect("one host, one connection, whatever it goes over", other.capabilities().code, 4003)
    numbers = range(1, 201)
    for n in numbers:  # each is a message of its own, and so is each answer
        client.send(client.credit("s1", UPDATE, n, mscc(1, octets(MB), octets(1000)), hop=n, end=n))
    for n in numbers:
        data = client.socket.recv(65536)
        answer = diameter.Answer(data)
        expect(f"answer {n} alone", (answer.hop, answer.code), (n, 2001))
    client.charge("s1", TERMINATION, 201, mscc(1, None, octets(MB)))
    expect("charged", world.money(), ("8.80", "0.00"))
    expect("a message that has no end", client.ask(b"\1\xff\xff\xfc" + b"\xc0\0\1\x10" + b"\0" * 12).code, 5015)
    expect("and left", client.receive(), None)


def relayed(world, folder):
    relay = Relay(folder, world.sctp_port, over="No_TCP")
    try:
        client = Client(relay.port)
        expect("the relay", client.capabilities().code, 2001)
        answer = client.charge("dra;1", INITIAL, 0, mscc(10, octets(300_000)), e164=NUMBER)
        expect("through a relay", (answer.code, granted(answer)), (2001, 300_000))
        time.sleep(8)  # a watchdog goes by meanwhile
        answer = client.charge("dra;1", TERMINATION, 1, mscc(10, None, octets(100_000)))
        expect("ends", (answer.code, world.money()), (2001, ("8.70", "0.00")))
    finally:
        relay.stop()


def played(world):
    code, out, err = told(world.binary, "charge", "simulate", "3725550000", "data", "100", "--protocol", "diameter",
                          "--sctp", "--to", f"127.0.0.1:{world.sctp_port}", "--rate", "200", "--seconds", "2",
                          "--connections", "2", "--sessions", "8")
    expect(f"played: {err}", (code, out.startswith("400 answered"), "not granted" in out), (0, True, False))


def main():
    has_sctp = kernel_has_it()
    with tempfile.TemporaryDirectory() as folder:
        world = SctpWorld(sys.argv[1], folder)
        refused(world, has_sctp)
        if not has_sctp:
            print("this kernel has no SCTP: refused by name")
            return
        world.start()
        try:
            world.ask("POST", "/v1/accounts/anna/topups", {"amount": "10.00", "reference": "p1"})
            by_hand(world)
            relayed(world, folder)
            played(world)
            world.server.send_signal(signal.SIGTERM)
            expect("ended", world.server.wait(30), 0)
        finally:
            world.server.kill()
    print("Diameter over SCTP: by hand, a relay, sessions played")


if __name__ == "__main__":
    main()
