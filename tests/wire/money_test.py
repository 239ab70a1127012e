"""Money of prepaid accounts beside a running server: fees that fall due by its clock, vouchers, transfers.

    money_test.py FARTHING
"""
import datetime
import signal
import sys
import tempfile
import time

from charging_test import World, expect, refused

CATALOG = """\
catalog: wire
valid_from: 2026-01-01
currency: EUR
time_zone: UTC
meters: {sms: {unit: message}}
plans:
  - plan: simple
    charges: [{usage: sms, price: 0.10 per message}]
    packages: [{package: ten, on: sms, quantity: 10 message, price: 0.50, valid: 30 days}]
  - plan: basic
    charges:
      - {fee: base, amount: 2.00, per: subscription month, in: advance, prorate: none}
      - {usage: sms, price: 0.10 per message}
"""


def until(what, holds):
    for _ in range(200):
        if holds():
            return
        time.sleep(0.05)
    raise SystemExit(f"{what} did not happen")


def fees_by_the_clock(world, today):
    """Nobody asks: the server takes what is due, and suspends what is not covered."""
    world.run("account", "add", "bea")
    for name in ("anna", "bea"):
        world.run("balance", "limit", name, "--credit", "0")
    world.run("subscription", "add", "bea", "sim-2", "basic", "--from", today)
    world.start()
    balance = lambda: world.ask("GET", "/v1/accounts/bea/balance")[1]
    until("a suspension", lambda: "suspended" in balance())
    expect("what is suspended", balance()["suspended"],
           [{"subscription": "sim-2", "fee": "basic/base", "due": today, "amount": "2.00"}])
    event = {"subscription": "sim-2", "action": "debit", "services": [{"meter": "sms", "quantity": 1}]}
    expect("an event", world.charge("e1", 0, **event)[1]["services"][0]["result"], "subscription_suspended")
    world.ask("POST", "/v1/accounts/bea/topups", {"amount": "2.10", "reference": "p1"})
    expect("after a top-up", (balance()["balance"], "suspended" in balance()), ("0.10", False))
    expect("another event", world.charge("e2", 0, **event)[1]["services"][0]["result"], "granted")


def vouchers(world, codes):
    path, first = "/v1/accounts/anna/vouchers", {"code": codes[0]}
    for replayed in (None, "true"):
        status, told, headers = world.ask("POST", path, first, headers={"Idempotency-Key": "shop-1"})
        expect("a voucher", (status, told["balance"]), (200, "10.00"))
        expect("told again", headers.get("Idempotency-Replayed"), replayed)
    world.stop(signal.SIGKILL)
    world.start()
    _, told, _ = world.ask("POST", path, first, headers={"Idempotency-Key": "shop-1"})
    expect("and once more", told["balance"], "10.00")
    refused(world, 409, "voucher_redeemed", "POST", path, first)
    refused(world, 409, "reference_taken", "POST", path, {"code": codes[1], "reference": "shop-1"})
    refused(world, 400, "body_malformed", "POST", path, {"code": ""})
    refused(world, 405, "method_not_allowed", "GET", path)
    refused(world, 403, "scope_missing", "POST", path, first, key=world.charge_key)
    for _ in range(5):
        refused(world, 404, "voucher_unknown", "POST", path, {"code": "7K2M-9QXT-40BD-ZW6R"})
    refused(world, 429, "voucher_guesses", "POST", path, {"code": codes[1]})


def transfers(world):
    path, order = "/v1/accounts/anna/transfers", {"to": "bea", "amount": "4.00"}
    for replayed in (None, "true"):
        status, told, headers = world.ask("POST", path, order, headers={"Idempotency-Key": "gift-1"})
        expect("a transfer", (status, told["balance"]), (200, "6.00"))
        expect("told again", headers.get("Idempotency-Replayed"), replayed)
    expect("where it went", world.ask("GET", "/v1/accounts/bea/balance")[1]["balance"], "4.00")
    refused(world, 422, "transfer_not_covered", "POST", path, {"to": "bea", "amount": "6.01", "reference": "gift-2"})
    refused(world, 409, "reference_taken", "POST", path, {"to": "bea", "amount": "1.00", "reference": "gift-1"})
    refused(world, 422, "reference_missing", "POST", path, order)
    refused(world, 404, "unknown_account", "POST", path, {"to": "nobody", "amount": "1.00", "reference": "gift-3"})


def buckets(world, today):
    path, order = "/v1/accounts/anna/buckets", {"owner": "sim-1", "package": "ten"}
    for replayed in (None, "true"):
        status, told, headers = world.ask("POST", path, order, headers={"Idempotency-Key": "order-1"})
        expect("a bucket", (status, told["id"], told["remaining_units"]), (200, "bkt-1", 10))
        expect("told again", headers.get("Idempotency-Replayed"), replayed)
    expect("what it cost", world.ask("GET", "/v1/accounts/anna/balance")[1]["balance"], "5.50")
    event = {"subscription": "sim-1", "action": "debit", "services": [{"meter": "sms", "quantity": 4}]}
    expect("what it covers", world.charge("b1", 0, **event)[1]["services"][0]["charged"], "0.00")
    world.stop(signal.SIGKILL)
    world.start()
    told = world.ask("GET", path)[1]["buckets"][0]
    expect("what remains", (told["remaining"], told["covered"], told["from"]), ("6 message", "4 message", today))
    expect("the balance", world.ask("GET", "/v1/accounts/anna/balance")[1]["buckets"][0]["remaining_units"], 6)
    refused(world, 422, "reference_missing", "POST", path, order)
    refused(world, 400, "body_malformed", "POST", path, {"owner": "sim-1"})
    refused(world, 400, "body_malformed", "POST", path, {"package": "ten", "from": "soon"})
    refused(world, 422, "package_unknown", "POST", path, {**order, "package": "hundred", "reference": "order-2"})
    refused(world, 422, "bucket_owner_unfit", "POST", path, {**order, "owner": "sim-2", "reference": "order-3"})
    refused(world, 403, "scope_missing", "POST", path, order, key=world.charge_key)
    refused(world, 405, "method_not_allowed", "PUT", path, order)


def main():
    with tempfile.TemporaryDirectory() as folder:
        world = World(sys.argv[1], folder, CATALOG)
        today = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
        codes = world.run("voucher", "make", "spring", "2", "10.00", "--until", "2100-01-01").split()
        fees_by_the_clock(world, today)
        vouchers(world, codes)
        transfers(world)
        buckets(world, today)
        world.stop()
        checked = world.run("check", "all")
        expect("the books", "DIFFERS" in checked, False)


main()
