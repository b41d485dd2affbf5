"""The history of the database schema: one numbered file per change, plain SQL, forward only."""
