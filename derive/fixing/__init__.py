"""What would make a step as claimed, as edits of the user's own file: a rule, a sequence of rules, an assumption."""
