"""Archived usage rated again with a changed price: what reading, comparing and telling the difference costs.

    rerate.py FARTHING [--records N] [--sims N] [--payers N] [--lamps N] [--preview] [--baseline FARTHING] [--record]

Imports the sessions of `deluge.py`, of cards that are parted among payers with a pool each, or with --lamps a month of
lamp reports, 43,200 of each, publishes the catalog with another price for the same time, and times `rerate --all
--preview`, which tells the difference of each payer, and unless --preview stands here `rerate --all`, which posts it.
With --baseline (the program of another commit) both rate the same data folder again.
"""
import argparse
import os
import re
import shutil
import sys
import tempfile

from deluge import Load
from spine import HERE, ROOT, record, run

NOW = "2026-02-01T09:00:00Z"
LAMPS_NOW = "2026-07-01T00:00:00Z"


def with_other_price(catalog, old, new, folder):
    shutil.copytree(catalog, folder)
    for name in os.listdir(folder):
        if not name.endswith(".yaml"):
            continue
        with open(f"{folder}/{name}", encoding="utf-8") as have:
            text = have.read().replace(f"price: {old}", f"price: {new}")
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


def sessions(options, folder, program):
    load = Load(program, folder, "sims").prepare(
        f"{HERE}/catalog", f"{ROOT}/catalogs/feeds/sim-sessions.yaml", "2026-02-01T08:00:00Z",
        ["sessions", "--sims", str(options.sims), "--records", str(options.records)], [program],
        turn=lambda data: among(options.payers, data))
    changed = with_other_price(f"{HERE}/catalog", "0.10 per MB", "0.11 per MB", f"{folder}/catalog")
    return load, changed, NOW, f"{options.sims} cards of {options.payers}"


def lamps(options, folder, program):
    city = f"{ROOT}/catalogs/smart-city"
    load = Load(program, folder, "lamps").prepare(city, f"{ROOT}/catalogs/feeds/lamps.yaml", LAMPS_NOW,
                                                  ["lamps", "--lamps", str(options.lamps)], [program])
    changed = with_other_price(city, "0.00005 per kWh", "0.00006 per kWh", f"{folder}/catalog")
    return load, changed, LAMPS_NOW, f"{options.lamps} lamps"


def timed(options, at, told):
    """What rating again cost; each program must tell the same difference, in the preview and as it posts."""
    preview, difference = run([*at, "--preview"])
    told.append(difference)
    counts = re.findall(r"  ([\d ]+)  -?[\d.]+$", difference, re.M)
    row = {"records": sum(int(count.replace(" ", "")) for count in counts), **preview}
    row["records_per_s"] = int(row["records"] / preview["wall_s"])
    if not options.preview:
        commit, posted = run(at)
        told.append(posted)
        row |= {f"post_{what}": commit[what] for what in ("wall_s", "cpu_s", "peak_mib")}
    if len(set(told)) > 1:
        raise SystemExit(f"the difference is not the same: {told}")
    return row


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("farthing")
    parser.add_argument("--records", type=int, default=5_000_000)
    parser.add_argument("--sims", type=int, default=200_000)
    parser.add_argument("--payers", type=int, default=2000)
    parser.add_argument("--lamps", type=int)
    parser.add_argument("--preview", action="store_true")
    parser.add_argument("--baseline")
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args()
    farthing = os.path.abspath(options.farthing)
    programs = [farthing] + ([os.path.abspath(options.baseline)] if options.baseline else [])
    rows, told = [], []
    with tempfile.TemporaryDirectory(prefix="farthing-rerate-") as folder:
        load, changed, now, what = (lamps if options.lamps else sessions)(options, folder, programs[-1])
        run(load.command(programs[-1]), accept=(0, 3))
        run([programs[-1], "--home", load.run_home, "--now", now, "catalog", "publish", changed])
        for program in programs:
            home = f"{folder}/home"
            shutil.rmtree(home, ignore_errors=True)
            shutil.copytree(load.run_home, home)
            name = f"{'rerate' if program == farthing else 'rerate, baseline'}, {what}"
            row = timed(options, [program, "--home", home, "--now", now, "rerate", "--all"], told)
            rows.append({"name": name, **row})
            print(", ".join(f"{key} {value}" for key, value in rows[-1].items()), flush=True)
    if options.baseline:
        rows[0]["cpu_of_baseline"] = round(rows[0]["cpu_s"] / rows[1]["cpu_s"], 3)
        rows[0]["wall_of_baseline"] = round(rows[0]["wall_s"] / rows[1]["wall_s"], 3)
    if options.record:
        record("scripts/bench rerate", rows[:1], sys.argv[2:])


if __name__ == "__main__":
    main()
