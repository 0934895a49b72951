"""The recipe catalogue: base models, recipes, platforms and settings.

`catalogue.catalogue()` reads it. Importing this package does not: most functions need only `document` and
`data_mixing`.
"""
