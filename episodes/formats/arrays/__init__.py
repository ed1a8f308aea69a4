"""Files of named arrays in folders (HDF5, zarr), read by one reader.

layout.py says what can be said of such a file, layouts/ what the kinds that people publish look
like, one small file each. nodes.py walks, columns.py and pictures.py read, facts.py finds what a
file tells of all its episodes, read.py makes episodes; unknown.py refuses what fits none.
"""
