"""A world of five services under load and faults, and what must hold in it whatever happens.

world: the platform and looks into it. load: lives lived over HTTP. faults: what is done to the world. checkers: what must hold.
A new fault is a function in faults.py and a test of ten lines.
"""
