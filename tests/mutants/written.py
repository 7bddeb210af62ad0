"""Mutants of the SQL beyond its signs: old text, new text, in the module that has it once."""

REPLACEMENTS = {
    "posting": [
        # a guard that forgets what is held, or counts it against its own capture
        ('"usage": "balance - held >=', '"usage": "balance >='),
        ('"capture": "balance >=', '"capture": "balance - held >='),
        # a guard for everybody
        ("WHERE user_id = CAST(:user_id AS bigint) AND {guard}", "WHERE {guard}"),
        # a figure that does not follow, or follows the wrong one
        ("held = held - CAST(:released AS bigint),", "held = held,"),
        ("held = held - CAST(:released AS bigint),", "held = 0,"),
        ("held = held - CAST(:released", "held = held + CAST(:amount"),
        ("version = version + 1", "version = version + 2"),
        ("lifetime_added + CAST(:added", "lifetime_added + CAST(:amount"),
        ("lifetime_used + CAST(:used", "lifetime_used - CAST(:amount"),
        # an entry that says something else than the wallet
        ('version, CAST(:amount AS bigint), balance, "', 'version, balance, balance, "'),
        (
            'version, CAST(:amount AS bigint), balance, "',
            'version, balance, CAST(:amount AS bigint), "',
        ),
        (
            "VALUES (:user_id, :number, :amount, :balance_after, ",
            "VALUES (:user_id, :number, :amount, :amount, ",
        ),
        # a time that was read before the wallet was locked
        ("clock_timestamp() FROM wallet", "now() FROM wallet"),
    ],
    "batch": [
        ("balance - held >= CAST(:total", "balance >= CAST(:total"),
        (
            "WHERE user_id = CAST(:user_id AS bigint) AND balance - held >=",
            "WHERE balance - held >=",
        ),
        ("version = version + :count", "version = version + 1"),
        ("balance = balance - CAST(:total AS bigint),", "balance = balance,"),
        ("version - :count + place", "version + place"),
        ("balance + CAST(:total AS bigint) + running", "balance + running"),
        ("balance + CAST(:total AS bigint) + running", "balance"),
        ("clock_timestamp()", "now()"),
        (
            "VALUES (:user_id, :number, :amount, :balance_after, 'usage'",
            "VALUES (:user_id, :number, :amount, :balance_after, 'adjustment'",
        ),
    ],
}
