"""Ready research designs: from the bundled data to fits, with the choices in one place."""
