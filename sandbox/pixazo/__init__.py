"""Pixazo's gateway, as its documentation of both P-Video models has it, and faults on request."""
