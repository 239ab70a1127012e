"""Archived sessions rated again with a changed price: what reading, comparing and telling the difference costs.

    rerate.py FARTHING [--records N] [--sims N] [--payers N] [--baseline FARTHING] [--record]

Imports the sessions of `deluge.py`, of cards that are parted among payers with a pool each, publishes the catalog with
another price for the same time, and times `rerate --all --preview`, which tells the difference of each payer, and
`rerate --all`, which posts it. With --baseline (the program of another commit) both rate the same data folder again.
"""
import argparse
import os
import shutil
import sys
import tempfile

from deluge import Load
from spine import HERE, ROOT, record, run

NOW = "2026-02-01T09:00:00Z"


def with_other_price(folder):
    shutil.copytree(f"{HERE}/catalog", folder)
    for name in os.listdir(folder):
        if not name.endswith(".yaml"):
            continue
        with open(f"{folder}/{name}", encoding="utf-8") as have:
            text = have.read().replace("price: 0.10 per MB", "price: 0.11 per MB")
        with open(f"{folder}/{name}", "w", encoding="utf-8") as out:
            out.write(text)
    return folder


def among(payers, folder):
    with open(f"{folder}/accounts.csv", "w", encoding="ascii") as out:
        out.write("account,title\n")
        out.writelines(f"company-{number},Company {number}\n" for number in range(1, payers + 1))
    with open(f"{folder}/subscriptions.csv", encoding="ascii") as have:
        head, *cards = have.readlines()
    with open(f"{folder}/subscriptions.csv", "w", encoding="ascii") as out:
        out.write(head)
        for number, card in enumerate(cards):
            out.write(card.replace(",company,", f",company-{number * payers // len(cards) + 1},", 1))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("farthing")
    parser.add_argument("--records", type=int, default=5_000_000)
    parser.add_argument("--sims", type=int, default=200_000)
    parser.add_argument("--payers", type=int, default=2000)
    parser.add_argument("--baseline")
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args()
    farthing = os.path.abspath(options.farthing)
    programs = [farthing] + ([os.path.abspath(options.baseline)] if options.baseline else [])
    rows, told = [], []
    with tempfile.TemporaryDirectory(prefix="farthing-rerate-") as folder:
        load = Load(programs[-1], folder, "sims").prepare(
            f"{HERE}/catalog", f"{ROOT}/catalogs/feeds/sim-sessions.yaml", "2026-02-01T08:00:00Z",
            ["sessions", "--sims", str(options.sims), "--records", str(options.records)], [programs[-1]],
            turn=lambda data: among(options.payers, data))
        run(load.command(programs[-1]), accept=(0, 3))
        run([programs[-1], "--home", load.run_home, "--now", NOW, "catalog", "publish",
             with_other_price(f"{folder}/catalog")])
        for program in programs:
            home = f"{folder}/home"
            shutil.rmtree(home, ignore_errors=True)
            shutil.copytree(load.run_home, home)
            at = [program, "--home", home, "--now", NOW, "rerate", "--all"]
            preview, difference = run([*at, "--preview"])
            commit, same = run(at)
            told.append(difference)
            if difference != same or difference != told[0]:
                raise SystemExit(f"the difference is not the same: {told[0]}{difference}{same}")
            name = "rerate" if program == farthing else "rerate, baseline"
            rows.append({"name": f"{name}, {options.sims} cards of {options.payers}", "records": options.records,
                         "records_per_s": int(options.records / preview["wall_s"]), **preview,
                         "post_wall_s": commit["wall_s"], "post_cpu_s": commit["cpu_s"],
                         "post_peak_mib": commit["peak_mib"]})
            print(f"{name}: {options.records:,} records, preview {preview['wall_s']} s wall {preview['cpu_s']} s CPU "
                  f"{preview['peak_mib']} MiB, posted {commit['wall_s']} s wall {commit['cpu_s']} s CPU "
                  f"{commit['peak_mib']} MiB", flush=True)
    if options.baseline:
        rows[0]["cpu_of_baseline"] = round(rows[0]["cpu_s"] / rows[1]["cpu_s"], 3)
    if options.record:
        record("scripts/bench rerate", rows[:1], sys.argv[2:])


if __name__ == "__main__":
    main()
