"""The main job, timed as whole processes: files to committed charges, files to invoice, and bill runs.

    spine.py FARTHING [--sessions N] [--calls N] [--lamps N] [--bill N] [--only NAME]
                      [--baseline FARTHING] [--runs N] [--record]

Prints one line per measurement (records a second, wall and CPU seconds, peak memory); --record appends them with the
commit to bench/history.ndjson. Machines differ and are noisy: compare two commits in one sitting, not two days. With
--baseline (the program of another commit) the two take turns, --runs times, and the ratio of their CPU time is told.
"""
import argparse
import datetime
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)


def run(words, accept=(0,)):
    """Runs it; wall and CPU seconds and peak MiB."""
    began = time.monotonic()
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - began
    code = os.waitstatus_to_exitcode(status)
    if code not in accept:
        raise SystemExit(f"{' '.join(words)} gave {code}\n{out.decode()}")
    return {"wall_s": round(wall, 2), "cpu_s": round(usage.ru_utime + usage.ru_stime, 2),
            "peak_mib": usage.ru_maxrss // 1024}, out.decode()


def spread(values):
    return f"{statistics.median(values):.2f} ({min(values):.2f}-{max(values):.2f})"


def record(command, rows, words):
    """Appends the rows with date, commit and machine to the history."""
    commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], capture_output=True, text=True,
                            check=False).stdout.strip()
    with open(f"{HERE}/history.ndjson", "a", encoding="utf-8") as out:
        for row in rows:
            out.write(json.dumps({"date": datetime.date.today().isoformat(), "commit": commit,
                                  "command": " ".join([command, *words]), "cores": os.cpu_count(), **row}) + "\n")


class Bench:
    def __init__(self, farthing, folder, only):
        self.farthing, self.folder, self.only, self.rows = farthing, folder, only, []

    def wants(self, name):
        return self.only is None or self.only in name

    def home(self, name, catalog, feed=None, data=None):
        home = f"{self.folder}/{name}/home"
        at = [self.farthing, "--home", home]
        run([*at, "catalog", "publish", catalog])
        if data:
            run([*at, "account", "import", f"{data}/accounts.csv"])
            run([*at, "subscription", "import", f"{data}/subscriptions.csv"])
        if feed:
            run([*at, "feed", "add", feed])
        return at

    def say(self, name, count, unit, cost):
        rate = int(count / cost["wall_s"]) if cost["wall_s"] else 0
        self.rows.append({"name": name, unit: count, f"{unit}_per_s": rate, **cost})
        print(f"{name:<28}{count:>12,} {unit:<14}{rate:>12,}/s{cost['wall_s']:>9.2f} s wall"
              f"{cost['cpu_s']:>9.2f} s CPU{cost['peak_mib']:>7} MiB", flush=True)

    def cdrs(self, name, kind, count, owners, catalog, feed, now):
        if not self.wants(name):
            return
        data = f"{self.folder}/{name}/data"
        option = "--sims" if kind == "sessions" else "--lines"
        run([self.farthing, "generate", kind, data, option, str(owners), "--records", str(count)])
        at = self.home(name, catalog, feed, data)
        feed_name = os.path.basename(feed).rsplit(".", 1)[0]
        files = sorted(f"{data}/inbox/{file}" for file in os.listdir(f"{data}/inbox"))
        cost, _ = run([*at, "--now", now, "import", feed_name, *files], accept=(0, 3))
        self.say(name, count, "records", cost)
        checked, _ = run([*at, "check", "all"])
        self.say(name + " check", count, "records", checked)
        self.rerate(name, at, data)

    def rerate(self, name, at, data):
        """One customer's usage rated again, of all that is in the archive: what was read, and the time."""
        with open(f"{data}/subscriptions.csv", encoding="utf-8") as file:
            header, first = next(file).strip().split(","), next(file).strip().split(",")
        who = first[header.index("subscription")]
        cost, out = run([*at, "--json", "rerate", "--subscription", who, "--preview"])
        told = json.loads(out)
        self.say(name + " rerate one", told["records"], "records", cost)
        read = told["read"]
        self.rows[-1].update(read)
        print(f"    {read['row_groups_read']:,} of {read['row_groups']:,} row groups, {read['rows_read']:,} rows of "
              "the columns that decide", flush=True)

    def lamps(self, count):
        if not self.wants("smart-city"):
            return
        where = os.getcwd()
        os.makedirs(f"{self.folder}/city", exist_ok=True)
        os.chdir(f"{self.folder}/city")
        cost, out = run([self.farthing, "demo", "smart-city", "--lamps", str(count)])
        os.chdir(where)
        self.say(f"smart-city {count} lamps", count * 43_200, "records", cost)
        print("\n".join("    " + line for line in out.splitlines() if "net " in line or "checks" in line))

    def bill(self, name, count, payers):
        if not self.wants(name):
            return
        data = f"{self.folder}/{name}/data"
        os.makedirs(data)
        with open(f"{data}/accounts.csv", "w", encoding="utf-8") as out:
            out.write("account,pays\n" + "".join(f"payer-{i},yes\n" for i in range(payers)))
        with open(f"{data}/subscriptions.csv", "w", encoding="utf-8") as out:
            out.write("subscription,account,plan,from,iccid\n")
            for i in range(count):
                plan = "pooled-50" if i % 2 else "pay-as-you-go"
                out.write(f"sim-{i},payer-{i % payers},{plan},2026-01-01,{i + 1}\n")
        with open(f"{data}/usage.csv", "w", encoding="utf-8") as out:
            out.write("start;end;iccid;bytes_up;bytes_down;mcc;mnc\n")
            out.writelines(f"2026-01-{i % 31 + 1:02} 10:00:00;2026-01-{i % 31 + 1:02} 10:10:00;{i + 1};"
                           f"{i % 977 * 1000};{i % 1009 * 60000};248;01\n" for i in range(count))
        at = self.home(name, f"{HERE}/catalog", f"{ROOT}/catalogs/feeds/sim-sessions.yaml", data)
        run([*at, "--now", "2026-02-01T08:00:00Z", "import", "sim-sessions", f"{data}/usage.csv"], accept=(0, 3))
        cost, _ = run([*at, "--now", "2026-02-02T08:00:00Z", "bill", "run", "--period", "2026-01"])
        self.say(name, count, "subscriptions", cost)


def measure(farthing, options, older=False):
    """The rows of one turn; what an older program refuses is left out."""
    feeds = f"{ROOT}/catalogs/feeds"
    now = "2026-02-01T08:00:00Z"
    with tempfile.TemporaryDirectory(prefix="farthing-bench-") as folder:
        bench = Bench(farthing, folder, options.only)
        jobs = [lambda: bench.cdrs("data sessions", "sessions", options.sessions, 100_000, f"{HERE}/catalog",
                                   f"{feeds}/sim-sessions.yaml", now),
                lambda: bench.cdrs("voice calls", "calls", options.calls, 20_000, f"{ROOT}/catalogs/multiline",
                                   f"{feeds}/asterisk-master.yaml", now),
                lambda: bench.bill("bill run, many payers", options.bill, options.bill // 10 or 1),
                lambda: bench.bill("bill run, one account", options.bill, 1),
                lambda: bench.lamps(options.lamps)]
        for job in jobs:
            try:
                job()
            except SystemExit as refusal:
                if not older:
                    raise
                print(f"    not measured: {refusal}", flush=True)
        return bench.rows


def against(turns, baseline):
    """The rows of the last turn, each with the median of what its CPU time was of the baseline's."""
    rows = turns[-1]
    for row in rows:
        ratios = [mine["cpu_s"] / other["cpu_s"] for turn, others in zip(turns, baseline) for mine in turn
                  for other in others if mine["name"] == other["name"] == row["name"] and other["cpu_s"]]
        if ratios:
            row["cpu_of_baseline"] = round(statistics.median(ratios), 3)
            print(f"{row['name']:<28}CPU time {spread(ratios)} of the baseline's")
    return rows


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("farthing")
    parser.add_argument("--sessions", type=int, default=3_000_000)
    parser.add_argument("--calls", type=int, default=3_000_000)
    parser.add_argument("--lamps", type=int, default=2_000)
    parser.add_argument("--bill", type=int, default=100_000)
    parser.add_argument("--only")
    parser.add_argument("--baseline")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args()
    turns, baseline = [], []
    for _ in range(options.runs):
        turns.append(measure(os.path.abspath(options.farthing), options))
        if options.baseline:
            print("the baseline:", flush=True)
            baseline.append(measure(os.path.abspath(options.baseline), options, older=True))
    rows = against(turns, baseline)
    if options.record:
        record("scripts/bench spine", rows, sys.argv[2:])


if __name__ == "__main__":
    main()
