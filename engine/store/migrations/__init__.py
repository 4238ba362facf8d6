"""How the tables came to be, a step a file; run by `engine.store.database` when a store is opened."""
