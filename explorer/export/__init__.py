"""What is taken home: hand-outs, the static site; each is written whole or not at all."""
