"""The templates of the server's pages, and the files beside them.

The files are read when the server starts: no path of a request ever leads to the disk.
"""

from importlib import resources

from selfinstruct.pages import renderer

KINDS = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}

render = renderer("selfinstruct.web")


def statics() -> dict[str, tuple[bytes, str]]:
    """Name to content and type of every file that pages load."""
    folder = resources.files("selfinstruct.web") / "static"
    return {
        each.name: (each.read_bytes(), KINDS["." + each.name.rpartition(".")[2]])
        for each in folder.iterdir()
        if each.is_file()
    }
