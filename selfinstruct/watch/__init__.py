"""The watch: rows and their labels beside the real ones, a student beside the real-only one."""

from selfinstruct.watch.labels import by_label, watch_labels
from selfinstruct.watch.rows import watch_rows
from selfinstruct.watch.student import watch_student

__all__ = ["by_label", "watch_labels", "watch_rows", "watch_student"]
