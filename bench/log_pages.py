"""Which pages of a SQLite database its log holds, counted by table: what commits write, whatever the machine does."""
import sqlite3
import struct
from collections import Counter
from contextlib import contextmanager

HEADER, FRAME = 32, 24  # bytes before the frames of the log, and before the page of each


class LogPages:
    def __init__(self, log, table_of):
        page_bytes = struct.unpack(">I", log[8:12])[0]
        self.commits, self.pages = 0, Counter()
        for at in range(HEADER, len(log) - FRAME, FRAME + page_bytes):
            page, ends_commit = struct.unpack(">II", log[at:at + 8])
            if log[at + 8:at + 16] != log[16:24]:  # of a log before this one
                break
            self.commits += ends_commit != 0
            self.pages[table_of.get(page, "?")] += 1


@contextmanager
def watched(database):
    """What is committed meanwhile, once it ends: a reader that stays lets the log only grow."""
    reader = sqlite3.connect(database, isolation_level=None)
    reader.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM sqlite_schema").fetchall()
    found = []
    yield found
    with open(f"{database}-wal", "rb") as file:
        log = file.read()
    reader.execute("COMMIT")
    found.append(LogPages(log, {page: name for name, page in reader.execute("SELECT name, pageno FROM dbstat")}))
    reader.close()
