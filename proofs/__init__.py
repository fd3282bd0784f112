"""The bundled theorems, one a file, named by its conclusion."""
