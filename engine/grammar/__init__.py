"""Written grammars of styles: a seed in, a Song out; makes the composed corpora."""
