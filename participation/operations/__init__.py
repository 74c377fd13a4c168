"""Changes to participation: each one call, atomic, under the lock of its event's admission."""
