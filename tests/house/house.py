#!/usr/bin/env python3
"""The rules of the house, checked on the source itself.

    house.py check ROOT      prints each breach as FILE:LINE: RULE: what, and fails if there is one
    house.py self-test       plants one breach of every rule in a small tree and fails unless each is found
"""
import os
import re
import sys
import tempfile

CODE = (".h", ".cc")
TEXT = CODE + (".py", ".sh", ".md", ".txt", ".yaml", ".yml", ".json", ".cmake", ".csv", ".scn", "")
FOLDERS = ("src", "tests", "bench", "cmake", "docs", "catalogs", "scripts", ".ci", "packaging")
COLUMNS_MAX = 100
FUNCTION_LINES_MAX = 70
README_LINES_MAX = 70

PURE = {"catalog", "directory", "mediation", "rating", "ledger", "billing", "settlement", "assurance", "render",
        "base", "model", "diameter", "nchf"}
# Files of pure rooms that may touch the world, with what they touch.
WORLDLY = {
    "mediation/collect": "reads files, decompresses them",
    "mediation/seal": "reads files, decompresses them",
    "base/assert": "prints before it aborts",
    "base/stages": "asks what processor time was spent, which no result depends on",
    "base/time_zone": "the library reads the system's zone database",
}
# Files that may compute in floating point, with why no money or quantity passes through them.
FLOATING = {
    "render/canvas": "geometry",
    "render/usage_chart": "geometry",
    "render/invoice_pdf": "geometry",
    "cli/progress": "rates and remaining time of progress bars",
    "base/exact": "names the types to refuse them",
}
# Where the wall clock is read: nowhere else, since time comes in as an argument.
CLOCKS = {"cli/"}


class Tree:
    """The files under a root, read once."""

    def __init__(self, root):
        self.root = root
        self.files = {}
        for folder in FOLDERS:
            for at, folders, names in os.walk(os.path.join(root, folder)):
                folders[:] = sorted(f for f in folders if f not in ("__pycache__", "corpus"))
                for name in sorted(names):
                    self._read(os.path.join(at, name))
        for name in sorted(os.listdir(root)):
            if name != ".git" and os.path.isfile(os.path.join(root, name)):  # a file in a linked worktree
                self._read(os.path.join(root, name))

    def _read(self, path):
        if os.path.splitext(path)[1] not in TEXT:
            return
        with open(path, "rb") as file:
            content = file.read()
        if b"\0" in content[:4096]:
            return
        self.files[os.path.relpath(path, self.root)] = content.decode("utf-8", "replace")

    def code(self, under=""):
        return ((path, text) for path, text in self.files.items() if path.endswith(CODE) and path.startswith(under))

    def room_code(self):
        """(path, room, path inside src without suffix, text) of each file of a room."""
        for path, text in self.code("src/"):
            inside = path[len("src/"):]
            if "/" in inside:
                yield path, inside.split("/")[0], os.path.splitext(inside)[0], text

    def rooms(self):
        return read_doors(self.files.get("src/doors.txt", ""))


def read_doors(text):
    doors = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            room, _, opens = line.partition(":")
            doors[room.strip()] = opens.split()
    return doors


def without_comments(text):
    """The same lines with comments and literals blanked, so that words in them do not count."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-zA-Z_])\'(?:\\.|[^\'\\\n])*\'', re.S)
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m.group(0)), text)


def matches(text, pattern):
    for number, line in enumerate(text.splitlines(), 1):
        found = re.search(pattern, line)
        if found:
            yield number, found.group(0).strip()


def is_test(path):
    """Tests, and the headers with what several tests share."""
    return path.endswith("_test.cc") or re.search(r"/(test|sample)_\w+\.h$", path) is not None


def belongs(stem, places):
    """Whether src/STEM.* is one of `places` (or its test)."""
    return any(stem == place or stem == place + "_test" or (place.endswith("/") and stem.startswith(place))
               for place in places)


def rule_doors(tree):
    """A room includes only the rooms src/doors.txt names, and arrows go up that table only."""
    doors = tree.rooms()
    earlier = set()
    for room, opens in doors.items():
        for other in opens:
            if other not in earlier:
                yield "src/doors.txt", 1, f"{room} opens {other}, which does not stand above it"
        earlier.add(room)
    for path, room, _, text in tree.room_code():
        if room not in doors:
            yield path, 1, f"the room {room} is missing in src/doors.txt"
            continue
        for number, line in enumerate(text.splitlines(), 1):
            found = re.match(r'\s*#\s*include\s*"([^"/]+)/', line)
            if found and found.group(1) != room and found.group(1) not in doors[room]:
                yield path, number, f"{room} may not include {found.group(1)}/"


def rule_purity(tree):
    """Pure rooms touch no file, socket, thread, clock, chance or terminal."""
    headers = (r'#\s*include\s*<(fstream|iostream|filesystem|random|thread|ctime|csignal|cstdio|unistd\.h|fcntl\.h'
               r'|sys/[^>]*|netinet/[^>]*|spdlog/[^>]*)>')
    calls = (r'\b(fopen|popen|getenv|std::rand|srand|random_device|system_clock::now|steady_clock::now|std::time'
             r'|clock_gettime|gettimeofday|std::cout|std::cerr|printf|mmap)\b')
    for path, room, stem, text in tree.room_code():
        if room not in PURE or is_test(path) or belongs(stem, WORLDLY):
            continue
        for number, what in matches(without_comments(text), headers + "|" + calls):
            yield path, number, f"{room} is pure, but here stands {what}"


def rule_floating(tree):
    """No floating point near money or quantity."""
    pattern = r'\b(double|float|stod|strtod|atof|get_double)\b|\bstd::(pow|round|floor|ceil)\('
    for path, _, stem, text in tree.room_code():
        if not is_test(path) and not belongs(stem, FLOATING):
            for number, what in matches(without_comments(text), pattern):
                yield path, number, f"{what}: amounts and quantities are integers, decimals and fractions"


def rule_clock(tree):
    """The wall clock is read in few places."""
    for path, _, stem, text in tree.room_code():
        if not belongs(stem, CLOCKS):
            for number, what in matches(without_comments(text), r'system_clock::now|std::time\(|gettimeofday'):
                yield path, number, f"{what}: time comes in as an argument"


def rule_prefetch(tree):
    """Memory is asked for ahead in one way, which the compiler does not leave out."""
    for path, _, stem, text in tree.room_code():
        if stem != "base/prefetch":
            for number, what in matches(without_comments(text), r'__builtin_prefetch|_mm_prefetch'):
                yield path, number, f"{what}: base/prefetch.h asks for memory ahead"


def rule_unfinished(tree):
    """Nothing is left for later in the text."""
    words = r'\b(TO' r'DO|FIX' r'ME|HA' r'CK)\b|not implemented' r' yet'
    for path, text in tree.files.items():
        if not path.startswith("tests/house/"):
            for number, what in matches(text, words):
                yield path, number, f"{what}: finish it, or write down in docs/ what is missing"


def rule_self(tree):
    """The project speaks of itself alone: no path of a machine it was built on, no tracker's number."""
    pattern = r'(?<![\w.])/(work|root|home/\w+)/\w|\.\./shar' r'ed\b|\bissues? (show|#?\d+\b)|/tmp/br' r'ief'
    for path, text in tree.files.items():
        if not path.startswith("tests/house/"):
            for number, what in matches(text, pattern):
                yield path, number, f"{what}: nobody else has that"


def rule_columns(tree):
    """Lines of code end at column 100; a sentence in a table of reasons and a macro's backslash may stand out."""
    for path, text in tree.files.items():
        if not path.endswith(CODE + (".py", ".sh", ".cmake")):
            continue
        limit = COLUMNS_MAX if path.endswith(CODE) else 120
        for number, line in enumerate(text.splitlines(), 1):
            excused = re.match(r"\s*X\(", line) or line.endswith("\\") or re.search(r"\S{70,}", line)
            if len(line) > limit and not excused:
                yield path, number, f"{len(line)} columns, {limit} are allowed"


def rule_whitespace(tree):
    """No tabs, no blanks at the end, a line feed at the end of the file."""
    for path, text in tree.code():
        for number, _ in matches(text, r"\t|[ \t]+$"):
            yield path, number, "a tab, or blanks at the end"
        if text and not text.endswith("\n"):
            yield path, text.count("\n") + 1, "no line feed at the end of the file"


def rule_readme(tree):
    """Every room that has code says on one page what it is for."""
    for room in sorted({room for _, room, _, _ in tree.room_code()}):
        readme = tree.files.get(f"src/{room}/README.md")
        if readme is None:
            yield f"src/{room}", 1, "the room has no README.md"
        elif readme.count("\n") > README_LINES_MAX:
            yield f"src/{room}/README.md", README_LINES_MAX, "longer than a page"


def rule_headers(tree):
    """Headers are guarded and open no namespace for others; a source includes its own header first."""
    for path, text in tree.code("src/"):
        if path.endswith(".h"):
            if "#pragma once" not in text:
                yield path, 1, "no #pragma once"
            for number, _ in matches(without_comments(text), r"using namespace"):
                yield path, number, "using namespace in a header"
            continue
        own = path[len("src/"):-len(".cc")] + ".h"
        first = re.search(r'^#\s*include\s*["<]([^">]+)[">]', text, re.M)
        if "src/" + own in tree.files and first and first.group(1) != own:
            yield path, text[:first.start()].count("\n") + 1, f"includes {first.group(1)} before {own}"


def rule_catch_all(tree):
    """An exception is caught by name, where the library that throws it is called."""
    for path, text in tree.code("src/"):
        for number, _ in matches(without_comments(text), r"catch\s*\(\s*\.\.\.\s*\)"):
            yield path, number, "catch (...): name what the library throws"


def rule_function_length(tree):
    """A function fits on a page."""
    head = re.compile(r"^( {0,4})(?! )(?!namespace|struct|class|enum|union|extern|#|//|\}).*\)[^;]*\{$")
    for path, text in tree.code("src/"):
        lines = text.splitlines()
        for start, line in enumerate(lines):
            found = head.match(line)
            if not found:
                continue
            end = next((i for i in range(start, len(lines)) if lines[i].startswith(found.group(1) + "}")), start)
            if end - start + 1 > FUNCTION_LINES_MAX:
                yield path, start + 1, f"a function of {end - start + 1} lines, {FUNCTION_LINES_MAX} are allowed"


# Reasons that no test provokes, with why.
UNPROVOKED = {
    "commit_ambiguous": "the database must fail in a commit and then not open",
    "drawing_failed": "the drawing library must fail",
    "keys_not_kept": "needs a data folder that a release before the keys wrote",
    "overloaded": "needs more requests waiting than a test machine can hold back",
}


def rule_reasons(tree):
    """Every reason of the manual is named by a test."""
    manual = "docs/reference/errors.md"
    tests = {word for path, text in tree.files.items()
             if is_test(path) or path.endswith(".scn")
             or (path.startswith("tests/") and not path.startswith("tests/house/"))
             for word in re.findall(r"\w+", text)}
    for number, line in enumerate(tree.files.get(manual, "").splitlines(), 1):
        reason = line.removeprefix("### ")
        if reason == line:
            continue
        if reason in tests and reason in UNPROVOKED:
            yield manual, number, f"{reason} is named by a test: take it out of UNPROVOKED"
        if reason not in tests and reason not in UNPROVOKED:
            yield manual, number, f"{reason}: no test names it"


RULES = [rule_doors, rule_purity, rule_floating, rule_clock, rule_prefetch, rule_unfinished, rule_self,
         rule_columns, rule_whitespace, rule_readme, rule_headers, rule_catch_all, rule_function_length,
         rule_reasons]


def check(root):
    tree = Tree(root)
    breaches = 0
    for rule in RULES:
        for path, number, what in rule(tree):
            print(f"{path}:{number}: {rule.__name__[5:]}: {what}")
            breaches += 1
    print(f"{len(tree.files)} files, {len(RULES)} rules, {breaches} breaches")
    return breaches == 0


# For each rule, files that break it, and the number of breaches it must report.
SOUND = {"src/doors.txt": "base:\nmodel: base\nrating: base model\ncli: base model rating\n",
         "src/rating/README.md": "# rating\n", "src/base/README.md": "# base\n", "src/cli/README.md": "# cli\n"}
PLANTED = {
    rule_doors: [({"src/base/a.cc": '#include "rating/rate.h"\n'}, 1),
                 ({"src/doors.txt": "base: rating\nrating: base\n"}, 1),
                 ({"src/attic/a.cc": "int a;\n"}, 1)],
    rule_purity: [({"src/rating/a.cc": "#include <fstream>\n"}, 1), ({"src/rating/a.cc": "auto a = std::rand();\n"}, 1),
                  ({"src/cli/a.cc": "#include <fstream>\n"}, 0), ({"src/rating/a_test.cc": "#include <fstream>\n"}, 0)],
    rule_floating: [({"src/rating/a.cc": "double price;\n"}, 1), ({"src/rating/a.cc": "auto a = std::pow(2, 3);\n"}, 1),
                    ({"src/rating/a.cc": '// a double is refused\nconst char* a = "double";\n'}, 0)],
    rule_clock: [({"src/base/a.cc": "auto now = std::chrono::system_clock::now();\n"}, 1)],
    rule_prefetch: [({"src/base/a.cc": "__builtin_prefetch(a);\n"}, 1)],
    rule_unfinished: [({"src/base/a.cc": "// TO" "DO later\n"}, 1)],
    rule_self: [({"docs/a.md": "see /" "work/main/x\n"}, 1), ({"docs/a.md": "see .." "/shar" "ed/x\n"}, 1),
                ({"docs/a.md": "a framework/main is fine\n"}, 0)],
    rule_columns: [({"src/base/a.cc": "// a" + " b" * 50 + "\n"}, 1)],
    rule_whitespace: [({"src/base/a.cc": "int a; \n"}, 1), ({"src/base/a.cc": "int a;"}, 1),
                      ({"src/base/a.cc": "\tint a;\n"}, 1)],
    rule_readme: [({"src/model/a.cc": "int a;\n"}, 1)],
    rule_headers: [({"src/base/a.h": "int a();\n"}, 1),
                   ({"src/base/a.h": "#pragma once\nusing namespace std;\n"}, 1),
                   ({"src/base/a.h": "#pragma once\n",
                     "src/base/a.cc": '#include <vector>\n#include "base/a.h"\n'}, 1)],
    rule_catch_all: [({"src/base/a.cc": "try { a(); } catch (...) {\n}\n"}, 1)],
    rule_reasons: [({"docs/reference/errors.md": "### too_late\n"}, 1),
                   ({"docs/reference/errors.md": "### too_late\n", "src/base/a_test.cc": '"not_too_late"\n'}, 1),
                   ({"docs/reference/errors.md": "### too_late\n", "src/base/a_test.cc": '"too_late"\n'}, 0),
                   ({"docs/reference/errors.md": "### overloaded\n", "tests/a.scn": "refused overloaded\n"}, 1)],
    rule_function_length: [({"src/base/a.cc": "void a() {\n" + "    b();\n" * 70 + "}\n"}, 1),
                           ({"src/base/a.cc": "void a() {\n" + "    b();\n" * 60 + "}\n"}, 0)],
}


def found_in(rule, files):
    with tempfile.TemporaryDirectory() as root:
        for path, text in {**SOUND, **files}.items():
            os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write(text)
        return list(rule(Tree(root)))


def self_test():
    wrong = 0
    for rule in RULES:
        for files, expected in PLANTED[rule] + [({}, 0)]:
            found = found_in(rule, files)
            if len(found) != expected:
                print(f"{rule.__name__}: {expected} expected in {sorted(files)}, found {found}")
                wrong += 1
    print(f"{len(RULES)} rules, {sum(len(p) for p in PLANTED.values())} planted cases, {wrong} wrong")
    return wrong == 0


if __name__ == "__main__":
    if sys.argv[1:] == ["self-test"]:
        sys.exit(0 if self_test() else 1)
    if len(sys.argv) == 3 and sys.argv[1] == "check":
        sys.exit(0 if check(sys.argv[2]) else 1)
    sys.exit(__doc__)
