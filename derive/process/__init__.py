"""Child processes with limits, streams of any kind, and exit statuses."""
