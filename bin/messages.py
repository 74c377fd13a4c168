"""Gather the words of the interface and compile their translations: ``make messages``.

Gathering needs GNU gettext on the machine; compiling does not (Babel does it). The compiled
files are committed, so that running the portal needs neither.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from setting_up import PYTHON, ROOT, ensure_environment, environment, say

LANGUAGES = ("en", "es", "fr", "pt", "id", "ru", "ar", "zh_Hans")
COMPILE = """
import sys
from pathlib import Path
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
for name in sys.argv[1:]:
    path = Path(name)
    with path.open("rb") as file:
        catalogue = read_po(file)
    with path.with_suffix(".mo").open("wb") as file:
        write_mo(file, catalogue)
"""


def main() -> int:
    ensure_environment(dev=True)
    if shutil.which("xgettext") is None:
        say("GNU gettext is not installed, so no new words are gathered; compiling only.")
    else:
        (ROOT / "locale").mkdir(exist_ok=True)
        languages = [part for code in LANGUAGES for part in ("--locale", code)]
        ignored = [part for name in ("var", "tests", "bench", "bin") for part in ("-i", name)]
        subprocess.run(
            [
                PYTHON,
                "manage.py",
                "makemessages",
                "--no-location",
                "--no-wrap",
                *languages,
                *ignored,
            ],
            cwd=ROOT,
            env=environment(),
            check=True,
        )
    files = sorted(str(path) for path in Path(ROOT / "locale").glob("*/LC_MESSAGES/django.po"))
    subprocess.run([PYTHON, "-c", COMPILE, *files], cwd=ROOT, check=True)
    say(f"Compiled {len(files)} catalogues.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
