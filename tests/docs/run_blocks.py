#!/usr/bin/env python3
"""Runs the shell blocks of a page in a fresh folder.

Each line of a `text` block must stand in the output of the `sh` block before it.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

page, farthing, catalogs = (pathlib.Path(argument).resolve() for argument in sys.argv[1:4])
blocks = re.findall(r"^```(sh|text)\n(.*?)^```$", page.read_text(), re.M | re.S)
if not any(kind == "sh" for kind, _ in blocks):
    sys.exit(f"{page}: no shell block")

# One shell runs them all, so that what a block exports lives on; a mark after each tells whose output is whose.
MARK = "----- end of block -----"
script = "set -euo pipefail\n" + "".join(f"{body}\necho '{MARK}'\n" for kind, body in blocks if kind == "sh")
with tempfile.TemporaryDirectory() as folder:
    path = f"{farthing.parent}:{os.environ['PATH']}"
    environment = dict(os.environ, PATH=path, CATALOGS=str(catalogs), NO_COLOR="1")
    run = subprocess.run(["bash", "-c", script], cwd=folder, env=environment, text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
outputs = run.stdout.split(MARK)
if run.returncode != 0:
    sys.exit(f"{page}: a block failed with {run.returncode}:\n{outputs[-1]}")
at = -1
missing = []
for kind, body in blocks:
    if kind == "sh":
        at += 1
        continue
    missing += [(line, outputs[at]) for line in body.splitlines() if line and line not in outputs[at]]
for line, output in missing:
    print(f"{page}: {line!r} is not in the output:\n{output}")
sys.exit(1 if missing else 0)
