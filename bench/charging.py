"""Charging while it happens, open loop: requests are due at a steady rate, and a latency counts from when one was due.

    charging.py FARTHING [--only NAME,…] [--accounts N] [--seconds N] [--sessions N] [--baseline FARTHING]
                [--runs N] [--record]

For each protocol: what it reaches when more is due than it can do, then half of that, for latency. Then balances
asked for beside it, one balance that all spend (hot), three times as much as it can do (overload), files imported
meanwhile (import), what a request leaves in the log of the database (log), and a start with many accounts and
sessions left open (large). Every answer is stored before it is given; server and player share the machine. CPU time a
request is the server's. With --baseline (the program of another commit) the two serve in turns at --rate, --runs
times, played by this one, and the medians of both are told, with the ratio of their CPU time. --record appends the
rows to bench/history.ndjson.
"""
import argparse
import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from log_pages import watched  # noqa: E402
from spine import HERE, ROOT, record, run  # noqa: E402

PROTOCOLS = {"http": "HTTP", "diameter": "Diameter", "nchf": "Nchf"}


def prepare(farthing, folder, accounts, hot=False):
    """A home whose accounts have one SIM each; hot: one account has them all."""
    at = [farthing, "--home", f"{folder}/home"]
    run([*at, "catalog", "publish", f"{HERE}/catalog"])
    payers = 1 if hot else accounts
    with open(f"{folder}/accounts.csv", "w", newline="", encoding="utf-8") as out:
        rows = csv.writer(out)
        rows.writerow(["account", "parent", "pays"])
        rows.writerows([f"a{i}", "", "yes"] for i in range(1, payers + 1))
    with open(f"{folder}/subscriptions.csv", "w", newline="", encoding="utf-8") as out:
        rows = csv.writer(out)
        rows.writerow(["subscription", "account", "plan", "from", "device"])
        rows.writerows([f"card-{i}", f"a{1 if hot else i}", "pay-as-you-go", "2026-01-01", f"card-{i}"]
                       for i in range(1, accounts + 1))
    run([*at, "account", "import", f"{folder}/accounts.csv"])
    run([*at, "subscription", "import", f"{folder}/subscriptions.csv"])
    for i in range(1, min(payers, 50) + 1):  # the others are postpaid
        run([*at, "balance", "topup", f"a{i}", "1000000", "--reference", f"p{i}"])
    return run([*at, "key", "add", "bench", "--scope", "charge"])[1].strip()


class Server:
    def __init__(self, farthing, folder, key):
        self.home, self.key = [farthing, "--home", f"{folder}/home"], key
        began = time.monotonic()
        self.process = subprocess.Popen(
            [*self.home, "serve", "--listen", "127.0.0.1:0", "--diameter", "127.0.0.1:0", "--host", "ocs.example.org",
             "--nchf", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
        self.at = {}
        while "listening" not in self.at:
            line = self.process.stdout.readline()
            if not line:
                raise SystemExit("the server does not start")
            self.at[line.split()[0]] = line.split()[-1]
        self.at["http"] = self.at["listening"]
        self.start_s = round(time.monotonic() - began, 2)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def status(self, name):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith(name))

    def cpu(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Bench:
    def __init__(self, farthing, options):
        self.farthing, self.options, self.rows = farthing, options, []

    def play(self, server, protocol, rate, *more, sessions=None, seconds=None):
        """What the player tells, and the server's CPU time."""
        sessions = sessions or self.options.sessions
        before = server.cpu()
        _, said = run([self.farthing, "--json", "charge", "simulate", "card-", "data", "100 kB", "--to",
                       server.at[protocol], "--protocol", protocol, "--key", server.key, "--count",
                       str(self.options.accounts), "--rate", str(rate), "--seconds",
                       str(seconds or self.options.seconds), "--sessions", str(sessions), "--connections", "8", *more])
        told = json.loads(said)
        told["server_cpu_us"] = round((server.cpu() - before) * 1e6 / told["requests"], 1)
        told["player_cpu_us"] = round(told.pop("player_cpu_micros") / told["requests"], 1)
        return {"rate": rate, "sessions": sessions, **told}

    def say(self, name, told):
        self.rows.append({"name": name, "accounts": self.options.accounts, **told})
        print(f"{name:<34}{told['rate']:>8,}/s due{told['per_second']:>8,}/s answered{told['refused']:>8,} refused  "
              f"p50 {told['p50_micros'] / 1000:.2f}  p99 {told['p99_micros'] / 1000:.2f}  p99.9 "
              f"{told['p999_micros'] / 1000:.2f}  max {told['max_micros'] / 1000:.2f} ms  server "
              f"{told['server_cpu_us']} us", flush=True)
        if told["denied"]:
            raise SystemExit(f"{told['denied']} requests were granted nothing")

    def reach(self, name, server, protocol):
        """What it does when more is due: its rate."""
        told = self.play(server, protocol, self.options.rate)
        self.say(name, told)
        return told["per_second"]

    def check(self, server):
        _, said = run([*server.home, "check", "ledger"])
        print("    " + "\n    ".join(said.strip().splitlines()[1:]), flush=True)

    def protocol(self, farthing, protocol):
        with tempfile.TemporaryDirectory() as folder:
            key = prepare(self.farthing, folder, self.options.accounts)
            name = f"charging over {PROTOCOLS[protocol]}"
            with Server(farthing, folder, key) as server:
                most = self.reach(name, server, protocol)
                self.say(f"{name}, half of it", self.play(server, protocol, most // 2))
                if protocol == "http":
                    self.beside(server, most)
            self.check(server)

    def beside(self, server, most):
        """Balances asked for while half of what it can do is charged."""
        told = []
        charging = threading.Thread(target=lambda: told.append(self.play(server, "http", most // 2)))
        charging.start()
        asked = self.play(server, "http", 500, "--balances", "a", sessions=16)
        charging.join()
        asked["server_cpu_us"] = None  # it did both
        self.say("balances asked for beside it", {**asked, "charged_per_second": told[0]["per_second"]})

    def hot(self):
        with tempfile.TemporaryDirectory() as folder:
            key = prepare(self.farthing, folder, self.options.accounts, hot=True)
            with Server(self.farthing, folder, key) as server:
                self.reach("one balance that all spend", server, "diameter")
            self.check(server)

    def overload(self):
        with tempfile.TemporaryDirectory() as folder:
            key = prepare(self.farthing, folder, self.options.accounts)
            with Server(self.farthing, folder, key) as server:
                most = self.reach("before overload", server, "diameter")
                told = self.play(server, "diameter", 3 * most, sessions=16_384)
                passed = told["requests"] - told["refused"]
                told["goodput_per_second"] = told["per_second"] * passed // told["requests"]
                told["goodput_of_most"] = round(told["goodput_per_second"] / most, 2)
                self.say("three times as much over Diameter", told)
                print(f"    {told['goodput_per_second']:,}/s charged, {told['goodput_of_most']} of the most",
                      flush=True)
            self.check(server)

    def imports(self, farthing=None, program=""):
        farthing = farthing or self.farthing
        with tempfile.TemporaryDirectory() as folder:
            key = prepare(farthing, folder, self.options.accounts)
            data = f"{folder}/data"
            run([farthing, "generate", "sessions", data, "--sims", "20000", "--records", "1000000"])
            home = f"{folder}/home"
            at = [farthing, "--home", home]
            run([*at, "account", "import", f"{data}/accounts.csv"])
            run([*at, "subscription", "import", f"{data}/subscriptions.csv"])
            run([*at, "feed", "add", f"{ROOT}/catalogs/feeds/sim-sessions.yaml"])
            files = sorted(f"{data}/inbox/{file}" for file in os.listdir(f"{data}/inbox"))
            with Server(farthing, folder, key) as server:
                most = self.reach(f"before files are imported{program}", server, "http")
                imports = subprocess.Popen([*at, "--now", "2026-02-01T08:00:00Z", "import", "sim-sessions", *files],
                                           stdout=subprocess.DEVNULL)
                began = time.monotonic()
                told = self.play(server, "http", max(1, most // 4))
                told["import_still_runs"] = imports.poll() is None
                imports.wait()
                told["import_s"] = round(time.monotonic() - began, 1)
                self.say(f"while files are imported{program}", told)
                print(f"    import {told['import_s']} s", flush=True)
            self.check(server)

    def log(self):
        """What a request leaves in the log of the database, by table: pages do not depend on the machine's mood, but
        for how many requests are a group."""
        with tempfile.TemporaryDirectory() as folder:
            key = prepare(self.farthing, folder, self.options.accounts)
            with Server(self.farthing, folder, key) as server:
                with watched(f"{folder}/home/farthing.db") as found:
                    told = self.play(server, "http", self.options.rate // 4)
                log, requests = found[0], told["requests"]
                pages = {name: round(count / requests, 3) for name, count in log.pages.most_common()}
                told.update(commits=log.commits, group=round(requests / log.commits, 1), pages_by_table=pages,
                            pages_per_request=round(log.pages.total() / requests, 2))
                self.say("what is written of it", told)
                most = ", ".join(f"{name} {count}" for name, count in pages.items() if count >= 0.02)
                print(f"    {told['group']} requests a commit; {told['pages_per_request']} pages of the log a "
                      f"request: {most}", flush=True)

    def large(self):
        with tempfile.TemporaryDirectory() as folder:
            key = prepare(self.farthing, folder, self.options.large)
            with Server(self.farthing, folder, key) as server:
                empty = server.status("VmRSS")
                print(f"{self.options.large:,} accounts: start {server.start_s} s, {empty // 1024} MiB", flush=True)
                accounts, self.options.accounts = self.options.accounts, self.options.large
                told = self.play(server, "diameter", 10_000, "--open", seconds=self.options.large // 10_000)
                self.options.accounts = accounts
                full = server.status("VmRSS")
                told.update(accounts=self.options.large, start_s=server.start_s, accounts_mib=empty // 1024,
                            sessions_open=told["requests"] - told["refused"], open_mib=full // 1024)
                self.say("sessions left open", told)
                print(f"    {told['sessions_open']:,} open: {full // 1024} MiB", flush=True)
            with Server(self.farthing, folder, key) as server:
                again = server.status("VmRSS") // 1024
                self.rows[-1].update(restart_s=server.start_s, restart_mib=again)
                print(f"    start with them {server.start_s} s, {again} MiB", flush=True)

    def compare(self, baseline):
        """CPU time a request of the two programs' servers, in turns, at a rate that both keep."""
        if "import" in (self.options.only or ""):
            self.imports(baseline, ", before")
            self.imports()
        for protocol in (one for one in PROTOCOLS if self.wants(one)):
            found = {self.farthing: [], baseline: []}
            for _ in range(self.options.runs):
                for program, costs in found.items():
                    with tempfile.TemporaryDirectory() as folder:
                        key = prepare(program, folder, self.options.accounts)
                        with Server(program, folder, key) as server:
                            costs.append(self.play(server, protocol, self.options.rate))
            told_of = ("server_cpu_us", "per_second", "p50_micros", "p99_micros", "max_micros")
            ours, theirs = ({what: statistics.median(told[what] for told in costs) for what in told_of}
                            for costs in found.values())
            row = {"name": f"charging over {PROTOCOLS[protocol]}, compared", "accounts": self.options.accounts,
                   "sessions": self.options.sessions, "runs": self.options.runs, **ours,
                   **{f"{what}_baseline": told for what, told in theirs.items()},
                   "cpu_of_baseline": round(ours["server_cpu_us"] / theirs["server_cpu_us"], 3)}
            self.rows.append(row)
            for name, told in (("", ours), ("  baseline", theirs)):
                print(f"{PROTOCOLS[protocol] + name:<20} {told['server_cpu_us']} us and {told['per_second']:,.0f}/s, "
                      f"p50 {told['p50_micros'] / 1000:.2f}, p99 {told['p99_micros'] / 1000:.2f}, max "
                      f"{told['max_micros'] / 1000:.2f} ms", flush=True)
            print(f"    {row['cpu_of_baseline']} of its CPU time", flush=True)

    def wants(self, name):
        return not self.options.only or name in self.options.only.split(",")


def main():
    words = sys.argv[2:]
    parser = argparse.ArgumentParser(prog="scripts/bench charging")
    parser.add_argument("--only", help="http, diameter, nchf, hot, overload, import, log, large")
    parser.add_argument("--accounts", type=int, default=10_000)
    parser.add_argument("--large", type=int, default=1_000_000)
    parser.add_argument("--rate", type=int, default=40_000, help="due where it shows what it can do")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--sessions", type=int, default=1_024)
    parser.add_argument("--baseline")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args(words)
    bench = Bench(os.path.abspath(sys.argv[1]), options)
    if options.baseline:
        bench.compare(os.path.abspath(options.baseline))
    else:
        for protocol in PROTOCOLS:
            if bench.wants(protocol):
                bench.protocol(bench.farthing, protocol)
        for name in ("hot", "overload", "import", "log", "large"):
            if bench.wants(name):
                getattr(bench, {"import": "imports"}.get(name, name))()
    if options.record:
        said = " ".join(words).replace(options.baseline or "\0", "BEFORE").split()
        record("scripts/bench charging", bench.rows, said)


main()
