"""A rate deck of half a million prefixes: what it costs to load and to match.

    deck.py FARTHING [--rows N] [--only-deck] [--record]

Writes an A-Z deck in no order, then times `farthing catalog check` on it as a whole process, and `deck_bench`, which
compiles it and matches numbers spread over the whole deck; --only-deck leaves the program out. --record
appends both to bench/history.ndjson.
"""
import argparse
import os
import random
import subprocess
import sys
import tempfile

from spine import HERE, record, run

COUNTRIES = ["1", "44", "49", "33", "7", "372", "370", "371", "91", "86", "55", "234", "880", "598"]
LENGTHS = [2, 3, 3, 4, 4, 5, 5, 6, 6, 7]  # of what follows the country code, as often as here
CATALOG = """catalog: bench
currency: EUR
time_zone: Europe/Tallinn
meters: {voice: {unit: second}}
decks: {az: {file: az.csv}}
plans: [{plan: calls, charges: [{usage: voice, deck: az}]}]
"""


def write_deck(folder, rows):
    chance = random.Random(1)
    prefixes = set()
    while len(prefixes) < rows:
        digits = chance.choice(LENGTHS)
        prefixes.add(chance.choice(COUNTRIES) + str(chance.randrange(10 ** digits)).zfill(digits))
    prefixes = sorted(prefixes)
    chance.shuffle(prefixes)
    with open(f"{folder}/catalog.yaml", "w", encoding="utf-8") as out:
        out.write(CATALOG)
    with open(f"{folder}/az.csv", "w", encoding="utf-8") as out:
        out.write("prefix,destination,price,per,increments,connection_fee,valid_from,valid_until\n")
        for prefix in prefixes:
            increments = chance.choice(["1/1", "60/1", "60/60", "6/6"])
            out.write(f"{prefix},Destination {prefix[:3]} mobile,{chance.randint(10, 5000) / 10000:.4f},minute,"
                      f"{increments},,2026-01-01,\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("farthing")
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--only-deck", action="store_true")
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args()
    farthing = os.path.abspath(options.farthing)
    subprocess.run(["cmake", "--build", "--preset", "release", "--target", "deck_bench"], cwd=os.path.dirname(HERE),
                   stdout=subprocess.DEVNULL, check=True)
    with tempfile.TemporaryDirectory(prefix="farthing-bench-") as folder:
        write_deck(folder, options.rows)
        rows = []
        if not options.only_deck:
            checked, _ = run([farthing, "catalog", "check", folder])
            rows.append({"name": "deck, catalog check", "rows": options.rows, **checked})
        _, out = run([f"{os.path.dirname(farthing)}/bench/deck_bench", f"{folder}/az.csv"])
    words = out.split()
    figures = {name: int(value) for name, value in zip(words[::2], words[1::2])}
    rows.append({"name": "deck, load and match", **figures})
    for row in rows:
        print(" ".join(f"{name} {value}" for name, value in row.items()))
    if options.record:
        record("bench/deck.py build/release/farthing", rows, sys.argv[2:])


if __name__ == "__main__":
    main()
