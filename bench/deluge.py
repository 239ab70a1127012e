"""The offline pipeline under load: data sessions of many cards, or lamp reports, as CSV and JSON lines, from files to
committed charges.

    deluge.py FARTHING [--records N] [--sims N] [--lamps N] [--runs N] [--only NAME] [--baseline FARTHING]
                       [--record]
    deluge.py FARTHING --times|--stages [--records N] …

Each run begins with a fresh copy of the program's data folder. With --baseline (the program of another commit) the
two take turns, and the ratio of their CPU time is told beside: machines drift, turns don't. --times tells the
processor time of each stage instead, as `farthing import --stages` counts it; --stages counts
instructions (valgrind --tool=callgrind), which do not depend on the machine's mood, and tells them per record
and stage. Valgrind knows no SHA instructions, so hashing counts far more there than it costs. --record appends the
medians with their spread to bench/history.ndjson.
"""
import argparse
import glob
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

from spine import HERE, ROOT, record, run, spread

STAGES = [  # what is told, and the function that does it; inclusive, so each stands under no other of them
    ("open and hash", "mediation::Collected::open("),
    ("count and check", "mediation::seal("),
    ("scan and parse", "mediation::Decoder::next("),
    ("validate", "mediation::validate("),
    ("guide", "mediation::guide("),
    ("dedup", "mediation::Dedup::check("),
    ("rate", "rating::Rater::rate("),
    ("gather", "store::ArchiveWriter::append("),
    ("encode and compress", "store::Behind::work("),
    ("commit", "engine::Batch::commit("),
]


def received(report):
    return int(re.search(r"received ([\d ]+)", report)[1].replace(" ", ""))


class Load:
    """A data folder with catalog, directory and feed, and the files to import."""

    def __init__(self, farthing, folder, name):
        self.data = f"{folder}/{name}/data"
        self.farthing = farthing
        self.homes = {}
        self.run_home = f"{folder}/{name}/run"

    def prepare(self, catalog, feed, now, generate, programs, turn=None):
        run([self.farthing, "generate", *generate[:1], self.data, *generate[1:]])
        if turn:
            turn(self.data)
        for program in programs:
            self.homes[program] = f"{self.data}/home-{len(self.homes)}"
            at = [program, "--home", self.homes[program]]
            run([*at, "catalog", "publish", catalog])
            run([*at, "account", "import", f"{self.data}/accounts.csv"])
            run([*at, "subscription", "import", f"{self.data}/subscriptions.csv"])
            run([*at, "feed", "add", feed])
        self.files = sorted(file for file in glob.glob(f"{self.data}/inbox/**/*.*", recursive=True))
        self.bytes = sum(os.path.getsize(file) for file in self.files)
        name = os.path.basename(feed).rsplit(".", 1)[0]
        self.words = ["--now", now, "import", name, *self.files]
        return self

    def command(self, farthing):
        shutil.rmtree(self.run_home, ignore_errors=True)
        shutil.copytree(self.homes[farthing], self.run_home)
        os.sync()  # or the program waits for the disk to take what was written before it
        return [farthing, "--home", self.run_home, *self.words]

    def time(self, farthing):
        cost, out = run(self.command(farthing), accept=(0, 3))
        cost["records"] = received(out)
        archive = glob.glob(f"{self.run_home}/archive/*/*")
        cost["archive_bytes"] = sum(os.path.getsize(file) for file in archive if "/dedup/" not in file)
        return cost

    def times(self, farthing):
        _, out = run([*self.command(farthing), "--stages", "--json"], accept=(0, 3))
        told = json.loads(out)
        records = told["received"]
        times = {stage: round(nanos / records) for stage, nanos in told["stage_nanos"].items() if nanos > 0}
        return times | {"all": sum(times.values()), "records": records}

    def stages(self, farthing):
        out = f"{self.run_home}.callgrind"
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", *self.command(farthing)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode not in (0, 3):
            raise SystemExit(done.stderr)
        records = received(done.stdout)
        told = subprocess.run(["callgrind_annotate", "--inclusive=yes", "--threshold=100", out], capture_output=True,
                              text=True, check=True).stdout
        counts = {}
        for line in told.splitlines():
            found = re.match(r"\s*([\d,]+) \([^)]*\)\s+(.*)", line)
            if not found:
                continue
            count = int(found[1].replace(",", ""))
            if "PROGRAM TOTALS" in found[2]:
                counts["all"] = count
            for stage, function in STAGES:
                if f"farthing::{function}" in found[2]:
                    counts[stage] = max(counts.get(stage, 0), count)
        return {stage: round(count / records) for stage, count in counts.items()} | {"records": records}


EVENT = ('{{"specversion":"1.0","id":"{}","source":"/gw/{}","type":"com.example.{}","subject":"{}","time":"{}",'
         '"data":{{{}}}}}\n')


def rewrite(files, event_of):
    """Each CSV file becomes one of CloudEvents, a line each."""
    number = 0
    for file in sorted(files):
        with open(file, encoding="ascii") as have, open(f"{file[:-4]}.jsonl", "w", encoding="ascii") as events:
            next(have)
            for row in have:
                number += 1
                events.write(event_of(number, row))
        os.remove(file)


def as_events(data):
    """Data sessions for cards that are told by their device."""
    def event_of(number, row):
        start, _, card, up, down, _, _ = row.split(";")
        time = f"{start[:10]}T{start[11:]}Z"
        return EVENT.format(number, number % 9, "modem.session", card, time, f'"up":{up},"down":{down}')
    rewrite(glob.glob(f"{data}/inbox/*.csv"), event_of)
    with open(f"{data}/subscriptions.csv", encoding="ascii") as have:
        cards = have.read().replace(",iccid\n", ",device\n", 1)
    with open(f"{data}/subscriptions.csv", "w", encoding="ascii") as out:
        out.write(cards)


def as_lamp_events(data):
    """Lamp reports, each lamp's by the same gateway, so that a repeated one is told by its id."""
    def event_of(_, row):
        event, lamp, time, energy, _, _ = row.split(",")
        return EVENT.format(event, lamp[-1], "lamp.report", lamp, time, f'"energy":{energy}')
    rewrite(glob.glob(f"{data}/inbox/*/*.csv"), event_of)


def in_joules(feed, folder):
    """The feed of CloudEvents for lamps that count joules."""
    with open(feed, encoding="utf-8") as have:
        text = have.read().replace("{field: data.energy, unit: kWh}", "{field: data.energy, unit: joule}")
    with open(f"{folder}/cloudevents.yaml", "w", encoding="utf-8") as out:
        out.write(text)
    return f"{folder}/cloudevents.yaml"


def tell(name, load, costs, against):
    records = costs[0]["records"]
    wall = statistics.median(cost["wall_s"] for cost in costs)
    cpu = statistics.median(cost["cpu_s"] for cost in costs)
    row = {"name": name, "records": records, "record_bytes": round(load.bytes / records, 1), "runs": len(costs),
           "records_per_s": int(records / wall), "wall_s": round(wall, 2), "cpu_s": round(cpu, 2),
           "cpu_s_min": min(cost["cpu_s"] for cost in costs), "cpu_s_max": max(cost["cpu_s"] for cost in costs),
           "cpu_ns_per_record": round(cpu / records * 1e9), "peak_mib": max(cost["peak_mib"] for cost in costs),
           "archive_bytes_per_record": round(costs[0]["archive_bytes"] / records, 2)}
    print(f"{name}: {records:,} records of {row['record_bytes']} bytes, {row['records_per_s']:,}/s, "
          f"wall {spread([cost['wall_s'] for cost in costs])} s, CPU {spread([cost['cpu_s'] for cost in costs])} s, "
          f"{row['cpu_ns_per_record']} ns of CPU a record, {row['peak_mib']} MiB, "
          f"{row['archive_bytes_per_record']} bytes of archive a record", flush=True)
    if against:
        ratios = [cost["cpu_s"] / other["cpu_s"] for cost, other in zip(costs, against)]
        row["cpu_of_baseline"] = round(statistics.median(ratios), 3)
        print(f"    CPU time {spread(ratios)} of the baseline's", flush=True)
    return row


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("farthing")
    parser.add_argument("--records", type=int, default=5_000_000)
    parser.add_argument("--sims", type=int, default=200_000)
    parser.add_argument("--lamps", type=int, default=200)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only")
    parser.add_argument("--baseline")
    parser.add_argument("--times", action="store_true")
    parser.add_argument("--stages", action="store_true")
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args()
    farthing = os.path.abspath(options.farthing)
    programs = [farthing] + ([os.path.abspath(options.baseline)] if options.baseline else [])
    feeds = f"{ROOT}/catalogs/feeds"
    rows = []
    with tempfile.TemporaryDirectory(prefix="farthing-bench-") as folder:
        wanted = {
            f"deluge, {options.sims} cards": lambda name: Load(farthing, folder, "sims").prepare(
                f"{HERE}/catalog", f"{feeds}/sim-sessions.yaml", "2026-02-01T08:00:00Z",
                ["sessions", "--sims", str(options.sims), "--records", str(options.records)], programs),
            f"deluge, {options.sims} cards, JSON lines": lambda name: Load(farthing, folder, "events").prepare(
                f"{HERE}/catalog", f"{feeds}/cloudevents.yaml", "2026-02-01T08:00:00Z",
                ["sessions", "--sims", str(options.sims), "--records", str(options.records)], programs, as_events),
            f"deluge, {options.lamps} lamps": lambda name: Load(farthing, folder, "lamps").prepare(
                f"{ROOT}/catalogs/smart-city", f"{feeds}/lamps.yaml", "2026-07-01T00:00:00Z",
                ["lamps", "--lamps", str(options.lamps)], programs),
            f"deluge, {options.lamps} lamps, JSON lines": lambda name: Load(farthing, folder, "lamp-events").prepare(
                f"{ROOT}/catalogs/smart-city", in_joules(f"{feeds}/cloudevents.yaml", folder), "2026-07-01T00:00:00Z",
                ["lamps", "--lamps", str(options.lamps)], programs, as_lamp_events)}
        for name, prepare in wanted.items():
            if options.only and not name.endswith(options.only):
                continue
            load = prepare(name)
            if options.times or options.stages:
                stages = load.times(farthing) if options.times else load.stages(farthing)
                what = "ns of processor time" if options.times else "instructions"
                rows.append({"name": f"{name}, {what}", "records": stages.pop("records"), "per_record": stages})
                print(f"{name}, {what} a record: " + ", ".join(f"{k} {v}" for k, v in stages.items()))
                continue
            costs, against = [], []
            for _ in range(options.runs):
                costs.append(load.time(farthing))
                against += [load.time(other) for other in programs[1:]]
            rows.append(tell(name, load, costs, against))
    if options.record:
        record("scripts/bench deluge", rows, sys.argv[2:])


if __name__ == "__main__":
    main()
