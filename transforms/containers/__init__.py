"""Containers: zip and tar archives whose members are inputs of their own."""
