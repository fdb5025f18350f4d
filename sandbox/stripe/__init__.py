"""The part of Stripe that the platform uses: API, hosted pages, signed events.

Everything is below `/stripe`: a client of the real SDK needs only another base address. Objects are
plain JSON in the shape of Stripe's published description, kept in `store.Store`; every change of
state happens in one synchronous function in the event loop's thread, so that a request is atomic.
"""
