//! Benchmark rows, their JSON and their table.
