"""Tasks: what the kernel has beside itself, and the invariants about it."""
