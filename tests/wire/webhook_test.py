"""A receiver of webhooks: signatures, failures, duplicates, a killed server, one that hangs, one that is gone.

    webhook_test.py FARTHING
"""
import base64
import datetime
import hashlib
import hmac
import http.server
import json
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

from charging_test import World, expect, refused


class Receiver:
    """Answers what `answers` says next (else 204), and keeps what came."""
    def __init__(self):
        self.answers, self.came, self.hang = [], [], 0
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.came.append((dict(self.headers), body))
                time.sleep(receiver.hang)
                status = receiver.answers.pop(0) if receiver.answers else 204
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "http://169.254.169.254/")
                self.end_headers()

            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook?a=1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def wait(self, count, seconds=20):
        end = time.time() + seconds
        while len(self.came) < count and time.time() < end:
            time.sleep(0.05)
        expect("came", len(self.came), count)


def verify(secret, headers, body):
    got = {name.lower(): value for name, value in headers.items()}
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"{got['webhook-id']}.{got['webhook-timestamp']}.".encode() + body
    signed = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    expect("signature", got["webhook-signature"], "v1," + signed)
    expect("a fresh time", abs(int(got["webhook-timestamp"]) - time.time()) < 60, True)
    return got["webhook-id"], json.loads(body)


def top_up(world, reference):
    status, _, _ = world.ask("POST", "/v1/accounts/anna/topups", {"amount": "1.00", "reference": reference})
    expect("top-up", status, 200)


def by_serve(world, receiver):
    secret = world.run("webhook", "add", "crm", receiver.url, "--private", "--event", "topup.taken").strip()
    world.start()
    top_up(world, "p1")
    receiver.wait(1)
    first, told = verify(secret, *receiver.came[0])
    expect("told", (told["type"], told["data"]),
           ("topup.taken", {"account": "anna", "amount": "1.00", "currency": "EUR", "reference": "p1"}))
    top_up(world, "p1")
    receiver.answers = [500, 302]
    top_up(world, "p2")
    receiver.wait(4)
    again = [verify(secret, *one) for one in receiver.came[1:]]
    expect("tried again, the same event", (len({event for event, _ in again}), again[0][0] != first), (1, True))
    log = world.run("webhook", "log", "crm", "-o", "csv").splitlines()[1:]
    expect("the log", [line.split(",")[2] for line in log], ["204", "302", "500", "204"])


def killed(world, receiver):
    """What was stored is delivered by the next process; what was being delivered may come twice, as one event."""
    before = len(receiver.came)
    receiver.hang = 1
    for i in range(3):
        top_up(world, f"k{i}")
    receiver.wait(before + 1)
    world.stop(signal.SIGKILL)
    receiver.hang = 0
    world.start()
    end = time.time() + 20
    wanted = {"k0", "k1", "k2"}
    while time.time() < end and {json.loads(body)["data"]["reference"] for _, body in receiver.came[before:]} != wanted:
        time.sleep(0.05)
    came = [(headers["webhook-id"], json.loads(body)["data"]["reference"]) for headers, body in receiver.came[before:]]
    expect("each came", {reference for _, reference in came}, wanted)
    expect("one event each", len(set(came)), 3)


def resent(world, receiver):
    before = len(receiver.came)
    world.run("webhook", "resend", "crm", "evt-1..evt-2")
    receiver.wait(before + 2)
    expect("the same events", [headers["webhook-id"] for headers, _ in receiver.came[before:]], ["evt-1", "evt-2"])
    event = world.run("webhook", "test", "crm").strip()
    receiver.wait(before + 3)
    expect("a test", receiver.came[-1][0]["webhook-id"], event)


def gone(world, receiver):
    before = len(receiver.came)
    receiver.answers = [410]
    top_up(world, "g1")
    receiver.wait(before + 1)
    time.sleep(0.7)
    top_up(world, "g2")
    time.sleep(1.5)
    expect("told no more", len(receiver.came), before + 1)
    event = receiver.came[-1][0]["webhook-id"]
    world.run("webhook", "resend", "crm", event)
    receiver.wait(before + 3)


def never_in_the_way(world):
    """A receiver that hangs, one that nobody answers for and one that is refused: charging waits for none of them."""
    slow, asked = Receiver(), Receiver()
    slow.hang = 30
    world.run("webhook", "add", "slow", slow.url, "--private")
    world.run("webhook", "add", "nobody", "http://127.0.0.1:9/", "--private")
    world.run("webhook", "add", "inside", asked.url)
    world.run("webhook", "add", "nowhere", "https://nowhere.invalid/")
    top_up(world, "first")
    slow.wait(1)  # and is not answered
    charged = 100
    for i in range(charged):
        top_up(world, f"s{i}")
        world.charge(f"e{i}", 0, action="debit", subscription="sim-1", services=[{"meter": "sms", "quantity": 1}])
    # Who waited for what is told would have seen an attempt end for each of them.
    expect("charging waits for no receiver", len(slow.came) < charged, True)
    end = time.time() + 60
    while "private network" not in world.run("webhook", "log", "inside") and time.time() < end:
        time.sleep(0.1)
    expect("it is told why", "private network" in world.run("webhook", "log", "inside"), True)
    expect("an address of this machine is not asked", len(asked.came), 0)
    for name in ("slow", "nobody", "inside", "nowhere"):
        world.run("webhook", "remove", name)


def drained(world):
    end = time.time() + 20
    while "waits" in world.run("webhook", "show", "crm") and time.time() < end:
        time.sleep(0.1)
    expect("nothing waits", "waits" in world.run("webhook", "show", "crm"), False)


def by_api(world, receiver):
    drained(world)
    status, told, _ = world.ask("POST", "/v1/webhooks",
                                {"name": "shop", "url": "https://shop.invalid/x",
                                 "events": ["balance.low", "cap.reached"]})
    expect("added", (status, told["events"], told["secret"][:6]), (201, ["balance.low", "cap.reached"], "whsec_"))
    hook = {"name": "till", "url": "https://till.invalid/x", "events": ["balance.low"]}
    secrets = set()
    for replayed in (None, "true"):
        status, told, headers = world.ask("POST", "/v1/webhooks", hook, headers={"Idempotency-Key": "hook-1"})
        secrets.add(told["secret"])
        expect("added once", (status, headers.get("Idempotency-Replayed")), (201, replayed))
    expect("one secret", len(secrets), 1)
    for other in ({"url": "https://till.invalid/y"}, {"name": "desk"}, {"events": []}):
        _, told, _ = world.ask("POST", "/v1/webhooks", hook | other, headers={"Idempotency-Key": "hook-1"})
        expect("other content under the key", told["code"], "reference_taken")
    _, told, _ = world.ask("POST", "/v1/webhooks", hook, headers={"Idempotency-Key": "hook-2"})
    expect("another key", told["code"], "webhook_exists")
    expect("removed", world.ask("DELETE", "/v1/webhooks/till")[0], 200)
    refused(world, 409, "webhook_exists", "POST", "/v1/webhooks", {"name": "shop", "url": "https://shop.invalid/x"})
    refused(world, 422, "webhook_malformed", "POST", "/v1/webhooks", {"name": "x", "url": "ftp://shop.invalid/x"})
    refused(world, 422, "webhook_event_unknown", "POST", "/v1/webhooks",
            {"name": "x", "url": "https://shop.invalid", "events": ["rain"]})
    refused(world, 403, "scope_missing", "GET", "/v1/webhooks", key=world.charge_key)
    expect("listed", [one["name"] for one in world.ask("GET", "/v1/webhooks")[1]["webhooks"]], ["crm", "shop"])
    status, told, _ = world.ask("GET", "/v1/webhooks/crm")
    expect("shown, without its secret", (status, "secret" in told, len(told["deliveries"])), (200, False, 100))
    before = len(receiver.came)
    expect("test", world.ask("POST", "/v1/webhooks/crm/test")[0], 202)
    receiver.wait(before + 1)
    expect("resend", world.ask("POST", "/v1/webhooks/crm/resend", {"event": "evt-1"})[1], {"deliveries": 1})
    receiver.wait(before + 2)
    expect("removed", world.ask("DELETE", "/v1/webhooks/shop")[0], 200)
    refused(world, 404, "webhook_unknown", "DELETE", "/v1/webhooks/shop")


def without_serve(world, receiver):
    drained(world)
    world.stop()
    before = len(receiver.came)
    world.run("balance", "topup", "anna", "1.00", "--reference", "cli-1")
    world.run("webhook", "deliver")
    expect("delivered", len(receiver.came), before + 1)
    receiver.answers = [500]
    world.run("balance", "topup", "anna", "1.00", "--reference", "cli-2")
    done = subprocess.run([world.binary, "--home", world.home, "webhook", "deliver"], capture_output=True, text=True)
    expect("not yet", (done.returncode, done.stdout), (3, "0 delivered, 1 to be tried again\n"))
    world.run("check", "all")


def kept(world):
    """How many deliveries there are of crm and of far."""
    with sqlite3.connect(f"file:{world.home}/farthing.db?mode=ro", uri=True) as database:
        return [database.execute("SELECT count(*) FROM webhook_delivery JOIN webhook ON id = webhook WHERE name = ?",
                                 (name,)).fetchone()[0] for name in ("crm", "far")]


def forgotten(world):
    """What was told, or given up, a month ago goes; what waits for its receiver stays."""
    world.run("webhook", "add", "far", "https://far.invalid/x", "--event", "topup.taken")
    world.run("balance", "topup", "anna", "1.00", "--reference", "far-1")
    while "waits" in world.run("webhook", "show", "crm"):
        subprocess.run([world.binary, "--home", world.home, "webhook", "deliver"], capture_output=True, check=False)
        time.sleep(1)
    told = kept(world)
    expect("there is something", told[0] > 100 and told[1] == 1, True)
    for days, left in ((29, told), (31, [1, 1]), (70, [0, 0])):  # the one event that waits for far was told to crm
        if days == 70:
            world.run("webhook", "remove", "far")
        later = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)
        world.start(FARTHING_NOW=later.strftime("%Y-%m-%dT%H:%M:%SZ"))
        end = time.time() + (2 if left == told else 20)
        while time.time() < end and (left == told or kept(world) != left):
            time.sleep(0.1)
        world.stop()
        expect(f"after {days} days", kept(world), left)
    expect("and its attempts", world.run("webhook", "log", "crm").count("evt-"), 0)
    world.run("check", "all")


def main(binary):
    with tempfile.TemporaryDirectory() as folder:
        world, receiver = World(binary, folder), Receiver()
        world.options = ["--retry", "1"]
        try:
            by_serve(world, receiver)
            for part in (killed, resent, gone):
                part(world, receiver)
            never_in_the_way(world)
            by_api(world, receiver)
            without_serve(world, receiver)
            forgotten(world)
        finally:
            if world.server is not None:
                world.server.kill()
    print("webhooks: signed, tried again, once an event, after a kill, forgotten, never in the way of charging")


if __name__ == "__main__":
    main(sys.argv[1])
