"""Siaga over HTTP: interfaces that other people's programs speak, and the service's own."""
