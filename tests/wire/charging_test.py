"""Charges over HTTP as a gateway does, with curl: grants, repeats, parallel debits, a killed server, keys, bad input.

    charging_test.py FARTHING
"""
import concurrent.futures
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time

CATALOG = """\
catalog: wire
valid_from: 2026-01-01
currency: EUR
time_zone: UTC
meters: {data: {unit: byte}, sms: {unit: message}}
plans:
  - plan: simple
    charges:
      - {usage: data, price: 1.00 per MB}
      - {usage: sms, price: 1.00 per message}
"""


class World:
    def __init__(self, binary, folder, catalog=CATALOG):
        self.binary, self.home, self.server, self.options = binary, f"{folder}/home", None, []
        os.makedirs(f"{folder}/catalog")
        with open(f"{folder}/catalog/catalog.yaml", "w", encoding="utf-8") as out:
            out.write(catalog)
        self.run("catalog", "publish", f"{folder}/catalog")
        self.run("account", "add", "anna")
        for name in ("sim-1", "sim-other"):
            self.run("subscription", "add", "anna", name, "simple", "--from", "2026-01-01")
        self.key = self.run("key", "add", "gateway", "--scope", "charge", "--scope", "manage").strip()
        self.charge_key = self.run("key", "add", "meter", "--scope", "charge").strip()

    def run(self, *words):
        done = subprocess.run([self.binary, "--home", self.home, *words], capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"{words} gave {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def start(self, **environment):
        self.server = subprocess.Popen([self.binary, "--home", self.home, "serve", "--listen", "127.0.0.1:0",
                                        *self.options],
                                       stdout=subprocess.PIPE, text=True, env={**os.environ, **environment})
        self.port = int(self.server.stdout.readline().rsplit(":", 1)[1])

    def stop(self, how=signal.SIGTERM):
        self.server.send_signal(how)
        return self.server.wait(30)

    def ask(self, method, path, body=None, key=None, headers=()):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, json.dumps(body) if isinstance(body, (dict, list)) else body,
                               {"Authorization": f"Bearer {key or self.key}", **dict(headers)})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read()), answer.headers
        finally:
            connection.close()

    def charge(self, session, number, **more):
        return self.ask("POST", "/v1/charges", {"session": session, "number": number, **more})

    def balance(self):
        return self.ask("GET", "/v1/accounts/anna/balance")[1]


def expect(what, got, wanted):
    if got != wanted:
        raise SystemExit(f"{what}: expected {wanted}, got {got}")


def refused(world, status, code, method, path, *how, **more):
    got, told, _ = world.ask(method, path, *how, **more)
    expect(f"{method} {path} is refused", (got, told["code"]), (status, code))


def by_curl(world):
    said = subprocess.run(
        ["curl", "-sS", "-X", "POST", f"http://127.0.0.1:{world.port}/v1/charges",
         "-H", f"Authorization: Bearer {world.key}", "-d",
         json.dumps({"session": "curl", "subscription": "sim-1", "services": [{"meter": "data", "quantity": "2 MB"}]})],
        capture_output=True, text=True, check=True).stdout
    expect("granted to curl", json.loads(said)["services"][0]["granted"], 2_000_000)
    world.charge("curl", 1, action="end")


def sessions(world):
    status, paid, _ = world.ask("POST", "/v1/accounts/anna/topups", {"amount": "10.00", "reference": "p1"})
    expect("top-up", (status, paid["available"]), (200, "10.00"))
    _, _, headers = world.ask("POST", "/v1/accounts/anna/topups", {"amount": "10.00"},
                              headers={"Idempotency-Key": "p1"})
    expect("is told as a repeat", headers.get("Idempotency-Replayed"), "true")
    expect("top-up that came twice", world.balance()["balance"], "10.00")
    expect("the same reference, another amount",
           world.ask("POST", "/v1/accounts/anna/topups", {"amount": "11.00", "reference": "p1"})[0], 409)
    by_curl(world)
    service = {"group": 1, "meter": "data", "quantity": "5 MB"}
    status, told, _ = world.charge("s1", 0, subscription="sim-1", services=[service])
    expect("grant", (status, told["services"][0]["granted"]), (200, 5_000_000))
    expect("held", world.balance()["held"], "5.00")
    more = {"services": [{**service, "used": [{"quantity": 2_200_000}], "new_field": 1}]}
    _, first, _ = world.charge("s1", 1, **more)
    status, again, headers = world.charge("s1", 1, **more)
    expect("repeat", (again, headers["Idempotency-Replayed"]), (first, "true"))
    expect("charged once", world.balance()["balance"], "7.80")
    expect("same number, other content", world.charge("s1", 1, services=[service])[0], 409)
    refused(world, 409, "other_subscriber", "POST", "/v1/charges",
            {"session": "s1", "number": 2, "subscription": "sim-other", "services": [service]})
    world.charge("s1", 2, action="end")
    refused(world, 409, "session_ended", "POST", "/v1/charges", {"session": "s1", "number": 3, "services": [service]})
    expect("after the end", (world.balance()["balance"], world.balance()["held"]), ("7.80", "0.00"))
    late = {"services": [{"group": 1, "meter": "data", "used": [{"quantity": 3_000_000}]}]}
    expect("usage of no session", world.charge("lost", 1, action="end", subscription="sim-1", **late)[0], 404)
    waits = world.run("suspense", "list")
    expect("waits with its unit", "session lost, request 1, group 1: 3 MB of data" in waits, True)
    expect("unknown session", world.charge("nobody", 1)[0], 404)
    for number in range(34):  # the answers to the last 32 are kept
        world.charge("long", number, subscription="sim-1")
    refused(world, 409, "number_forgotten", "POST", "/v1/charges", {"session": "long", "number": 0})
    world.charge("long", 34, action="end")


def quotes(world):
    """A price and whether it is covered: nothing is charged or held."""
    def quote(*services):
        return world.ask("POST", "/v1/quotes", {"subscription": "sim-1", "services": services}, key=world.charge_key)
    before = world.balance()
    status, told, _ = quote({"meter": "data", "quantity": "1234567"})
    expect("a price", (status, told["amount"], told["covered"]), (200, "1.234567", True))
    expect("its service", told["services"], [{"group": 0, "meter": "data", "quantity": 1234567, "unit": "byte",
                                              "amount": "1.234567", "result": "granted"}])
    _, told, _ = quote({"group": 1, "meter": "data", "quantity": "4 MB"}, {"group": 2, "meter": "sms", "quantity": 4})
    expect("more than there is", (told["amount"], told["covered"], [one["result"] for one in told["services"]]),
           ("8.00", False, ["granted", "no_money"]))
    refused(world, 400, "body_malformed", "POST", "/v1/quotes", {"subscription": "sim-1"})
    refused(world, 404, "unknown_subscription", "POST", "/v1/quotes",
            {"subscription": "nobody", "services": [{"meter": "sms"}]})
    refused(world, 405, "method_not_allowed", "GET", "/v1/quotes")
    expect("nothing changed", world.balance(), before)


def parallel(world):
    world.ask("POST", "/v1/accounts/anna/topups", {"amount": "42.20", "reference": "p2"})

    def debit(i):
        return world.charge(f"e{i}", 0, action="debit", subscription="sim-1",
                            services=[{"meter": "sms", "quantity": 1}])[1]["services"][0]["result"]
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        results = list(pool.map(debit, range(100)))
    expect("EC38: paid for", (results.count("granted"), results.count("no_money")), (50, 50))
    expect("EC38: nothing left", world.balance()["balance"], "0.00")


def bad_input(world):
    for body in ["", "{", "[]", "null", '{"session":1}', '{"session":"x","number":-1}', '{"session":"x","services":{}}',
                 '{"session":"x","subscription":"sim-1","services":[{"meter":"data","quantity":1.5}]}',
                 '{"session":"x","subscription":"sim-1","services":[{"meter":"none"}]}', "[" * 4000,
                 '{"session":"' + "x" * 300 + '","subscription":"sim-1"}', '{"session":"x","action":"dance"}']:
        status, told, headers = world.ask("POST", "/v1/charges", body)
        expect(f"{body[:40]} is a problem", (status, headers["Content-Type"]), (400, "application/problem+json"))
        if not told["code"] or not told["detail"]:
            raise SystemExit(f"{body[:40]}: a problem without words: {told}")
    refused(world, 400, "body_malformed", "POST", "/v1/charges", "{")
    refused(world, 413, "body_too_large", "POST", "/v1/charges", "x" * 70_000)
    refused(world, 404, "route_unknown", "GET", "/v1/nothing")
    refused(world, 405, "method_not_allowed", "DELETE", "/v1/charges")
    expect("no such account", world.ask("GET", "/v1/accounts/bob/balance")[0], 404)
    refused(world, 401, "key_missing", "GET", "/v1/accounts/anna/balance", headers={"Authorization": "none"})
    refused(world, 401, "key_unknown", "GET", "/v1/accounts/anna/balance", key="fk_00")
    refused(world, 403, "scope_missing", "POST", "/v1/accounts/anna/topups", {"amount": "1"}, world.charge_key)
    expect("nothing changed", (world.balance()["balance"], world.balance()["held"]), ("0.00", "0.00"))
    world.run("key", "revoke", "meter")
    expect("a revoked key", world.ask("GET", "/v1/accounts/anna/balance", key=world.charge_key)[0], 401)
    world.charge_key = world.run("key", "add", "meter-2", "--scope", "charge").strip()
    expect("a new key", world.ask("GET", "/v1/accounts/anna/balance", key=world.charge_key)[0], 200)
    expect("no key, and a body that is wrong", world.ask("POST", "/v1/charges", "{", key="fk_00")[0], 401)


def raw(world):
    """Connections as other clients use them: requests one behind the other, cut anywhere, ended, and no HTTP at all."""
    def ask(*parts, ends=False):
        with socket.create_connection(("127.0.0.1", world.port), timeout=30) as connection:
            for part in parts:
                connection.sendall(part)
                time.sleep(0.02)
            if ends:
                connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(65536), b""))
    health = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"
    key = b"Authorization: Bearer " + world.key.encode() + b"\r\n"
    balance = b"GET /v1/accounts/anna/balance HTTP/1.1\r\nHost: x\r\n" + key
    got = ask(balance + b"\r\n" + health + b"\r\n" + balance + b"Connection: close\r\n\r\n" + health + b"\r\n")
    expect("one behind the other", [got.count(b"HTTP/1.1 200 OK\r\n"), got.count(b'"account"'), got.count(b'"status"')],
           [3, 2, 1])
    if not got.index(b'"account"') < got.index(b'"status"') < got.rindex(b'"account"'):
        raise SystemExit(f"out of order: {got}")
    expect("byte by byte", ask(*[bytes([byte]) for byte in b"GET /healthz HTTP/1.0\r\n\r\n"])[-15:], b'{"status":"ok"}')
    expect("half closed", ask(balance + b"\r\n", ends=True)[:15], b"HTTP/1.1 200 OK")
    expect("no HTTP", ask(b"\x16\x03\x01 TLS?\r\n\r\n")[:24], b"HTTP/1.1 400 Bad Request")
    expect("too much at once", ask(b"GET / HTTP/1.1\r\nx: " + b"y" * 20_000)[:12], b"HTTP/1.1 400")
    large = b"POST /v1/charges HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n"
    expect("refused while it is sent", ask(large, b"x" * 900_000)[:12], b"HTTP/1.1 413")


def restart(world):
    world.ask("POST", "/v1/accounts/anna/topups", {"amount": "5.00", "reference": "p3"})
    ask = {"subscription": "sim-1", "services": [{"meter": "data", "quantity": "3 MB"}]}
    _, first, _ = world.charge("kept", 0, **ask)
    world.stop(signal.SIGKILL)
    world.start()
    expect("what was held is held", world.balance()["held"], "3.00")
    expect("what was told is told", world.charge("kept", 0, **ask)[1], first)
    world.run("balance", "topup", "anna", "1.00", "--reference", "p4")  # another process writes meanwhile
    expect("and seen", world.balance()["balance"], "6.00")
    world.charge("kept", 1, action="end", services=[{"used": [{"quantity": "3 MB"}]}])
    expect("charged", world.balance()["balance"], "3.00")


def departments(world):
    """Anna pays for two accounts, each with a cap of its own: usage counts on every level."""
    for name, parent in (("lab", "anna"), ("bench", "lab")):
        world.run("account", "add", name, "--under", parent)
        world.run("subscription", "add", name, f"sim-{name}", "simple", "--from", "2026-01-01")
    before = world.balance()
    limits = lambda name, body: world.ask("PUT", f"/v1/accounts/{name}/limits", body)
    status, told, _ = limits("lab", {"cap": "2.00"})
    expect("a cap", (status, told), (200, {"account": "lab", "currency": "EUR", "payer": "anna", "held": "0.00",
                                           "available": "2.00", "cap": "2.00", "spent": "0.00", "alerts": 0}))
    expect("a cap below it", limits("bench", {"cap": "1.00"})[1]["available"], "1.00")
    ask = {"subscription": "sim-bench", "services": [{"meter": "data", "quantity": "3 MB"}]}
    expect("the least level", world.charge("d1", 0, **ask)[1]["services"][0]["granted"], 1_000_000)
    of = lambda name: world.ask("GET", f"/v1/accounts/{name}/balance", key=world.charge_key)[1]
    expect("held on each", [of(name)["held"] for name in ("bench", "lab", "anna")], ["1.00"] * 3)
    world.stop(signal.SIGKILL)
    world.start()
    expect("held after a restart", [of(name)["held"] for name in ("bench", "lab")], ["1.00"] * 2)
    world.charge("d1", 1, action="end", services=[{"used": [{"quantity": "1 MB"}]}])
    _, told, _ = world.charge("d2", 0, **ask)
    expect("the cap ends it", (told["services"][0]["result"], told["services"][0]["granted"]), ("cap_reached", 0))
    expect("spent", [(of(name)["spent"], of(name)["alerts"]) for name in ("bench", "lab")], [("1.00", 3), ("1.00", 1)])
    expect("one that pays has no payer", "payer" in world.balance(), False)
    for body in ({"credit": "1.00"}, {"credit": "none", "cap": "9.00"}):
        refused(world, 422, "account_does_not_pay", "PUT", "/v1/accounts/lab/limits", body)
    refused(world, 422, "account_does_not_pay", "POST", "/v1/accounts/lab/topups", {"amount": "1", "reference": "p5"})
    refused(world, 422, "amount_malformed", "PUT", "/v1/accounts/lab/limits", {"cap": "-1.00"})
    refused(world, 404, "unknown_account", "PUT", "/v1/accounts/nobody/limits", {"cap": "1.00"})
    expect("nothing but usage moved", float(before["balance"]) - float(world.balance()["balance"]), 1.0)
    expect("without a cap", ("cap" in limits("lab", {"cap": "none"})[1], of("lab")["spent"]), (False, "1.00"))


def main():
    with tempfile.TemporaryDirectory() as folder:
        world = World(sys.argv[1], folder)
        world.start()
        try:
            for part in (sessions, quotes, parallel, bad_input, raw, restart, departments):
                part(world)
            expect("a clean end", world.stop(), 0)
            said = world.run("check", "all")
            if "wrong" in said:
                raise SystemExit(said)
        finally:
            if world.server.poll() is None:
                world.server.kill()
    print("charged over HTTP: grants, repeats, 100 debits at once, bad input, a killed server")


if __name__ == "__main__":
    main()
