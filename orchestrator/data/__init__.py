"""From a data set's name to decoded images: where its files are, how they are read, where the result is kept."""
