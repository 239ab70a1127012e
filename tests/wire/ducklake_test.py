"""DuckDB reads what the store wrote: attached read-only, its sums must equal the store's own.

Usage: python3 tests/wire/ducklake_test.py BUILD_DIR

Lets store_test write a small data folder, then attaches it with DuckDB's ducklake extension. Another is written by
`farthing` itself: files imported, retried, taken back, rated again, rewritten and deleted, usage deleted for its age;
at every version the sums must equal what the ledger had by then. DuckDB and its extensions come from Python packages
into a virtual environment below the build folder.
"""

import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import venv

PACKAGES = ["duckdb==1.4.4", "duckdb-ext-ducklake==1.4.4.*", "duckdb-ext-sqlite==1.4.4.*"]


def python_with_duckdb(folder):
    """The interpreter of a virtual environment that has DuckDB; made once.

    Without DuckDB nothing would be tested, so that is a failure and no reason to skip.
    """
    python = folder / "bin" / "python"
    ready = folder / "ready"
    if not ready.exists():
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        try:
            venv.create(folder, with_pip=True, clear=True)
            subprocess.run(pip + PACKAGES, check=True)
        except (OSError, subprocess.CalledProcessError) as failed:
            sys.exit(f"FAILED: DuckDB could not be installed ({' '.join(PACKAGES)}) into {folder}: {failed}.\n"
                     "The archive was not compared. pip needs a package index that it can reach, and Python its venv.")
        ready.touch()
    return python


def write_lake(build, data):
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    test = build / "src" / "store_test"
    subprocess.run([test, "--gtest_filter=Lake.RegistersEachBatchAsASnapshot", "--gtest_brief=1"],
                   env={**os.environ, "FARTHING_LAKE_FOLDER": str(data)}, check=True)


CATALOG = """\
catalog: lake
valid_from: 2026-01-01
currency: EUR
time_zone: UTC
meters: {data: {unit: byte}}
plans:
  - plan: pooled
    charges:
      - usage: data
        allowance: {quantity: 3 MB per subscription, shared_by: account}
        graduated: [{to: 20 MB, price: 0.10 per MB}, {price: PRICE per MB}]
"""
FEED = """\
feed: sessions
format: {delimited: ",", header: true}
record:
  id: {field: id}
  service: {constant: data}
  start: {field: start, time: rfc3339}
  quantity: {field: bytes, unit: byte}
guide: [{by: iccid, field: iccid}]
same_record: [id]
late: {accept: 3650 days}
"""


def write_history(farthing, data):
    """A data folder in which every kind of batch has a version."""
    shutil.rmtree(data.parent, ignore_errors=True)
    (data.parent / "catalog").mkdir(parents=True)
    day = "2026-02-01"

    def run(*words, accept=(0, 3)):
        done = subprocess.run([farthing, "--home", data, "--now", day, *words], capture_output=True, text=True)
        if done.returncode not in accept:
            sys.exit(f"{words} gave {done.returncode}\n{done.stdout}\n{done.stderr}")

    def publish(price):
        (data.parent / "catalog" / "catalog.yaml").write_text(CATALOG.replace("PRICE", price))
        run("catalog", "publish", data.parent / "catalog")

    publish("0.037")
    run("account", "add", "company")
    for sim in range(4):
        run("subscription", "add", "company", f"sim-{sim}", "pooled", "--from", "2026-01-01",
            "--identity", f"iccid={sim:04}")
    (data.parent / "sessions.yaml").write_text(FEED)
    run("feed", "add", data.parent / "sessions.yaml")
    for number in range(5):
        rows = [f"s{number * 40 + i},{i % 5:04},2026-01-{i % 28 + 1:02}T0{number}:00:00Z,{i * 98_765 + 1}"
                for i in range(50)]  # the fifth is nobody's; ten come again with the next file
        (data.parent / f"f{number}.csv").write_text("id,iccid,start,bytes\n" + "\n".join(rows) + "\n")
        run("import", "sessions", data.parent / f"f{number}.csv")
    run("subscription", "add", "company", "sim-4", "pooled", "--from", "2026-01-01", "--identity", "iccid=0004")
    run("suspense", "retry", "--reason", "unknown_identity")
    run("file", "undo", "f1.csv", "--because", "a test")
    day = "2026-02-02"
    run("archive", "tidy")
    publish("0.059")
    run("rerate", "--all")
    day = "2026-02-03"
    run("import", "sessions", data.parent / "f1.csv")


def tidy_all(farthing, data):
    for day in ("2026-02-04", "2026-02-20"):
        subprocess.run([farthing, "--home", data, "--now", day, "--quiet", "archive", "tidy"], check=True)


def delete_old(farthing, data):
    """Usage before the middle of January is invoiced, and deleted for its age."""
    def run(*words):
        done = subprocess.run([farthing, "--home", data, "--now", "2026-05-01", "--quiet", *words],
                              capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{words} gave {done.returncode}\n{done.stdout}\n{done.stderr}")

    for month in ("2026-01", "2026-02"):
        run("bill", "run", "--period", month)
        run("bill", "send", "--period", month)
    (data.parent / "sessions.yaml").write_text(FEED.replace("3650 days", "35 days"))
    run("feed", "add", data.parent / "sessions.yaml")
    run("archive", "delete", "--before", "2026-01-15", "--because", "a test", "--who", "tester")


def check_history(data):
    """At every version that is left, charges are what the ledger had by then, but for those that were deleted."""
    lake = attach(data)
    store = sqlite3.connect(data / "farthing.db")
    snapshots = lake.execute("SELECT snapshot_id FROM ducklake_snapshots('lake') ORDER BY 1").fetchall()
    versions = [row[0] for row in snapshots]
    failed = []
    for version in versions:
        charged = lake.execute("SELECT coalesce(sum(charge_atoms), 0)::BIGINT FROM lake.rated_usage "
                               f"AT (VERSION => {version})").fetchone()[0]
        posted = store.execute("SELECT coalesce(sum(posting.atoms), 0) FROM posting "
                               "JOIN entry ON entry.id = posting.entry "
                               "JOIN batch ON batch.id = entry.batch WHERE posting.kind = 1 AND entry.kind = 1 "
                               "AND batch.snapshot <= ?", (version,)).fetchone()[0]
        deleted = store.execute("SELECT coalesce(sum(atoms), 0) FROM usage_deleted_rows JOIN batch ON "
                                "batch.id = usage_deleted_rows.batch WHERE batch.snapshot <= ?",
                                (version,)).fetchone()[0]
        if abs(charged + deleted) != abs(posted):
            failed.append(f"version {version}: charges come to {charged}, the ledger to {posted}")
    rows = lake.execute("SELECT count(*), count(DISTINCT (batch, \"row\")) FROM lake.usage").fetchone()
    if rows[0] != rows[1]:
        failed.append(f"{rows[0]} rows of usage, but {rows[1]} places")
    for table in ("usage", "rated_usage"):
        kept, before, earlier = lake.execute(
            f"SELECT count(*), count(*) FILTER (start_time < '2026-01-15'), (SELECT count(*) FROM lake.{table} "
            f"AT (VERSION => {max(versions) - 1})) FROM lake.{table}").fetchone()
        gone = store.execute("SELECT coalesce(sum(records), 0) FROM usage_deleted_rows WHERE table_name = ?",
                             (table,)).fetchone()[0]
        if gone and (before or kept + gone != earlier or not kept):
            failed.append(f"{table}: {kept} rows, {before} of them old; {earlier} before, {gone} deleted")
    if len(versions) < 2:
        failed.append(f"only versions {versions} are left")
    return len(versions) + 4 - len(failed), failed


def attach(data):
    import duckdb

    connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    root = pathlib.Path(duckdb.__file__).resolve().parent.parent
    for extension in ("sqlite_scanner", "ducklake"):
        file = next(root.glob(f"duckdb_ext*/**/{extension}.duckdb_extension"))
        connection.execute(f"LOAD '{file}'")
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(f"ATTACH 'ducklake:sqlite:{data / 'farthing.db'}' AS lake (READ_ONLY)")
    return connection


def check(data):
    """Compares DuckDB's answers with the store's own; returns how many passed and what failed."""
    lake = attach(data)
    store = sqlite3.connect(data / "farthing.db")
    one = lambda source, sql: source.execute(sql).fetchone()
    registered = lambda table: one(store, f"SELECT sum(records) FROM archive_file WHERE table_name = '{table}'")
    cases = [
        ("usage rows", one(lake, "SELECT count(*) FROM lake.usage"), registered("usage")),
        ("rated rows", one(lake, "SELECT count(*) FROM lake.rated_usage"), registered("rated_usage")),
        ("suspended rows", one(lake, "SELECT count(*) FROM lake.suspended"), registered("suspended")),
        ("charges", one(lake, "SELECT sum(charge_atoms)::BIGINT FROM lake.rated_usage"),
         one(store, "SELECT sum(atoms) FROM batch_rated")),
        ("charges as decimals", one(lake, "SELECT (sum(amount) * 1000000000)::BIGINT FROM lake.charges"),
         one(store, "SELECT sum(atoms) FROM batch_rated")),
        ("duplicates by name", one(lake, "SELECT count(*) FROM lake.records WHERE outcome = 'duplicate'"),
         one(store, "SELECT sum(duplicate) FROM control")),
        ("as of batch 1", one(lake, "SELECT sum(charge_atoms)::BIGINT FROM lake.rated_usage AT (VERSION => 1)"),
         one(store, "SELECT atoms FROM batch_rated WHERE batch = 1")),
        ("as of nothing", one(lake, "SELECT count(*) FROM lake.usage AT (VERSION => 0)"), (0,)),
        ("after the empty batch", one(lake, "SELECT count(*) FROM lake.usage AT (VERSION => 4)"), registered("usage")),
        ("one device", one(lake, "SELECT count(*) FROM lake.usage WHERE subscription = 4"), (200,)),
        ("a device nobody has", one(lake, "SELECT count(*) FROM lake.usage WHERE subscription = 99"), (0,)),
        ("first hour", one(lake, "SELECT count(*) FROM lake.usage WHERE start_time < '2026-06-01 01:00:00+00'"),
         (118,)),
        ("without a called number", one(lake, "SELECT count(*) FROM lake.usage WHERE called IS NULL"),
         one(lake, "SELECT count(*) - count(called) FROM lake.usage")),
        ("some have a called number", one(lake, "SELECT count(called) > 0 FROM lake.usage"), (True,)),
        ("window", one(lake, "SELECT DISTINCT window_first::VARCHAR FROM lake.rated_usage"), ("2026-06-01",)),
        ("raw text", one(lake, "SELECT DISTINCT decode(raw) FROM lake.suspended"), ("L-1,2026-06-01",)),
        ("snapshots", one(lake, "SELECT count(*) FROM ducklake_snapshots('lake')"), (5,)),
        ("a batch of an older file", one(lake, "SELECT batch, record_batch FROM lake.withdrawn"), (2, 4_000_000_000)),
        ("a batch beyond 32 bits", one(lake, "SELECT max(batch), max(record_batch) FROM lake.rated_usage"),
         (2**32, 2**32)),
        ("file of every row", one(lake, "SELECT count(DISTINCT batch) FROM lake.usage"), (2,)),
    ]
    failed = [f"{name}: DuckDB says {got[0]!r}, expected {expected[0]!r}"
              for name, got, expected in cases if got != expected]
    return len(cases) - len(failed), failed


def main(arguments):
    if len(arguments) == 2 and arguments[0] in ("--check", "--history"):
        passed, failed = (check if arguments[0] == "--check" else check_history)(pathlib.Path(arguments[1]))
        for fault in failed:
            print(fault)
        print(f"{passed} passed, {len(failed)} failed")
        return 1 if failed else 0
    if len(arguments) != 1:
        print(__doc__)
        return 2
    build = pathlib.Path(arguments[0]).resolve()
    data = build / "wire" / "lake"
    write_lake(build, data)
    python = python_with_duckdb(build / "wire" / "venv")
    answer = subprocess.run([python, __file__, "--check", str(data)]).returncode
    history = build / "wire" / "history" / "data"
    write_history(build / "farthing", history)
    answer = answer or subprocess.run([python, __file__, "--history", str(history)]).returncode
    for step in (tidy_all, delete_old):
        step(build / "farthing", history)
        answer = answer or subprocess.run([python, __file__, "--history", str(history)]).returncode
    return answer


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
