"""What a scan of an archive would cost, told from a sample of it that is really scanned."""
