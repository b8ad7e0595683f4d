"""What a run, a sweep or a comparison looks like: pictures, their numbers as CSV, one HTML page.

Needs matplotlib (the extra `report`): importing this without it raises a `UserError` that says how
to install it. Whoever only reads a ledger must not import it.
"""

from selfinstruct.report.comparison import compare_page
from selfinstruct.report.files import compare_picture, sweep_picture, thresholds_picture
from selfinstruct.report.run import write_report

__all__ = ["compare_page", "compare_picture", "sweep_picture", "thresholds_picture", "write_report"]
