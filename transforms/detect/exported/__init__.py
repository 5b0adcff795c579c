"""A user's own network as a `torch.export` program, read and run without torch's own loader: see `archive`."""
