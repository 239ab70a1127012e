"""The city of the case study: 200,000 lamps that report each minute of June, generated file by file, imported, billed.

    city-month.py FARTHING [--lamps N] [--days N] [--inbox FOLDER] [--record]

A file is one district's day (24 million reports of 200,000 lamps); while it is imported the next one is generated, and
then it is deleted, so that the month's 390 GB never stand on the disk; with --inbox on a file system in memory they do
not even pass it. The data folder stands on the disk. At the end the month is billed
and its figures are held against those of the case study, which grow with the lamps: energy burnt, lease, shares. With
--days 1 it is the first day's 288 million reports, and the lease of the whole month.
"""
import argparse
import glob
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import ROUND_HALF_EVEN, Decimal

from spine import ROOT, record, run

DISTRICTS = ["harbour", "old-town", "market", "riverside", "university", "north", "south", "garden", "station", "mills",
             "hill", "airport"]
DAYS = 30
KWH_A_LAMP_AND_NIGHT = Decimal("0.44")  # 40 W for eleven hours
PRICE, LEASE = Decimal("0.00005"), Decimal("0.10")
RESOLVED_NOW = "2026-07-01T00:00:00Z"


def cents(amount):
    return amount.quantize(Decimal("0.01"), rounding=ROUND_HALF_EVEN)


class Costs:
    def __init__(self):
        self.wall, self.cpu, self.peak = 0.0, 0.0, 0

    def run(self, words, accept=(0,)):
        cost, out = run(words, accept)
        self.wall += cost["wall_s"]
        self.cpu += cost["cpu_s"]
        self.peak = max(self.peak, cost["peak_mib"])
        return out


def billed(at, costs):
    costs.run([*at, "bill", "run", "--period", "2026-06"])
    listed = subprocess.run([*at, "invoice", "list", "--json"], capture_output=True, text=True, check=True).stdout
    return [Decimal(row["payable"]) for row in json.loads(listed) if row["account"] == "city"]  # untaxed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("farthing")
    parser.add_argument("--lamps", type=int, default=200_000)
    parser.add_argument("--days", type=int, default=DAYS)
    parser.add_argument("--inbox")
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args()
    farthing = os.path.abspath(options.farthing)
    making, taking, billing = Costs(), Costs(), Costs()
    began = time.monotonic()
    reports = 0
    with tempfile.TemporaryDirectory(prefix="farthing-city-") as folder, \
            tempfile.TemporaryDirectory(prefix="farthing-inbox-", dir=options.inbox) as data:
        at = [farthing, "--home", f"{folder}/home", "--now", RESOLVED_NOW]
        run([*at, "catalog", "publish", f"{ROOT}/catalogs/smart-city"])

        def generate(number):
            if number < options.days * len(DISTRICTS):
                making.run([farthing, "generate", "lamps", data, "--lamps", str(options.lamps), "--day",
                            str(number // len(DISTRICTS) + 1), "--district", DISTRICTS[number % len(DISTRICTS)]])

        ahead = ThreadPoolExecutor(1)
        made = ahead.submit(generate, 0)
        for day in range(1, options.days + 1):
            for at_day, district in enumerate(DISTRICTS):
                made.result()
                if reports == 0:
                    taking.run([*at, "account", "import", f"{data}/accounts.csv"])
                    for file in ("subscriptions", "unknown-lamps"):
                        taking.run([*at, "subscription", "import", f"{data}/{file}.csv"])
                    run([*at, "feed", "add", f"{ROOT}/catalogs/feeds/lamps.yaml"])
                files = sorted(glob.glob(f"{data}/inbox/{district}/*.csv"))
                made = ahead.submit(generate, (day - 1) * len(DISTRICTS) + at_day + 1)
                told = taking.run([*at, "import", "lamps", *files], accept=(0, 3))
                reports += int(re.search(r"received ([\d ]+)", told)[1].replace(" ", ""))
                for file in files:
                    os.remove(file)
            print(f"day {day}: {reports:,} reports, {time.monotonic() - began:.0f} s", flush=True)
        total = billed(at, billing)
        wall = time.monotonic() - began
        archive = sum(os.path.getsize(file) for file in glob.glob(f"{folder}/home/archive/*/*")
                      if "/dedup/" not in file)
    energy = cents(KWH_A_LAMP_AND_NIGHT * options.days * options.lamps * PRICE)
    expected = energy + cents(LEASE * DAYS * options.lamps)
    if total != [expected]:
        raise SystemExit(f"the city is billed {total}, not {expected}")
    row = {"name": f"city, {options.lamps} lamps, {options.days} days", "records": reports,
           "records_per_s": int(reports / wall), "wall_s": round(wall, 1), "generate_s": round(making.wall, 1),
           "import_s": round(taking.wall, 1), "bill_s": round(billing.wall, 1),
           "cpu_s": round(making.cpu + taking.cpu + billing.cpu, 1),
           "peak_mib": max(making.peak, taking.peak, billing.peak),
           "archive_bytes_per_record": round(archive / reports, 2), "invoice_net": str(expected)}
    print(f"{row['name']}: {reports:,} reports to an invoice over {expected} in {wall:.0f} s "
          f"(generate {making.wall:.0f}, import {taking.wall:.0f}, bill {billing.wall:.0f}), "
          f"{row['records_per_s']:,}/s, {row['peak_mib']} MiB, {row['archive_bytes_per_record']} bytes of archive "
          "a report")
    if options.record:
        record("scripts/bench city-month", [row], sys.argv[2:])


if __name__ == "__main__":
    main()
