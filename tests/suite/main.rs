//! The one test binary: what the library and the program promise, seen from outside.

mod output;
