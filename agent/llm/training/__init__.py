"""Makes the embedded model's adapter: wordings, pairs of question and plan, and the training itself."""
