"""The format of a store, written once: for the room that writes stores and for the one that reads them.

Where things lie (``layout``), what a commit says (``commits``), the columns of the tables (``records``) and their
Parquet form (``tables``), what a store holds besides (``contents``), and how a file is written whole (``files``).
``tables`` is the only file of ``specs`` that imports PyArrow, and no other file of ``specs`` imports it.
"""
