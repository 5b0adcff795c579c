"""Pages of the documentation that are made from the code: ``python -m pipelines.reference FOLDER`` writes them."""
