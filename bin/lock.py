"""Resolve ``requirements*.in`` to exact versions with hashes, good for Python 3.11 and newer.

``make lock`` calls this. The first line of each lock says what it was made from, so that
``make lint`` notices a forgotten lock without asking anybody.
"""

from __future__ import annotations

import sys

from lint import digest
from setting_up import PYTHON, ROOT, Failed, Step, call, ensure_environment, environment


def main() -> int:
    try:
        ensure_environment(dev=True)
        for name, constraints in {
            "requirements": [],
            "requirements-dev": ["--constraint", "requirements.txt"],
        }.items():
            lock = ROOT / f"{name}.txt"
            with Step(f"Resolving {name}.in") as step:
                command = [PYTHON.parent / "uv", "pip", "compile", "--quiet", "--universal"]
                command += ["--python-version", "3.11", "--generate-hashes", "--no-header"]
                command += ["--no-emit-index-url", "--no-emit-find-links", *sys.argv[1:]]
                command += [*constraints, f"{name}.in", "--output-file", lock.name]
                call(command, step, env=environment())
            text = lock.read_text().replace("    # via -c requirements.txt\n", "")
            source = ROOT / f"{name}.in"
            lock.write_text(f"# made from {source.name} {digest(source)}\n{text}")
    except Failed as refusal:
        print(f"\n{refusal}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
