# SPDX-License-Identifier: GPL-2.0-only
"""Checks of the source that compilers do not make: one PASS or FAIL per rule, violations listed under it.

The rules are those of tests/lint/README.md. Run by `make lint`, which passes the lists of files and the compiler flags.
"""
import argparse
import os
import re
import shlex
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from report import Report  # noqa: E402
import rules  # noqa: E402


def tracked():
    """Files of the working tree that git knows or would add."""
    out = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], check=True,
                         stdout=subprocess.PIPE).stdout.decode()
    return sorted(f for f in out.splitlines() if os.path.isfile(f))


def read(path):
    with open(path, encoding="utf-8", errors="replace") as f:
        return f.read()


def lines_matching(path, pattern):
    return [f"{path}:{n}: {line.strip()}" for n, line in enumerate(read(path).splitlines(), 1)
            if pattern.search(line)]


def check_format(files, _):
    """formatting: clang-format changes nothing"""
    names = [f for f in files if f.endswith(".c")]
    out = subprocess.run(["clang-format", "--dry-run", *names], stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, check=False).stdout.decode()
    found = {}
    for line in out.splitlines():
        match = re.match(r"(\S+?):(\d+):\d+: (?:warning|error): (.*)", line)
        if match:
            found.setdefault(match[1], f"{match[1]}:{match[2]}: {match[3]}")
        elif line.startswith("Error"):
            return [line]
    return list(found.values())


def undefined_symbols(obj):
    out = subprocess.run(["nm", "-u", obj], stdout=subprocess.PIPE, check=True).stdout.decode()
    return {line.split()[-1] for line in out.splitlines() if line.strip()}


def defined_symbols(obj):
    out = subprocess.run(["nm", "--defined-only", "-g", obj], stdout=subprocess.PIPE, check=True)
    return {line.split()[-1] for line in out.stdout.decode().splitlines() if line.strip()}


def check_pure_symbols(_, args):
    """pure code: no undefined symbol outside the white list and other pure code"""
    objects = {src: os.path.join(args.objects, re.sub(r"\.c$", ".o", src)) for src in args.pure}
    allowed = set(rules.PURE_SYMBOLS)
    for obj in objects.values():
        allowed |= defined_symbols(obj)
    return [f"{src}: {symbol}" for src, obj in objects.items()
            for symbol in sorted(undefined_symbols(obj) - allowed)]


def check_pure_asm(_, args):
    """pure code: no inline assembly"""
    pattern = re.compile(r"\b(__asm__|asm)\b")
    return [v for src in args.pure for v in lines_matching(src, pattern)]


def layer_of(path):
    return next((name for prefix, name in rules.LAYER_OF if path.startswith(prefix)), None)


def check_layers(files, _):
    """layers: no include points up"""
    found = []
    for path in files:
        layer = layer_of(path)
        if layer is None or not path.endswith((".c", ".h")):
            continue
        for included in re.findall(r'^\s*#\s*include\s+"([^"]+)"', read(path), re.M):
            target = layer_of(included)
            if target is None:
                found.append(f"{path}: {included} is not a path from the root")
            elif target not in rules.MAY_INCLUDE[layer] and included not in rules.OPEN_TO_ALL and \
                    (path, included) not in rules.EXCEPTIONS:
                found.append(f"{path} ({layer}) includes {included} ({target})")
    return found


def check_headers(files, args):
    """headers: every one compiles alone"""
    found = []
    flags = shlex.split(args.cflags)
    for path in files:
        if not path.endswith(".h") or path.startswith(rules.HEADERS_OF_OTHERS):
            continue
        test = f'#include "{path}"\n#include "{path}"\n'
        done = subprocess.run([args.cc, *flags, "-fsyntax-only", "-x", "c", "-"],
                              input=test.encode(), stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
        if done.returncode:
            found.append(next((line for line in done.stdout.decode().splitlines()
                               if "error" in line), path))
    return found


def check_conditionals(files, _):
    """no #if in .c files outside boot/"""
    pattern = re.compile(r"^\s*#\s*(if|ifdef|ifndef)\b")
    return [v for f in files if f.endswith(".c") and not f.startswith("boot/")
            for v in lines_matching(f, pattern)]


def check_spdx(files, _):
    """SPDX line in every source file"""
    return [f for f in files
            if (f.endswith(rules.SOURCE_SUFFIXES) or os.path.basename(f) in rules.SOURCE_NAMES)
            and "SPDX-License-Identifier: " not in "\n".join(read(f).split("\n")[:3])]


def check_file_length(files, _):
    """files: not too long"""
    found = []
    for path in files:
        if path.endswith((".c", ".h", ".asm", ".py")) and path not in rules.LONG_TABLES:
            limit = rules.TEST_FILE_LINES if path.startswith("tests/unit/") else rules.FILE_LINES
            count = read(path).count("\n")
            if count > limit:
                found.append(f"{path}: {count} lines, {limit} allowed")
    return found


def check_function_length(files, _):
    """functions: not too long"""
    names = [f for f in files if f.endswith((".c", ".h"))]
    out = subprocess.run(["ctags", "--languages=C", "--c-kinds=f", "--fields=+ne", "-f", "-",
                          *names], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    found = []
    for line in out.stdout.decode("utf-8", "replace").splitlines():
        match = re.search(r"^(\S+)\t(\S+)\t.*\tline:(\d+).*\tend:(\d+)", line)
        if not match or (match[2], match[1]) in rules.LONG_FUNCTIONS:
            continue
        count = int(match[4]) - int(match[3]) + 1
        unit = match[2].startswith("tests/unit/")
        if count > (rules.TEST_FUNCTION_LINES if unit else rules.FUNCTION_LINES):
            found.append(f"{match[2]}:{match[3]}: {match[1]}() has {count} lines")
    return found


def check_words(files, _):
    """no words that promise work"""
    pattern = re.compile(r"\b(" + "|".join(rules.FORBIDDEN_WORDS) + r")\b")
    return [v for f in files if not f.startswith(("tests/lint/", "LICENSE"))
            for v in lines_matching(f, pattern)]


CHECKS = [check_format, check_pure_symbols, check_pure_asm, check_layers, check_headers,
          check_conditionals, check_spdx, check_file_length, check_function_length, check_words]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--counts")
    parser.add_argument("--objects", default="build/hv", help="folder of the pure objects")
    parser.add_argument("--pure", nargs="+", default=[], help="pure source files")
    parser.add_argument("--cc", default="gcc")
    parser.add_argument("--cflags", default="-I.")
    args = parser.parse_args()
    report = Report(args.counts)
    files = tracked()
    for check in CHECKS:
        violations = check(files, args)
        name = check.__name__.replace("check_", "lint/").replace("_", "-")
        for violation in violations:
            print("  " + violation)
        reason = f"{check.__doc__}: {len(violations)} violations" if violations else ""
        report.case("FAIL" if violations else "PASS", name, None, reason)
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
