"""Large packages are loaded when their step starts, by one thread at a time.

Where two threads load parts of one package at once, each may hold the lock of the part that the
other waits for; Python sees it, gives up on one, and that import fails.
"""

from __future__ import annotations

import threading

loading = threading.RLock()
