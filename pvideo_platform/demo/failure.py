"""The one error that ends a demo."""


class DemoFailure(Exception):
    """Something that the person at the keyboard can act on; `str()` is a paragraph for them."""


class StopRequested(Exception):
    """Not a failure: somebody asked the demo to stop (Ctrl-C, SIGTERM, a closed terminal)."""
