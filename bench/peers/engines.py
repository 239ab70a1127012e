"""The same answer by other engines: engines.py NAME CARDS PRICES FILE…; prints account,nano_eur.

Sessions are told apart by card, start and end; cards that nobody owns are left out. Whole numbers only.
"""
import sys

SQL = """SELECT account, CAST(sum((bytes_up + bytes_down) * nano) AS {big}) AS total FROM
    (SELECT DISTINCT "start", "end", iccid, bytes_up, bytes_down, mcc, mnc FROM usage) AS once
    JOIN cards ON cards.card = once.iccid JOIN prices ON prices.network = once.mcc || '-' || once.mnc
    GROUP BY account"""
TEXTS = ["start", "end", "iccid", "mcc", "mnc"]
NUMBERS = ["bytes_up", "bytes_down"]
COLUMNS = ["start", "end", "iccid", "bytes_up", "bytes_down", "mcc", "mnc"]


def duckdb(cards, prices, files):
    import duckdb as engine
    database = engine.connect()
    types = ", ".join(f"'{name}': '{'BIGINT' if name in NUMBERS else 'VARCHAR'}'" for name in COLUMNS)
    listed = ", ".join(f"'{file}'" for file in files)
    database.execute(f"CREATE VIEW usage AS FROM read_csv([{listed}], delim=';', header=true, columns={{{types}}})")
    for name, file, columns in (("cards", cards, "{'card': 'VARCHAR', 'account': 'VARCHAR'}"),
                                ("prices", prices, "{'network': 'VARCHAR', 'nano': 'BIGINT'}")):
        database.execute(f"CREATE TABLE {name} AS FROM read_csv('{file}', columns={columns})")
    return database.execute(SQL.format(big="BIGINT")).fetchall()


def datafusion(cards, prices, files):
    import os

    import datafusion as engine
    import pyarrow as pa
    context = engine.SessionContext()
    usage = pa.schema([(name, pa.int64() if name in NUMBERS else pa.string()) for name in COLUMNS])
    context.register_csv("usage", os.path.dirname(files[0]) + "/", schema=usage, delimiter=";", has_header=True)
    context.register_csv("cards", cards, schema=pa.schema([("card", pa.string()), ("account", pa.string())]))
    context.register_csv("prices", prices, schema=pa.schema([("network", pa.string()), ("nano", pa.int64())]))
    rows = context.sql(SQL.format(big="BIGINT")).to_pydict()
    return list(zip(rows["account"], rows["total"]))


def polars(cards, prices, files):
    import polars as engine
    types = {name: engine.Int64 if name in NUMBERS else engine.String for name in COLUMNS}
    owners = engine.scan_csv(cards, schema={"card": engine.String, "account": engine.String})
    priced = engine.scan_csv(prices, schema={"network": engine.String, "nano": engine.Int64})
    rows = (engine.scan_csv(files, separator=";", schema=types)
            .unique(subset=["start", "end", "iccid"])
            .with_columns(network=engine.col("mcc") + "-" + engine.col("mnc"))
            .join(owners, left_on="iccid", right_on="card").join(priced, on="network")
            .with_columns(total=(engine.col("bytes_up") + engine.col("bytes_down")) * engine.col("nano"))
            .group_by("account").agg(engine.col("total").sum()).collect(engine="streaming"))
    return rows.rows()


def clickhouse(cards, prices, files):
    import os
    import tempfile

    import chdb as engine
    with tempfile.TemporaryDirectory() as folder:
        def table(file, types):  # of one separator with all else
            path = f"{folder}/{os.path.basename(file)}"
            with open(file, encoding="utf-8") as have, open(path, "w", encoding="utf-8") as out:
                out.writelines(line.replace(",", ";") for line in have)
            return f"file('{path}', 'CSVWithNames', '{types}')"

        types = ", ".join(f"`{name}` {'Int64' if name in NUMBERS else 'String'}" for name in COLUMNS)
        usage = f"file('{os.path.dirname(files[0])}/*.csv', 'CSVWithNames', '{types}')"
        sql = (SQL.format(big="Int64").replace("FROM usage", f"FROM {usage}")
               .replace("JOIN cards", f"JOIN {table(cards, 'card String, account String')} AS cards")
               .replace("JOIN prices", f"JOIN {table(prices, 'network String, nano Int64')} AS prices"))
        told = engine.query(f"{sql} SETTINGS format_csv_delimiter = ';'", "TSV")
    return [line.split("\t") for line in str(told).splitlines()]


def sqlite(cards, prices, files):
    import os
    import sqlite3
    import subprocess
    import tempfile
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/usage.db"
        script = (f'CREATE TABLE usage("start" TEXT, "end" TEXT, iccid TEXT, bytes_up INTEGER, bytes_down INTEGER,'
                  f" mcc TEXT, mnc TEXT);\nCREATE TABLE cards(card TEXT PRIMARY KEY, account TEXT) WITHOUT ROWID;\n"
                  f"CREATE TABLE prices(network TEXT PRIMARY KEY, nano INTEGER) WITHOUT ROWID;\n"
                  f".mode csv\n.import --skip 1 {cards} cards\n.import --skip 1 {prices} prices\n.separator ;\n"
                  + "".join(f".import --skip 1 {file} usage\n" for file in files))
        subprocess.run(["sqlite3", path], input=script, text=True, check=True)
        os.sync()
        return sqlite3.connect(path).execute(SQL.format(big="INTEGER")).fetchall()


def postgresql(cards, prices, files):
    """A server of its own, with the settings that a bulk load is given."""
    import getpass
    import glob
    import os
    import subprocess
    import tempfile
    binaries = os.path.dirname(sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))[-1])
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        as_user = ["runuser", "-u", "postgres", "--"] if getpass.getuser() == "root" else []

        def call(*words):
            subprocess.run([*as_user, *words], check=True, stdout=subprocess.DEVNULL, cwd="/")

        data = f"{folder}/data"
        call(f"{binaries}/initdb", "-D", data, "-U", "postgres", "--auth=trust", "--no-sync")
        settings = f"-k {folder} -c listen_addresses= -c shared_buffers=1GB -c work_mem=1GB -c max_wal_size=8GB"
        call(f"{binaries}/pg_ctl", "-D", data, "-w", "-l", f"{folder}/log", "-o", settings, "start")
        try:
            columns = ", ".join(f'"{name}" {"bigint" if name in NUMBERS else "text"}' for name in COLUMNS)
            script = (f"CREATE TABLE usage({columns}); CREATE TABLE cards(card text PRIMARY KEY, account text);"
                      " CREATE TABLE prices(network text PRIMARY KEY, nano bigint);\n"
                      f"\\copy cards FROM '{cards}' CSV HEADER\n\\copy prices FROM '{prices}' CSV HEADER\n"
                      + "".join(f"\\copy usage FROM '{file}' CSV HEADER DELIMITER ';'\n" for file in files)
                      + SQL.format(big="bigint").replace("\n", " ") + ";\n")
            ask = [f"{binaries}/psql", "-h", folder, "-U", "postgres", "-qAt", "-F", ",", "-v", "ON_ERROR_STOP=1"]
            told = subprocess.run(ask, input=script, check=True, capture_output=True, text=True).stdout
        finally:
            call(f"{binaries}/pg_ctl", "-D", data, "-m", "fast", "stop")
        return [line.split(",") for line in told.splitlines()]


def main():
    name, cards, prices, *files = sys.argv[1:]
    for account, total in globals()[name](cards, prices, files):
        print(f"{account},{total}")


if __name__ == "__main__":
    main()
