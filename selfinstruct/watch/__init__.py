"""The collapse watch: rows beside the real ones, and a student beside the real-only one."""

from selfinstruct.watch.rows import watch_rows
from selfinstruct.watch.student import watch_student

__all__ = ["watch_rows", "watch_student"]
