"""The local platform: how it starts, stops and is told apart, and who may do what at its broker and its databases."""
