"""The city of the case study: 200,000 lamps that report each minute of June, generated file by file, imported, billed.

    city-month.py FARTHING [--lamps N] [--days N] [--inbox FOLDER] [--keep FOLDER [--minutes N]] [--record]

A file is one district's day (24 million reports of 200,000 lamps); while two of them are imported the next two are
generated, and then they are deleted, so that the month's 390 GB never stand on the disk; with --inbox on a file
system in memory they do not even pass it. The data folder stands on the disk; with --keep it stays, and with it what
the run cost so far: one that ends after so many minutes is gone on with by the same command. At the end the month is
billed and its figures are held against those of the case study, which grow with the lamps: energy burnt, lease,
shares. With --days 1 it is the first day's 288 million reports, and the lease of the whole month.
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
AT_ONCE = 2  # files of one import: while one is read, the next is opened and hashed
DAYS = 30
KWH_A_LAMP_AND_NIGHT = Decimal("0.44")  # 40 W for eleven hours
PRICE, LEASE = Decimal("0.00005"), Decimal("0.10")
RESOLVED_NOW = "2026-07-01T00:00:00Z"


def cents(amount):
    return amount.quantize(Decimal("0.01"), rounding=ROUND_HALF_EVEN)


class Costs:
    def __init__(self, wall=0.0, cpu=0.0, peak=0):
        self.wall, self.cpu, self.peak = wall, cpu, peak

    def run(self, words, accept=(0,)):
        cost, out = run(words, accept)
        self.add(cost)
        return out

    def add(self, cost):
        self.wall += cost["wall_s"]
        self.cpu += cost["cpu_s"]
        self.peak = max(self.peak, cost["peak_mib"])


def billed(at, costs):
    costs.run([*at, "bill", "run", "--period", "2026-06"])
    listed = subprocess.run([*at, "invoice", "list", "--json"], capture_output=True, text=True, check=True).stdout
    return [Decimal(row["payable"]) for row in json.loads(listed) if row["account"] == "city"]  # untaxed


class Month:
    """What was done so far, in a file beside the data folder."""

    def __init__(self, folder):
        self.file = f"{folder}/month.json"
        self.districts, self.reports, self.wall = 0, 0, 0.0
        self.making, self.taking, self.billing = Costs(), Costs(), Costs()
        if os.path.exists(self.file):
            with open(self.file, encoding="utf-8") as kept:
                known = json.load(kept)
            for part in ("making", "taking", "billing"):
                known[part] = Costs(**known[part])
            self.__dict__.update(known)
        self.file = f"{folder}/month.json"

    def keep(self):
        with open(self.file + ".new", "w", encoding="utf-8") as kept:
            json.dump(self.__dict__, kept, default=vars)
        os.replace(self.file + ".new", self.file)


def import_districts(at, month, districts, data):
    if month.districts == 0:
        month.taking.run([*at, "account", "import", f"{data}/accounts.csv"])
        for file in ("subscriptions", "unknown-lamps"):
            month.taking.run([*at, "subscription", "import", f"{data}/{file}.csv"])
        run([*at, "feed", "add", f"{ROOT}/catalogs/feeds/lamps.yaml"])
    files = [file for district in districts for file in sorted(glob.glob(f"{data}/inbox/{district}/*.csv"))]
    told = month.taking.run([*at, "import", "lamps", *files], accept=(0, 3))
    month.reports += int(re.search(r"received ([\d ]+)", told)[1].replace(" ", ""))
    for file in files:
        os.remove(file)
    month.districts += len(districts)


def play(farthing, at, month, data, options):
    """Generates and imports until the days are over, or the minutes; whether the days are."""
    began, before = time.monotonic(), month.wall

    def names(number):
        first = number % len(DISTRICTS)
        return DISTRICTS[first:first + AT_ONCE] if number < options.days * len(DISTRICTS) else []

    def generate(number, maker):
        day = str(number // len(DISTRICTS) + 1)
        lamps = [farthing, "generate", "lamps", data, "--lamps", str(options.lamps), "--day", day, "--district"]
        return [maker.submit(run, [*lamps, district]) for district in names(number)]

    def generated(making):
        for made in making:
            month.making.add(made.result()[0])

    making = generate(month.districts, ThreadPoolExecutor(os.cpu_count()))  # nothing else is to do yet
    ahead = ThreadPoolExecutor(1)
    while districts := names(month.districts):
        if time.monotonic() - began > options.minutes * 60:
            break
        generated(making)
        making = generate(month.districts + len(districts), ahead)
        import_districts(at, month, districts, data)
        month.wall = before + time.monotonic() - began
        month.keep()
        if districts[-1] == DISTRICTS[-1]:
            print(f"day {month.districts // len(DISTRICTS)}: {month.reports:,} reports, {month.wall:.0f} s", flush=True)
    generated(making)
    return month.districts == options.days * len(DISTRICTS)


def told_of(month, at, folder, options):
    began = time.monotonic()
    total = billed(at, month.billing)
    month.wall += time.monotonic() - began
    archive = sum(os.path.getsize(file) for file in glob.glob(f"{folder}/home/archive/*/*") if "/dedup/" not in file)
    energy = cents(KWH_A_LAMP_AND_NIGHT * options.days * options.lamps * PRICE)
    expected = energy + cents(LEASE * DAYS * options.lamps)
    if total != [expected]:
        raise SystemExit(f"the city is billed {total}, not {expected}")
    making, taking, billing = month.making, month.taking, month.billing
    row = {"name": f"city, {options.lamps} lamps, {options.days} days", "records": month.reports,
           "records_per_s": int(month.reports / month.wall), "wall_s": round(month.wall, 1),
           "generate_s": round(making.wall, 1), "import_s": round(taking.wall, 1), "bill_s": round(billing.wall, 1),
           "cpu_s": round(making.cpu + taking.cpu + billing.cpu, 1),
           "peak_mib": max(making.peak, taking.peak, billing.peak),
           "archive_bytes_per_record": round(archive / month.reports, 2), "invoice_net": str(expected)}
    print(f"{row['name']}: {month.reports:,} reports to an invoice over {expected} in {month.wall:.0f} s "
          f"(generate {making.wall:.0f}, import {taking.wall:.0f}, bill {billing.wall:.0f}), "
          f"{row['records_per_s']:,}/s, {row['peak_mib']} MiB, {row['archive_bytes_per_record']} bytes of archive "
          "a report")
    return row


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("farthing")
    parser.add_argument("--lamps", type=int, default=200_000)
    parser.add_argument("--days", type=int, default=DAYS)
    parser.add_argument("--inbox")
    parser.add_argument("--keep")
    parser.add_argument("--minutes", type=float, default=float("inf"))
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args()
    farthing = os.path.abspath(options.farthing)
    with tempfile.TemporaryDirectory(prefix="farthing-city-") as alone, \
            tempfile.TemporaryDirectory(prefix="farthing-inbox-", dir=options.inbox) as data:
        folder = options.keep or alone
        os.makedirs(folder, exist_ok=True)
        month = Month(folder)
        at = [farthing, "--home", f"{folder}/home", "--now", RESOLVED_NOW]
        if month.districts == 0:
            run([*at, "catalog", "publish", f"{ROOT}/catalogs/smart-city"])
        if not play(farthing, at, month, data, options):
            return print(f"{month.districts} of {options.days * len(DISTRICTS)} files in {month.wall:.0f} s; "
                         "the same command goes on")
        row = told_of(month, at, folder, options)
    if options.record:
        record("scripts/bench city-month", [row], sys.argv[2:])


if __name__ == "__main__":
    main()
