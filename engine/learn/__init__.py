"""corpora → songs → dataset → checkpoint."""
