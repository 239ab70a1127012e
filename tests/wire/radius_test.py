"""FreeRADIUS, with the configuration that is shipped, in front of a server; asked by radclient: authorise, start,
interim, stop, repeats, counters beyond 32 bits.

    radius_test.py FARTHING SOURCE_DIR
"""
import os
import shutil
import socket
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

    def __init__(self, folder, source, world):
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
client test {{
    ipaddr = 127.0.0.1
    secret = {SECRET}
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
        for line in done.stdout.splitlines():
            if line.startswith("Received "):
                return line.split()[1]
        return None

    def account(self, status, *more, user="sim-1", session="s1"):
        return self.ask("acct", f"Acct-Status-Type={status}", f"Acct-Session-Id={session}", f"User-Name={user}", NAS,
                        *more)


def spent(world):
    told = world.balance()
    return told["balance"], told["held"]


def authorises(world, front):
    expect("an unknown name", front.ask("auth", "User-Name=nobody", "User-Password=x", NAS), "Access-Reject")
    expect("one without money", front.ask("auth", "User-Name=sim-1", "User-Password=x", NAS), "Access-Reject")
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


def beyond_32_bits(world, front):
    expect("start", front.account("Start", session="s2"), "Accounting-Response")
    wrapped = ("Acct-Input-Octets=0", "Acct-Input-Gigawords=1", "Acct-Output-Octets=32704", "Acct-Session-Time=9")
    expect("stop", front.account("Stop", *wrapped, session="s2"), "Accounting-Response")
    expect("2^32 octets and 32,704", spent(world), ("5699.50", "0.00"))


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
            out.write("subscription,account,plan,from,device,msisdn\nnas-1,anna,simple,2026-01-01,sim-1,37255500001\n")
        world.run("subscription", "import", f"{folder}/subscriptions.csv")
        world.run("balance", "limit", "anna", "--credit", "0")
        world.start()
        front = Front(folder, sys.argv[2], world)
        try:
            for part in (authorises, sessions, beyond_32_bits, lost_and_wrong):
                part(world, front)
        except SystemExit:
            print(front.said(), file=sys.stderr)
            raise
        finally:
            front.stop()
            if world.server.poll() is None:
                world.stop()
        print(world.run("check", "ledger"))


main()
