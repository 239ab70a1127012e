"""What the program refuses: each command line is refused by name, with the place and the mend.

    refusals_test.py FARTHING CATALOGS
"""
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile

BINARY, CATALOGS = (os.path.abspath(path) for path in sys.argv[1:3])

CATALOG = """\
catalog: refusals
valid_from: 2026-01-01
currency: EUR
time_zone: UTC
meters: {data: {unit: byte}, voice: {unit: second}}
decks: {az: {file: az.csv}}
plans:
  - plan: simple
    charges:
      - {usage: data, price: 1.00 per MB}
      - {usage: voice, price: 0.06 per minute}
      - {fee: line, amount: 10.00, per: subscription month}
carriers:
  - {carrier: voxa, charges: [{usage: voice, deck: az}]}
"""
DECK = "prefix,price,increments\n44,0.0120,1/1\n"
FEED = """\
feed: calls
format: {delimited: ",", header: true}
record:
  id: {field: id}
  service: {constant: voice}
  start: {field: at, time: rfc3339}
  quantity: {field: seconds, unit: second}
  called: {field: called}
  carrier: {constant: voxa}
guide: [{by: device, field: device}]
same_record: [id]
late: {accept: 400 days}
ratings: [retail, cost]
"""
INVENTORY = """\
feed: numbers
kind: inventory
format: {delimited: ",", header: true}
time_zone: UTC
record:
  subscription: {field: line}
  number: {field: number}
  date: {field: date, time: "%Y-%m-%d"}
"""
INVOICES = """\
feed: NAME
kind: carrier_invoice
format: {delimited: ",", header: true}
time_zone: UTC
record:
  id: {field: id}
  service: {constant: voice}
  start: {field: at, time: rfc3339}
  quantity: {field: seconds, unit: second}
  called: {field: called}
  carrier: {constant: voxa}
  amount: {field: amount}
same_record: [id]
"""
POOL = """\
catalog: pool
valid_from: 2026-01-01
currency: EUR
time_zone: UTC
meters: {data: {unit: byte}}
plans:
  - plan: shared
    charges:
      - usage: data
        allowance: {quantity: 1 MB per pool, shared_by: account, overage: members, attribution: chronological}
        price: 0.10 per MB
"""
DATA = """\
feed: data
format: {delimited: ",", header: true}
time_zone: UTC
record:
  id: {field: id}
  service: {constant: data}
  start: {field: at, time: rfc3339}
  quantity: {field: bytes, unit: byte}
guide: [{by: device, field: device}]
same_record: [id]
late: {accept: 365 days}
"""
CALLS = "id,at,seconds,called,device\n"


def run(*words, home="home", binary=BINARY, **environment):
    return subprocess.run([binary, "--home", home, "--now", "2026-03-01", *words], capture_output=True, text=True,
                          env={**os.environ, **environment}, timeout=60)


def done(*words, codes=(0,)):
    said = run(*words)
    if said.returncode not in codes:
        sys.exit(f"{words} gave {said.returncode}\n{said.stdout}\n{said.stderr}")
    return said.stdout


def mends():
    """The mend of each reason, as `farthing help errors` tells it: what follows the first sentence."""
    said = dict(re.findall(r"^### (\w+)\n\n(.*)$", run("help", "errors").stdout, re.M))
    return {reason: text.split(". ", 1)[1] for reason, text in said.items()}


MENDS = mends()


def refused(reason, *words, says, code=2, **how):
    """That exit code, and a message with what is wrong where, the name of the reason and the mend."""
    said = run(*words, **how)
    for part in (says, f"({reason})", MENDS[reason]):
        if said.returncode != code or part not in said.stderr:
            sys.exit(f"{reason}: {' '.join(words)} gave {said.returncode} without \"{part}\":\n"
                     f"{said.stdout}{said.stderr}")


def write(path, text):
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)
    return path


def command_lines():
    refused("unknown_command", "frobnicate", says='"frobnicate"')
    refused("unknown_command", "bill", "rum", says='Did you mean "run"?')
    refused("unknown_option", "bill", "run", "--perid", "2026-01", says='Did you mean "--period"?')
    refused("bad_usage", "import", says="usage: farthing import FEED FILES…")
    refused("bad_usage", "key", "add", "gateway", says="--scope")
    refused("unknown_topic", "help", "mony", says='"money"')
    refused("not_found", "check", "all", home="nowhere", says='"nowhere"')
    refused("not_found", "demo", "smart-town", says="smart-city")


def files():
    refused("store_unavailable", "account", "list", home="/dev/null/home", says="/dev/null/home")
    refused("catalog_unreadable", "catalog", "check", "nowhere", says="nowhere")
    refused("feed_no_proposal", "feed", "add", "--sample", write("empty.csv", ""), says="the file is empty")
    refused("file_not_written", "generate", "lamps", "/dev/null/lamps", says="/dev/null/lamps")
    alone = shutil.copy(BINARY, "farthing-alone")
    refused("demo_files_missing", "demo", "sim-pool", says="beside the program", binary=os.path.abspath(alone),
            FARTHING_SHARE="nowhere")


def before_a_catalog():
    refused("catalog_none", "file", "undo", "calls.csv", "--because", "test", says="no catalog is published")
    refused("charge_unknown", "explain", "--largest", says="nothing has been charged yet")
    refused("check_unknown", "check", "sums", says='"sums"')


def directory():
    done("account", "add", "acme", "--title", "Acme")
    refused("account_exists", "account", "add", "acme", "--title", "Other", says='"acme"')
    refused("bad_country", "account", "add", "other", "--country", "Estonia", says='"Estonia"')
    done("subscription", "add", "acme", "line", "simple", "--from", "2026-01-01", "--identity", "device=D-1")
    refused("bad_usage", "subscription", "plan", "line", says="--end")


def catalogs():
    write("catalog/catalog.yaml", CATALOG)
    write("catalog/az.csv", DECK)
    done("catalog", "publish", "catalog")
    write("pounds/catalog.yaml", CATALOG.replace("EUR", "GBP").replace("2026-01-01", "2026-04-01"))
    write("pounds/az.csv", DECK)
    refused("catalog_ground_changed", "catalog", "publish", "pounds", says="another currency")


def carriers_and_feeds():
    refused("feed_unknown", "import", "calls", "empty.csv", says='"calls"')
    refused("feed_unknown", "feed", "show", "calls", says='"calls"')
    refused("carrier_unknown", "carrier", "check", "voxb", "empty.csv", says='"voxb"')
    refused("carrier_invoice_undescribed", "carrier", "check", "voxa", "empty.csv", says='"voxa"')
    for name in ("one", "other"):
        done("feed", "add", write(f"{name}.yaml", INVOICES.replace("NAME", name)))
    refused("carrier_invoice_ambiguous", "carrier", "check", "voxa", "empty.csv", says="one and other")
    refused("feed_of_invoices", "import", "one", "empty.csv", says="one")
    done("feed", "add", write("calls.yaml", FEED))
    done("feed", "add", write("numbers.yaml", INVENTORY))


def quotes():
    refused("quote_unpriced", "quote", "line", "voice", "1 minute", "--at", "2025-01-01T00:00:00Z",
            says="no catalog is in force at 2025-01-01T00:00:00Z")


def imports():
    one = write("a/calls.csv", CALLS + "1,2026-01-05T10:00:00Z,60,44123,D-1\n")
    done("import", "calls", one)
    done("import", "calls", write("b/calls.csv", CALLS + "2,2026-01-05T11:00:00Z,120,44123,D-1\n"))
    refused("file_ambiguous", "file", "undo", "calls.csv", "--because", "test", says='2 files are named "calls.csv"')
    done("import", "calls", write("waits.csv", CALLS + "3,2026-01-05T11:00:00Z,many,44123,D-1\n"), codes=(3,))
    refused("file_waits", "file", "undo", "waits.csv", "--rating", "retail", "--because", "test", says="waits.csv")
    done("import", "calls", write("broken.csv", "id,at\n"), codes=(3,))
    refused("file_empty", "file", "undo", "broken.csv", "--because", "test", says="broken.csv")
    done("import", "numbers", write("numbers.csv", "line,number,date\nline,3726001001,2026-01-01\n"))
    refused("file_of_inventory", "file", "undo", "numbers.csv", "--because", "test", says="numbers.csv")


def explanations():
    refused("id_malformed", "explain", "foo", says='"foo"')
    refused("id_malformed", "explain", "INV-1/x", says='"INV-1/x"')
    refused("charge_unknown", "explain", "rec-12-345", says='"rec-12-345"')


def documents():
    refused("period_not_over", "bill", "run", "--day", "2026-03-01", code=3,
            says="acme: the cycle 2026-03-01..2026-03-31")
    done("bill", "run", "--period", "2026-01")
    done("bill", "send", "--period", "2026-01")
    number = re.search(r"INV-\S+", done("invoice", "list"))[0]
    refused("file_not_written", "invoice", "json", number, "--file", "nowhere/a.json", says="nowhere/a.json")
    done("invoice", "credit", number, "1", "1.00", "--because", "outage")
    done("import", "calls", write("late.csv", CALLS + "4,2026-01-06T10:00:00Z,600,44123,D-1\n"))
    refused("note_open", "invoice", "note", number, says=f"of {number} is prepared")
    done("invoice", "send", "2")
    note = done("invoice", "list", "-o", "csv").splitlines()[2].split(",")[1]
    refused("note_of_note", "invoice", "note", note, says=f"{note} corrects {number}")


def old_usage():
    refused("bad_usage", "archive", "delete", says="--before or --older-than")
    refused("bad_value", "archive", "delete", "--older-than", "13 moons", says="13 months")
    refused("deletion_unsigned", "archive", "delete", "--before", "2026-01-01", says="who asked for it and why")
    for age, before in (("3 years", "2023-03-01"), ("36 months", "2023-03-01"), ("800 days", "2023-12-22")):
        told = done("archive", "delete", "--older-than", age, "--preview", "--json")
        if f'"before": "{before}"' not in told:
            sys.exit(f"{age} ago is not {before}:\n{told}")


def damage():
    """What only a broken disk or a careless hand does."""
    with sqlite3.connect("home/farthing.db") as database:
        database.execute("DELETE FROM counter_pack")
    refused("counter_disagrees", "file", "undo", "late.csv", "--because", "test",
            says="does not stand in its counter")
    shutil.rmtree("home/archive/dedup")
    again = write("again.csv", CALLS + "5,2026-01-06T10:00:00Z,600,44123,D-1\n")
    refused("file_unreadable", "import", "calls", again, says="home/archive/dedup/")


def lost_order():
    """The archive lost the order in which a pool was used, by which its members pay."""
    write("pool/catalog.yaml", POOL)
    for words in (("catalog", "publish", "pool"), ("account", "import", write("a.csv", "account,pays\nacme,yes\n")),
                  ("subscription", "import",
                   write("s.csv", "subscription,account,plan,from,device\ns-1,acme,shared,2026-01-01,D-1\n")),
                  ("feed", "add", write("data.yaml", DATA)),
                  ("import", "data", write("data.csv", "id,at,bytes,device\n1,2026-01-05T10:00:00Z,9000000,D-1\n"))):
        if (said := run(*words, home="pool-home")).returncode != 0:
            sys.exit(f"{words} gave {said.returncode}\n{said.stderr}")
    with sqlite3.connect("pool-home/farthing.db") as database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f'DROP TRIGGER "{name}"')
        database.execute("PRAGMA foreign_keys = OFF")
        database.execute("DELETE FROM archive_file WHERE path LIKE 'rated_usage/%'")
    refused("use_not_archived", "bill", "run", "--period", "2026-01", home="pool-home", code=3,
            says="what a pool's members used")


def served():
    key = done("key", "add", "gateway", "--scope", "charge").strip()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        refused("address_taken", "serve", "--listen", place, says=place)
    simulate = ("charge", "simulate", "line", "data", "1 MB")
    refused("server_unreachable", *simulate, "--key", key, "--to", place, says=place)
    server = subprocess.Popen([BINARY, "--home", "home", "serve", "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE,
                              text=True)
    try:
        place = server.stdout.readline().split()[-1]
        refused("server_refuses", *simulate, "--key", "fk_00", "--to", place, says="key_unknown")
    finally:
        server.terminate()
        server.wait(30)


def main():
    parts = (command_lines, files, before_a_catalog, catalogs, directory, carriers_and_feeds, quotes, imports,
             explanations, documents, served, old_usage, damage, lost_order)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.environ.pop("FARTHING_HOME", None)
        done("account", "list")
        for part in parts:
            part()
    print(f"{len(MENDS)} reasons have a mend; the refusals of {len(parts)} stories tell theirs")


main()
