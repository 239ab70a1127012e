"""Charging over HTTP, open loop: requests are due at a steady rate, and a latency counts from when its request was due.

    charging.py FARTHING [--accounts N] [--rates N,N,…] [--seconds N] [--connections N] [--hot] [--record]

Each account has one SIM and money; --hot: all SIMs spend the money of one account. Server and player share the machine.
Every answer is stored before it is given. Prints a line for each rate; --record appends it to bench/history.ndjson.
"""
import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from spine import HERE, record, run  # noqa: E402


def prepare(farthing, folder, accounts, hot):
    at = [farthing, "--home", f"{folder}/home"]
    run([*at, "catalog", "publish", f"{HERE}/catalog"])
    payers = 1 if hot else accounts
    with open(f"{folder}/accounts.csv", "w", newline="", encoding="utf-8") as out:
        rows = csv.writer(out)
        rows.writerow(["account", "parent", "pays"])
        rows.writerows([f"a{i}", "", "yes"] for i in range(1, payers + 1))
    with open(f"{folder}/subscriptions.csv", "w", newline="", encoding="utf-8") as out:
        rows = csv.writer(out)
        rows.writerow(["subscription", "account", "plan", "from"])
        rows.writerows([f"sim-{i}", f"a{1 if hot else i}", "pay-as-you-go", "2026-01-01"]
                       for i in range(1, accounts + 1))
    run([*at, "account", "import", f"{folder}/accounts.csv"])
    run([*at, "subscription", "import", f"{folder}/subscriptions.csv"])
    for i in range(1, min(payers, 50) + 1):  # the others are postpaid
        run([*at, "balance", "topup", f"a{i}", "1000000", "--reference", f"p{i}"])
    return at, run([*at, "key", "add", "bench", "--scope", "charge"])[1].strip()


def main():
    words = sys.argv[2:]
    parser = argparse.ArgumentParser(prog="scripts/bench charging")
    parser.add_argument("--accounts", type=int, default=10_000)
    parser.add_argument("--rates", default="1000,5000,10000,20000,40000")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--connections", type=int, default=256)
    parser.add_argument("--hot", action="store_true")
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args(words)
    farthing, rows = os.path.abspath(sys.argv[1]), []
    with tempfile.TemporaryDirectory() as folder:
        at, key = prepare(farthing, folder, options.accounts, options.hot)
        server = subprocess.Popen([*at, "serve", "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
        try:
            address = server.stdout.readline().split()[-1]
            for rate in options.rates.split(","):
                _, said = run([*at, "charge", "simulate", "sim-", "data", "100 kB", "--to", address, "--key", key,
                               "--count", str(options.accounts), "--rate", rate, "--seconds", str(options.seconds),
                               "--connections", str(options.connections), "--json"])
                told = json.loads(said)
                rows.append({"name": "charging over HTTP, one balance" if options.hot else "charging over HTTP",
                             "accounts": options.accounts, "rate": int(rate), **told})
                print(f"{rate:>7}/s due  {told['per_second']:>7}/s answered  {told['refused']:>6} refused  p50 "
                      f"{told['p50_micros'] / 1000:.2f}  p99 {told['p99_micros'] / 1000:.2f}  p99.9 "
                      f"{told['p999_micros'] / 1000:.2f}  max {told['max_micros'] / 1000:.2f} ms", flush=True)
        finally:
            server.terminate()
            server.wait()
        _, said = run([*at, "check", "ledger"])
        print(said.strip())
    if options.record:
        record("scripts/bench charging", rows, words)


main()
