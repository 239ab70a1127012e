"""The same answer from the same files by other engines: each session once, joined with its card's owner and its
network's price, summed for each account.

    peers.py FARTHING [--records N] [--cards N] [--accounts N] [--runs N] [--only NAME] [--record]

Ours are as durable as always: committed, archived record by record, duplicates told by 128-bit keys and confirmed by
content, unknown cards kept in suspense, charges explained. The others answer once and keep nothing, PostgreSQL and
SQLite apart, which keep the rows. All must give the same whole numbers, or the run fails. The Python packages are
installed into build/peers; PostgreSQL is asked where Debian's is installed.
"""
import argparse
import csv
import glob
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import venv
from decimal import Decimal

from spine import HERE, ROOT, record, run, spread

PACKAGES = ["duckdb==2.0.1", "datafusion==55.0.0", "polars==2.1.0", "chdb==4.4.0", "pyarrow==26.0.1"]
KEEPS = {"farthing": "durable, archived, exact duplicates, explained", "plain C++": "nothing", "duckdb": "nothing",
         "datafusion": "nothing", "polars": "nothing", "clickhouse": "nothing", "sqlite": "the rows",
         "postgresql": "the rows"}
NOW = "2026-02-01T08:00:00Z"


def python_with_peers(folder):
    python = f"{folder}/bin/python"
    if not os.path.exists(f"{folder}/ready"):
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *PACKAGES], check=True)
        open(f"{folder}/ready", "w").close()
    return python


class Load:
    """Sessions with faults, cards of many accounts, and each network's price a byte in thousand-millionths."""

    def __init__(self, farthing, folder, options):
        self.farthing, self.folder = farthing, folder
        run([farthing, "generate", "sessions", f"{folder}/data", "--sims", str(options.cards), "--records",
             str(options.records), "--faults"])
        self.files = sorted(glob.glob(f"{folder}/data/inbox/**/*.csv", recursive=True))
        self.cards, self.prices = f"{folder}/cards.csv", f"{folder}/prices.csv"
        with open(f"{folder}/data/subscriptions.csv", encoding="utf-8") as have, \
                open(self.cards, "w", encoding="utf-8") as cards, \
                open(f"{folder}/subscriptions.csv", "w", encoding="utf-8") as ours:
            cards.write("card,account\n")
            ours.write("subscription,account,plan,from,iccid\n")
            for number, row in enumerate(csv.DictReader(have)):
                account = f"account-{number % options.accounts + 1}"
                cards.write(f"{row['iccid']},{account}\n")
                ours.write(f"{row['subscription']},{account},card,2026-01-01,{row['iccid']}\n")
        with open(f"{folder}/accounts.csv", "w", encoding="utf-8") as accounts:
            accounts.write("account,parent,title,pays\n")
            accounts.writelines(f"account-{i + 1},,Account {i + 1},yes\n" for i in range(options.accounts))
        with open(f"{HERE}/peers/catalog/networks.csv", encoding="utf-8") as have, \
                open(self.prices, "w", encoding="utf-8") as prices:
            prices.write("network,nano\n")
            for row in csv.DictReader(have):  # 0.09 EUR a MB is 90 thousand-millionths a byte
                prices.write(f"{row['network']},{int(Decimal(row['price']) * 1000)}\n")
        at = [farthing, "--home", f"{folder}/home"]
        for words in (["catalog", "publish", f"{HERE}/peers/catalog"], ["account", "import", f"{folder}/accounts.csv"],
                      ["subscription", "import", f"{folder}/subscriptions.csv"],
                      ["feed", "add", f"{ROOT}/catalogs/feeds/sim-sessions.yaml"]):
            run([*at, *words])

    def ours(self):
        shutil.rmtree(f"{self.folder}/run", ignore_errors=True)
        shutil.copytree(f"{self.folder}/home", f"{self.folder}/run")
        os.sync()  # or who waits for the disk, as ours does, waits for what was generated too
        return [self.farthing, "--home", f"{self.folder}/run", "--now", NOW, "import", "sim-sessions", *self.files]

    def our_totals(self, python):
        """Of the archive, in thousand-millionths: what each payer's records come to."""
        files = f"{self.folder}/run/archive/rated_usage/*.parquet"
        sql = f"SELECT payer, sum(charge_atoms) FROM read_parquet('{files}') GROUP BY payer"
        told = subprocess.run([python, "-c", f"import duckdb\nfor r in duckdb.sql({sql!r}).fetchall(): print(*r)"],
                              capture_output=True, text=True, check=True).stdout
        return sorted(int(line.split()[1]) for line in told.splitlines())


def totals_of(text):
    return sorted(int(line.split(",")[1]) for line in text.splitlines())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("farthing")
    parser.add_argument("--records", type=int, default=5_000_000)
    parser.add_argument("--cards", type=int, default=200_000)
    parser.add_argument("--accounts", type=int, default=1_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only")
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args()
    python = python_with_peers(f"{ROOT}/build/peers")
    farthing = os.path.abspath(options.farthing)
    with tempfile.TemporaryDirectory(prefix="farthing-peers-") as folder:
        load = Load(farthing, folder, options)
        plain = f"{folder}/plain"
        subprocess.run(["g++", "-O2", "-march=native", "-std=gnu++23", f"{HERE}/peers/plain.cc", "-o", plain],
                       check=True)
        asked = {"farthing": load.ours, "plain C++": lambda: [plain, load.cards, load.prices, *load.files]}
        for name in ("duckdb", "datafusion", "polars", "clickhouse", "sqlite", "postgresql"):
            asked[name] = lambda name=name: [python, f"{HERE}/peers/engines.py", name, load.cards, load.prices,
                                             *load.files]
        if not glob.glob("/usr/lib/postgresql/*/bin/initdb"):
            del asked["postgresql"]
            print("postgresql is left out: apt-get install postgresql brings it")
        if options.only:
            asked = {name: words for name, words in asked.items() if name in ("farthing", options.only)}
        costs = {name: [] for name in asked}
        expected = None
        for _ in range(options.runs):
            for name, words in asked.items():
                cost, out = run(words(), accept=(0, 3))
                costs[name].append(cost)
                totals = load.our_totals(python) if name == "farthing" else totals_of(out)
                expected = expected or totals
                if totals != expected:
                    raise SystemExit(f"{name} gives other totals")
        rows = [tell(name, costs, options) for name in asked]
    if options.record:
        record("scripts/bench peers", rows, sys.argv[2:])


def tell(name, costs, options):
    own = costs[name]
    wall = statistics.median(cost["wall_s"] for cost in own)
    ratios = [theirs["wall_s"] / ours["wall_s"] for theirs, ours in zip(own, costs["farthing"])]
    row = {"name": f"peers, {name}", "records": options.records, "records_per_s": int(options.records / wall),
           "wall_s": round(wall, 2), "cpu_s": round(statistics.median(cost["cpu_s"] for cost in own), 2),
           "peak_mib": max(cost["peak_mib"] for cost in own), "times_our_time": round(statistics.median(ratios), 2),
           "keeps": KEEPS[name]}
    print(f"{name:<12}{row['records_per_s']:>12,}/s   {spread([cost['wall_s'] for cost in own]):>22} s wall"
          f"{row['cpu_s']:>9.2f} s CPU{row['peak_mib']:>7} MiB   takes {row['times_our_time']:.2f} of our time"
          f"   keeps {row['keeps']}", flush=True)
    return row


if __name__ == "__main__":
    main()
