"""DuckDB reads what the store wrote: attached read-only, its sums must equal the store's own.

Usage: python3 tests/wire/ducklake_test.py BUILD_DIR

Lets store_test write a small data folder, then attaches it with DuckDB's ducklake extension. DuckDB and its
extensions come from Python packages into a virtual environment below the build folder.
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
        ("after the empty batch", one(lake, "SELECT count(*) FROM lake.usage AT (VERSION => 3)"), registered("usage")),
        ("one device", one(lake, "SELECT count(*) FROM lake.usage WHERE subscription = 4"), (200,)),
        ("a device nobody has", one(lake, "SELECT count(*) FROM lake.usage WHERE subscription = 99"), (0,)),
        ("first hour", one(lake, "SELECT count(*) FROM lake.usage WHERE start_time < '2026-06-01 01:00:00+00'"),
         (118,)),
        ("without a called number", one(lake, "SELECT count(*) FROM lake.usage WHERE called IS NULL"),
         one(lake, "SELECT count(*) - count(called) FROM lake.usage")),
        ("some have a called number", one(lake, "SELECT count(called) > 0 FROM lake.usage"), (True,)),
        ("window", one(lake, "SELECT DISTINCT window_first::VARCHAR FROM lake.rated_usage"), ("2026-06-01",)),
        ("raw text", one(lake, "SELECT DISTINCT decode(raw) FROM lake.suspended"), ("L-1,2026-06-01",)),
        ("snapshots", one(lake, "SELECT count(*) FROM ducklake_snapshots('lake')"), (4,)),
        ("file of every row", one(lake, "SELECT count(DISTINCT batch) FROM lake.usage"), (2,)),
    ]
    failed = [f"{name}: DuckDB says {got[0]!r}, expected {expected[0]!r}"
              for name, got, expected in cases if got != expected]
    return len(cases) - len(failed), failed


def main(arguments):
    if len(arguments) == 2 and arguments[0] == "--check":
        passed, failed = check(pathlib.Path(arguments[1]))
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
    return subprocess.run([python, __file__, "--check", str(data)]).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
