"""Kills `farthing edge run` at each of its writes, runs it again, and compares what it sent with a run that was never
killed.

    edge_test.py FARTHING
"""
import os
import shutil
import signal
import subprocess
import sys
import tempfile

FEED = """\
feed: lamps
format: {delimited: ",", header: true}
record:
  id: {field: id}
  service: {field: what}
  start: {field: at, time: rfc3339}
  quantity: {field: q}
guide: [{by: device, field: lamp}]
same_record: [id]
late: {accept: 3650 days}
aggregate: {window: 15 minutes, lateness: 10 minutes, quantity: {peak: max, energy: last}}
policy: {meters: {energy: joule, peak: joule}}
"""


def write(path, text):
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)


def inputs(folder):
    """Files that overlap, with a record that can't be read; the last step sends all."""
    for i in range(4):
        rows = [f"r{n},L-{n % 3},{'peak' if n % 2 else 'energy'},2026-06-01T{n // 60:02}:{n % 60:02}:00Z,{n}"
                for n in range(i * 50, i * 50 + 60)]
        write(f"{folder}/in-{i}.csv", "id,lamp,what,at,q\n" + "\n".join(rows) + f"\nx{i},L-1,peak,never,1\n")


def run(binary, folder, home, step, crash_at=None):
    environment = dict(os.environ, FARTHING_NOW="2026-06-02")
    environment.pop("FARTHING_CRASH_AT", None)
    if crash_at is not None:
        environment["FARTHING_CRASH_AT"] = str(crash_at)
    done = subprocess.run([binary, "--home", home, "edge", "run", f"{folder}/policy.yaml", *step, "--name", "gw",
                           "--out", f"{home}/out"], capture_output=True, text=True, env=environment)
    if done.returncode == -signal.SIGKILL:
        return False
    if done.returncode != 0:
        raise SystemExit(f"{step} gave {done.returncode}\n{done.stdout}\n{done.stderr}")
    return True


def sent(home):
    """All that counts: the files by name, without hidden ones, and what was set aside."""
    told = {}
    for folder in ("out", "edge/gw/suspended"):
        for name in sorted(os.listdir(f"{home}/{folder}") if os.path.isdir(f"{home}/{folder}") else []):
            if name.startswith("."):
                continue
            with open(f"{home}/{folder}/{name}", encoding="utf-8") as file:
                told[f"{folder}/{name}"] = file.read()
    return told


def main(binary, folder):
    write(f"{folder}/policy.yaml", FEED)
    inputs(folder)
    steps = [[f"{folder}/in-{i}.csv"] for i in range(4)] + [[f"{folder}/in-3.csv", "--all"]]
    before = f"{folder}/before"
    os.makedirs(before)
    kills = 0
    for step in steps:
        reference = f"{folder}/reference"
        shutil.copytree(before, reference)
        run(binary, folder, reference, step)
        expected = sent(reference)
        for point in range(1, 10_000):
            victim = f"{folder}/victim"
            shutil.copytree(before, victim)
            if run(binary, folder, victim, step, crash_at=point):
                break
            kills += 1
            run(binary, folder, victim, step)
            got = sent(victim)
            if got != expected:
                raise SystemExit(f"{step} killed at write {point}:\nnever killed: {expected}\nkilled: {got}")
            shutil.rmtree(victim)
        if point == 1:
            raise SystemExit(f"{step} passed no crash point: the test proves nothing")
        shutil.rmtree(victim)
        shutil.rmtree(before)
        os.rename(reference, before)
    print(f"{kills} kills in {len(steps)} steps, everything sent as if there had been none")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="farthing-edge-") as place:
        main(os.path.abspath(sys.argv[1]), place)
