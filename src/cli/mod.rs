//! Arguments, terminal, disk and signals: the one room of the compiler that touches the world.

pub mod output;
