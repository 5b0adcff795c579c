"""Text that lies beside a picture or video, or travels with it: sidecars, rows of a context table, subtitles."""
