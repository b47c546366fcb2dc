"""One measure a file: ``measure(candidates, plan)`` returns ``Findings``."""
