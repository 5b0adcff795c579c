"""Evidence packages: what a store knows of one content, handed over as one file that anybody can check."""
