"""The database itself: tables, engines and one history for both dialects."""
