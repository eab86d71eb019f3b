"""A folder as a place for checkpoints, for tests that need no store."""


class Folder:
    """Keys as paths below a root."""

    def __init__(self, root):
        self._root = root

    def read(self, key):
        return (self._root / key).read_bytes()

    def replace(self, key, content):
        (self._root / key).parent.mkdir(parents=True, exist_ok=True)
        (self._root / key).write_bytes(content)
