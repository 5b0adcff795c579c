"""One command that sets Aiqyn side by side with bare loops, multiprocessing, Ray Data and Daft, on the same work."""
