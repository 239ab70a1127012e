"""Two processes do the same to one document, or one file, at the same moment (EC66): one effect, and numbers without a
gap.

    race_test.py FARTHING [ROUNDS]
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

CATALOG = """\
catalog: race
valid_from: 2026-01-01
currency: EUR
time_zone: UTC
meters: {data: {unit: byte}}
taxes: [{category: standard, name: VAT 20 %, percent: 20}]
invoices: {series: "R-{number:4}", notes: "N-{number:4}"}
plans:
  - plan: line
    charges:
      - {fee: base, amount: 10.00, per: subscription month}
      - {usage: data, price: 0.01 per MB}
"""
FEED = """\
feed: records
format: {delimited: ",", header: true}
record:
  id: {field: id}
  service: {constant: data}
  start: {field: start, time: rfc3339}
  quantity: {field: bytes}
guide: [{by: device, field: device}]
same_record: [id]
late: {accept: 36500 days}
"""
RECORDS = 3000
ACCOUNTS = 4
DONE, REFUSED = (0,), (0, 1, 2, 3)


class World:
    def __init__(self, binary, folder):
        self.binary, self.folder, self.home = binary, folder, f"{folder}/home"
        os.makedirs(f"{folder}/catalog")
        with open(f"{folder}/catalog/catalog.yaml", "w", encoding="utf-8") as out:
            out.write(CATALOG)
        self.run("catalog", "publish", f"{folder}/catalog")
        for i in range(ACCOUNTS):
            self.run("account", "add", f"a{i}")
            self.run("subscription", "add", f"a{i}", f"s{i}", "line", "--from", "2026-01-01")

    def command(self, *words):
        return [self.binary, "--home", self.home, *words]

    def run(self, *words):
        done = subprocess.run(self.command(*words), capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"{words} gave {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def together(self, *commands):
        """Runs them at once; gives what each said and its exit code."""
        running = [subprocess.Popen(self.command(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                   for words in commands]
        ended = []
        for process, words in zip(running, commands):
            out, error = process.communicate()
            if process.returncode not in REFUSED:
                raise SystemExit(f"{words} gave {process.returncode}\n{out}\n{error}")
            ended.append((process.returncode, out + error))
        return ended

    def documents(self):
        return json.loads(self.run("invoice", "list", "--json"))

    def balance(self, account):
        rows = json.loads(self.run("balance", "list", "--json"))
        return next((row["balance"] for row in rows if row["account"] == account), "0.00")


def expect(what, got, expected):
    if got != expected:
        raise SystemExit(f"{what}: expected {expected}, got {got}")


def import_together(world):
    """Four processes read one file: its records are counted once, whoever is first."""
    with open(f"{world.folder}/records.yaml", "w", encoding="utf-8") as out:
        out.write(FEED)
    world.run("feed", "add", f"{world.folder}/records.yaml")
    world.run("subscription", "identify", "s0", "device=d0", "--from", "2026-01-01")
    with open(f"{world.folder}/records.csv", "w", encoding="utf-8") as out:
        out.write("id,start,bytes,device\n")
        out.writelines(f"r{i},2026-02-05T00:00:00Z,1000000,d0\n" for i in range(RECORDS))
    ended = world.together(*[("import", "records", f"{world.folder}/records.csv")] * 4)
    for code, said in ended:
        if code != 0 and "position_moved" not in said:
            raise SystemExit(f"an import gave {code}: {said}")
    world.run("check", "all")
    told = world.run("check", "usage")
    if f"{RECORDS:,}".replace(",", " ") not in told:
        raise SystemExit(f"other records than those of the file were counted:\n{told}")


def one_round(world):
    world.together(*[("bill", "run", "--period", "2026-01")] * 3)
    documents = world.documents()
    expect("documents after three bill runs", sorted(d["account"] for d in documents),
           [f"a{i}" for i in range(ACCOUNTS)])
    expect("unbilled", [world.balance(f"unbilled/a{i}") for i in range(ACCOUNTS)], ["10.00"] * ACCOUNTS)

    # Voided and sent at once: one of the two.
    first = str(documents[0]["invoice"])
    ended = world.together(("invoice", "void", first), ("invoice", "send", first), ("invoice", "void", first))
    left = [d for d in world.documents() if str(d["invoice"]) == first]
    sent = bool(left) and left[0]["state"] == "sent"
    expect("successes of void, send, void", sum(code == 0 for code, _ in ended), 1)
    account = documents[0]["account"]
    expect("receivable after it", world.balance(f"receivable/{account}"), "12.00" if sent else "0.00")
    expect("unbilled after it", world.balance(f"unbilled/{account}"), "0.00")

    # Sent by three: each document once, numbers 1 to n.
    world.together(*[("bill", "send", "--period", "2026-01")] * 3)
    numbers = sorted(d["number"] for d in world.documents() if d["state"] == "sent")
    count = ACCOUNTS if sent else ACCOUNTS - 1
    expect("numbers", numbers, [f"R-{i:04}" for i in range(1, count + 1)])

    # Credited by two, 6.00 each of 10.00: one note.
    number = next(d["number"] for d in world.documents() if d["account"] == "a3")
    credit = ("invoice", "credit", number, "1", "6.00", "--because", "outage")
    ended = world.together(credit, credit)
    expect("credits", sum(code == 0 for code, _ in ended), 1)
    note = next(str(d["invoice"]) for d in world.documents() if d["corrects"])
    world.together(("invoice", "send", note), ("invoice", "send", note))
    expect("receivable after the note", world.balance("receivable/a3"), "4.80")

    # A change that reaches back, corrected by two: one note of it.
    world.run("subscription", "quantity", "s2", "0", "--from", "2026-01-01")
    number = next(d["number"] for d in world.documents() if d["account"] == "a2")
    world.together(("invoice", "note", number), ("invoice", "note", number))
    notes = [d for d in world.documents() if d["corrects"] and d["account"] == "a2"]
    expect("notes of the change", [d["payable"] for d in notes], ["-12.00"])
    world.together(*[("invoice", "send", str(notes[0]["invoice"]))] * 2)
    expect("receivable after the change", world.balance("receivable/a2"), "0.00")
    notes = sorted(d["number"] for d in world.documents() if d["corrects"])
    expect("numbers of notes", notes, ["N-0001", "N-0002"])
    world.run("check", "all")  # fails where the books are not sound


def main():
    binary, rounds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 3
    for i in range(rounds):
        folder = tempfile.mkdtemp(prefix="farthing-race-")
        try:
            world = World(binary, folder)
            one_round(world)
            import_together(world)
        finally:
            shutil.rmtree(folder)
    print(f"EC66: {rounds} rounds, one effect each")


main()
