"""What a run tells people: the notice that asks or announces, and the report that shows everything."""
