"""Marks: what a file itself declares about its making, read from its bytes; nothing here decodes a frame but one."""
