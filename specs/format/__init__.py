"""The format of a store, defined once for the package that writes stores and for the one that reads them.

``layout`` has the keys of a store, ``commits`` the content of a commit, ``environments`` the items of its environment,
``records`` the columns of the tables, ``tables`` their Parquet form, ``contents`` everything else in a store,
``reader`` the interface for reading, and ``errors`` the errors. ``tables`` is the only module of ``specs`` that imports
PyArrow, and no other module of ``specs`` imports ``tables``.
"""
