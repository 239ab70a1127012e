"""FreeRADIUS, with the configuration that is shipped, in front of a server; asked by radclient: authorise, start,
interim, stop, repeats, counters beyond 32 bits, and a NAS that is told to cut off.

    radius_test.py FARTHING SOURCE_DIR
"""
import hashlib
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

from charging_test import World, expect

SECRET = "testing123"
NAS = "NAS-IP-Address=10.0.0.1"


def free_ports():
    """Two UDP ports, one after the other."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one, \
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as two:
            one.bind(("127.0.0.1", 0))
            port = one.getsockname()[1]
            try:
                two.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port


class Front:
    """FreeRADIUS with nothing but what is shipped."""

    def __init__(self, folder, source, world, nas_port=3799):
        self.folder, self.port = f"{folder}/raddb", free_ports()
        for part in ("mods", "sites"):
            os.makedirs(f"{self.folder}/{part}")
            with open(f"{source}/packaging/freeradius/{part}-available/farthing", encoding="utf-8") as file:
                text = file.read()
            expect("the place of the server is there once", text.count("127.0.0.1:8080"), 1 if part == "mods" else 0)
            text = text.replace("127.0.0.1:8080", f"127.0.0.1:{world.port}").replace("KEY\"", f"{world.charge_key}\"")
            for kind, port in (("auth", self.port), ("acct", self.port + 1)):
                text = text.replace(f"type = {kind}\n\t\tipaddr = *\n\t\tport = 0",
                                    f"type = {kind}\n\t\tipaddr = 127.0.0.1\n\t\tport = {port}")
            with open(f"{self.folder}/{part}/farthing", "w", encoding="utf-8") as out:
                out.write(text)
        with open(f"{self.folder}/radiusd.conf", "w", encoding="utf-8") as out:
            out.write(f"""\
prefix = /usr
libdir = /usr/lib/freeradius
logdir = {self.folder}
run_dir = {self.folder}
raddbdir = {self.folder}
name = farthing
log {{ destination = stdout }}
max_request_time = 20
cleanup_delay = 0
security {{ allow_vulnerable_openssl = yes }}
proxy_requests = yes
home_server nas {{
    type = coa
    ipaddr = 127.0.0.1
    port = {nas_port}
    secret = {SECRET}
}}
client test {{
    ipaddr = 127.0.0.1
    secret = {SECRET}
    coa_server = nas
}}
modules {{
    $INCLUDE mods/
}}
$INCLUDE sites/
""")
        shutil.copy("/etc/freeradius/3.0/dictionary", f"{self.folder}/dictionary")
        self.log = open(f"{self.folder}/log", "w+", encoding="utf-8")
        self.process = subprocess.Popen(["freeradius", "-f", "-l", "stdout", "-d", self.folder, "-n", "radiusd"],
                                        stdout=self.log, stderr=subprocess.STDOUT)
        for _ in range(200):
            if "Ready to process requests" in self.said():
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise SystemExit(f"FreeRADIUS does not start\n{self.said()}")

    def said(self):
        with open(self.log.name, encoding="utf-8") as file:
            return file.read()

    def stop(self):
        self.process.terminate()
        self.process.wait(30)

    def ask(self, kind, *attributes, tries=1):
        """What the NAS is answered; None: nothing."""
        port = self.port + (kind == "acct")
        done = subprocess.run(["radclient", "-x", "-r", str(tries), "-t", "3", f"127.0.0.1:{port}", kind, SECRET],
                              input=",".join(attributes) + "\n", capture_output=True, text=True, check=False)
        self.said = ""
        answer = None
        for line in done.stdout.splitlines():
            if line.startswith("Received "):
                answer = line.split()[1]
            elif answer and "Reply-Message" in line:
                self.said = line.partition("= ")[2].strip('"')
        return answer

    def account(self, status, *more, user="sim-1", session="s1"):
        return self.ask("acct", f"Acct-Status-Type={status}", f"Acct-Session-Id={session}", f"User-Name={user}", NAS,
                        *more)


class Nas:
    """Takes Disconnect-Requests (RFC 5176) and does what they ask."""

    def __init__(self):
        self.socket, self.asked = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), []
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0.2)
        self.port = self.socket.getsockname()[1]

    def wait(self, seconds):
        """The next request as {attribute: value}, acknowledged; None: there was none."""
        end = time.time() + seconds
        while time.time() < end:
            try:
                data, front = self.socket.recvfrom(4096)
            except TimeoutError:
                continue
            code, number, length = struct.unpack(">BBH", data[:4])
            signed = hashlib.md5(data[:4] + bytes(16) + data[20:length] + SECRET.encode()).digest()
            expect("a Disconnect-Request that is signed", (code, data[4:20]), (40, signed))
            head = struct.pack(">BBH", 41, number, 20)
            self.socket.sendto(head + hashlib.md5(head + data[4:20] + SECRET.encode()).digest(), front)
            found, at = {}, 20
            while at < length:
                found[data[at]] = data[at + 2:at + data[at + 1]]
                at += data[at + 1]
            return found
        return None


def spent(world):
    told = world.balance()
    return told["balance"], told["held"]


def authorises(world, front):
    expect("an unknown name", front.ask("auth", "User-Name=nobody", "User-Password=x", NAS), "Access-Reject")
    expect("is told so", "nobody has the identity" in front.said, True)
    expect("one without money", front.ask("auth", "User-Name=sim-1", "User-Password=x", NAS), "Access-Reject")
    expect("is told so", front.said != "", True)
    world.ask("POST", "/v1/accounts/anna/topups", {"amount": "10000.00", "reference": "p1"})
    expect("one with money", front.ask("auth", "User-Name=sim-1", "User-Password=x", NAS), "Access-Accept")
    expect("by the number that calls", front.ask("auth", "Calling-Station-Id=37255500001", "User-Password=x", NAS),
           "Access-Accept")


def sessions(world, front):
    before = spent(world)
    expect("start", front.account("Start"), "Accounting-Response")
    expect("money is held", spent(world), (before[0], "10.00"))
    usage = ("Acct-Input-Octets=1000000", "Acct-Output-Octets=2000000", "Acct-Session-Time=60")
    for delay in (0, 5, 10):  # the NAS did not hear the answer; each comes from another port
        expect("interim", front.account("Interim-Update", *usage, f"Acct-Delay-Time={delay}"), "Accounting-Response")
    expect("an interim has one effect", spent(world), ("9997.00", "10.00"))
    expect("start, late", front.account("Start"), "Accounting-Response")
    usage = ("Acct-Input-Octets=2000000", "Acct-Output-Octets=3500000", "Acct-Session-Time=120")
    for _ in range(2):
        expect("stop", front.account("Stop", *usage), "Accounting-Response")
    expect("a stop has one effect", spent(world), ("9994.50", "0.00"))
    expect("an interim after it", front.account("Interim-Update", *usage[:2], "Acct-Session-Time=119"),
           "Accounting-Response")
    expect("and changes nothing", spent(world), ("9994.50", "0.00"))


def id_again(world, front):
    """A NAS that began anew uses its ids again: by when a session began it is another one (RFC 2866, 5.2)."""
    left = spent(world)[0]
    usage = ("Acct-Input-Octets=2000000", "Acct-Output-Octets=0", "Acct-Session-Time=60")
    expect("start", front.account("Start", "Acct-Delay-Time=3700", session="s6"), "Accounting-Response")
    expect("stop", front.account("Stop", *usage, "Acct-Delay-Time=3600", session="s6"), "Accounting-Response")
    left = f"{float(left) - 2:.2f}"
    expect("the first", spent(world), (left, "0.00"))
    expect("start", front.account("Start", "Acct-Delay-Time=1800", session="s6"), "Accounting-Response")
    expect("another one holds", spent(world), (left, "10.00"))
    expect("the stop of the first comes again", front.account("Stop", *usage, "Acct-Delay-Time=3605", session="s6"),
           "Accounting-Response")
    expect("and changes nothing", spent(world), (left, "10.00"))
    more = ("Acct-Input-Octets=1000000", "Acct-Output-Octets=0", "Acct-Session-Time=600")
    for delay in (1200, 1210):
        expect("stop", front.account("Stop", *more, f"Acct-Delay-Time={delay}", session="s6"), "Accounting-Response")
    expect("the second", spent(world), (f"{float(left) - 1:.2f}", "0.00"))
    expect("nothing waits", "unknown_session" in world.run("suspense", "list"), False)
    world.ask("POST", "/v1/accounts/anna/topups", {"amount": "3.00", "reference": "again"})


def beyond_32_bits(world, front):
    expect("start", front.account("Start", session="s2"), "Accounting-Response")
    wrapped = ("Acct-Input-Octets=0", "Acct-Input-Gigawords=1", "Acct-Output-Octets=32704", "Acct-Session-Time=9")
    expect("stop", front.account("Stop", *wrapped, session="s2"), "Accounting-Response")
    expect("2^32 octets and 32,704", spent(world), ("5699.50", "0.00"))


def cut_off(world, front, nas):
    """Where nothing is left the NAS is told to end the session; the record is answered and charged all the same."""
    world.ask("POST", "/v1/accounts/bea/topups", {"amount": "3.00", "reference": "p2"})
    left = lambda: world.ask("GET", "/v1/accounts/bea/balance")[1]["balance"]
    account = lambda status, octets: front.account(status, f"Acct-Input-Octets={octets}", "Acct-Output-Octets=0",
                                                   "Acct-Session-Time=9", user="sim-b", session="s9")
    expect("start", account("Start", 0), "Accounting-Response")
    expect("goes on", (account("Interim-Update", 1_000_000), left()), ("Accounting-Response", "2.00"))
    expect("nobody is cut off", nas.wait(1), None)
    expect("nothing is left", (account("Interim-Update", 3_000_000), left()), ("Accounting-Response", "0.00"))
    asked = nas.wait(10)
    expect("cut off", asked and (asked.get(1), asked.get(44), asked.get(4)), (b"sim-b", b"s9", bytes((10, 0, 0, 1))))
    expect("stop", (account("Stop", 3_100_000), left()), ("Accounting-Response", "-0.10"))
    expect("its end cuts nobody off", nas.wait(1), None)


def lost_and_wrong(world, front):
    usage = ("Acct-Input-Octets=500000", "Acct-Output-Octets=0", "Acct-Session-Time=30")
    expect("a stop whose start was lost", front.account("Stop", *usage, session="s3"), "Accounting-Response")
    expect("is charged", spent(world), ("5699.00", "0.00"))
    expect("nobody's record is not answered", front.account("Start", user="nobody", session="s4"), None)
    expect("nor one that says nothing", front.ask("acct", "User-Name=sim-1", NAS), None)
    expect("the NAS starts", front.ask("acct", "Acct-Status-Type=Accounting-On", NAS), "Accounting-Response")
    world.stop()
    expect("without a server nothing is answered", front.account("Start", session="s5"), None)


def main():
    with tempfile.TemporaryDirectory() as folder:
        world = World(os.path.abspath(sys.argv[1]), folder)
        with open(f"{folder}/subscriptions.csv", "w", encoding="utf-8") as out:
            out.write("subscription,account,plan,from,device,msisdn\nnas-1,anna,simple,2026-01-01,sim-1,37255500001\n"
                      "nas-2,bea,simple,2026-01-01,sim-b,37255500002\n")
        world.run("account", "add", "bea")
        world.run("subscription", "import", f"{folder}/subscriptions.csv")
        for account in ("anna", "bea"):
            world.run("balance", "limit", account, "--credit", "0")
        world.start()
        nas = Nas()
        front = Front(folder, sys.argv[2], world, nas.port)
        try:
            for part in (authorises, sessions, id_again, beyond_32_bits):
                part(world, front)
            cut_off(world, front, nas)
            lost_and_wrong(world, front)
        except SystemExit:
            print(front.said(), file=sys.stderr)
            raise
        finally:
            front.stop()
            if world.server.poll() is None:
                world.stop()
        print(world.run("check", "ledger"))


if __name__ == "__main__":
    main()
