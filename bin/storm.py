"""Kill everything while people are being told: ``make storm`` (see docs/reliability.md)."""

from __future__ import annotations

import os
import sys

from setting_up import PYTHON, ROOT, ensure_environment, environment


def main() -> None:
    ensure_environment(dev=True)
    os.chdir(ROOT)
    os.execve(PYTHON, [str(PYTHON), "-m", "storm", *sys.argv[1:]], environment())  # noqa: S606


if __name__ == "__main__":
    main()
