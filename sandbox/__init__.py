"""Local stand-ins for the providers, spoken to over real HTTP: `python -m sandbox --port 8001`.

Pixazo's gateway lives in `sandbox.pixazo`, the videos it makes in `sandbox.media`, and the part of
Stripe that the platform uses in `sandbox.stripe`. Nothing in the Django project imports this
package, and it imports nothing of the Django project: the two meet on the wire only. Everything is
kept in memory, apart from rendered files in the data folder.
"""
