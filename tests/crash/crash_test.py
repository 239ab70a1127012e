"""Kills `farthing` at each write and at random, runs the same command again, and compares every total with a run that
was never killed.

    crash_test.py FARTHING every|random|windows|greatest [SEED]
    crash_test.py FARTHING disk BAD_DISK.so [SEED]

every:  each step (imports, a retry, a bill run, sending, taking a file back, rating again, deleting) is killed at its
        1st, 2nd, ... write until it comes through; after the repeat the data folder must say what the reference says.
random: a longer import is killed after random times until it is done.
windows: the same with records that their owners number, and of which the hours are charged.
greatest: likewise, and of each hour the greatest record.
disk:   in each step the disk is full, fails once, takes half of a write, or loses its power (bad_disk.cc), at some of
        the things that are asked of it; the program must say so or get by, and after the repeat the data folder must
        say what the reference says. FARTHING_CASES times as many places are tried.
"""
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile

CATALOG = """\
catalog: crash
valid_from: 2026-01-01
currency: EUR
time_zone: Europe/Tallinn
rounding: {line: half_even 2, payable: half_away 2}
meters:
  data: {unit: byte}
partners: {vendor: {title: Vendor}}
taxes: [{category: standard, name: VAT 20 %, percent: 20}]
invoices: {series: "C-{number:4}"}
plans:
  - plan: pooled
    charges:
      - {fee: base, amount: 2.00, per: subscription month, in: arrears}
      - usage: data
        allowance: {quantity: 5 MB per subscription, shared_by: account}
        graduated: [{to: 20 MB, price: 0.10 per MB}, {price: 0.037 per MB}]
        shares: [{partner: vendor, percent: 30}]
"""
FEED = """\
feed: sessions
format: {delimited: ",", header: true}
time_zone: Europe/Tallinn
record:
  id: {field: id}
  service: {constant: data}
  start: {field: start, time: rfc3339}
  quantity: {field: bytes, unit: byte}
guide: [{by: iccid, field: iccid}]
same_record: [id]
late: {accept: 3650 days}
"""
WINDOWS = FEED.replace("same_record: [id]", "same_record: {sequence: n}\naggregate: {window: 1 hour}").replace(
    "guide:", "  keep: {n: {field: n}}\nguide:")
GREATEST = WINDOWS.replace("window: 1 hour", "window: 1 hour, quantity: max")
SIMS = 12


def records(seed, count, first):
    chance = random.Random(seed)
    rows = []
    for i in range(first, first + count):
        sim = i % (SIMS + 1)  # one more than the directory knows: suspense
        when = f"2026-01-{chance.randrange(1, 32):02}T{chance.randrange(24):02}:{chance.randrange(60):02}:00Z"
        rows.append(f"s{i},{sim:04},{when},{i // (SIMS + 1)},{chance.randrange(1, 4_000_000)}")
    rows += rows[:: 10]  # one in ten comes twice
    broken = rows[3].rsplit(",", 1)[0] + ",many"
    return rows + [broken.replace("s", "x", 1)]


def write(path, text):
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)


class World:
    def __init__(self, binary, folder, files, feed=FEED):
        self.binary = binary
        self.folder = folder
        os.makedirs(f"{folder}/catalog")
        write(f"{folder}/catalog/catalog.yaml", CATALOG)
        os.makedirs(f"{folder}/dearer")
        write(f"{folder}/dearer/catalog.yaml", CATALOG.replace("0.037 per MB", "0.059 per MB"))
        write(f"{folder}/feed.yaml", feed)
        os.makedirs(f"{folder}/short")
        write(f"{folder}/short/sessions.yaml", feed.replace("3650 days", "35 days"))
        write(f"{folder}/accounts.csv", "account,parent,pays\ncompany,,yes\nsales,company,no\n")
        rows = [f"sim-{i},{'sales' if i % 2 else 'company'},pooled,2026-01-01,{i:04}" for i in range(SIMS)]
        write(f"{folder}/subscriptions.csv", "subscription,account,plan,from,iccid\n" + "\n".join(rows) + "\n")
        write(f"{folder}/late.csv", f"subscription,account,plan,from,iccid\nlate,company,pooled,2026-01-01,{SIMS:04}\n")
        for name, rows in files.items():
            write(f"{folder}/{name}", "id,iccid,start,n,bytes\n" + "\n".join(rows) + "\n")

    def command(self, home, *words):
        return [self.binary, "--home", home, *words]

    def environment(self, **more):
        plain = {name: value for name, value in os.environ.items() if name != "FARTHING_CRASH_AT"}
        return plain | {name: str(value) for name, value in more.items()}

    def run(self, home, *words, crash_at=None, accept=(0, 3)):
        """True when it came to its end, False when it was killed as asked."""
        environment = self.environment(**({} if crash_at is None else {"FARTHING_CRASH_AT": crash_at}))
        done = subprocess.run(self.command(home, *words), capture_output=True, text=True, env=environment)
        if done.returncode == -signal.SIGKILL:
            return False
        if done.returncode not in accept:
            raise SystemExit(f"{words} gave {done.returncode}\n{done.stdout}\n{done.stderr}")
        return True

    def prepare(self, home):
        self.run(home, "catalog", "publish", f"{self.folder}/catalog")
        self.run(home, "account", "import", f"{self.folder}/accounts.csv")
        self.run(home, "subscription", "import", f"{self.folder}/subscriptions.csv")
        self.run(home, "feed", "add", f"{self.folder}/feed.yaml")

    def says(self, home):
        """Everything that must not change: the equations with their figures, balances, suspense, documents."""
        told = {}
        for words in (["check", "all"], ["balance", "list"], ["suspense", "list"], ["invoice", "list"],
                      ["archive", "deletions"]):
            done = subprocess.run(self.command(home, *words, "--json"), capture_output=True, text=True)
            if done.returncode != 0:
                raise SystemExit(f"{words} after a kill gave {done.returncode}\n{done.stdout}\n{done.stderr}")
            told[" ".join(words)] = json.loads(done.stdout)
        for deletion in told["archive deletions"]:
            del deletion["at"]  # each comes at its own time
        return told


def differences(expected, got):
    return "\n".join(f"{key}:\n  never killed: {expected[key]}\n  killed:       {got[key]}"
                     for key in expected if expected[key] != got[key])


def small_world(binary, folder):
    """A world, and all that is done in it."""
    files = {f"usage-{i}.csv": records(i, 60, i * 50) for i in range(3)}  # the files overlap by ten records
    steps = [("import", "sessions", f"{folder}/usage-{i}.csv") for i in range(3)]
    steps += [("subscription", "import", f"{folder}/late.csv"), ("suspense", "retry", "--reason", "unknown_identity"),
              ("bill", "run", "--period", "2026-01"), ("bill", "send", "--period", "2026-01"),
              ("file", "undo", "usage-1.csv", "--because", "a test"),
              ("catalog", "publish", f"{folder}/dearer", "--valid-from", "2026-01-01"), ("rerate", "--all"),
              # Nothing waits any more: half of the month is deleted, and each file cut.
              ("suspense", "drop", "--all", "--because", "a test"),
              ("bill", "run", "--period", "2026-02"), ("bill", "send", "--period", "2026-02"),
              ("feed", "add", f"{folder}/short/sessions.yaml"),
              ("archive", "delete", "--before", "2026-01-15", "--because", "a test", "--who", "tester")]
    return World(binary, folder, files), steps


def every(binary, folder):
    world, steps = small_world(binary, folder)
    before = f"{folder}/before"
    world.prepare(before)
    kills = 0
    for step in steps:
        reference = f"{folder}/reference"
        shutil.copytree(before, reference)
        world.run(reference, *step)
        expected = world.says(reference)
        for point in range(1, 100_000):
            victim = f"{folder}/victim"
            shutil.copytree(before, victim)
            if world.run(victim, *step, crash_at=point):
                break
            kills += 1
            repeat_and_compare(world, victim, step, expected, f"killed at write {point}")
            shutil.rmtree(victim)
        if point == 1:
            raise SystemExit(f"{step} passed no crash point: the test proves nothing")
        shutil.rmtree(victim)
        shutil.rmtree(before)
        os.rename(reference, before)
    print(f"{kills} kills in {len(steps)} steps, every total as if there had been none")


def repeat_and_compare(world, home, step, expected, what):
    # What came to its end after all may find nothing left to do (exit code 2 of a retry, for one).
    world.run(home, *step, accept=(0, 1, 2, 3))
    got = world.says(home)
    if got != expected:
        raise SystemExit(f"{step} {what}:\n{differences(expected, got)}")


def on_bad_disk(world, home, step, library, kind, point, seed):
    """The step's exit code and what it said, on a disk that goes bad at that point (0: at the end, or never)."""
    told = f"{world.folder}/asked"
    done = subprocess.run(world.command(home, *step), capture_output=True, text=True, env=world.environment(
        LD_PRELOAD=library, BAD_DISK=kind, BAD_DISK_AT=point, BAD_DISK_SEED=seed, BAD_DISK_TELL=told,
        BAD_DISK_FOLDER=home))
    if done.returncode < 0 and not (kind == "power" and done.returncode in (-signal.SIGKILL, -signal.SIGBUS)):
        raise SystemExit(f"{step}, {kind} at {point}, died of signal {-done.returncode}\n{done.stderr}")
    if done.returncode not in (0, 3) and done.returncode > 0 and "farthing: " not in done.stderr:
        raise SystemExit(f"{step}, {kind} at {point}, failed without a word: {done.returncode}")
    return done


def disk(binary, folder, library, seed):
    chance = random.Random(seed)
    places = 3 * int(os.environ.get("FARTHING_CASES", "1"))
    world, steps = small_world(binary, folder)
    before, victim = f"{folder}/before", f"{folder}/victim"
    world.prepare(before)
    tried = failed = 0
    for step in steps:
        shutil.copytree(before, victim)
        good = on_bad_disk(world, victim, step, library, "none", 0, seed).returncode
        with open(f"{folder}/asked", encoding="utf-8") as file:
            asked = int(file.read())
        expected = world.says(victim)
        after = f"{folder}/after"
        os.rename(victim, after)
        for kind in ("full", "error", "short", "power"):
            points = chance.sample(range(1, asked + 1), min(places, asked)) + ([0] if kind == "power" else [])
            for point in points:
                shutil.copytree(before, victim)
                done = on_bad_disk(world, victim, step, library, kind, point, chance.randrange(1 << 16))
                tried += 1
                failed += done.returncode != good
                if done.returncode == good and (got := world.says(victim)) != expected:
                    raise SystemExit(f"{step}, {kind} at {point} of {asked}, gave {good} as on a good disk:\n"
                                     f"{done.stdout}{done.stderr}\n{differences(expected, got)}")
                repeat_and_compare(world, victim, step, expected, f"after {kind} at {point} of {asked}")
                shutil.rmtree(victim)
        shutil.rmtree(before)
        os.rename(after, before)
    if failed < tried // 4:
        raise SystemExit(f"only {failed} of {tried} bad disks made a step fail: the test proves nothing")
    print(f"{tried} bad disks in {len(steps)} steps (seed {seed}), {failed} of them made the step fail; "
          "every total as on a good one")


def at_random(binary, folder, seed, feed=FEED):
    chance = random.Random(seed)
    files = {f"usage-{i}.csv": records(seed + i, 20_000, i * 18_000) for i in range(12)}
    world = World(binary, folder, files, feed)
    step = ("import", "sessions", *[f"{folder}/{name}" for name in files])
    reference = f"{folder}/reference"
    world.prepare(reference)
    victim = f"{folder}/victim"
    shutil.copytree(reference, victim)
    world.run(reference, *step)
    expected = world.says(reference)
    kills = 0
    for attempt in range(40):
        running = subprocess.Popen(world.command(victim, *step), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            running.wait(timeout=chance.uniform(0.005, 0.05) * (attempt + 1))
            if running.returncode in (0, 3):
                break
            raise SystemExit(f"import gave {running.returncode} (seed {seed})")
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()
            kills += 1
    else:
        world.run(victim, *step)
    got = world.says(victim)
    if got != expected:
        raise SystemExit(f"seed {seed}, {kills} kills:\n{differences(expected, got)}")
    print(f"{kills} kills at random (seed {seed}), every total as if there had been none")


if __name__ == "__main__":
    program, mode = os.path.abspath(sys.argv[1]), sys.argv[2]
    with tempfile.TemporaryDirectory(prefix="farthing-crash-") as place:
        if mode == "every":
            every(program, place)
        elif mode == "disk":
            disk(program, place, os.path.abspath(sys.argv[3]), int(sys.argv[4]) if len(sys.argv) > 4 else 1)
        else:
            at_random(program, place, int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(1 << 30),
                      {"windows": WINDOWS, "greatest": GREATEST}.get(mode, FEED))
