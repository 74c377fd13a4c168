"""The library: reading and writing bibliographies, finding duplicates, where a work is cited."""
