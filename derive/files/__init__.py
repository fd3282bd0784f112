"""The user's files: which are looked at, what they hold and declare, and edits of their text."""
