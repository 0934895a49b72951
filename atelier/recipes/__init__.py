"""The recipe catalogue: which base model can be customized how, where and with which settings.

`catalogue.catalogue()` reads it; importing this package does not, because most functions need only what
`document` and `data_mixing` have.
"""
