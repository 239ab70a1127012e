"""Kills `farthing serve` at each write while sessions are charged, sends each unanswered request again, and compares
every total with a run that was never killed.

    charging_crash_test.py FARTHING
"""
import http.client
import json
import os
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

    def start(self, crash_at=0):
        environment = dict(os.environ)
        if crash_at:
            environment["FARTHING_CRASH_AT"] = str(crash_at)
        self.server = subprocess.Popen([self.binary, "--home", self.home, "serve", "--listen", "127.0.0.1:0"],
                                       stdout=subprocess.PIPE, text=True, env=environment)
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

    def play(self, crash_at=0):
        """Asks everything in order; gives how often the server was killed."""
        kills = 0
        if not self.start(crash_at):
            self.server.wait()
            kills += 1
            self.start()
        for method, path, body in requests():
            while True:
                answer = self.ask(method, path, body)
                if answer is not None:
                    if answer[0] != 200:
                        raise SystemExit(f"{body} at {crash_at} was told {answer}")
                    break
                self.server.wait(20)
                kills += 1
                self.start()
        self.server.terminate()
        self.server.wait(20)
        return kills

    def totals(self):
        payments = json.loads(self.run("balance", "payments", "anna", "-o", "json"))
        buckets = self.run("bucket", "list", "anna", "-o", "csv")
        return self.run("balance", "show", "anna", "--json") + f"{len(payments)} payments, {buckets}"


def main():
    binary = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        template = World(binary, folder, "template")
        reference = World(binary, folder, "reference", template.home)
        reference.key = template.key
        reference.play()
        wanted = reference.totals()
        for crash_at in range(1, 1000):
            world = World(binary, folder, f"victim-{crash_at}", template.home)
            world.key = template.key
            if world.play(crash_at) == 0:
                break
            if world.totals() != wanted:
                raise SystemExit(f"killed at write {crash_at}: {world.totals()} instead of {wanted}")
            said = world.run("check", "all")
            if "wrong" in said:
                raise SystemExit(f"killed at write {crash_at}:\n{said}")
            subprocess.run(["rm", "-r", world.home], check=True)
        if crash_at < 10:
            raise SystemExit(f"only {crash_at} writes: nothing was killed")
    print(f"killed at each of {crash_at - 1} writes; every total as if never killed")


main()
