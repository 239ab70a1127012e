"""Kills `farthing serve` at each write while sessions are charged, or lets its disk go bad there (bad_disk.cc), sends
each request again that was not answered well, and compares every total with a run that nothing befell.

    charging_crash_test.py FARTHING [BAD_DISK.so [SEED]]
"""
import http.client
import json
import os
import random
import subprocess
import sys
import tempfile

CATALOG = """\
catalog: crash
valid_from: 2026-01-01
currency: EUR
time_zone: UTC
meters: {data: {unit: byte}, sms: {unit: message}}
plans:
  - plan: tiers
    charges:
      - {usage: data, graduated: [{to: 4 MB, price: 0.37 per MB}, {price: 0.11 per MB}]}
      - {usage: sms, price: 0.10 per message}
    packages: [{package: two, on: data, quantity: 2 MB, price: 0.30, valid: 30 days}]
"""
GROUP = {"group": 1, "meter": "data"}


def requests():
    """What gateways ask, in order: two sessions, events, a refund, a top-up and a package in between."""
    yield "POST", "/v1/accounts/anna/topups", {"amount": "5.00", "reference": "p1"}
    for session in ("a", "b"):
        yield "POST", "/v1/charges", {"session": session, "number": 0, "subscription": "sim-1",
                                      "services": [{**GROUP, "quantity": "3 MB"}]}
    yield "POST", "/v1/accounts/anna/buckets", {"owner": "sim-1", "package": "two", "reference": "order-1"}
    for number in (1, 2):
        for session in ("a", "b"):
            yield "POST", "/v1/charges", {"session": session, "number": number, "services": [
                {**GROUP, "quantity": "2 MB", "used": [{"quantity": 1_234_567 * number}]}]}
    yield "POST", "/v1/charges", {"session": "e", "action": "debit", "subscription": "sim-1",
                                  "services": [{"meter": "sms", "quantity": 7}]}
    yield "POST", "/v1/charges", {"session": "e", "number": 1, "action": "refund",
                                  "services": [{"meter": "sms", "quantity": 2}]}
    yield "POST", "/v1/accounts/anna/topups", {"amount": "1.00", "reference": "p2"}
    yield "POST", "/v1/charges", {"session": "a", "number": 3, "action": "end",
                                  "services": [{**GROUP, "used": [{"quantity": "1 MB"}]}]}


class World:
    def __init__(self, binary, folder, name, template=None):
        self.binary, self.home, self.server = binary, f"{folder}/{name}", None
        if template:
            subprocess.run(["cp", "-r", template, self.home], check=True)
            return
        os.makedirs(f"{folder}/catalog")
        with open(f"{folder}/catalog/catalog.yaml", "w", encoding="utf-8") as out:
            out.write(CATALOG)
        self.run("catalog", "publish", f"{folder}/catalog")
        self.run("account", "add", "anna")
        self.run("subscription", "add", "anna", "sim-1", "tiers", "--from", "2026-01-01")
        self.key = self.run("key", "add", "gateway", "--scope", "charge", "--scope", "manage").strip()

    def run(self, *words):
        done = subprocess.run([self.binary, "--home", self.home, *words], capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"{words} gave {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def start(self, mishap=None):
        self.server = subprocess.Popen([self.binary, "--home", self.home, "serve", "--listen", "127.0.0.1:0"],
                                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                       env=dict(os.environ, **(mishap or {})))
        line = self.server.stdout.readline()
        self.port = int(line.rsplit(":", 1)[1]) if line else 0
        return bool(line)

    def ask(self, method, path, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, json.dumps(body), {"Authorization": f"Bearer {self.key}"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def play(self, mishap=None):
        """Asks everything in order, again whatever was not answered well; gives how often the server had to begin anew
        after its mishap."""
        begins = 0
        if not self.start(mishap):
            self.stop()
            begins += 1
            self.start()
        for method, path, body in requests():
            while (answer := self.ask(method, path, body)) is None or answer[0] != 200:
                if answer is not None and answer[0] < 500:
                    raise SystemExit(f"{body} after {mishap} was told {answer}")
                self.stop()
                begins += 1
                if not self.start():
                    raise SystemExit(f"the server does not begin again after {mishap}")
        self.server.terminate()
        self.server.wait(20)
        return begins

    def stop(self):
        self.server.kill()
        self.server.wait(20)

    def totals(self):
        payments = json.loads(self.run("balance", "payments", "anna", "-o", "json"))
        buckets = self.run("bucket", "list", "anna", "-o", "csv")
        return self.run("balance", "show", "anna", "--json") + f"{len(payments)} payments, {buckets}"


class Worlds:
    """Plays the requests in a folder of their own each, and compares what comes of it."""

    def __init__(self, binary, folder):
        self.binary, self.folder = binary, folder
        self.template = World(binary, folder, "template")
        self.wanted = None
        self.wanted = self.totals_after(None)[1]

    def totals_after(self, mishap):
        world = World(self.binary, self.folder, "victim", self.template.home)
        world.key = self.template.key
        begins = world.play(mishap)
        totals = world.totals()
        if self.wanted is not None and totals != self.wanted:
            raise SystemExit(f"after {mishap}: {totals} instead of {self.wanted}")
        said = world.run("check", "all")
        if "wrong" in said:
            raise SystemExit(f"after {mishap}:\n{said}")
        subprocess.run(["rm", "-r", world.home], check=True)
        return begins, totals


def killed(worlds):
    for crash_at in range(1, 1000):
        if worlds.totals_after({"FARTHING_CRASH_AT": str(crash_at)})[0] == 0:
            break
    if crash_at < 10:
        raise SystemExit(f"only {crash_at} writes: nothing was killed")
    print(f"killed at each of {crash_at - 1} writes; every total as if never killed")


def on_bad_disks(worlds, library, seed):
    chance = random.Random(seed)
    told = f"{worlds.folder}/asked"

    def mishap(kind, point):
        return dict(LD_PRELOAD=library, BAD_DISK=kind, BAD_DISK_AT=str(point), BAD_DISK_TELL=told,
                    BAD_DISK_SEED=str(chance.randrange(1 << 16)), BAD_DISK_FOLDER=f"{worlds.folder}/victim")

    worlds.totals_after(mishap("none", 0))
    with open(told, encoding="utf-8") as file:
        asked = int(file.read())
    places, tried, begun = 16 * int(os.environ.get("FARTHING_CASES", "1")), 0, 0
    for kind in ("full", "error", "short", "power"):
        for point in chance.sample(range(1, asked + 1), min(places, asked)):
            tried += 1
            begun += worlds.totals_after(mishap(kind, point))[0] > 0
    if begun < tried // 4:
        raise SystemExit(f"only {begun} of {tried} bad disks did anything: the test proves nothing")
    print(f"{tried} bad disks at {asked} places, {begun} of them too bad for the server; every total as on a good one")


def main():
    with tempfile.TemporaryDirectory() as folder:
        worlds = Worlds(sys.argv[1], folder)
        if len(sys.argv) > 2:
            on_bad_disks(worlds, sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 1)
        else:
            killed(worlds)


main()
