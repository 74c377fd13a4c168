"""What is kept from others is what it was when it was looked at."""

from __future__ import annotations

import hashlib
from pathlib import Path

VENDOR = Path(__file__).resolve().parents[2] / "static" / "vendor"


def test_every_script_is_listed_with_its_fingerprint_and_comes_with_its_licence():
    lines = (VENDOR / "SHA256SUMS").read_text("ascii").splitlines()
    listed = {name: fingerprint for fingerprint, name in (line.split() for line in lines)}
    scripts = {path.name: path.read_bytes() for path in VENDOR.glob("*js")}
    assert listed == {name: hashlib.sha256(data).hexdigest() for name, data in scripts.items()}
    for name, data in scripts.items():
        assert (VENDOR / f"{name.split('-')[0]}-LICENSE.txt").exists()
        assert b"sourceMappingURL" not in data
