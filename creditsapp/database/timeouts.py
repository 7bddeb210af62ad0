"""How long anything waits for the database, in seconds; each is less than the next.

A lock is given up first, so that its refusal is told as what it is; then PostgreSQL ends the
statement, and only a server that says nothing at all is left by the driver.
"""

LOCK_SECONDS = 8.0
STATEMENT_SECONDS = 8.5
ANSWER_SECONDS = 9.0
POOL_SECONDS = 10.0
IDLE_IN_TRANSACTION_SECONDS = 15.0  # a request computes for far less between two statements
READER_SECONDS = 60.0  # for who downloads over a slow line, between two handfuls of rows

CONNECT_SECONDS = 5  # for each host
CONNECT_SECONDS_OF_MANY = 2  # the next host should have its turn while somebody still waits
TRUSTED_SECONDS = 5.0  # how long an idle connection is taken to be alive
PING_SECONDS = 1.0  # less than what /readyz has, which then asks on a new connection
