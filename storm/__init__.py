"""The storm: what is owed to people, while everything around it is killed.

``make storm DB=postgres|sqlite SIZE=small|medium|full`` starts a database, a Redis, a mail server
and workers of its own, announces facts, keeps killing, lets it become quiet, and compares three
witnesses row by row: the ledger of what was announced, the database, the log of the mail server.
"""
