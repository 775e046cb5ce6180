"""What the server's process does once, before its first page: load every part of the pages, and leave it out of garbage collection.

A full collection looks at every object of every loaded module, some 130 ms at this size, and meets one rerun in seventy.
"""

import atexit
import gc
from importlib import import_module
from pkgutil import walk_packages

from dashboard import components

for part in walk_packages(components.__path__, f"{components.__name__}."):
    import_module(part.name)
gc.collect()
gc.freeze()
atexit.register(gc.unfreeze)  # so that libraries can free their objects at the end, and do not report them as leaked
